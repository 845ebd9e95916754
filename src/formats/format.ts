/**
 * What a format is: a pure rendering of records, or a recoding of another format's bytes. A format refuses what it
 * can't hold whole, and says why; it never cuts, rounds or replaces.
 */

import type { Contract, Contracts, Field } from '../contract/index.ts'
import type { Bilingual } from '../platform/language.ts'

/** One record: the canonical text or null of each field, in the order of the contract. */
export type RecordValues = readonly (string | null)[]

/** Records in their order, some at a time. */
export type RowBatches = AsyncIterable<readonly RecordValues[]>

/** What is known of a version while its files are made. Not yet the instant of its publication. */
export interface VersionFacts {
  readonly dataset: string
  readonly edition: string
  readonly number: number
  readonly records: number
  /** Whether any part was made up for demonstration. */
  readonly synthetic: boolean
}

/** What a format may say of the records beside them. */
export interface RenderContext {
  /** The contract that the version keeps. */
  readonly contract: Contract
  /** All contracts, for code lists and their labels. */
  readonly contracts: Contracts
  /** The fields of a row, in its order. */
  readonly fields: readonly Field[]
  readonly version: VersionFacts
}

/** All that a plain format needs to know: such a one renders any rows, not only those of a version. */
export type FieldsAlone = Pick<RenderContext, 'fields'>

/** A file that is rendered already. */
export interface SourceFile {
  readonly name: string
  readonly format: string
  readonly mediaType: string
  readonly bytes: number
  /** SHA-256 in lower-case hex. */
  readonly digest: string
  readonly read: () => AsyncIterable<Uint8Array>
}

/**
 * Thrown by a format that finds, while it renders, a value that it can't hold as it is. The version is then published
 * without that format and says so with this reason.
 */
export class FormatRefusal extends Error {
  override readonly name = 'FormatRefusal'
  readonly reason: Bilingual

  constructor(reason: Bilingual) {
    super(reason.en)
    this.reason = reason
  }
}

interface Named<Context> {
  /** As contracts name it; also the file's extension. */
  readonly name: string
  readonly mediaType: string
  /** Why the format does not apply to a version, where that can be known beforehand. */
  readonly omits?: (context: Context) => Bilingual | undefined
}

export interface RenderedFormat<Context = RenderContext> extends Named<Context> {
  readonly render: (batches: RowBatches, context: Context) => AsyncIterable<string | Uint8Array>
  /** How Postgres writes the same bytes, where it can: in a fraction of the time. A property test holds them together. */
  readonly copied?: (fields: readonly Field[]) => Copied
}

/** A format's lines as `COPY (SELECT …) TO STDOUT` gives them, and what makes the file of them. */
export interface Copied {
  /** The select's list, from columns named like the fields. */
  readonly columns: string
  /** COPY's options. */
  readonly options: string
  readonly complete: (lines: AsyncIterable<Uint8Array>) => AsyncIterable<string | Uint8Array>
}

export interface RecodedFormat extends Named<RenderContext> {
  /** The format whose bytes are recoded. */
  readonly from: string
  readonly recode: (source: SourceFile, context: RenderContext) => AsyncIterable<Uint8Array>
}

export type Format = RenderedFormat | RecodedFormat
