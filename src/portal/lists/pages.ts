/** What the routes of annual lists give: a list's page, its calendar, the newest list. */
import { getList, listAnnualLists } from '../../annual-lists/index.ts'
import { type AppContext, isSynthetic } from '../../catalogue/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import { itemStates } from '../components/words.tsx'
import { to, type View } from '../view.ts'
import { dueCalendar } from './calendar.ts'
import { findDifference, findListPage, type ListFilter } from './find-list.ts'
import { renderList } from './page.tsx'

/** The page of a list. Throws `list-not-found`, and `parameter-invalid` for a state that does not exist. */
export async function listPage(context: AppContext, view: View, year: string): Promise<string> {
  const value = (name: keyof ListFilter) => view.parameters.get(name) || undefined
  const state = value('state')
  if (state !== undefined && !itemStates.some((known) => known === state))
    throw problem('parameter-invalid', { path: 'state', detail: `Expected one of ${itemStates.join(', ')}.` })
  const filter = { state, provider: value('provider'), theme: value('theme'), q: value('q') }
  const found = await findListPage(context, year, filter, view.today)
  const difference = await findDifference(context, found)
  const synthetic = found.list.sources.some(({ version }) => isSynthetic(version))
  return renderList({ ...found, difference, isSynthetic: synthetic }, view)
}

/** The calendar of what is due. Throws `list-not-found`. */
export async function listCalendar(context: AppContext, view: View, year: string): Promise<string> {
  return dueCalendar(await getList(context, anonymousCaller, year), view)
}

/** The address of the newest list. Throws `list-not-found` if there is none. */
export async function newestList(context: AppContext, view: View): Promise<string> {
  const [newest] = await listAnnualLists(context, anonymousCaller)
  if (newest === undefined) throw problem('list-not-found')
  return to(view, `/lists/${newest.year}`)
}
