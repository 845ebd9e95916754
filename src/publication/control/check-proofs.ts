/** Checks the proofs of an edition's versions again, without a solver, from what is kept beside the statistics. */
import type { AppContext } from '../../catalogue/index.ts'
import { getDerivation } from '../../derivations/index.ts'
import {
  type BlockWitnesses,
  type EditionSummary,
  type FormerVersion,
  verifyEdition,
} from '../../disclosure/index.ts'
import { readProof } from '../../ingest/index.ts'

export interface CheckedProof {
  readonly version: number
  /** `destroyed`: nothing is left to check; `other-rule`: the version was published under a rule without proofs. */
  readonly state: 'proven' | 'faulty' | 'destroyed' | 'other-rule'
  /** What is wrong, naming cells: confidential. */
  readonly faults: readonly string[]
  /** As published with the version. */
  readonly summary: EditionSummary | null
}

/** All versions of an edition that were published, the oldest first. */
export async function checkProofs(
  context: AppContext,
  { dataset, edition }: { readonly dataset: string; readonly edition: string },
): Promise<readonly CheckedProof[]> {
  const versions = await context.database.work<
    { id: number; number: number; contract: number; suppressions: unknown }[]
  >`
    SELECT v.id::float8 AS id, v.number, v.contract_version AS contract, v.suppressions
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${dataset} AND e.edition = ${edition} AND v.published_at IS NOT NULL ORDER BY v.number`
  const former: FormerVersion[] = []
  const checked: CheckedProof[] = []
  for (const { id, number: version, contract: contractVersion, suppressions } of versions) {
    const { contract } = context.contracts.get(dataset, contractVersion)
    const { disclosure, derivation } = contract
    if (disclosure?.rule !== 'audited-suppression') {
      checked.push({ version, state: 'other-rule', faults: [], summary: null })
      continue
    }
    const summary = suppressions as EditionSummary
    const proof = await readProof(context.database.work, id)
    if (proof === undefined || former.length < checked.length) {
      checked.push({ version, state: 'destroyed', faults: [], summary })
      continue
    }
    const { confidential, published } = proof
    const bandsOf = derivation && getDerivation(derivation.name).bandsOf?.(contract)
    const faults = verifyEdition(
      { rows: confidential, published, former: [...former], ...(bandsOf && { bandsOf }) },
      contract,
      disclosure,
      proof.witnesses as readonly BlockWitnesses[],
    )
    checked.push({ version, state: faults.length === 0 ? 'proven' : 'faulty', faults, summary })
    former.push({ version, confidential, published })
  }
  return checked
}
