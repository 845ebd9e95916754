/** Sessions and calendars as iCalendar (RFC 5545), in UTC. Loaded when a calendar is first requested. */
import ical, { ICalEventRepeatingFreq, ICalWeekday } from 'ical-generator'
import type { RecurringEvent } from './recurrence.ts'

const weekdays = [
  ICalWeekday.SU,
  ICalWeekday.MO,
  ICalWeekday.TU,
  ICalWeekday.WE,
  ICalWeekday.TH,
  ICalWeekday.FR,
  ICalWeekday.SA,
]

interface CalendarText {
  /** Shown as the name of the calendar. */
  readonly name: string
  /** Address of what the calendar shows. */
  readonly url: string
  /** When the data were published, so that equal data give equal bytes. */
  readonly stamp: Date
}

/** A venue's sessions as a calendar with weekly events, their exceptions, and single events. */
export function sessionsCalendar(
  { name, url, stamp }: CalendarText,
  events: readonly RecurringEvent[],
  { summaryOf, location, id }: VenueText,
): string {
  const calendar = calendarOf(name, url)
  for (const { from, until, activities, weekly } of events) {
    const event = calendar.createEvent({
      id: `${id}-${from / 60_000}-${until / 60_000}@qingdan`,
      start: new Date(from),
      end: new Date(until),
      stamp,
      summary: summaryOf(activities),
      location,
      url,
    })
    if (weekly === undefined) continue
    event.repeating({
      freq: ICalEventRepeatingFreq.WEEKLY,
      byDay: weekly.days.flatMap((day) => weekdays[day] ?? []),
      until: new Date(weekly.until),
      ...(weekly.exceptions.length === 0 ? {} : { exclude: weekly.exceptions.map((at) => new Date(at)) }),
    })
  }
  return calendar.toString()
}

interface VenueText {
  readonly id: string
  readonly location: string
  readonly summaryOf: (activities: readonly string[]) => string
}

/** A span of whole days, both ends included (ISO dates). */
interface DayEvent {
  readonly starts: string
  readonly ends: string
  readonly summary: string
}

/** Spans of days as a calendar of all-day events. */
export function daysCalendar({ name, url, stamp }: CalendarText, events: readonly DayEvent[]): string {
  const calendar = calendarOf(name, url)
  for (const [index, { starts, ends, summary }] of events.entries()) {
    // RFC 5545, 3.6.1: DTEND is not included.
    const end = new Date(Date.parse(`${ends}T00:00:00Z`) + 86_400_000)
    const start = new Date(`${starts}T00:00:00Z`)
    calendar.createEvent({
      id: `${starts}-${ends}-${index}@qingdan`,
      start: start.toISOString().slice(0, 10),
      end: end.toISOString().slice(0, 10),
      allDay: true,
      stamp,
      summary,
    })
  }
  return calendar.toString()
}

function calendarOf(name: string, url: string) {
  return ical({ name, url, prodId: { company: 'Qingdan', product: 'Qingdan', language: 'ZH' } })
}
