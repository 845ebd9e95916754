/**
 * Whether a venue is open at an instant: sessions by weekday and day type, seasons, validity and closures. Answers open
 * until, closed and when it opens, or not known where the calendar does not cover a day that matters. Pure.
 */
import type { DayType, Season, Session } from '../derivations/index.ts'
import { type Calendar, weekdayOf } from './calendar.ts'

/** The hours of a venue. Dates are ISO days in Asia/Shanghai, both ends included. */
export interface VenueHours<One extends Session & Validity = Session & Validity> {
  readonly sessions: readonly One[]
  readonly validity?: Validity
}

export interface Validity {
  readonly validFrom?: string
  readonly validUntil?: string
}

/** A closure, or a one-off opening, in milliseconds since 1970. Without an end it is in force until it is removed. */
export interface Closure {
  readonly kind: 'closed' | 'open'
  readonly from: number
  readonly until?: number
}

/** Open time in milliseconds since 1970; `until` is not part of it. */
export interface OpenSpan {
  readonly from: number
  readonly until: number
}

export type OpenState =
  | { readonly state: 'open'; readonly until: number }
  | { readonly state: 'closed'; readonly why: 'closure' | 'hours' | 'not-valid'; readonly opensAt?: number }
  /** The calendar does not cover `date`, and the sessions depend on what day it is. */
  | { readonly state: 'not-known'; readonly date: string }

/** How far ahead the next opening is looked for: longer than any vacation. */
export const horizonDays = 92

const minute = 60_000
const dayLength = 1440 * minute
/** Shanghai is 8 hours ahead of UTC, without summer time since 1991. */
const offset = 8 * 60 * minute

/** Dates calculated before, since every venue asks for the same few: ISO date to days since 1970, and back. */
const dayNumbers = new Map<string, number>()
const dates = new Map<number, string>()
/** Enough for ten years of sessions; then they are forgotten. */
const datesMax = 4_000

function remembered<K, V>(found: Map<K, V>, key: K, calculate: () => V): V {
  const before = found.get(key)
  if (before !== undefined) return before
  if (found.size >= datesMax) found.clear()
  const value = calculate()
  found.set(key, value)
  return value
}

const dayNumberOf = (date: string) =>
  remembered(dayNumbers, date, () => Date.parse(`${date}T00:00:00Z`) / dayLength)

/** The beginning of an ISO date in Shanghai, in milliseconds since 1970. */
export const midnightOf = (date: string) => dayNumberOf(date) * dayLength - offset
/** The ISO date so many days later. */
export function dateAfter(date: string, days: number): string {
  const day = dayNumberOf(date) + days
  return remembered(dates, day, () => new Date(day * dayLength).toISOString().slice(0, 10))
}

/** Whether a venue is open at an instant (milliseconds since 1970). */
export function openAt(
  hours: VenueHours,
  calendar: Calendar,
  closures: readonly Closure[],
  instant: number,
): OpenState {
  const today = new Date(instant + offset).toISOString().slice(0, 10)
  const first = dateAfter(today, -1)
  const near = openSpans(hours, calendar, closures, first, 3)
  const current = near.spans.find(({ from, until }) => from <= instant && instant < until)
  if (current !== undefined) return { state: 'open', until: endOf(current, hours, calendar, closures, today) }
  const isClosed = closures.some(
    ({ kind, from, until = Number.POSITIVE_INFINITY }) =>
      kind === 'closed' && from <= instant && instant < until,
  )
  if (!isClosed) {
    // Yesterday matters only for its sessions past midnight.
    const late = hours.sessions.some((one) => one.to <= one.from && instant < spanOf(one, first).until)
    const unknown = near.unknown.find((date) => date === today || (date === first && late))
    if (unknown !== undefined) return { state: 'not-known', date: unknown }
  }
  const next = nextOpening(hours, calendar, closures, today, instant)
  const why = isClosed ? 'closure' : isValid(hours.validity, today) ? 'hours' : 'not-valid'
  return { state: 'closed', why, ...(next === undefined ? {} : { opensAt: next }) }
}

/** The end of an open span; open around the clock it may go on for days. */
function endOf(
  current: OpenSpan,
  hours: VenueHours,
  calendar: Calendar,
  closures: readonly Closure[],
  today: string,
): number {
  if (current.until < midnightOf(dateAfter(today, 2))) return current.until
  const { spans } = openSpans(hours, calendar, closures, today, horizonDays)
  return (
    spans.find(({ from, until }) => from < current.until && current.until <= until)?.until ?? current.until
  )
}

/** The next opening, looked for up to the first day that is not known or the horizon. */
function nextOpening(
  hours: VenueHours,
  calendar: Calendar,
  closures: readonly Closure[],
  today: string,
  instant: number,
): number | undefined {
  for (let day = 0; day < horizonDays; day++) {
    const { spans, unknown } = openSpans(hours, calendar, closures, dateAfter(today, day), 1)
    const next = spans.find(({ from }) => from > instant)
    if (next !== undefined) return next.from
    if (unknown.length > 0) return undefined
  }
  return undefined
}

/**
 * Open time of `days` days from a date on: sessions less closures, with one-off openings, adjacent spans joined.
 * `unknown` are the days that the calendar does not cover, and on which the sessions depend on it.
 */
export function openSpans(
  hours: VenueHours,
  calendar: Calendar,
  closures: readonly Closure[],
  from: string,
  days: number,
): { readonly spans: readonly OpenSpan[]; readonly unknown: readonly string[] } {
  const unknown: string[] = []
  const regular: OpenSpan[] = []
  for (let index = 0; index < days; index++) {
    const date = dateAfter(from, index)
    const sessions = sessionsOn(hours, calendar, date)
    if (sessions === undefined) unknown.push(date)
    else regular.push(...sessions.map((session) => spanOf(session, date)))
  }
  const [start, end] = [midnightOf(from), midnightOf(dateAfter(from, days))]
  const extra = closures
    .filter(({ kind, from, until = end }) => kind === 'open' && from < end && until > start)
    .map(({ from, until = end }) => ({ from: Math.max(from, start), until: Math.min(until, end) }))
  const closed = closures.filter(({ kind }) => kind === 'closed')
  // A one-off opening is newer than the hours but not than a closure, which is for safety.
  const spans = closed.reduce<readonly OpenSpan[]>(without, [...regular, ...extra])
  return { spans: joined(spans), unknown }
}

/**
 * The sessions of a date; undefined where the calendar does not cover it and the sessions depend on it. Sessions for
 * public holidays replace all others on those days, and sessions for the vacation do so in the vacation.
 */
export function sessionsOn<One extends Session & Validity>(
  hours: VenueHours<One>,
  calendar: Calendar,
  date: string,
): readonly One[] | undefined {
  if (!isValid(hours.validity, date)) return []
  const inForce = hours.sessions.filter((session) => isValid(session, date) && isInSeason(session, date))
  const weekday = weekdayOf(date)
  const day = calendar.dayOf(date)
  if (day === undefined) {
    const depends = inForce.some(
      ({ dayTypes = [], except = [] }) => dayTypes.length > 0 || except.some((one) => one.length > 2),
    )
    return depends
      ? undefined
      : inForce.filter(({ days, except }) => days?.includes(weekday) && !except?.includes(weekday))
  }
  const open = inForce.filter(
    ({ except = [] }) => !except.includes(weekday) && !day.types.some((type) => except.includes(type)),
  )
  const [first] = day.types
  const special = open.filter(({ dayTypes }) => first !== undefined && dayTypes?.includes(first))
  if (isSpecial(first) && special.length > 0) return special
  return open.filter(
    ({ days, dayTypes }) => days?.includes(weekday) || dayTypes?.some((type) => day.types.includes(type)),
  )
}

const isSpecial = (type: DayType | undefined) => type === 'public-holiday' || type === 'vacation'

function isValid(validity: Validity | undefined, date: string): boolean {
  return date >= (validity?.validFrom ?? '') && date <= (validity?.validUntil ?? '9999')
}

function isInSeason({ season, dates }: Session, date: string): boolean {
  if (dates !== undefined) return dates.from <= date && date <= dates.to
  return season === undefined || isWithin(season, date.slice(5))
}

const isWithin = ({ from, to }: Season, day: string) =>
  from <= to ? from <= day && day <= to : day >= from || day <= to

/** The open time of a session that begins on a date. */
export function spanOf({ from, to }: Session, date: string): OpenSpan {
  const midnight = midnightOf(date)
  const end = midnight + minutesOf(to) * minute
  return { from: midnight + minutesOf(from) * minute, until: to <= from ? end + dayLength : end }
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** Spans less a closure. */
export function without(
  spans: readonly OpenSpan[],
  { from, until = Number.POSITIVE_INFINITY }: Closure,
): readonly OpenSpan[] {
  return spans.flatMap((span) => {
    if (until <= span.from || span.until <= from) return [span]
    return [
      ...(span.from < from ? [{ from: span.from, until: from }] : []),
      ...(until < span.until ? [{ from: until, until: span.until }] : []),
    ]
  })
}

/** In order; spans that touch are one. */
function joined(spans: readonly OpenSpan[]): readonly OpenSpan[] {
  const result: OpenSpan[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last !== undefined && span.from <= last.until) {
      result[result.length - 1] = { from: last.from, until: Math.max(last.until, span.until) }
    } else result.push(span)
  }
  return result
}
