/**
 * Reports changes of annual list items in the feed: a new state or a new due day. States are derived and can
 * change by time alone, so this runs after every change and periodically. Each change is reported once, by
 * whichever process comes first, and only what is public. A mirror reports nothing of its own; it has the
 * changes of its origin.
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

/** Long enough to distinguish the items of a list. */
const keyLength = 16

/** Appends the changes of all items and returns their number. Safe to run at any time and concurrently. */
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

/**
 * The changes since the last report. Pure. An item that is in no version of its list any more counts as
 * withdrawn.
 */
function changesOf(
  lists: readonly Pick<AnnualList, 'year' | 'items'>[],
  reported: readonly ReportedItem[],
): readonly (ReportedItem & { readonly former: string | null })[] {
  const before = new Map(reported.map((item) => [nameOf(item), item]))
  const now = lists.flatMap(({ year, items }) => withKeys(year, items))
  const present = new Set(now.map(nameOf))
  const withdrawn = reported
    .filter((item) => item.state !== 'withdrawn' && !present.has(nameOf(item)))
    .map((item) => ({ ...item, state: 'withdrawn' }))
  return [...now, ...withdrawn].flatMap((item) => {
    const former = before.get(nameOf(item))
    if (former?.state === item.state && former.due === item.due) return []
    return [{ ...item, former: former?.state ?? null }]
  })
}

function nameOf({ dataset, edition, key }: ReportedItem): string {
  return `${dataset} ${edition} ${key}`
}

function withKeys(year: string, items: readonly ListItem[]): readonly ReportedItem[] {
  const occurrences = new Map<string, number>()
  return items.map((item) => {
    const { promised, source, due, state } = item
    const { number, name } = promised.values
    const { dataset } = source.contract
    const identity = `${dataset} ${identityOf(item)}`
    const occurrence = (occurrences.get(identity) ?? 0) + 1
    occurrences.set(identity, occurrence)
    const key = digestOf(`${identity} ${occurrence}`).slice(0, keyLength)
    return { dataset, edition: year, key, number, name, due: due.now, state }
  })
}

/**
 * The identity of an item: its edition, else its name and providers. Its number is only a position in the
 * list.
 */
function identityOf({ promised }: ListItem): string {
  const { dataset, edition, name } = promised.values
  return JSON.stringify(
    dataset === null ? [name, ...[...providersOf(promised)].sort()] : [dataset, edition ?? name],
  )
}
