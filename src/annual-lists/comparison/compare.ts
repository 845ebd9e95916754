/** Compares the lists of two years, or the versions of one year's list. Refuses a year without a list. */

import type { AppContext } from '../../catalogue/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import { type AnnualList, findList } from '../annual-lists.ts'
import type { Compared } from '../bodies.ts'
import { differenceAcross, differencesWithin } from './difference.ts'

/** Finds the list of a year. Throws `list-not-found` naming the parameter. */
export async function getList(
  context: AppContext,
  reader: Caller,
  year: string,
  path = 'year',
): Promise<AnnualList> {
  const list = await findList(context, reader, year)
  if (list === undefined) throw problem('list-not-found', { path })
  return list
}

/**
 * Compares the list of `against` with that of `year`; without `against`, each version of the year's list with
 * the next. Throws `list-not-found`, and `parameter-invalid` if both years are the same.
 */
export async function compareLists(
  context: AppContext,
  reader: Caller,
  year: string,
  against?: string,
): Promise<readonly Compared[]> {
  if (against === year) {
    const detail = 'Both years are the same. Omit `against` for the changes within the year.'
    throw problem('parameter-invalid', { path: 'against', detail })
  }
  const list = await getList(context, reader, year)
  if (against === undefined) {
    return list.versions.flatMap(differencesWithin).map(({ from, to, difference }) => ({
      from: { year, source: from },
      to: { year, source: to },
      difference,
    }))
  }
  const former = await getList(context, reader, against, 'against')
  const histories = ({ items }: AnnualList) => items.map(({ history }) => history)
  const years = Number(year) - Number(against)
  return [
    {
      from: { year: against },
      to: { year },
      difference: differenceAcross(histories(former), histories(list), years),
    },
  ]
}
