/** Public API of disclosure. */

export type { BandsOf } from './audited-suppression/facts.ts'
export type { Answer, LinearModel, Question, Solve, Solver } from './audited-suppression/model.ts'
export { verifyEdition } from './audited-suppression/rule.ts'
export { disclosureRules, getDisclosureRule } from './list.ts'
export type { ControlledEdition, EditionCells, FormerVersion, WholeEditionRule } from './rule.ts'
