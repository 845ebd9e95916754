/** Public API of disclosure. */
export { disclosureRules, getDisclosureRule } from './list.ts'
export type { Controlled, DisclosureRule, SuppressionSummary } from './rule.ts'
