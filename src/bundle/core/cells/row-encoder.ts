/**
 * Encodes the canonical values of a row from its bytes if every cell is plain and the row has no finding. Any
 * other row is left to the strict reader (row-reader.ts), which finds what is wrong, if anything.
 */
import type { BuiltCheck } from '../../../contract/index.ts'
import type { CopyWriter } from '../csv/copy-writer.ts'
import type { Block } from '../csv/row-block.ts'
import type { Line } from '../csv/row-fields.ts'
import { type CellEncoder, type EncodedCell, noValue } from './cell-encoders.ts'
import type { DuplicateFilter } from './duplicate-filter.ts'
import { foldKey, mayFoldKey } from './fold-key.ts'
import type { HeaderMap } from './map-headers.ts'
import type { NoRecordTest } from './no-record.ts'
import type { Repair } from './read-code.ts'

export interface RowEncoder {
  /** Encodes the row scanned last; false if the strict reader must read it. */
  readonly encode: (line: Line, bytes: Buffer) => boolean
  /** Writes the values and key of the row encoded last. The bytes it was encoded from must still be valid. */
  readonly write: (writer: CopyWriter, keys: DuplicateFilter) => void
  /** The values of the row encoded last, as texts. */
  readonly texts: () => readonly (string | null)[]
  /** Adds the key of the row encoded last. */
  readonly writeKey: (keys: DuplicateFilter) => void
  /** Corrections encoded in the row. */
  readonly repairs: () => readonly Repair[]
  /** Whether the file has exactly the contract's fields in order, so rows may be copied unchanged. */
  readonly inOrder: boolean
  /** By field: its column in the file, or -1. */
  readonly columnOf: readonly number[]
  /** Marks the rows of a block that must be read separately: all others are canonical as they are. */
  readonly mark: (block: Block) => void
}

interface RowEncoderOptions {
  readonly encoders: readonly CellEncoder[]
  /** By field: the index of the field that its codes depend on, or -1. */
  readonly above: readonly number[]
  readonly keyIndexes: readonly number[]
  readonly checks: readonly BuiltCheck[]
  readonly map: HeaderMap
  readonly noRecord: NoRecordTest
}

/** The bounds of a row's cells, by column. */
type Bounds = Pick<Line, 'starts' | 'ends'>

/** Where the fields are in a file. */
interface Columns {
  /** By field: its column, or -1. */
  readonly columnOf: readonly number[]
  readonly unnamed: readonly number[]
  readonly checkedFields: readonly number[]
}

const quote = 0x22
const endMark = 0x1a
const none: readonly Repair[] = []

/** Builds the encoder of a file's rows. */
export function buildRowEncoder(options: RowEncoderOptions): RowEncoder {
  const { encoders, above, keyIndexes, checks, map, noRecord } = options
  const fields = encoders.length
  const columns = map.columns.length
  const columnOf = Array.from({ length: fields }, (_, index) => map.columnOf[index] ?? -1)
  const unnamed = map.columns.flatMap((column, index) => (column === 'unnamed' ? [index] : []))
  const checkedFields = [...new Set(checks.flatMap((check) => check.fields))]
  const encoded = new Array<EncodedCell>(fields).fill(noValue)
  const values = new Array<string | null>(fields).fill(null)
  const unquoted: Bounds = { starts: [], ends: [] }
  // The row's bytes and the bounds of its cells in them.
  let source: Buffer = Buffer.alloc(0)
  let [bounds, repairs] = [unquoted, none]
  const inOrder = columns === fields && columnOf.every((column, field) => column === field)

  const start = (field: number) => bounds.starts[columnOf[field] ?? -1] ?? 0
  const end = (field: number) => bounds.ends[columnOf[field] ?? -1] ?? 0

  function encode(line: Line, bytes: Buffer): boolean {
    if (line.width !== columns || line.misplaced >= 0) return false
    source = line.quoted ? unquote(line, bytes, unquoted) : bytes
    bounds = line.quoted ? unquoted : line
    if (line.quoted && holdsBreak(source, bounds, line.width)) return false
    // The end mark of a file that was joined with another may stand in a column that is not read.
    if (source[bounds.starts[0] ?? 0] === endMark) return false
    for (const column of unnamed) if (bounds.starts[column] !== bounds.ends[column]) return false
    let filled = 0
    let hasKey = keyIndexes.length === 0
    let isCorrected = false
    for (let field = 0; field < fields; field++) {
      if ((columnOf[field] ?? -1) < 0) continue
      const upper = above[field] ?? -1
      // Without a field above, its bounds are 0.
      const cell = encoders[field]?.encode(source, start(field), end(field), start(upper), end(upper))
      if (cell === undefined) return false
      encoded[field] = cell
      if (cell.bytes !== noValue.bytes && !cell.repairs.includes('key-missing')) {
        filled += 1
        hasKey ||= keyIndexes.includes(field)
      }
      isCorrected ||= cell.repairs.length > 0
    }
    repairs = isCorrected ? encoded.flatMap((cell) => cell.repairs) : none
    // A row that holds nothing may be a blank one, one that holds a single value a note, and one without key a total.
    return filled > Number(noRecord.mayBeNote) && hasKey && passes()
  }

  function passes(): boolean {
    if (checks.length === 0) return true
    for (const field of checkedFields) values[field] = textOf(field)
    return checks.every((check) => check.run(values) === undefined)
  }

  function write(writer: CopyWriter, keys: DuplicateFilter): void {
    for (let field = 0; field < fields; field++) {
      const own = encoded[field]?.bytes
      if (own === undefined) writer.value(source, start(field), end(field))
      else writer.value(own, 0, own.length)
    }
    writeKey(keys)
  }

  function writeKey(keys: DuplicateFilter): void {
    for (const field of keyIndexes) {
      const own = encoded[field]?.bytes
      if (own === undefined) addKey(keys, source, start(field), end(field))
      else addKey(keys, own.length === 0 ? null : own, 0, own.length)
    }
  }

  const texts = () => encoded.map((_, field) => textOf(field))

  function textOf(field: number): string | null {
    const own = encoded[field]?.bytes
    if (own !== undefined) return own.length === 0 ? null : own.toString()
    return source.toString('utf8', start(field), end(field))
  }

  const mark = (block: Block) => markSeparate(block, options, { columnOf, unnamed, checkedFields })
  return { encode, write, texts, writeKey, repairs: () => repairs, inOrder, columnOf, mark }
}

/** Adds a value of the current key, folded; null if there is none. */
export function addKey(keys: DuplicateFilter, bytes: Buffer | null, from: number, to: number): void {
  if (bytes === null || !mayFoldKey(bytes, from, to)) {
    keys.add(bytes, from, to)
    return
  }
  const folded = Buffer.from(foldKey(bytes.toString('utf8', from, to)))
  keys.add(folded, 0, folded.length)
}

/** Marks the rows with so few values that they may be blank rows or notes. */
function markSparse(
  { rows, width, separate, cuts }: Block,
  columns: readonly number[],
  valuesMax: number,
): void {
  for (let row = 0, at = 0; row < rows; row++, at += width + 1) {
    let filled = 0
    for (let n = 0; n < columns.length && filled <= valuesMax; n++) {
      const column = columns[n] as number
      if ((cuts[at + column] ?? 0) + 1 < (cuts[at + column + 1] ?? 0)) filled += 1
    }
    if (filled <= valuesMax) separate[row] = 1
  }
}

/** Whether cells hold a line break: the strict reader sees whether they hold whole rows. */
function holdsBreak(bytes: Buffer, { starts, ends }: Bounds, width: number): boolean {
  for (let at = starts[0] ?? 0; at < (ends[width - 1] ?? 0); at++) {
    const byte = bytes[at]
    if (byte === 0x0a || byte === 0x0d) return true
  }
  return false
}

/** Marks the rows with a cell that is not canonical, those that may be notes, and those that a check reports. */
function markSeparate(
  block: Block,
  { encoders, above, checks, noRecord }: RowEncoderOptions,
  { columnOf, unnamed, checkedFields }: Columns,
): void {
  for (const [field, encoder] of encoders.entries()) {
    const column = columnOf[field] ?? -1
    if (column >= 0) encoder.mark(block, column, columnOf[above[field] ?? -1] ?? -1)
  }
  const { rows, width, separate, text, cuts } = block
  for (const column of unnamed) {
    for (let row = 0, at = column; row < rows; row++, at += width + 1)
      if ((cuts[at] ?? 0) + 1 < (cuts[at + 1] ?? 0)) separate[row] = 1
  }
  const read = columnOf.filter((column) => column >= 0)
  if (noRecord.mayBeNote || read.length < width) markSparse(block, read, Number(noRecord.mayBeNote))
  if (checks.length === 0) return
  const values = new Array<string | null>(encoders.length).fill(null)
  for (let row = 0, at = 0; row < rows; row++, at += width + 1) {
    if (separate[row] === 1) continue
    for (const field of checkedFields) {
      const column = columnOf[field] ?? -1
      const from = column < 0 ? 0 : (cuts[at + column] ?? 0) + 1
      const to = column < 0 ? 0 : (cuts[at + column + 1] ?? 0)
      values[field] = from === to ? null : text.toString('utf8', from, to)
    }
    if (checks.some((check) => check.run(values) !== undefined)) separate[row] = 1
  }
}

/** Excludes outer quotes from the cell bounds. Returns the bytes, a copy if inner quotes were unescaped. */
function unquote(line: Line, bytes: Buffer, bounds: Bounds): Buffer {
  const { starts, ends } = bounds
  let hasEscapedQuotes = false
  for (let column = 0; column < line.width; column++) {
    let from = line.starts[column] ?? 0
    let to = line.ends[column] ?? 0
    if (bytes[from] === quote) {
      hasEscapedQuotes ||= bytes.indexOf(quote, from + 1) !== to - 1
      from += 1
      to -= 1
    }
    starts[column] = from
    ends[column] = to
  }
  return hasEscapedQuotes ? unescapeQuotes(bytes, bounds, line.width) : bytes
}

/** Copies cells, replacing pairs of quotes by single ones. */
function unescapeQuotes(bytes: Buffer, { starts, ends }: Bounds, width: number): Buffer {
  const first = starts[0] ?? 0
  const copy = Buffer.allocUnsafe((ends[width - 1] ?? 0) - first)
  let length = 0
  for (let column = 0; column < width; column++) {
    const to = ends[column] ?? 0
    let at = starts[column] ?? 0
    starts[column] = length
    for (; at < to; at++) {
      const byte = bytes[at] ?? 0
      copy[length++] = byte
      if (byte === quote) at += 1
    }
    ends[column] = length
  }
  return copy
}
