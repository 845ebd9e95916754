/**
 * The state of a promise, derived from evidence alone: what is published, since when, and the day it was first due.
 * Nobody types a state, and a state can change by time alone. Pure: the day of today is handed in.
 */
import { dayInShanghai } from '../platform/time.ts'

export const promiseStates = ['published', 'late', 'planned', 'overdue'] as const

/** published in time · published after the due day · not yet published and not yet due · due and not published */
export type PromiseState = (typeof promiseStates)[number]

export const itemStates = [...promiseStates, 'withdrawn'] as const

/** Of an item on the list how far it is kept; `withdrawn` where it has left the list. */
export type ItemState = (typeof itemStates)[number]

/** One published version as evidence. */
export interface Evidence {
  readonly publishedAt: Date
  readonly withdrawn: boolean
}

export interface PromiseOutcome {
  readonly state: PromiseState
  /** Day in Asia/Shanghai on which the promise was first kept; null while it is not. */
  readonly firstPublished: string | null
}

/**
 * Derives the state of one period of an item. `due` is the first due day it ever had. Published on that day itself is in
 * time; evidence that was withdrawn without a successor counts as unpublished; without a due day nothing is ever late.
 */
export function stateOf(due: string | null, evidence: readonly Evidence[], today: string): PromiseOutcome {
  if (evidence.some((version) => !version.withdrawn)) {
    const firstPublished = evidence.map((version) => dayInShanghai(version.publishedAt)).sort()[0] ?? null
    const late = due !== null && firstPublished !== null && firstPublished > due
    return { state: late ? 'late' : 'published', firstPublished }
  }
  return { state: due !== null && due < today ? 'overdue' : 'planned', firstPublished: null }
}

/** From best to worst: what is open, though late, is better than what is not open. */
const fromBest: readonly PromiseState[] = ['published', 'late', 'planned', 'overdue']

/** The state of an item of several periods: that of the worst. Its first publication is that of its last period to come. */
export function worstOf(periods: readonly PromiseOutcome[]): PromiseOutcome {
  const ranks = periods.map(({ state }) => fromBest.indexOf(state))
  const state = fromBest[Math.max(...ranks)] ?? 'planned'
  const days = periods.map(({ firstPublished }) => firstPublished)
  const last = days.includes(null)
    ? null
    : (days
        .map((day) => day ?? '')
        .sort()
        .at(-1) ?? null)
  return { state, firstPublished: last }
}

export type StateCounts = Readonly<Record<ItemState, number>>

export interface Rates {
  readonly items: number
  readonly states: StateCounts
  /** Share of the items on the list that are published, in time or late; null without items. */
  readonly completion: number | null
  /** Share of the items due by now that were published in time; null where none is due. */
  readonly onTime: number | null
}

/** What of an item counts. */
export interface Counted {
  readonly state: ItemState
  /** How far it is kept, also where it has left the list. */
  readonly kept: PromiseState
  readonly firstDue: string | null
  /** Day in Asia/Shanghai on which it left the list. */
  readonly leftOn: string | null
}

/**
 * Counts and rates of items. Rates are shares from 0 to 1, rounded to four digits. An item that left the list is no
 * part of completion; for being on time it counts if its first due day was over when it left, for leaving the list
 * breaks no date and mends none.
 */
export function ratesOf(items: readonly Counted[], today: string): Rates {
  const count = (state: ItemState) => items.filter((item) => item.state === state).length
  const states = Object.fromEntries(itemStates.map((state) => [state, count(state)])) as Record<
    ItemState,
    number
  >
  const due = items.filter((item) => isDecided(item, today))
  return {
    items: items.length,
    states,
    completion: share(states.published + states.late, items.length - states.withdrawn),
    onTime: share(due.filter(({ kept }) => kept === 'published').length, due.length),
  }
}

/** On the due day itself only what is published is decided: there are hours left. */
function isDecided({ firstDue, leftOn, kept }: Counted, today: string): boolean {
  if (firstDue === null) return false
  if (leftOn !== null) return firstDue < leftOn
  return firstDue < today || (firstDue === today && kept === 'published')
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
}
