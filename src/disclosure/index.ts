/** Public API of disclosure. */
export { disclosureRules, getDisclosureRule } from './list.ts'
