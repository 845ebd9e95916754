/**
 * Cuts many rows of a CSV file at once and writes them as COPY text (see copy-text.ts) in the same pass,
 * since most rows need no change. Those have no control, backslash or misplaced quote, have the right number
 * of cells, and are not blank. Any other row is only delimited and marked for separate reading.
 */
import { writeDigits } from './copy-writer.ts'
import { backslash, firstPrintable, type Line, scanLine } from './row-fields.ts'

/** A block of rows; it is reused for all files of a bundle. */
export interface Block {
  /** Cells of a row. */
  readonly width: number
  rows: number
  /** By row: its start in the file's bytes; and after the last one, the start of the next block. */
  readonly begins: Int32Array
  /** By row: 1 if it must be read separately. */
  readonly separate: Uint8Array
  /** The rows as COPY text, without those marked for separate reading; and by row the end of its text. */
  readonly text: Buffer
  readonly textEnds: Int32Array
  /**
   * Cell bounds of the rows in the text, `width + 1` per row: one less than the start of the first cell, then
   * the end of each cell. So each cell starts one after the previous bound.
   */
  readonly cuts: Int32Array
}

/** The place of a block: the index of its file, and its first row as Excel counts. */
interface EncodedRowPosition {
  readonly file: number
  readonly row: number
}

/** Large enough to make the cost per call small, small enough for the processor's cache. */
const rowsAtOnce = 256
const textBytes = 128 * 1024

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const quote = 0x22

/** Builds an empty block of rows with so many cells. */
export function buildBlock(width: number): Block {
  return {
    width,
    rows: 0,
    begins: new Int32Array(rowsAtOnce + 1),
    separate: new Uint8Array(rowsAtOnce),
    text: Buffer.allocUnsafeSlow(textBytes),
    textEnds: new Int32Array(rowsAtOnce),
    cuts: new Int32Array(rowsAtOnce * (width + 1)),
  }
}

/**
 * Fills a block with the complete rows from `start` on. If it stays empty, `line.fault` has the error, or
 * else more bytes are needed. `last` means that these are the last bytes.
 */
export function fillBlock(
  block: Block,
  line: Line,
  bytes: Buffer,
  start: number,
  { file, row }: EncodedRowPosition,
  last: boolean,
): void {
  const { width, begins, cuts, separate, text, textEnds } = block
  let at = start
  let textEnd = 0
  let rows = 0
  // Each row has at least half of the text space; a row that does not fit is read separately.
  while (rows < rowsAtOnce && at < bytes.length && textEnd < textBytes / 2) {
    begins[rows] = at
    const textStart = writePlace(text, textEnd, file, row + rows)
    let next = scanPlain(block, line, bytes, at, rows, textStart)
    separate[rows] = next < 0 ? 1 : 0
    if (next >= 0) textEnd = (cuts[rows * (width + 1) + width] ?? 0) + 1
    else next = scanLine(line, bytes, at, last)
    if (next < 0) break
    textEnds[rows] = textEnd
    at = next
    rows += 1
  }
  begins[rows] = at
  block.rows = rows
}

function writePlace(text: Buffer, at: number, file: number, row: number): number {
  const fileEnd = writeDigits(text, at, file)
  text[fileEnd] = tab
  const rowEnd = writeDigits(text, fileEnd + 1, row)
  text[rowEnd] = tab
  return rowEnd + 1
}

/**
 * Cuts the row at `start` and writes its cells from `textStart` on. Returns the start of the next row, or -1
 * if the row is incomplete or must be read separately.
 */
function scanPlain(
  { width, text, cuts }: Block,
  { separator, stops, fieldBytesMax, innerQuotes }: Line,
  bytes: Buffer,
  start: number,
  row: number,
  textStart: number,
): number {
  const end = Math.min(bytes.length, start + textBytes - textStart)
  const lastCut = (row + 1) * (width + 1) - 1
  let cut = lastCut - width
  let cellStart = textStart
  cuts[cut] = textStart - 1
  for (let at = start, to = textStart; at < end; at++) {
    let byte = bytes[at] ?? 0
    // Handles nearly all bytes with three comparisons.
    while (byte > quote && byte !== separator && byte !== backslash) {
      text[to++] = byte
      at += 1
      if (at === end) return -1
      byte = bytes[at] ?? 0
    }
    if (stops[byte] === 0) {
      text[to++] = byte
      continue
    }
    if (byte === separator) {
      cut += 1
      if (cut >= lastCut) return -1
      cuts[cut] = to
      text[to++] = tab
      cellStart = to
      continue
    }
    if (byte === quote && to === cellStart) {
      for (at += 1; at < end; at++) {
        const inner = bytes[at] ?? 0
        if (inner === quote) {
          if (at + 1 === bytes.length) return -1
          if (bytes[at + 1] !== quote) break
          at += 1
        } else if (inner < firstPrintable || inner === backslash) return -1
        text[to++] = inner
      }
      const after = bytes[at + 1]
      if (after !== separator && after !== lineFeed && after !== carriageReturn) return -1
      continue
    }
    if (byte === quote && innerQuotes) {
      text[to++] = byte
      continue
    }
    if (cut + 1 !== lastCut || (byte !== lineFeed && byte !== carriageReturn)) return -1
    // Separators alone may be a blank row; a row above the field limit may have a field above it.
    if (to - textStart < width || at - start > fieldBytesMax) return -1
    cuts[lastCut] = to
    text[to] = lineFeed
    if (byte === lineFeed) return at + 1
    // Whether LF follows may depend on the next bytes.
    if (at + 1 === bytes.length) return -1
    return bytes[at + 1] === lineFeed ? at + 2 : at + 1
  }
  return -1
}
