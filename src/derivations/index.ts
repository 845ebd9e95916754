/** Public API of derivations. */
export type {
  Derivation,
  DerivationContext,
  DerivedRow,
  DirectoryRow,
  PartDerivation,
  StatisticsRow,
} from './derivation.ts'
export { derivations, getDerivation } from './list.ts'
