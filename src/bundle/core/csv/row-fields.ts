/**
 * Finds the fields of one CSV row in bytes (RFC 4180). Delimiters, quotes and line breaks are ASCII, and no
 * trail byte of UTF-8 or GB18030 is one of them (those of GB18030 are digits or begin at 0x40), so bytes are
 * cut first and decoded later. Rejects an unclosed quote, and fields and rows above their limits.
 */
import type { BundleCheck } from '../findings/checks.ts'

export interface LineFault {
  readonly check: BundleCheck
  /** Index of the field. */
  readonly column: number
  readonly at: number
}

/** The bounds of a row's fields; one value is reused for all rows of a file. */
export interface Line {
  readonly separator: number
  /** By byte: why the scan of an unquoted field stops there; 0 for most bytes. */
  readonly stops: Uint8Array
  readonly fieldBytesMax: number
  /** Whether a quote inside an unquoted field is part of its text. */
  readonly innerQuotes: boolean
  readonly rowBytesMax: number
  readonly starts: number[]
  readonly ends: number[]
  width: number
  /** Whether a field is quoted. */
  quoted: boolean
  /** Index of the first field with a misplaced quote, or -1. */
  misplaced: number
  fault: LineFault | undefined
}

/** Decodes the bytes from one index to another. */
export type Decode = (bytes: Buffer, start: number, end: number) => string

/** Excel's limit. */
export const columnsMax = 16_384

/** Longest row, in longest fields and at least 1 MiB; it limits how much is buffered for one row. */
const rowFieldsMax = 16
const rowBytesMin = 1 << 20

/** The longest row for a given limit on fields. */
export function rowBytesMaxOf(fieldBytesMax: number): number {
  return Math.max(rowBytesMin, rowFieldsMax * fieldBytesMax)
}

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d
export const firstPrintable = 0x20
export const backslash = 0x5c

const endsField = 1
const isQuote = 2
/** A control or a backslash, which COPY text escapes. */
const isOdd = 3

/** Builds a line to scan into. */
export function buildLine(delimiter: string, fieldBytesMax: number, innerQuotes = false): Line {
  const separator = delimiter.charCodeAt(0)
  const stops = new Uint8Array(256).fill(isOdd, 0, firstPrintable)
  stops[backslash] = isOdd
  for (const byte of [separator, lineFeed, carriageReturn]) stops[byte] = endsField
  stops[quote] = isQuote
  return {
    separator,
    stops,
    fieldBytesMax,
    innerQuotes,
    rowBytesMax: rowBytesMaxOf(fieldBytesMax),
    starts: [],
    ends: [],
    width: 0,
    quoted: false,
    misplaced: -1,
    fault: undefined,
  }
}

/**
 * Finds the fields of the row at `start`. Returns the start of the next row; or -1, with a fault or, without
 * one, if more bytes are needed. `last` means that these are the last bytes.
 */
export function scanLine(line: Line, bytes: Buffer, start: number, last: boolean): number {
  line.width = 0
  line.quoted = false
  line.misplaced = -1
  for (let fieldStart = start; ; ) {
    const at = scanField(line, bytes, fieldStart, last)
    if (line.fault !== undefined) return -1
    const isOpen = at < 0 || (at === bytes.length && !last)
    if (line.width >= columnsMax || (isOpen ? bytes.length : at) - start > line.rowBytesMax) {
      return stop(line, 'row-too-long', start)
    }
    if (isOpen) return -1
    line.starts[line.width] = fieldStart
    line.ends[line.width] = at
    line.width += 1
    if (at === bytes.length) return at
    const byte = bytes[at]
    if (byte === lineFeed) return at + 1
    if (byte === carriageReturn) {
      // A lone CR ends a row as well; whether LF follows may depend on the next bytes.
      if (at + 1 === bytes.length && !last) return -1
      return bytes[at + 1] === lineFeed ? at + 2 : at + 1
    }
    fieldStart = at + 1
  }
}

/** The index of the end of the field at `start`, or -1 if more bytes are needed or there is a fault. */
function scanField(line: Line, bytes: Buffer, start: number, last: boolean): number {
  let at = start
  if (bytes[at] === quote) {
    line.quoted = true
    const close = closingQuote(bytes, start + 1, last)
    if (close < 0) {
      if (bytes.length - start > line.fieldBytesMax) return stop(line, 'field-too-long', start)
      return last ? stop(line, 'quote-unclosed', start) : -1
    }
    at = close + 1
  }
  const plainFrom = at
  const { stops } = line
  const { length } = bytes
  const isQuoteText = line.innerQuotes && plainFrom === start
  for (; at < length; at++) {
    const stop = stops[bytes[at] ?? 0]
    if (stop === 0) continue
    if (stop === endsField) break
    if (stop === isQuote && line.misplaced < 0 && !isQuoteText) line.misplaced = line.width
  }
  // Text after a closing quote.
  if (plainFrom > start && at > plainFrom && line.misplaced < 0) line.misplaced = line.width
  return at - start > line.fieldBytesMax ? stop(line, 'field-too-long', start) : at
}

function stop(line: Line, check: BundleCheck, at: number): -1 {
  line.fault = { check, column: line.width, at }
  return -1
}

/** The closing quote of a field; -1 if there is none yet, or if the next byte could be a second quote. */
function closingQuote(bytes: Buffer, start: number, last: boolean): number {
  for (let at = bytes.indexOf(quote, start); at >= 0; at = bytes.indexOf(quote, at + 2)) {
    if (at + 1 === bytes.length) return last ? at : -1
    if (bytes[at + 1] !== quote) return at
  }
  return -1
}

/** The texts of all fields of the row scanned last. */
export function textsOf(line: Line, bytes: Buffer, decode: Decode): readonly string[] {
  const { starts, ends, width } = line
  if (!line.quoted) {
    return decode(bytes, starts[0] ?? 0, ends[width - 1] ?? 0).split(String.fromCharCode(line.separator))
  }
  const texts = new Array<string>(width)
  for (let column = 0; column < width; column++) texts[column] = textOf(line, bytes, decode, column)
  return texts
}

/** The text of one field, or empty if the row has no such field. */
export function textOf(line: Line, bytes: Buffer, decode: Decode, column: number): string {
  if (column >= line.width) return ''
  const from = line.starts[column] ?? 0
  const to = line.ends[column] ?? 0
  const text = decode(bytes, from, to)
  const whole = bytes[from] === quote && bytes[to - 1] === quote && to - from > 1
  return whole ? text.slice(1, -1).replaceAll('""', '"') : text
}

/** Whether all fields of the row are blank. */
export function isBlankLine(line: Line, bytes: Buffer, decode: Decode): boolean {
  for (let column = 0; column < line.width; column++) {
    const from = line.starts[column] ?? 0
    if (from < (line.ends[column] ?? 0) && textOf(line, bytes, decode, column).trim() !== '') return false
  }
  return true
}
