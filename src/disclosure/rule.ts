/**
 * The interface of a disclosure rule, pure in either form: one pass over the rows of an edition, or a decision about the
 * whole edition with all that was published of it before.
 */
import type { Contract, DisclosureUse } from '../contract/index.ts'
import type { EditionSummary } from './audited-suppression/summary.ts'
import type { BlockWitnesses } from './audited-suppression/verify.ts'
import type { ConfidentialRow, EditionCells } from './edition.ts'
import type { Solve } from './solve.ts'

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

interface NamedRule {
  readonly name: string
  /** JSON Schema of the rule's parameters in a contract. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** What is wrong with parameters that are valid by the schema. */
  readonly complaints?: (
    contract: Contract,
    use: DisclosureUse,
  ) => Iterable<readonly [path: string, message: string]>
}

/** A rule that decides about each record by itself. */
export interface StreamingRule extends NamedRule {
  readonly control: (
    rows: AsyncIterable<readonly ConfidentialRow[]>,
    contract: Contract,
    use: DisclosureUse,
  ) => Controlled
}

export interface EditionTools {
  readonly solve: Solve
  /** Name and version of the solver, for the summary. */
  readonly solver: string
  /** Called often; throws to stop. */
  readonly step?: (block: string, done: number, all: number) => void
  /** How many blocks are solved beside each other. */
  readonly parallel?: number
}

export type ControlledEdition =
  | {
      readonly outcome: 'proven'
      readonly rows: readonly ConfidentialRow[]
      readonly summary: EditionSummary
      /** Confidential, as the statistics are. */
      readonly witnesses: readonly BlockWitnesses[]
    }
  | {
      /** Nothing may be published: why, and what would help. Confidential: for the officer alone. */
      readonly outcome: 'refused'
      readonly reason: 'unproven' | 'nothing-new' | 'contradiction'
      readonly cells: readonly string[]
      readonly advice: string
    }

/** A rule that needs the whole edition, because one count protects another. */
export interface WholeEditionRule extends NamedRule {
  readonly controlEdition: (
    edition: EditionCells,
    contract: Contract,
    use: DisclosureUse,
    tools: EditionTools,
  ) => Promise<ControlledEdition>
}

export type DisclosureRule = StreamingRule | WholeEditionRule
