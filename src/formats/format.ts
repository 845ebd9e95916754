/**
 * The interface of a format: a pure rendering of records, or a recoding of another format's bytes. A format refuses, with
 * a reason, what it can't represent exactly; it never cuts, rounds or replaces.
 */

import type { Contract, Contracts, Field } from '../contract/index.ts'
import type { Bilingual } from '../platform/language.ts'

/** One record: the canonical text or null of each field, in the order of the contract. */
export type RecordValues = readonly (string | null)[]

/** Records in order, in batches. Each iteration reads them from the start: some formats need two. */
export type RowBatches = AsyncIterable<readonly RecordValues[]>

/** Records that each iteration reads again. */
export function repeatable(read: () => RowBatches): RowBatches {
  return { [Symbol.asyncIterator]: () => read()[Symbol.asyncIterator]() }
}

/** What is known of a version while its files are rendered; the time of publication is not. */
interface RenderedVersion {
  readonly dataset: string
  readonly edition: string
  readonly number: number
  readonly records: number
  /** Whether any part is synthetic. */
  readonly synthetic: boolean
}

/** Metadata that a format may include. */
export interface RenderContext {
  /** The contract of the version. */
  readonly contract: Contract
  /** All contracts, for code lists and their labels. */
  readonly contracts: Contracts
  /** The fields of a row, in order. */
  readonly fields: readonly Field[]
  readonly version: RenderedVersion
}

/** The context of formats that need only the fields, and so can render rows that are not a version. */
export type FieldsAlone = Pick<RenderContext, 'fields'>

/** A rendered file. */
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
 * Thrown while rendering, for a value that the format can't represent. The version is then published without this
 * format, and its metadata give the reason.
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
  /** Name in contracts, and file extension. */
  readonly name: string
  readonly mediaType: string
  /** The reason why the format does not apply to a version, if known before rendering. */
  readonly omits?: (context: Context) => Bilingual | undefined
}

export interface RenderedFormat<Context = RenderContext> extends Named<Context> {
  readonly render: (batches: RowBatches, context: Context) => AsyncIterable<string | Uint8Array>
  /** How Postgres can write the same bytes, in a fraction of the time. A property test compares them. */
  readonly copied?: (context: Context) => Copied
}

/** How `COPY (SELECT …) TO STDOUT` writes the lines of a format, and how they become a file. */
export interface Copied {
  /** The select list, from columns named like the fields. */
  readonly columns: string
  /** COPY options. */
  readonly options: string
  readonly complete: (lines: AsyncIterable<Uint8Array>) => AsyncIterable<string | Uint8Array>
}

export interface RecodedFormat extends Named<RenderContext> {
  /** The format whose bytes are recoded. */
  readonly from: string
  readonly recode: (source: SourceFile, context: RenderContext) => AsyncIterable<Uint8Array>
}

export type Format = RenderedFormat | RecodedFormat
