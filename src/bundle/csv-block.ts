/**
 * Cuts many rows of a CSV file at once, and writes them as COPY text (see copy-text.ts) in the same pass, since most rows of
 * most files are taken as they stand. Those have no quote, control or backslash, as many cells as they should, and
 * something in them; any other row is found whole, and marked as one to be looked at alone.
 */
import { writeDigits } from './copy-writer.ts'
import { type Line, scanLine } from './csv-line.ts'

/** Rows that were cut; one value serves all of a file in turn. */
export interface Block {
  /** Cells of a row. */
  readonly width: number
  /** What the rows were cut from. */
  bytes: Buffer
  rows: number
  /** By row: where it begins; and behind the last one, where the next block does. */
  readonly begins: Int32Array
  /**
   * `width + 1` a row: one less than where the row begins, then where each cell ends. So each cell begins one behind the
   * cut before it.
   */
  readonly cuts: Int32Array
  /** By row: 1 where it has to be looked at alone. */
  readonly alone: Uint8Array
  /** Those that have not, as COPY text; and by row where its text ends. */
  readonly text: Buffer
  readonly textEnds: Int32Array
}

/** Where the rows of a block stand: the index of their file, and the first row as Excel counts. */
export interface Place {
  readonly file: number
  readonly row: number
}

/** Enough that a call for each costs nothing, few enough to stay in the processor's cache. */
const rowsAtOnce = 256
const textBytes = 128 * 1024

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Builds an empty block of rows with so many cells. */
export function buildBlock(width: number): Block {
  return {
    width,
    bytes: Buffer.alloc(0),
    rows: 0,
    begins: new Int32Array(rowsAtOnce + 1),
    cuts: new Int32Array(rowsAtOnce * (width + 1)),
    alone: new Uint8Array(rowsAtOnce),
    text: Buffer.allocUnsafeSlow(textBytes),
    textEnds: new Int32Array(rowsAtOnce),
  }
}

/**
 * Fills a block with the rows from `start` on that are whole. It may come out empty: `line.fault` then tells whether that
 * is a fault, or the bytes do not tell yet where the row ends. `last` says that no more will come.
 */
export function fillBlock(
  block: Block,
  line: Line,
  bytes: Buffer,
  start: number,
  { file, row }: Place,
  last: boolean,
): void {
  const { width, begins, cuts, alone, text, textEnds } = block
  let at = start
  let textEnd = 0
  let rows = 0
  // A row that finds less room than half of it is looked at alone.
  while (rows < rowsAtOnce && at < bytes.length && textEnd < textBytes / 2) {
    begins[rows] = at
    const textStart = writePlace(text, textEnd, file, row + rows)
    let next = scanPlain(block, line, bytes, at, rows, textStart)
    alone[rows] = next < 0 ? 1 : 0
    if (next >= 0) textEnd = textStart + (cuts[rows * (width + 1) + width] ?? 0) - at + 1
    else next = scanLine(line, bytes, at, last)
    if (next < 0) break
    textEnds[rows] = textEnd
    at = next
    rows += 1
  }
  begins[rows] = at
  block.bytes = bytes
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
 * Cuts the row at `start` and writes its cells from `textStart` on. Gives where the next row begins; or -1 where it has to
 * be looked at alone, or is not whole.
 */
function scanPlain(
  { width, cuts, text }: Block,
  { separator, stops, fieldBytesMax }: Line,
  bytes: Buffer,
  start: number,
  row: number,
  textStart: number,
): number {
  const end = Math.min(bytes.length, start + textBytes - textStart)
  const lastCut = (row + 1) * (width + 1) - 1
  let cut = lastCut - width
  cuts[cut] = start - 1
  for (let at = start, to = textStart; at < end; at++, to++) {
    const byte = bytes[at] ?? 0
    if (stops[byte] === 0) {
      text[to] = byte
      continue
    }
    cut += 1
    if (byte === separator) {
      if (cut >= lastCut) return -1
      cuts[cut] = at
      text[to] = tab
      continue
    }
    if (cut !== lastCut || (byte !== lineFeed && byte !== carriageReturn)) return -1
    // Separators alone may be a blank row, and what is shorter than a field may be holds no longer one.
    if (at - start < width || at - start > fieldBytesMax) return -1
    cuts[cut] = at
    text[to] = lineFeed
    if (byte === lineFeed) return at + 1
    // Whether LF follows may stand in the next bytes.
    if (at + 1 === bytes.length) return -1
    return bytes[at + 1] === lineFeed ? at + 2 : at + 1
  }
  return -1
}
