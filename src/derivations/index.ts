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
export { derivationFaults, derivations, getDerivation } from './list.ts'
