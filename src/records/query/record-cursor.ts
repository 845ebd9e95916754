/**
 * Cursors of records: the versions that a walk began with and the number of the last record seen, pinned to the query.
 * No value of a record is in one. Refuses cursors that are damaged, forged or of another query, all by one code.
 */
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import { digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import { editionsMax } from './query.ts'

export interface RecordPosition {
  /** Edition and number of each version that is walked, in the order of the walk. */
  readonly versions: readonly (readonly [edition: string, number: number])[]
  /** The version of the last record, by its place in `versions`. */
  readonly at: number
  /** Number of the last record in its version. */
  readonly after: number
}

interface Written extends RecordPosition {
  /** What stands for the canonical query: without the contract it can't be compared when a cursor is read. */
  readonly query: string
}

const refused = () => problem('cursor-invalid', { path: 'cursor' })

/** Enough to tell a mix-up; whoever means to deceive may make any cursor anyway, and reads nothing by it. */
const markLength = 12

const markOf = (query: string) => digestOf(query).slice(0, markLength)

/** The cursor of a place in the walk of a query over a dataset. `query` is its canonical text without the place. */
export function writeRecordCursor(
  dataset: string,
  query: string,
  { versions, at, after }: RecordPosition,
): string {
  return writeCursor(dataset, { query: markOf(query), versions, at, after } satisfies Written)
}

/**
 * Reads a place back, and what compares its query once that is planned. Both throw `cursor-invalid`: for damage and
 * another dataset, and for another query.
 */
export function readRecordCursor(
  dataset: string,
  cursor: string,
): { readonly place: RecordPosition; readonly holdTo: (query: string) => void } {
  const value = readCursor(dataset, cursor)
  if (!isWritten(value)) throw refused()
  const { query, versions, at, after } = value
  return {
    place: { versions, at, after },
    holdTo: (planned) => {
      if (markOf(planned) !== query) throw refused()
    },
  }
}

/** A cursor's checksum has no key, so anyone can write one that holds anything. */
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

/** Every name that an edition may have is a period: `2025` or `2025-2026`. */
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
