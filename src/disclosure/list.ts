/** The disclosure rules, one line each: adding one is a file and a line here. */
import { minimumCount } from './minimum-count.ts'
import type { DisclosureRule } from './rule.ts'

const all: readonly DisclosureRule[] = [minimumCount]

export const disclosureRules: ReadonlyMap<string, DisclosureRule> = new Map(
  all.map((rule) => [rule.name, rule]),
)

/** A rule by the name that contracts use. Throws a plain Error: the loader has checked every name. */
export function getDisclosureRule(name: string): DisclosureRule {
  const rule = disclosureRules.get(name)
  if (rule === undefined) throw new Error(`no disclosure rule ${name}`)
  return rule
}
