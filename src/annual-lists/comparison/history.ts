/**
 * A list through its versions: each item from where it came to where it left, with the due dates it has had. Pure.
 * Versions that were withdrawn are not among them: what was taken back as wrong binds nobody and is told nowhere.
 */
import type { PublishedVersion } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import { type Promised, properties } from '../promise.ts'
import { matchItems } from './item-match.ts'

/** A version of a list that was read, and the contract it keeps. */
export interface ListSource {
  readonly contract: Contract
  readonly version: PublishedVersion
}

export interface ReadList extends ListSource {
  readonly items: readonly Promised[]
}

/** An item in one version of its list. */
export interface Stage {
  readonly source: ListSource
  readonly promised: Promised
}

/** One item through the versions of its list. */
export interface ItemHistory {
  /** The versions that have it, oldest first. */
  readonly stages: readonly [Stage, ...Stage[]]
  /** As it stood last. */
  readonly last: Stage
  /** The version that dropped it for good; absent while it is on the list. */
  readonly left?: ListSource
}

/** Follows every item through the versions of one list, oldest first. Those on the list come first, in its order. */
export function followItems(versions: readonly ReadList[]): readonly ItemHistory[] {
  const threads: [Stage, ...Stage[]][] = []
  let present: readonly number[] = []
  for (const { items, ...source } of versions) {
    const before = threads.map((stages) => (stages.at(-1) ?? stages[0]).promised)
    const matched = matchItems(before, items, 'within')
    present = items.map((promised, index) => {
      const stage = { source, promised }
      const thread = matched[index]
      if (thread === undefined) return threads.push([stage]) - 1
      threads[thread]?.push(stage)
      return thread
    })
  }
  const left = threads.map((_stages, index) => index).filter((index) => !present.includes(index))
  return [...present, ...left].flatMap((index) => {
    const stages = threads[index]
    if (stages === undefined) return []
    const last = stages.at(-1) ?? stages[0]
    if (present.includes(index)) return { stages, last }
    const at = versions.findIndex(({ version }) => version === last.source.version)
    const dropped = versions[at + 1]
    return dropped === undefined ? { stages, last } : { stages, last, left: dropped }
  })
}

/** A due date that was moved. */
export interface Move {
  readonly from: string
  /** Null where the date was taken away. */
  readonly to: string | null
  readonly by: ListSource
}

/** The due dates of an item: the one it had first, the one it has now, and each move between them. */
export interface DueDates {
  readonly first: string | null
  readonly now: string | null
  readonly moves: readonly Move[]
}

/** The first date counts, however often it is moved. A date given later to an item that had none is its first. */
export function dueDatesOf({ stages, last }: ItemHistory): DueDates {
  const moves: Move[] = []
  let standing: string | null = null
  let first: string | null = null
  for (const { source, promised } of stages) {
    const { due } = promised.values
    first ??= due
    if (standing !== null && due !== standing) moves.push({ from: standing, to: due, by: source })
    standing = due ?? standing
  }
  return { first, now: last.promised.values.due, moves: withoutRepeats(moves) }
}

/** A date that stays away is taken away once. */
function withoutRepeats(moves: readonly Move[]): readonly Move[] {
  return moves.filter((move, index) => {
    const former = moves[index - 1]
    return former === undefined || move.to !== null || former.to !== null
  })
}

/** The versions that brought the item, changed it or dropped it, oldest first. */
export function turnsOf({ stages, left }: ItemHistory): readonly ListSource[] {
  const turns = stages.flatMap(({ source, promised }, index) => {
    const former = stages[index - 1]?.promised
    const same =
      former !== undefined &&
      properties.every((property) => former.values[property] === promised.values[property])
    return same ? [] : [source]
  })
  return left === undefined ? turns : [...turns, left]
}
