/**
 * Reads CSV as RFC 4180 has it, over bytes, so that rows and byte offsets are exact whatever stands in a quoted field.
 * Delimiters, quotes and line breaks are ASCII, which no trail byte of UTF-8 or GB18030 is (those of GB18030 begin at
 * 0x30, and `;` is not among its digits); so the bytes are cut first and decoded after. Refuses quotes out of place,
 * an unclosed quote, and fields and rows without end.
 */
import { isAscii } from 'node:buffer'
import type { TextShape } from './encoding.ts'
import type { BundleCheck } from './faults.ts'

export interface CsvRow {
  /** As Excel counts: the first is 1, and a quoted line break begins no row. */
  readonly row: number
  readonly byteOffset: number
  readonly cells: readonly string[]
  /** Index of the first field with a quote out of place; its text, and all after it, are not to be trusted. */
  readonly misplaced?: number
}

/** Where reading had to end. */
export interface CsvFault {
  readonly check: BundleCheck
  readonly row: number
  /** Index of the field. */
  readonly column: number
  readonly byteOffset: number
}

export interface CsvReader {
  /** Gives the rows of each chunk in turn; each group must be walked before the next is asked for. */
  readonly groups: () => AsyncGenerator<Iterable<CsvRow>>
  /** Byte offset of a field in the row that was given last. */
  readonly offsetOf: (column: number) => number
  /** After the last row: what cut the reading short, if anything did. */
  readonly fault: () => CsvFault | undefined
}

export interface CsvOptions extends TextShape {
  /** One of `,`, `;` and tab. */
  readonly delimiter: string
  readonly fieldBytesMax: number
}

/** As many as Excel can show. */
const columnsMax = 16_384

/** Longest row, in longest fields and at least 1 MiB. It bounds what is held while the end of a row is looked for. */
const rowFieldsMax = 16
const rowBytesMin = 1 << 20

/** Rows are cut from pieces of this size: inflating gives 16 KiB at a time, for which each call costs too much. */
const pieceBytes = 256 * 1024

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Builds a reader over the bytes of a file whose encoding has been checked. It reads them once. */
export function buildCsvReader(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): CsvReader {
  const line = buildLine(options)
  const decode = decoderOf(options)
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0
  let rows = 0
  let fault: CsvFault | undefined

  function* cut(last: boolean): Generator<CsvRow> {
    let start = 0
    while (start < held.length && fault === undefined) {
      const end = line.scan(held, start, last)
      if (line.fault() !== undefined) {
        const { check, column, at } = line.fault() ?? { check: 'row-too-long', column: 0, at: start }
        fault = { check, row: rows + 1, column, byteOffset: heldAt + at }
      }
      if (end < 0) break
      rows += 1
      const misplaced = line.misplaced()
      const cells = line.cells(held, decode)
      const byteOffset = heldAt + start
      yield misplaced < 0 ? { row: rows, byteOffset, cells } : { row: rows, byteOffset, cells, misplaced }
      start = end
    }
    held = held.subarray(start)
    heldAt += start
  }

  async function* groups(): AsyncGenerator<Iterable<CsvRow>> {
    for await (const piece of inPieces(chunks, options.bomBytes)) {
      if (heldAt === 0 && held.length === 0) heldAt = options.bomBytes
      held = held.length === 0 ? piece : Buffer.concat([held, piece])
      yield cut(false)
      if (fault !== undefined) return
    }
    yield cut(true)
  }
  return { groups, fault: () => fault, offsetOf: (column) => heldAt + line.startOf(column) }
}

/** Chunks joined to pieces that are worth a call, without the byte order mark. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>, bomBytes: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let skip = bomBytes
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.byteLength
    if (bytes < pieceBytes) continue
    yield Buffer.concat(parts).subarray(skip)
    skip = 0
    parts = []
    bytes = 0
  }
  if (bytes > skip) yield Buffer.concat(parts).subarray(skip)
}

type Decode = (bytes: Buffer, start: number, end: number) => string

function decoderOf({ encoding }: TextShape): Decode {
  if (encoding === 'utf-8') return (bytes, start, end) => bytes.toString('utf8', start, end)
  const decoder = new TextDecoder('gb18030', { fatal: true })
  return (bytes, start, end) => {
    const part = bytes.subarray(start, end)
    return isAscii(part) ? part.toString('latin1') : decoder.decode(part)
  }
}

interface LineFault {
  readonly check: BundleCheck
  readonly column: number
  readonly at: number
}

interface Line {
  /** Finds the fields of the row at `start`. Gives where the next row begins, or -1 where this one has no end yet. */
  readonly scan: (bytes: Buffer, start: number, last: boolean) => number
  readonly cells: (bytes: Buffer, decode: Decode) => string[]
  readonly startOf: (column: number) => number
  readonly misplaced: () => number
  readonly fault: () => LineFault | undefined
}

/** The bounds of one row's fields, kept in arrays that are used again for each row. */
function buildLine({ delimiter, fieldBytesMax }: CsvOptions): Line {
  const rowBytesMax = Math.max(rowBytesMin, rowFieldsMax * fieldBytesMax)
  const isTooLong = (bytes: number) => count > columnsMax || bytes > rowBytesMax
  const separator = delimiter.charCodeAt(0)
  const starts: number[] = []
  const ends: number[] = []
  let count = 0
  let quoted = false
  let misplaced = -1
  let fault: LineFault | undefined

  const stop = (check: BundleCheck, at: number): -1 => {
    fault = { check, column: count, at }
    return -1
  }

  /** The end of the field at `start`: the index of what ends it, or -1 where the bytes do not tell yet. */
  function scanField(bytes: Buffer, start: number, last: boolean): number {
    let at = start
    if (bytes[at] === quote) {
      quoted = true
      const close = closingQuote(bytes, start + 1, last)
      if (close < 0) {
        if (bytes.length - start > fieldBytesMax) return stop('field-too-long', start)
        return last ? stop('quote-unclosed', start) : -1
      }
      at = close + 1
    }
    const plainFrom = at
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === separator || byte === lineFeed || byte === carriageReturn) break
      if (byte === quote && misplaced < 0) misplaced = count
    }
    // Text after a closing quote.
    if (plainFrom > start && at > plainFrom && misplaced < 0) misplaced = count
    return at - start > fieldBytesMax ? stop('field-too-long', start) : at
  }

  function scan(bytes: Buffer, start: number, last: boolean): number {
    count = 0
    quoted = false
    misplaced = -1
    for (let fieldStart = start; ; ) {
      const at = scanField(bytes, fieldStart, last)
      if (at < 0)
        return fault === undefined && isTooLong(bytes.length - start) ? stop('row-too-long', start) : -1
      if (at === bytes.length && !last) return isTooLong(at - start) ? stop('row-too-long', start) : -1
      starts[count] = fieldStart
      ends[count] = at
      count += 1
      if (isTooLong(at - start)) return stop('row-too-long', start)
      if (at === bytes.length) return at
      if (bytes[at] !== separator) {
        if (bytes[at] === lineFeed) return at + 1
        // A lone CR ends a row as well; whether LF follows may stand in the next chunk.
        if (at + 1 === bytes.length && !last) return -1
        return bytes[at + 1] === lineFeed ? at + 2 : at + 1
      }
      fieldStart = at + 1
    }
  }

  function cells(bytes: Buffer, decode: Decode): string[] {
    const [first = 0, end = 0] = [starts[0], ends[count - 1]]
    if (!quoted) return decode(bytes, first, end).split(delimiter)
    const texts = new Array<string>(count)
    for (let column = 0; column < count; column++) {
      const [from = 0, to = 0] = [starts[column], ends[column]]
      const text = decode(bytes, from, to)
      const whole = bytes[from] === quote && bytes[to - 1] === quote && to - from > 1
      texts[column] = whole ? text.slice(1, -1).replaceAll('""', '"') : text
    }
    return texts
  }
  return {
    scan,
    cells,
    startOf: (column) => starts[column] ?? 0,
    misplaced: () => misplaced,
    fault: () => fault,
  }
}

/** The quote that closes a field; -1 where there is none yet, or where the next byte could make it a doubled one. */
function closingQuote(bytes: Buffer, start: number, last: boolean): number {
  for (let at = bytes.indexOf(quote, start); at >= 0; at = bytes.indexOf(quote, at + 2)) {
    if (at + 1 === bytes.length) return last ? at : -1
    if (bytes[at + 1] !== quote) return at
  }
  return -1
}
