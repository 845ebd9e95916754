/**
 * The open time of a venue by day, with what can be done in it: its sessions less closures, and one-off openings. The
 * sum of a day's spans is what `openSpans` gives. Pure.
 */
import { type Calendar, type Day, weekdayOf } from './calendar.ts'
import { type Closure, dateAfter, midnightOf, type OpenSpan, sessionsOn, spanOf, without } from './open.ts'
import type { Venue } from './venue.ts'

export interface DatedSession extends OpenSpan {
  readonly activities: readonly string[]
}

export interface DaySessions {
  readonly date: string
  readonly weekday: string
  /** Undefined where the calendar does not cover the day. */
  readonly kind: Day['kind'] | undefined
  /** Undefined where the sessions depend on what day it is, and that is not known. */
  readonly sessions: readonly DatedSession[] | undefined
}

/** The sessions of `days` days from a date on. A session belongs to the day on which it begins. */
export function datedSessions(
  venue: Pick<Venue, 'sessions' | 'activities'>,
  calendar: Calendar,
  closures: readonly Closure[],
  from: string,
  days: number,
): readonly DaySessions[] {
  const closed = closures.filter(({ kind }) => kind === 'closed')
  return Array.from({ length: days }, (_, index) => {
    const date = dateAfter(from, index)
    const regular = sessionsOn(venue, calendar, date)
    const sessions = [
      ...(regular ?? []).map((one) => ({ ...spanOf(one, date), activities: one.activities })),
      ...openingsOn(venue, closures, date),
    ].flatMap(({ activities, ...span }) =>
      closed.reduce<readonly OpenSpan[]>(without, [span]).map((piece) => ({ ...piece, activities })),
    )
    const isKnown = regular !== undefined || sessions.length > 0
    return {
      date,
      weekday: weekdayOf(date),
      kind: calendar.dayOf(date)?.kind,
      sessions: isKnown ? sessions.sort((a, b) => a.from - b.from || a.until - b.until) : undefined,
    }
  })
}

/** The part of one-off openings that is on a date. */
function openingsOn(venue: Pick<Venue, 'activities'>, closures: readonly Closure[], date: string) {
  const [start, end] = [midnightOf(date), midnightOf(dateAfter(date, 1))]
  return closures
    .filter(({ kind, from, until = end }) => kind === 'open' && from < end && until > start)
    .map(({ from, until = end }) => ({
      from: Math.max(from, start),
      until: Math.min(until, end),
      activities: venue.activities,
    }))
}
