/** What records of venues mean: the kind of a day, and what is open at a time. */

export { basisOf, closureBody, openVenueBody, venueBody } from './bodies.ts'
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
export { addClosures, type ClosureRequest, removeClosure } from './closures/change-closures.ts'
export { type ClosureBody, noClosures, readClosures, type StoredClosure } from './closures/closures.ts'
export { parseClosures } from './closures/closures-csv.ts'
export { closureRoutes } from './closures/routes.ts'
export { type DatedSession, datedSessions } from './dated-sessions.ts'
export { type FoundVenue, findVenues, type Openness, opennessOf } from './find-venues.ts'
export {
  type Closure,
  dateAfter,
  horizonDays,
  type OpenSpan,
  type OpenState,
  openAt,
  openSpans,
  sessionsOn,
  type VenueHours,
} from './open.ts'
export { checkCode, parseDays, parsePlace, parseTimes } from './parameters.ts'
export { recurringEvents } from './recurrence.ts'
export { getVenue, venueRoutes } from './routes.ts'
export { type Venue, venueCollector } from './venue.ts'
export { editionsFor, type VenueState, venueState } from './venue-state.ts'
