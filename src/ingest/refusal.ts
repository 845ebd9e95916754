/** A refusal ends a journey because of what was brought: it carries findings, which are theirs to mend. */
import type { Finding } from '../base/finding.ts'
import type { FileCount } from '../bundle/index.ts'
import type { Share } from './shares.ts'

export interface Refused {
  /** The findings kept; where there were more, the counts tell. */
  readonly findings: readonly Finding[]
  readonly errors?: number
  readonly warnings?: number
  readonly files?: readonly FileCount[]
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
