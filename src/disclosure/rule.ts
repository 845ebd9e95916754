/** The interface of a disclosure rule: one pure pass over an edition that withholds values and counts them by reason. */
import type { Contract, DisclosureUse } from '../contract/index.ts'

/** One record, in the order of the contract's fields. */
export type ConfidentialRow = readonly (string | null)[]

interface SuppressionSummary {
  readonly rule: string
  /** Records read, records with at least one value withheld, and values withheld. */
  readonly records: number
  readonly recordsWithheld: number
  readonly valuesWithheld: number
  /** Records withheld by reason: `primary`, later `secondary`. */
  readonly byReason: Readonly<Record<string, number>>
}

interface Controlled {
  readonly rows: AsyncIterable<readonly ConfidentialRow[]>
  /** Call after `rows` has been read to the end; incomplete before. */
  readonly summary: () => SuppressionSummary
}

export interface DisclosureRule {
  readonly name: string
  /** JSON Schema of the rule's parameters in a contract. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly control: (
    rows: AsyncIterable<readonly ConfidentialRow[]>,
    contract: Contract,
    use: DisclosureUse,
  ) => Controlled
}
