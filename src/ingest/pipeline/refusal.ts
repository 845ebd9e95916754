/** A refusal ends the processing because of the data; its findings are for the provider to correct. */

import type { FileCount, FindingCounts } from '../../bundle/index.ts'
import type { Exceeded } from '../../contract/index.ts'
import type { Finding } from '../../platform/finding.ts'
import type { BagFindings } from '../groups/distribute-findings.ts'

export interface Refused {
  /** The stored findings; the counts include those above the limit. */
  readonly findings: readonly Finding[]
  readonly counts?: FindingCounts
  readonly files?: readonly FileCount[]
  /** Exceeded tolerances of the contract: the bundle is readable, and goes to quarantine. */
  readonly exceeded?: readonly Exceeded[]
  /** Where several bags were read as one: the findings of each. */
  readonly byBag?: readonly BagFindings[]
}

export class Refusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(`refused with ${refused.findings.length} findings`)
    this.name = 'Refusal'
    this.refused = refused
  }
}
