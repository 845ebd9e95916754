/**
 * What a day is: working day, weekend, public holiday, make-up working day or vacation, from the records of calendars.
 * A day that no calendar covers is not known, and nothing is guessed about it. Pure.
 */
import type { DayType, Weekday } from '../derivations/index.ts'
import { weekdays } from '../derivations/index.ts'

/** One record of a dataset of kind `calendar`: days from `starts` to `ends`, both included (ISO dates). */
export interface CalendarEntry {
  readonly entry: 'public-holiday' | 'make-up-day' | 'term' | 'vacation'
  readonly starts: string
  readonly ends: string
}

/** Days that the editions of a calendar cover, both ends included: the year of a yearly edition. */
export interface Coverage {
  readonly from: string
  readonly to: string
}

export type DayKind = 'working' | 'make-up' | 'weekend' | 'holiday' | 'vacation'

/** A day of the calendar. `types` are its day types, the one that takes precedence first. */
export interface Day {
  readonly kind: DayKind
  readonly types: readonly DayType[]
}

export interface Calendar {
  /** The day of an ISO date; undefined where no calendar covers it. */
  readonly dayOf: (date: string) => Day | undefined
}

/** Two records that can't both be true: the first day on which they meet. */
export interface Contradiction {
  readonly entries: readonly [CalendarEntry['entry'], CalendarEntry['entry']]
  readonly date: string
}

/** The weekday of an ISO date. */
export function weekdayOf(date: string): Weekday {
  const sunday0 = new Date(`${date}T00:00:00Z`).getUTCDay()
  return weekdays[(sunday0 + 6) % 7] as Weekday
}

/**
 * The calendar of some records. A day that is both a public holiday and a make-up day is not known. A public holiday
 * takes precedence over everything else. A make-up working day is a working
 * day. A day of the vacation is that first, and otherwise still a working day or a weekend.
 */
export function calendarOf(entries: readonly CalendarEntry[], coverage: readonly Coverage[]): Calendar {
  const of = (name: CalendarEntry['entry']) => entries.filter(({ entry }) => entry === name)
  const [holidays, makeUps, vacations] = [of('public-holiday'), of('make-up-day'), of('vacation')]
  const isIn = (spans: readonly CalendarEntry[], date: string) =>
    spans.some(({ starts, ends }) => starts <= date && date <= ends)
  const find = (date: string): Day | undefined => {
    if (!coverage.some(({ from, to }) => from <= date && date <= to)) return undefined
    if (isIn(holidays, date) && isIn(makeUps, date)) return undefined
    if (isIn(holidays, date)) return { kind: 'holiday', types: ['public-holiday'] }
    const isMakeUp = isIn(makeUps, date)
    const isFree = !isMakeUp && ['Sa', 'Su'].includes(weekdayOf(date))
    const base: DayType = isFree ? 'weekend' : 'working-day'
    if (isIn(vacations, date)) return { kind: 'vacation', types: ['vacation', base] }
    return { kind: isMakeUp ? 'make-up' : isFree ? 'weekend' : 'working', types: [base] }
  }
  // Asked again for each venue. Dates of questions are limited, so there are at most some ten thousand.
  const known = new Map<string, Day | undefined>()
  return {
    dayOf: (date) => {
      if (!known.has(date)) known.set(date, find(date))
      return known.get(date)
    },
  }
}

const exclusive: readonly (readonly [CalendarEntry['entry'], CalendarEntry['entry']])[] = [
  ['public-holiday', 'make-up-day'],
  ['term', 'vacation'],
]

/** Records that contradict each other: a holiday on a make-up day, a term in the vacation. */
export function contradictionsOf(entries: readonly CalendarEntry[]): readonly Contradiction[] {
  return exclusive.flatMap((pair) =>
    entries
      .filter(({ entry }) => entry === pair[0])
      .flatMap((one) =>
        entries
          .filter(({ entry, starts, ends }) => entry === pair[1] && starts <= one.ends && one.starts <= ends)
          .map((other) => ({ entries: pair, date: one.starts > other.starts ? one.starts : other.starts })),
      ),
  )
}
