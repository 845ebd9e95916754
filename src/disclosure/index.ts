/** Public API of disclosure. */
export { disclosureRules, getDisclosureRule } from './list.ts'
export type { Answer, LinearModel, Question, Solve, Solver } from './audited-suppression/model.ts'
