/**
 * The state of a promise, derived from evidence alone: what is published, since when, and the day it was due.
 * Nobody types a state, and a state can change by time alone. Pure: the day of today is handed in.
 */
import { dayInShanghai } from '../base/time.ts'

export const itemStates = ['published', 'late', 'planned', 'overdue'] as const

/** published in time · published after the due day · not yet published and not yet due · due and not published */
export type ItemState = (typeof itemStates)[number]

/** One published version as evidence. */
export interface Evidence {
  readonly publishedAt: Date
  readonly withdrawn: boolean
}

export interface Kept {
  readonly state: ItemState
  /** Day in Asia/Shanghai on which the promise was first kept; null while it is not. */
  readonly firstPublished: string | null
}

/**
 * Derives the state of an item. Published on the due day itself is in time; evidence that was withdrawn without a
 * successor counts as unpublished; an item without a due day is never late.
 */
export function stateOf(due: string | null, evidence: readonly Evidence[], today: string): Kept {
  if (evidence.some((version) => !version.withdrawn)) {
    const firstPublished = evidence.map((version) => dayInShanghai(version.publishedAt)).sort()[0] ?? null
    const late = due !== null && firstPublished !== null && firstPublished > due
    return { state: late ? 'late' : 'published', firstPublished }
  }
  return { state: due !== null && due < today ? 'overdue' : 'planned', firstPublished: null }
}

export type StateCounts = Readonly<Record<ItemState, number>>

export interface Rates {
  readonly items: number
  readonly states: StateCounts
  /** Share of the items that are published, in time or late; null without items. */
  readonly completion: number | null
  /** Share of the items due by now that were published in time; null where none is due. */
  readonly onTime: number | null
}

/** Counts and rates of items. Rates are shares from 0 to 1, rounded to four digits. */
export function ratesOf(
  items: readonly { readonly state: ItemState; readonly due: string | null }[],
  today: string,
): Rates {
  const count = (state: ItemState) => items.filter((item) => item.state === state).length
  const states = {
    published: count('published'),
    late: count('late'),
    planned: count('planned'),
    overdue: count('overdue'),
  }
  const share = (part: number, whole: number) =>
    whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
  const due = items.filter((item) => item.due !== null && item.due <= today)
  return {
    items: items.length,
    states,
    completion: share(states.published + states.late, items.length),
    onTime: share(due.filter((item) => item.state === 'published').length, due.length),
  }
}
