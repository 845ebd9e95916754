/**
 * Items of annual lists in the feed: what of an item has changed since the feed told of it last, its state or its due day.
 * A state is derived and can change by time alone, so this is looked at whenever anything changes and as time goes by;
 * each is told once, by whichever process comes first. It tells what anyone may see; a mirror has what its origin told.
 */

import {
  type AppContext,
  appendChange,
  listReportedItems,
  type ReportedItem,
  readMirror,
  refuseOnMirror,
} from '../catalogue/index.ts'
import { anonymousCaller } from '../platform/caller.ts'
import { digestOf } from '../platform/digest.ts'
import { type AnnualList, type ListItem, listAnnualLists } from './annual-lists.ts'
import { providersOf } from './promise.ts'

/** Long enough to tell the items of a list apart. */
const keyLength = 16

/** Appends what has changed of all items, and gives how many there were. Safe to run at any time, by several at once. */
export async function appendItemChanges(context: AppContext): Promise<number> {
  const { work } = context.database
  if ((await readMirror(work)) !== undefined) return 0
  return context.database.lock('list-items', async () => {
    const lists = await listAnnualLists(context, anonymousCaller)
    const changed = changesOf(lists, await listReportedItems(work))
    if (changed.length === 0) return 0
    const at = context.clock()
    await work.begin(async (tx) => {
      await refuseOnMirror(tx)
      for (const { dataset, edition, ...body } of changed) {
        await appendChange(tx, { at, kind: 'item-changed', dataset, edition, body })
      }
    })
    return changed.length
  })
}

/** What has changed. Pure. An item that is in no version of its list any more is told of as withdrawn. */
export function changesOf(
  lists: readonly Pick<AnnualList, 'year' | 'items'>[],
  told: readonly ReportedItem[],
): readonly (ReportedItem & { readonly former: string | null })[] {
  const before = new Map(told.map((one) => [nameOf(one), one]))
  const now = lists.flatMap(({ year, items }) => keyed(year, items))
  const present = new Set(now.map(nameOf))
  const gone = told
    .filter((one) => one.state !== 'withdrawn' && !present.has(nameOf(one)))
    .map((one) => ({ ...one, state: 'withdrawn' }))
  return [...now, ...gone].flatMap((one) => {
    const former = before.get(nameOf(one))
    if (former?.state === one.state && former.due === one.due) return []
    return [{ ...one, former: former?.state ?? null }]
  })
}

function nameOf({ dataset, edition, key }: ReportedItem): string {
  return `${dataset} ${edition} ${key}`
}

function keyed(year: string, items: readonly ListItem[]): readonly ReportedItem[] {
  const times = new Map<string, number>()
  return items.map((item) => {
    const { promised, source, due, state } = item
    const { number, name } = promised.values
    const { dataset } = source.contract
    const sign = `${dataset} ${signOf(item)}`
    const time = (times.get(sign) ?? 0) + 1
    times.set(sign, time)
    const key = digestOf(`${sign} ${time}`).slice(0, keyLength)
    return { dataset, edition: year, key, number, name, due: due.now, state }
  })
}

/** What an item is known again by: the edition that keeps it, else its name and providers; its number only says where it stands. */
function signOf({ promised }: ListItem): string {
  const { dataset, edition, name } = promised.values
  return JSON.stringify(
    dataset === null ? [name, ...[...providersOf(promised)].sort()] : [dataset, edition ?? name],
  )
}
