/**
 * Opaque cursors: a position in a result, bound to its query. The checksum has no key: it detects damage and
 * mix-ups, and hides nothing, because a cursor contains nothing secret.
 */
import { digestOf } from './digest.ts'
import { problem } from './problem.ts'

const checksumLength = 12

/** The longest cursor that is parsed; real ones are far shorter. */
const cursorLengthMax = 4096

/**
 * Encodes a position as opaque, URL-safe text. `query` is the canonical text of the query; the cursor is
 * rejected with any other query.
 */
export function writeCursor(query: string, place: unknown): string {
  const body = JSON.stringify(place)
  const sum = digestOf(`${query}\n${body}`).slice(0, checksumLength)
  return Buffer.from(`${sum}${body}`).toString('base64url')
}

/** Decodes a position. Throws the problem `cursor-invalid` if damaged or made for another query. */
export function readCursor(query: string, cursor: string): unknown {
  const refused = problem('cursor-invalid', { path: 'cursor' })
  if (cursor.length > cursorLengthMax || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw refused
  const text = Buffer.from(cursor, 'base64url').toString()
  const body = text.slice(checksumLength)
  if (digestOf(`${query}\n${body}`).slice(0, checksumLength) !== text.slice(0, checksumLength)) throw refused
  try {
    return JSON.parse(body)
  } catch {
    // The checksum has no key, so anyone can make a cursor with arbitrary content.
    throw refused
  }
}
