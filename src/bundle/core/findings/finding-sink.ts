/** Collects findings: stores the first ones up to the limit and counts them all. */

import type { Finding } from '../../../platform/finding.ts'
import type { BundleCheck } from './checks.ts'

export interface FindingCounts {
  readonly errors: number
  readonly warnings: number
  /** By the name of the check. */
  readonly byCheck: Readonly<Record<string, { readonly errors: number; readonly warnings: number }>>
}

export interface FindingSink {
  readonly add: (finding: Finding) => void
  /** The stored findings, in the order they came. */
  readonly findings: () => readonly Finding[]
  readonly counts: () => FindingCounts
}

/** Says that the findings are incomplete, so it is stored even beyond the limit. */
const storedAlways: BundleCheck = 'validation-stopped'

/** Builds a sink that stores at most `findingsMax` findings, and one more if validation stopped. */
export function buildFindingSink(findingsMax: number): FindingSink {
  const stored: Finding[] = []
  const tallies = new Map<string, { errors: number; warnings: number }>()
  return {
    add: (finding) => {
      if (stored.length < findingsMax || finding.check === storedAlways) stored.push(finding)
      const tally = tallies.get(finding.check) ?? { errors: 0, warnings: 0 }
      if (finding.severity === 'error') tally.errors += 1
      else tally.warnings += 1
      tallies.set(finding.check, tally)
    },
    findings: () => stored,
    counts: () => {
      const all = [...tallies.values()]
      return {
        errors: all.reduce((sum, { errors }) => sum + errors, 0),
        warnings: all.reduce((sum, { warnings }) => sum + warnings, 0),
        byCheck: Object.fromEntries([...tallies].map(([check, tally]) => [check, { ...tally }])),
      }
    },
  }
}
