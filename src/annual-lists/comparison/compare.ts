/** Two years, or the versions of one year, laid beside each other. Refuses a year of which there is no list. */

import type { AppContext } from '../../catalogue/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import { type AnnualList, findList } from '../annual-lists.ts'
import type { Compared } from '../bodies.ts'
import { differenceAcross, differencesWithin } from './difference.ts'

/** A year's list. Throws `list-not-found`, naming the parameter. */
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
 * From the list of `against` to that of `year`; without `against` from each version of the year's list to the next.
 * Throws `list-not-found`, and `parameter-invalid` for a year against itself.
 */
export async function compareLists(
  context: AppContext,
  reader: Caller,
  year: string,
  against?: string,
): Promise<readonly Compared[]> {
  if (against === year) {
    const detail = 'A list does not differ from itself. Leave `against` out for the changes within the year.'
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
  const threads = ({ items }: AnnualList) => items.map(({ thread }) => thread)
  const years = Number(year) - Number(against)
  return [
    {
      from: { year: against },
      to: { year },
      difference: differenceAcross(threads(former), threads(list), years),
    },
  ]
}
