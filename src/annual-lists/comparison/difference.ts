/**
 * Differences between the lists of two years, or between versions of one list: items added, dropped and
 * changed, with reasons. Pure.
 */

import { type Promised, type Property, properties } from '../promise.ts'
import { causesOf, type ItemHistory, type ListSource, type ReadList } from './history.ts'
import { matchItems } from './item-match.ts'
import { isMovedOn } from './years.ts'

interface Change {
  readonly property: Property
  readonly from: string | null
  readonly to: string | null
}

export interface DifferentItem {
  /** The item in the later list; a dropped item in the former one. */
  readonly promised: Promised
  /** Its number in the former list; null if it is new. */
  readonly formerNumber: string | null
  /** Changed properties; empty if it was added or dropped. */
  readonly changes: readonly Change[]
  /** The versions that made the change, whose reasons explain it. */
  readonly causes: readonly ListSource[]
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
    const difference = compare(from.items, to.items, matched, { years: 0, causes: () => [to] })
    return [{ from, to, difference }]
  })
}

/**
 * The difference of two years, `years` apart. A due date or an edition that only moved on by that many years
 * has not changed. Takes histories, so that the reasons of the later year's versions can be given.
 */
export function differenceAcross(
  before: readonly ItemHistory[],
  after: readonly ItemHistory[],
  years: number,
): ListDifference {
  const listed = (histories: readonly ItemHistory[]) => histories.filter(({ left }) => left === undefined)
  const items = (histories: readonly ItemHistory[]) => histories.map(({ last }) => last.promised)
  const [former, later] = [listed(before), listed(after)]
  const withdrawn = after.filter(({ left }) => left !== undefined)
  const historyOf = new Map(later.map((history) => [history.last.promised, history]))
  const matched = matchItems(items(former), items(later), years)
  const matchedWithdrawn = matchItems(items(former), items(withdrawn), years)
  const causes = (promised: Promised, index: number | undefined) => {
    const history = historyOf.get(promised) ?? withdrawn[matchedWithdrawn.indexOf(index)]
    return history === undefined ? [] : causesOf(history)
  }
  return compare(items(former), items(later), matched, { years, causes })
}

interface CompareOptions {
  readonly years: number
  /** The versions that explain a difference; `former` is the index of a dropped item in the former list. */
  readonly causes: (promised: Promised, former: number | undefined) => readonly ListSource[]
}

function compare(
  before: readonly Promised[],
  after: readonly Promised[],
  matched: readonly (number | undefined)[],
  { years, causes }: CompareOptions,
): ListDifference {
  const added: DifferentItem[] = []
  const changed: DifferentItem[] = []
  for (const [index, promised] of after.entries()) {
    const at = matched[index]
    const former = at === undefined ? undefined : before[at]
    const changes = former === undefined ? [] : changesOf(former, promised, years)
    if (former !== undefined && changes.length === 0) continue
    const formerNumber = former?.values.number ?? null
    const item = { promised, formerNumber, changes, causes: causes(promised, undefined) }
    if (former === undefined) added.push(item)
    else changed.push(item)
  }
  const found = new Set(matched)
  const dropped = before.flatMap((promised, index): readonly DifferentItem[] =>
    found.has(index)
      ? []
      : [{ promised, formerNumber: promised.values.number, changes: [], causes: causes(promised, index) }],
  )
  return { added, dropped, changed, unchanged: after.length - added.length - changed.length }
}

/** Changed properties. The number is only the item's position in its list, so it is no change. */
function changesOf(former: Promised, promised: Promised, years: number): readonly Change[] {
  return properties.flatMap((property) => {
    const [from, to] = [former.values[property], promised.values[property]]
    if (property === 'number' || from === to) return []
    const movesOn = property === 'due' || property === 'edition'
    if (movesOn && from !== null && to !== null && years !== 0 && isMovedOn(from, to, years)) return []
    return [{ property, from, to }]
  })
}
