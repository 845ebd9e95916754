/**
 * Writes rows as COPY text (see copy-text.ts) directly into bytes. Its input is canonical UTF-8 without NUL.
 * A missing value is written as nothing, which `NULL ''` reads back, since no canonical text is empty.
 */

import { backslash, firstPrintable } from './row-fields.ts'

export interface CopyWriter {
  /** Begins a row with its place in the file. */
  readonly begin: (file: number, row: number) => void
  /** The next value of the row; `from` and `to` are equal if there is none. */
  readonly value: (bytes: Buffer, from: number, to: number) => void
  readonly endRow: () => void
  /** Rows that are COPY text already. */
  readonly rows: (bytes: Buffer, from: number, to: number) => void
  /** The complete rows so far, once there are enough, or all of them; undefined if there are not enough. */
  readonly take: (all: boolean) => Uint8Array | undefined
}

/** A chunk large enough for a socket write, plus space for the row that exceeds it. */
const chunkBytes = 192 * 1024
const bufferBytes = 256 * 1024

const tab = 0x09
const lineFeed = 0x0a

/** The letters after the backslash: `\b` to `\r` by code, and the backslash itself. */
const escapes: Readonly<Record<number, number>> = Object.fromEntries(
  Object.entries({ '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '\\': '\\' }).map(
    ([sign, letter]) => [sign.charCodeAt(0), letter.charCodeAt(0)],
  ),
)

/** Writes a number below 2^31 in decimal digits. Returns the end. */
export function writeDigits(target: Buffer, start: number, number: number): number {
  let end = start + 1
  for (let bound = 10; number >= bound; bound *= 10) end += 1
  for (let at = end - 1, rest = number; at >= start; at--) {
    const tenth = (rest / 10) | 0
    target[at] = 0x30 + rest - 10 * tenth
    rest = tenth
  }
  return end
}

/** Builds a writer. */
export function buildCopyWriter(): CopyWriter {
  let buffer = Buffer.allocUnsafeSlow(bufferBytes)
  let length = 0

  function ensure(bytes: number): void {
    if (length + bytes <= buffer.length) return
    const grown = Buffer.allocUnsafeSlow(2 * (length + bytes))
    buffer.copy(grown, 0, 0, length)
    buffer = grown
  }

  return {
    begin: (file, row) => {
      ensure(40)
      length = writeDigits(buffer, length, file)
      buffer[length++] = tab
      length = writeDigits(buffer, length, row)
    },
    value: (bytes, from, to) => {
      ensure(1 + 2 * (to - from))
      const target = buffer
      let end = length
      target[end++] = tab
      for (let at = from; at < to; at++) {
        const byte = bytes[at] ?? 0
        if (byte < firstPrintable || byte === backslash) {
          const letter = escapes[byte]
          if (letter !== undefined) target[end++] = backslash
          target[end++] = letter ?? byte
        } else target[end++] = byte
      }
      length = end
    },
    endRow: () => {
      ensure(1)
      buffer[length++] = lineFeed
    },
    rows: (bytes, from, to) => {
      ensure(to - from)
      length += bytes.copy(buffer, length, from, to)
    },
    take: (all) => {
      if (length === 0 || (length < chunkBytes && !all)) return undefined
      const chunk = buffer.subarray(0, length)
      // The previous chunk is still being sent to the server, so its buffer cannot be reused.
      buffer = Buffer.allocUnsafeSlow(bufferBytes)
      length = 0
      return chunk
    },
  }
}
