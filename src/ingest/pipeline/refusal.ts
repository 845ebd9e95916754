/** A refusal ends a journey because of what was brought: it carries findings, which are theirs to mend. */

import type { FileCount, FindingCounts } from '../../bundle/index.ts'
import type { Exceeded } from '../../contract/index.ts'
import type { Finding } from '../../platform/finding.ts'
import type { Share } from '../groups/distribute-findings.ts'

export interface Refused {
  /** The findings kept; where there were more, the counts tell. */
  readonly findings: readonly Finding[]
  readonly counts?: FindingCounts
  readonly files?: readonly FileCount[]
  /** What the contract does not bear: then the bundle is whole, and rests in quarantine. */
  readonly exceeded?: readonly Exceeded[]
  /** Where several bags were read as one: what each is told. */
  readonly shares?: readonly Share[]
}

export class Refusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(`refused with ${refused.findings.length} findings`)
    this.name = 'Refusal'
    this.refused = refused
  }
}
