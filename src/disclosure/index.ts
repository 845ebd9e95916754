/** Public API of disclosure. */
export { verifyEdition } from './audited-suppression/rule.ts'
export type { EditionSummary } from './audited-suppression/summary.ts'
export type { BlockWitnesses } from './audited-suppression/verify.ts'
export type { BandsOf, EditionCells, FormerVersion } from './edition.ts'
export { disclosureRules, getDisclosureRule } from './list.ts'
export type { ControlledEdition, WholeEditionRule } from './rule.ts'
export type { Answer, LinearModel, Question, Solve, Solver } from './solve.ts'
