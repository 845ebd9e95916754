/**
 * The history of each item through the versions of a list, with its due dates. Pure. Withdrawn versions are
 * left out: they were retracted as wrong and bind nobody.
 */
import type { PublishedVersion } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import { type Promised, properties } from '../promise.ts'
import { matchItems } from './item-match.ts'

/** A version of a list and its contract. */
export interface ListSource {
  readonly contract: Contract
  readonly version: PublishedVersion
}

export interface ReadList extends ListSource {
  readonly items: readonly Promised[]
}

/** An item in one version of its list. */
interface ItemVersion {
  readonly source: ListSource
  readonly promised: Promised
}

/** One item through the versions of its list. */
export interface ItemHistory {
  /** The versions that have it, oldest first. */
  readonly stages: readonly [ItemVersion, ...ItemVersion[]]
  /** The latest of `stages`. */
  readonly last: ItemVersion
  /** The version that dropped it for good; absent while it is on the list. */
  readonly left?: ListSource
}

/**
 * Follows every item through the versions of one list, oldest first. Items on the list come first, in its
 * order.
 */
export function followItems(versions: readonly ReadList[]): readonly ItemHistory[] {
  const histories: [ItemVersion, ...ItemVersion[]][] = []
  let present: readonly number[] = []
  for (const { items, ...source } of versions) {
    const before = histories.map((stages) => (stages.at(-1) ?? stages[0]).promised)
    const matched = matchItems(before, items, 'within')
    present = items.map((promised, index) => {
      const stage = { source, promised }
      const known = matched[index]
      if (known === undefined) return histories.push([stage]) - 1
      histories[known]?.push(stage)
      return known
    })
  }
  const dropped = histories.map((_stages, index) => index).filter((index) => !present.includes(index))
  return [...present, ...dropped].flatMap((index) => {
    const stages = histories[index]
    if (stages === undefined) return []
    const last = stages.at(-1) ?? stages[0]
    if (present.includes(index)) return { stages, last }
    const at = versions.findIndex(({ version }) => version === last.source.version)
    const next = versions[at + 1]
    return next === undefined ? { stages, last } : { stages, last, left: next }
  })
}

/** A change of a due date. */
interface Move {
  readonly from: string
  /** Null if the date was removed. */
  readonly to: string | null
  readonly by: ListSource
}

/** The due dates of an item: the first, the current one, and each change between them. */
export interface DueDates {
  readonly first: string | null
  readonly now: string | null
  readonly moves: readonly Move[]
}

/**
 * The first date counts, however often it is moved. If an item had no date at first, its first is the one set
 * later.
 */
export function dueDatesOf({ stages, last }: ItemHistory): DueDates {
  const moves: Move[] = []
  let current: string | null = null
  let first: string | null = null
  for (const { source, promised } of stages) {
    const { due } = promised.values
    first ??= due
    if (current !== null && due !== current) moves.push({ from: current, to: due, by: source })
    current = due ?? current
  }
  return { first, now: last.promised.values.due, moves: withoutRepeats(moves) }
}

/** Reports the removal of a date once, not again for each version without it. */
function withoutRepeats(moves: readonly Move[]): readonly Move[] {
  return moves.filter((move, index) => {
    const former = moves[index - 1]
    return former === undefined || move.to !== null || former.to !== null
  })
}

/** The versions that added the item, changed it or dropped it, oldest first. */
export function causesOf({ stages, left }: ItemHistory): readonly ListSource[] {
  const causes = stages.flatMap(({ source, promised }, index) => {
    const former = stages[index - 1]?.promised
    const same =
      former !== undefined &&
      properties.every((property) => former.values[property] === promised.values[property])
    return same ? [] : [source]
  })
  return left === undefined ? causes : [...causes, left]
}
