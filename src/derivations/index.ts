/** What published rows are computed from raw input by: pure functions, no HTTP, database, files or clock. */
export {
  cellCharsMax,
  type HoursCell,
  type HoursReading,
  parseHours,
} from './opening-hours/parse-hours.ts'
export { printHours } from './opening-hours/print-hours.ts'
export {
  type DayType,
  dayTypes,
  type Season,
  type Session,
  type Weekday,
  weekdays,
} from './opening-hours/session.ts'
