/**
 * Reads the rows of a CSV file in one pass, with row numbers and byte offsets that are right even if quoted
 * fields contain line breaks. Stops with a fault if a row or a field does not end.
 */
import { joinChunks } from '../bag/bag.ts'
import type { TextShape } from './encoding.ts'
import {
  buildLine,
  type Decode,
  isBlankLine,
  type LineFault,
  scanLine,
  textOf,
  textsOf,
} from './row-fields.ts'

/** A row that was found; its cells are decoded on request, since not every pass needs all of them. */
interface CsvRow {
  /** As Excel counts: the first is 1, and a quoted line break begins no row. */
  readonly row: number
  readonly byteOffset: number
  /** How many fields the row has. */
  readonly width: number
  /** Index of the first field with a misplaced quote; its text, and all after it, are not reliable. */
  readonly misplaced?: number
}

/** Where reading stopped. */
export interface CsvFault extends Pick<LineFault, 'check' | 'column'> {
  readonly row: number
  readonly byteOffset: number
}

interface CsvReader {
  /** Yields the rows of each piece; each group must be iterated before the next is requested. */
  readonly groups: () => AsyncGenerator<Iterable<CsvRow>>
  /** The texts of the row yielded last. */
  readonly cells: () => readonly string[]
  /** The same texts, trimmed. */
  readonly texts: () => readonly string[]
  /** The text of one of its fields; empty if there is no such field. */
  readonly cell: (column: number) => string
  /** Whether all of its fields are blank. */
  readonly isBlank: () => boolean
  /** Byte offset of one of its fields. */
  readonly offsetOf: (column: number) => number
  /** After the last row: why reading stopped early, if it did. */
  readonly fault: () => CsvFault | undefined
  /** After the last row: whether end-of-file characters of DOS followed it; they are not part of the text. */
  readonly hasEndMark: () => boolean
}

export interface CsvOptions extends TextShape {
  /** One of `,`, `;` and tab. */
  readonly delimiter: string
  readonly fieldBytesMax: number
  /** Whether a quote inside an unquoted field is part of its text. */
  readonly innerQuotes?: boolean
}

/** Rows are cut from pieces of this size: inflating yields 16 KiB at a time, too little per call. */
const pieceBytes = 256 * 1024

const endMark = 0x1a

/** Builds a reader over the bytes of a file whose encoding has been checked. It reads them once. */
export function buildCsvReader(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): CsvReader {
  const line = buildLine(options.delimiter, options.fieldBytesMax, options.innerQuotes)
  const decode = decoderOf(options)
  let held: Buffer = Buffer.alloc(0)
  let heldAt = options.bomBytes
  let rows = 0
  let fault: CsvFault | undefined
  let hasEndMark = false

  function* cut(last: boolean): Generator<CsvRow> {
    let start = 0
    while (start < held.length) {
      const end = scanLine(line, held, start, last)
      if (line.fault !== undefined) {
        const { check, column, at } = line.fault
        fault = { check, column, row: rows + 1, byteOffset: heldAt + at }
      }
      if (end < 0) break
      rows += 1
      const { misplaced, width } = line
      const row = { row: rows, byteOffset: heldAt + start, width }
      yield misplaced < 0 ? row : { ...row, misplaced }
      start = end
    }
    held = held.subarray(start)
    heldAt += start
  }

  async function* groups(): AsyncGenerator<Iterable<CsvRow>> {
    for await (const piece of inPieces(chunks, options.bomBytes, () => (hasEndMark = true))) {
      held = held.length === 0 ? piece : Buffer.concat([held, piece])
      yield cut(false)
      if (fault !== undefined) return
    }
    yield cut(true)
  }
  return {
    groups,
    cells: () => textsOf(line, held, decode),
    texts: () => textsOf(line, held, decode).map((text) => text.trim()),
    cell: (column) => textOf(line, held, decode, column),
    isBlank: () => isBlankLine(line, held, decode),
    offsetOf: (column) => heldAt + (line.starts[column] ?? 0),
    fault: () => fault,
    hasEndMark: () => hasEndMark,
  }
}

/**
 * Joins chunks to larger pieces and removes the byte order mark, and the characters (Ctrl+Z) with which DOS
 * programs end a file; calls `onEndMark` if there were any.
 */
export async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  bomBytes: number,
  onEndMark: () => void = () => {},
): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let skip = bomBytes
  const takeMarked = () => {
    const piece = joinChunks(parts).subarray(skip)
    let end = piece.length
    while (end > 0 && piece[end - 1] === endMark) end -= 1
    // Only at the end of the file are they its end.
    const marks = piece.subarray(end)
    parts = marks.length === 0 ? [] : [marks]
    bytes = marks.length
    skip = 0
    return piece.subarray(0, end)
  }
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.byteLength
    if (bytes < pieceBytes + skip) continue
    const piece = takeMarked()
    if (piece.length > 0) yield piece
  }
  if (bytes > skip) {
    const piece = takeMarked()
    if (bytes > 0) onEndMark()
    if (piece.length > 0) yield piece
  }
}

/** Decodes the bytes of a file to text. */
export function decoderOf({ encoding }: Pick<TextShape, 'encoding'>): Decode {
  if (encoding === 'utf-8') return (bytes, start, end) => bytes.toString('utf8', start, end)
  const decoder = new TextDecoder('gb18030', { fatal: true })
  return (bytes, start, end) => {
    const part = bytes.subarray(start, end)
    return isAscii(part) ? part.toString('latin1') : decoder.decode(part)
  }
}

/** A loop, because cells are short. */
function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] ?? 0) >= 0x80) return false
  return true
}
