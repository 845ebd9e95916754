/** The warnings of parts that hold a publication until a person has approved them. */
import type { Contract } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { getDerivation } from '../../derivations/index.ts'
import type { Finding } from '../../platform/finding.ts'
import type { StagedPart } from '../pipeline/parts.ts'

/**
 * Names of the checks that hold a publication. They are about single schools or figures before disclosure control, so they
 * are not published with a version as other warnings are.
 */
export function holdingChecks({ derivation }: Contract): readonly string[] {
  if (derivation === undefined) return []
  const { faults } = getDerivation(derivation.name)
  return Object.keys(faults).filter((check) => faults[check]?.holds === true)
}

/** One finding for each part and check; the receipts of the part's bundles have the single warnings. */
export async function listHeldWarnings(
  runner: Runner,
  contract: Contract,
  parts: readonly Pick<StagedPart, 'provider' | 'bundles'>[],
): Promise<readonly Finding[]> {
  const { faults } = getDerivation(contract.derivation?.name ?? '')
  const holding = holdingChecks(contract)
  const found: Finding[] = []
  for (const { provider, bundles } of parts) {
    const counts = await runner<{ check: string; warnings: number }[]>`
      SELECT one->>'check' AS check, sum((one->>'warnings')::int)::int AS warnings
      FROM qingdan.bundle b, jsonb_array_elements(b.summary) AS one
      WHERE b.id = ANY(${[...bundles]}) AND one->>'check' = ANY(${[...holding]})
      GROUP BY 1 ORDER BY min(one->>'check' COLLATE "C")`
    for (const { check, warnings } of counts) {
      const { severity, message } = faults[check] as (typeof faults)[string]
      found.push({
        ...{ check, severity, expected: `${provider}: ${warnings} ×` },
        ...{ message: message.en, messageZh: message.zh },
      })
    }
  }
  return found
}
