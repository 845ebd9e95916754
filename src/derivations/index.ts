/** Public API of derivations. */
export type {
  CellKind,
  Derivation,
  DerivationContext,
  DerivedRow,
  DirectoryRow,
  PartDerivation,
  ReportRow,
  StatisticsRow,
} from './derivation.ts'
export { type Desk, openDesk, type ScoredPupil } from './fitness-standard-2014/desk.ts'
export { type SchoolSystem, type SixthGradeCode, schoolSystems } from './fitness-standard-2014/grades.ts'
export { isNote, templateContract } from './fitness-standard-2014/template.ts'
export { derivationFaults, derivations, getDerivation } from './list.ts'
