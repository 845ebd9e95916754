/**
 * Opaque cursors: a place in a walk, pinned to the query it belongs to.
 * The checksum is unkeyed: it catches damage and mix-ups, and hides nothing, for nothing secret is in it.
 */
import { digestOf } from './digest.ts'
import { problem } from './problem.ts'

const checksumLength = 12

/** The longest cursor that is read at all; ours stay far below it. */
export const cursorLengthMax = 4096

/**
 * Writes a place as an opaque, URL-safe text.
 * `query` is the canonical text of the query; a cursor of another query will be refused.
 */
export function writeCursor(query: string, place: unknown): string {
  const body = JSON.stringify(place)
  const sum = digestOf(`${query}\n${body}`).slice(0, checksumLength)
  return Buffer.from(`${sum}${body}`).toString('base64url')
}

/** Reads a place back. Throws the problem `cursor-invalid` when damaged or made for another query. */
export function readCursor(query: string, cursor: string): unknown {
  const refused = problem('cursor-invalid', { path: 'cursor' })
  if (cursor.length > cursorLengthMax || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw refused
  const text = Buffer.from(cursor, 'base64url').toString()
  const body = text.slice(checksumLength)
  if (digestOf(`${query}\n${body}`).slice(0, checksumLength) !== text.slice(0, checksumLength)) throw refused
  try {
    return JSON.parse(body)
  } catch {
    // The checksum has no key: whoever knows how it is made can make a cursor that holds anything.
    throw refused
  }
}
