/**
 * What differs between two lists: items added, dropped and changed, and why. Between two years, or between versions of
 * one year's list. Pure.
 */

import { type Promised, type Property, properties } from '../promise.ts'
import { type ItemHistory, type ListSource, type ReadList, turnsOf } from './history.ts'
import { matchItems } from './item-match.ts'
import { isMovedOn } from './years.ts'

export interface Change {
  readonly property: Property
  readonly from: string | null
  readonly to: string | null
}

export interface DifferentItem {
  /** As the later list has it; of a dropped one as the former had it. */
  readonly promised: Promised
  /** Its number in the former list; null where it is new. */
  readonly formerNumber: string | null
  /** What changed; empty where it was added or dropped. */
  readonly changes: readonly Change[]
  /** The versions that made it so, whose reasons explain it. */
  readonly turns: readonly ListSource[]
}

export interface ListDifference {
  readonly added: readonly DifferentItem[]
  readonly dropped: readonly DifferentItem[]
  readonly changed: readonly DifferentItem[]
  /** Items that are the same in both. */
  readonly unchanged: number
}

/** The differences between each version of a list and the next, oldest first. */
export function differencesWithin(
  versions: readonly ReadList[],
): readonly { readonly from: ReadList; readonly to: ReadList; readonly difference: ListDifference }[] {
  return versions.slice(1).flatMap((to, index) => {
    const from = versions[index]
    if (from === undefined) return []
    const matched = matchItems(from.items, to.items, 'within')
    return [{ from, to, difference: compare(from.items, to.items, matched, { years: 0, turns: () => [to] }) }]
  })
}

/**
 * The difference of two years, `years` apart. What only moves on with the years, a due date or an edition by just so
 * many, has not changed. Threads are followed so that the reasons of the later year's versions can be told.
 */
export function differenceAcross(
  before: readonly ItemHistory[],
  after: readonly ItemHistory[],
  years: number,
): ListDifference {
  const standing = (threads: readonly ItemHistory[]) => threads.filter(({ left }) => left === undefined)
  const items = (threads: readonly ItemHistory[]) => threads.map(({ last }) => last.promised)
  const [former, later] = [standing(before), standing(after)]
  const gone = after.filter(({ left }) => left !== undefined)
  const threadOf = new Map(later.map((thread) => [thread.last.promised, thread]))
  const matched = matchItems(items(former), items(later), years)
  const whereGone = matchItems(items(former), items(gone), years)
  const turns = (promised: Promised, index: number | undefined) => {
    const thread = threadOf.get(promised) ?? gone[whereGone.indexOf(index)]
    return thread === undefined ? [] : turnsOf(thread)
  }
  return compare(items(former), items(later), matched, { years, turns })
}

interface Comparing {
  readonly years: number
  /** The versions that explain an item; of a dropped one its index in the former list is given. */
  readonly turns: (promised: Promised, former: number | undefined) => readonly ListSource[]
}

function compare(
  before: readonly Promised[],
  after: readonly Promised[],
  matched: readonly (number | undefined)[],
  { years, turns }: Comparing,
): ListDifference {
  const added: DifferentItem[] = []
  const changed: DifferentItem[] = []
  for (const [index, promised] of after.entries()) {
    const at = matched[index]
    const former = at === undefined ? undefined : before[at]
    const changes = former === undefined ? [] : changesOf(former, promised, years)
    if (former !== undefined && changes.length === 0) continue
    const formerNumber = former?.values.number ?? null
    const item = { promised, formerNumber, changes, turns: turns(promised, undefined) }
    if (former === undefined) added.push(item)
    else changed.push(item)
  }
  const kept = new Set(matched)
  const dropped = before.flatMap((promised, index): readonly DifferentItem[] =>
    kept.has(index)
      ? []
      : [{ promised, formerNumber: promised.values.number, changes: [], turns: turns(promised, index) }],
  )
  return { added, dropped, changed, unchanged: after.length - added.length - changed.length }
}

/** The number only says where an item stands in its list; it is told beside, and is no change. */
function changesOf(former: Promised, promised: Promised, years: number): readonly Change[] {
  return properties.flatMap((property) => {
    const [from, to] = [former.values[property], promised.values[property]]
    if (property === 'number' || from === to) return []
    const movesOn = property === 'due' || property === 'edition'
    if (movesOn && from !== null && to !== null && years !== 0 && isMovedOn(from, to, years)) return []
    return [{ property, from, to }]
  })
}
