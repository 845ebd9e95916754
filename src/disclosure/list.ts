/**
 * The list of disclosure rules. A new rule is one file and one line here. The rule of audited-suppression/ joins it
 * when the pipeline keeps its witnesses and the confidential rows of former versions; until then no contract may name
 * it, because its corrections could not be controlled together with what is published.
 */
import { minimumCount } from './minimum-count.ts'
import type { DisclosureRule } from './rule.ts'

const all: readonly DisclosureRule[] = [minimumCount]

export const disclosureRules: ReadonlyMap<string, DisclosureRule> = new Map(
  all.map((rule) => [rule.name, rule]),
)

/** Finds a rule by its name in contracts. Throws a plain Error, since the contract loader has checked every name. */
export function getDisclosureRule(name: string): DisclosureRule {
  const rule = disclosureRules.get(name)
  if (rule === undefined) throw new Error(`no disclosure rule ${name}`)
  return rule
}
