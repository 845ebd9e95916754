/** Public API of derivations: pure functions that compute published rows from raw input. */
export type {
  CellKind,
  Derivation,
  DerivationContext,
  DerivedRow,
  DirectoryRow,
  EditionReview,
  EditionWarning,
  PartDerivation,
  PartWarning,
  ReportRow,
  RowBytes,
  RowOrigin,
  StatisticsRow,
} from './derivation.ts'
export { type Desk, openDesk, type ScoredPupil } from './fitness-standard-2014/desk.ts'
export { type SchoolSystem, type SixthGradeCode, schoolSystems } from './fitness-standard-2014/grades.ts'
export { isNote, templateContract } from './fitness-standard-2014/template.ts'
export { type ItemThresholds, scoredGrades, thresholdsOf } from './fitness-standard-2014/thresholds.ts'
export { derivationFaults, derivations, getDerivation } from './list.ts'
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
