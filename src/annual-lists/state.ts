/**
 * The state of a promise, derived from evidence alone: what is published, since when, and the first due day.
 * States are never entered by hand, and can change by time alone. Pure; the current day is a parameter.
 */
import { dayInShanghai } from '../platform/time.ts'

export const promiseStates = ['published', 'late', 'planned', 'overdue'] as const

/** published on time · published after the due day · neither published nor due yet · due but not published */
type PromiseState = (typeof promiseStates)[number]

export const itemStates = [...promiseStates, 'withdrawn'] as const

/** The state of an item's promise; `withdrawn` if the item has left the list. */
type ItemState = (typeof itemStates)[number]

/** One published version as evidence. */
interface Evidence {
  readonly publishedAt: Date
  readonly withdrawn: boolean
}

export interface PromiseOutcome {
  readonly state: PromiseState
  /** Day in Asia/Shanghai on which the promise was first fulfilled; null while it is not. */
  readonly firstPublished: string | null
}

/**
 * Derives the state of one period of an item. `due` is its first due day. Publication on that day is on time;
 * if all versions are withdrawn, it counts as unpublished; without a due day nothing is ever late.
 */
export function stateOf(due: string | null, evidence: readonly Evidence[], today: string): PromiseOutcome {
  if (evidence.some((version) => !version.withdrawn)) {
    const firstPublished = evidence.map((version) => dayInShanghai(version.publishedAt)).sort()[0] ?? null
    const late = due !== null && firstPublished !== null && firstPublished > due
    return { state: late ? 'late' : 'published', firstPublished }
  }
  return { state: due !== null && due < today ? 'overdue' : 'planned', firstPublished: null }
}

/** From best to worst: open but late is better than not open. */
const fromBest: readonly PromiseState[] = ['published', 'late', 'planned', 'overdue']

/**
 * The worst state of several periods. The first publication is the day on which the last period was
 * published.
 */
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

type StateCounts = Readonly<Record<ItemState, number>>

export interface Rates {
  readonly items: number
  readonly states: StateCounts
  /** Fraction of the items on the list that are published, on time or late; null without items. */
  readonly completion: number | null
  /** Fraction of the items due by now that were published on time; null if none is due. */
  readonly onTime: number | null
}

/** The facts about an item that rates are computed from. */
export interface Counted {
  readonly state: ItemState
  /** The state of its promise, even if it has left the list. */
  readonly outcome: PromiseState
  readonly firstDue: string | null
  /** Day in Asia/Shanghai on which it left the list. */
  readonly leftOn: string | null
}

/**
 * Counts and rates of items. Rates are from 0 to 1, rounded to four digits. Items that left the list don't
 * count for completion. They count for punctuality if their first due day had passed when they left: leaving
 * the list neither breaks nor fulfils a promise.
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
    completion: fraction(states.published + states.late, items.length - states.withdrawn),
    onTime: fraction(due.filter(({ outcome }) => outcome === 'published').length, due.length),
  }
}

/**
 * Whether an item counts as due. On the due day itself only published items do, since others still have time.
 */
function isDecided({ firstDue, leftOn, outcome }: Counted, today: string): boolean {
  if (firstDue === null) return false
  if (leftOn !== null) return firstDue < leftOn
  return firstDue < today || (firstDue === today && outcome === 'published')
}

function fraction(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
}
