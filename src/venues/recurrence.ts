/**
 * Recurring events from dated sessions, as RFC 5545 has them: a weekly rule with exceptions where sessions are regular,
 * and single events for the rest. Expanding the events gives the sessions again. Pure.
 */
import type { DatedSession } from './dated-sessions.ts'

/** An event in UTC. Without a rule it happens once. */
export interface RecurringEvent extends DatedSession {
  readonly weekly?: {
    /** Weekdays in UTC, 0 is Sunday. */
    readonly days: readonly number[]
    /** Start of the last occurrence. */
    readonly until: number
    /** Starts that the rule gives and that are no sessions. */
    readonly exceptions: readonly number[]
  }
}

const day = 86_400_000
/** A pause of more than two weeks, such as a vacation, ends a rule, so that it needs few exceptions. */
const pauseMax = 15 * day

/** The events of some sessions, the earliest first. */
export function recurringEvents(sessions: readonly DatedSession[]): readonly RecurringEvent[] {
  const alike = new Map<string, DatedSession[]>()
  for (const session of sessions) {
    const { from, until, activities } = session
    // Shanghai has no summer time, so sessions at one local time are at one time in UTC.
    const key = `${from % day} ${until - from} ${activities.join()}`
    alike.set(key, [...(alike.get(key) ?? []), session])
  }
  return [...alike.values()]
    .flatMap((group) => runsOf(group.sort((a, b) => a.from - b.from)))
    .flatMap(eventsOf)
    .sort((a, b) => a.from - b.from || a.until - b.until)
}

function runsOf(sessions: readonly DatedSession[]): readonly (readonly DatedSession[])[] {
  const runs: DatedSession[][] = []
  for (const session of sessions) {
    const last = runs.at(-1)?.at(-1)
    if (last !== undefined && session.from - last.from <= pauseMax) runs.at(-1)?.push(session)
    else runs.push([session])
  }
  return runs
}

const weekdayOf = (instant: number) => new Date(instant).getUTCDay()

function eventsOf(run: readonly DatedSession[]): readonly RecurringEvent[] {
  const [first, last] = [run[0], run.at(-1)]
  if (first === undefined || last === undefined) return []
  const weeks = Math.floor((last.from - first.from) / (7 * day)) + 1
  const days = [0, 1, 2, 3, 4, 5, 6].filter((weekday) => {
    const count = run.filter(({ from }) => weekdayOf(from) === weekday).length
    return count > 1 && count >= weeks / 2
  })
  const regular = run.filter(({ from }) => days.includes(weekdayOf(from)))
  const single = run.filter(({ from }) => !days.includes(weekdayOf(from)))
  const [start, end] = [regular[0], regular.at(-1)]
  if (start === undefined || end === undefined) return single
  const starts = new Set(regular.map(({ from }) => from))
  const exceptions: number[] = []
  for (let at = start.from; at <= end.from; at += day) {
    if (days.includes(weekdayOf(at)) && !starts.has(at)) exceptions.push(at)
  }
  return [{ ...start, weekly: { days, until: end.from, exceptions } }, ...single]
}
