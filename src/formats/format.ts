/** What a format is: a pure rendering of records, or a recoding of another format's bytes. */
import type { Field } from '../contract/index.ts'

/** One record: the canonical text or null of each field, in the order of the contract. */
export type Row = readonly (string | null)[]

/** Records in their order, some at a time. */
export type RowBatches = AsyncIterable<readonly Row[]>

interface Named {
  /** As contracts name it; also the file's extension. */
  readonly name: string
  readonly mediaType: string
}

export interface RenderedFormat extends Named {
  readonly render: (batches: RowBatches, fields: readonly Field[]) => AsyncIterable<string | Uint8Array>
}

export interface RecodedFormat extends Named {
  /** The format whose bytes are recoded. */
  readonly from: string
  readonly recode: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
}

export type Format = RenderedFormat | RecodedFormat
