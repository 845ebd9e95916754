/** The list of disclosure rules. A new rule is one file or folder and one line here. */
import { auditedSuppression } from './audited-suppression/rule.ts'
import { minimumCount } from './minimum-count.ts'
import type { DisclosureRule } from './rule.ts'

const all: readonly DisclosureRule[] = [minimumCount, auditedSuppression]

export const disclosureRules: ReadonlyMap<string, DisclosureRule> = new Map(
  all.map((rule) => [rule.name, rule]),
)

/** Finds a rule by its name in contracts. Throws a plain Error, since the contract loader has checked every name. */
export function getDisclosureRule(name: string): DisclosureRule {
  const rule = disclosureRules.get(name)
  if (rule === undefined) throw new Error(`no disclosure rule ${name}`)
  return rule
}
