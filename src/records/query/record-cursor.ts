/**
 * Cursors over records: the versions read and the number of the last record, bound to the query. A cursor
 * holds no value of a record. Refuses damaged and forged cursors and those of another query, all with one
 * code.
 */
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import { digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import { editionsMax } from './query.ts'

export interface RecordPosition {
  /** Edition and number of each version, in the order in which they are read. */
  readonly versions: readonly (readonly [edition: string, number: number])[]
  /** Index in `versions` of the last record's version. */
  readonly at: number
  /** Number of the last record in its version. */
  readonly after: number
}

interface Written extends RecordPosition {
  /** A short digest of the canonical query. The query itself is known only after planning. */
  readonly query: string
}

const refused = () => problem('cursor-invalid', { path: 'cursor' })

/**
 * Enough to detect a mix-up. A forged cursor gains nothing: it can only skip records that are public anyway.
 */
const queryDigestLength = 12

const queryDigest = (query: string) => digestOf(query).slice(0, queryDigestLength)

/** Writes the cursor of a position. `query` is the canonical text of the query. */
export function writeRecordCursor(
  dataset: string,
  query: string,
  { versions, at, after }: RecordPosition,
): string {
  return writeCursor(dataset, { query: queryDigest(query), versions, at, after } satisfies Written)
}

/**
 * Reads a cursor. Throws `cursor-invalid` for damage and for another dataset; `verifyQuery`, called once the
 * query is planned, throws it for another query.
 */
export function readRecordCursor(
  dataset: string,
  cursor: string,
): { readonly position: RecordPosition; readonly verifyQuery: (query: string) => void } {
  const value = readCursor(dataset, cursor)
  if (!isWritten(value)) throw refused()
  const { query, versions, at, after } = value
  return {
    position: { versions, at, after },
    verifyQuery: (planned) => {
      if (queryDigest(planned) !== query) throw refused()
    },
  }
}

/** The checksum of a cursor has no secret, so anyone can write a cursor with any content. */
function isWritten(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false
  const { query, versions, at, after } = value as { readonly [Name in keyof Written]?: unknown }
  return (
    typeof query === 'string' &&
    Array.isArray(versions) &&
    versions.length <= editionsMax &&
    versions.every(isVersion) &&
    isNumber(at, 0) &&
    at < versions.length &&
    isNumber(after, 0)
  )
}

/** Edition names are periods: `2025` or `2025-2026`. */
const editionForm = /^\d{4}(-\d{4})?$/

function isVersion(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    editionForm.test(value[0]) &&
    isNumber(value[1], 1)
  )
}

function isNumber(value: unknown, minimum: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= minimum
}
