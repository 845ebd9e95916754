/** What records of venues mean: the kind of a day, and what is open at a time. */
export {
  type Calendar,
  type CalendarEntry,
  type Contradiction,
  calendarOf,
  contradictionsOf,
  type Day,
  type DayKind,
  weekdayOf,
} from './calendar.ts'
export {
  type Closure,
  horizonDays,
  type OpenSpan,
  type OpenState,
  openAt,
  openSpans,
  sessionsOn,
  type VenueHours,
} from './open.ts'
