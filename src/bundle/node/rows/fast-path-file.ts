/**
 * The fast path for one file. Encodes plain rows from their bytes as pieces arrive, and reads other rows with
 * the strict reader. Gives up at the first error that the strict path would report.
 */
import { hasInnerQuotes } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import type { CellEncoder } from '../../core/cells/cell-encoders.ts'
import type { DuplicateFilter } from '../../core/cells/duplicate-filter.ts'
import { firstRow, mapHeaders } from '../../core/cells/map-headers.ts'
import type { Repair } from '../../core/cells/read-code.ts'
import { addKey, buildRowEncoder, type RowEncoder } from '../../core/cells/row-encoder.ts'
import type { RowPlan } from '../../core/cells/row-plan.ts'
import type { OpenFile, RowReader, RowValues } from '../../core/cells/row-reader.ts'
import type { CopyWriter } from '../../core/csv/copy-writer.ts'
import { decoderOf } from '../../core/csv/read-rows.ts'
import { type Block, buildBlock, fillBlock } from '../../core/csv/row-block.ts'
import { buildLine, isBlankLine, type Line, scanLine, textsOf } from '../../core/csv/row-fields.ts'
import type { FileCount } from '../../core/findings/file-count.ts'
import { derivedFault, type RowDerivation } from './row-derivation.ts'
import type { ValidateOptions } from './walk.ts'

/** State shared by the files of a bundle. */
export interface Walk {
  readonly options: ValidateOptions
  readonly plan: RowPlan
  readonly reader: RowReader
  readonly encoders: readonly CellEncoder[]
  readonly writer: CopyWriter
  readonly keys: DuplicateFilter
  readonly block: Block
  /** Takes the rows instead of the writer. */
  readonly part?: ReturnType<RowDerivation['open']>
  /** Warnings, reported only if the fast path succeeds: those of all headers before those of rows. */
  readonly headers: Finding[]
  readonly rows: Finding[]
  errors: number
  /** Chunks of COPY text that are ready. */
  readonly ready: Uint8Array[]
  /** Rows in previous files. */
  rowsBefore: number
}

interface FileCutter {
  /**
   * Takes a piece and writes its complete rows; returns false to give up the fast path. The length of the
   * byte order mark must be known with the first piece.
   */
  readonly cut: (piece: Buffer, bomBytes: number, last: boolean) => boolean
  /** Counts the end-of-file characters of DOS, which are no part of the pieces. */
  readonly countEndMark: () => void
  readonly count: () => FileCount
}

interface State {
  readonly index: number
  readonly file: BundleFile
  readonly walk: Walk
  readonly line: Line
  readonly repairs: Partial<Record<Repair, number>>
  /** Bytes not cut into rows yet, and their offset in the file. */
  held: Buffer
  heldAt: number
  /** The last row cut, as Excel counts. */
  row: number
  rowsRead: number
  /** After a blank row, only blank rows are allowed. */
  isBlankBefore: boolean
  opened?: Opened
}

interface Opened {
  readonly file: OpenFile
  readonly encoder: RowEncoder
  /** For many rows at once; undefined if each must be put into the order of the fields. */
  readonly block: Block | undefined
  /** The bounds of a row's cells by field, for a derivation. */
  readonly begins: Int32Array
  readonly ends: Int32Array
}

/** Row warnings buffered until the end; a bundle with more is left to the strict path. */
const bufferedWarningsMax = 10_000

const decode = decoderOf({ encoding: 'utf-8' })
const nothing = Buffer.alloc(0)

/** Builds the row cutter of the file with this index in the manifest. */
export function buildFileCutter(index: number, file: BundleFile, walk: Walk): FileCutter {
  const { fieldBytesMax, rowsMax } = walk.options.limits
  const line = buildLine(file.delimiter, fieldBytesMax, hasInnerQuotes(walk.options.contract))
  const state: State = {
    ...{ index, file, walk, line, repairs: {}, held: nothing },
    ...{ heldAt: 0, row: 0, rowsRead: 0, isBlankBefore: false },
  }
  function cut(piece: Buffer, bomBytes: number, last: boolean): boolean {
    state.held = state.held.length === 0 ? piece : Buffer.concat([state.held, piece])
    let start = state.row === 0 && state.heldAt === 0 ? bomBytes : 0
    while (start < state.held.length) {
      const next = cutNext(state, start, last)
      if (next < 0 || walk.rowsBefore + state.row - 1 > rowsMax) return false
      if (next === start) break
      start = next
    }
    state.held = state.held.subarray(start)
    state.heldAt += start
    return true
  }
  const countEndMark = () => countRepair(state, 'end-mark')
  return { cut, countEndMark, count: () => countOf(state) }
}

/** Cuts and takes the next rows. Returns their end; `start` if more bytes are needed, -1 to give up. */
function cutNext(state: State, start: number, last: boolean): number {
  const { line, held, opened } = state
  if (opened?.block !== undefined) return cutBlock(state, opened, opened.block, start, last)
  const next = scanLine(line, held, start, last)
  if (line.fault !== undefined) return -1
  if (next < 0) return start
  state.row += 1
  return (state.row === 1 ? takeHeader(state) : takeRow(state, start)) ? next : -1
}

function cutBlock(state: State, opened: Opened, block: Block, start: number, last: boolean): number {
  const { line, held, index } = state
  const { begins, separate } = block
  fillBlock(block, line, held, start, { file: index, row: state.row + 1 }, last)
  if (line.fault !== undefined) return -1
  opened.encoder.mark(block)
  for (let row = 0, end = 0; row < block.rows; row = end) {
    end = row + 1
    if (separate[row] === 0) {
      while (end < block.rows && separate[end] === 0) end += 1
      if (!takeUnchanged(state, opened, block, { from: row, to: end, last })) return -1
    } else {
      const begin = begins[row] ?? 0
      scanLine(line, held, begin, last)
      state.row += 1
      if (!takeRow(state, begin)) return -1
    }
  }
  return begins[block.rows] ?? start
}

/** Rows of a block, and whether they are in the last bytes of the file. */
interface BlockRows {
  readonly from: number
  readonly to: number
  readonly last: boolean
}

/** Takes rows of a block that need no change. */
function takeUnchanged(state: State, opened: Opened, block: Block, range: BlockRows): boolean {
  // Blank rows are allowed only after the last row with content.
  if (state.isBlankBefore) return false
  const { writer, keys, plan, part } = state.walk
  const { width, text, textEnds, cuts } = block
  const { from, to } = range
  if (part === undefined) writer.rows(text, from === 0 ? 0 : (textEnds[from - 1] ?? 0), textEnds[to - 1] ?? 0)
  else if (!deriveUnchanged(state, opened, block, range)) return false
  const keyColumns = plan.keyIndexes.map((field) => opened.encoder.columnOf[field] ?? -1)
  if (keyColumns.length > 0) {
    for (let row = from; row < to; row++) {
      for (const column of keyColumns) {
        const cut = row * (width + 1) + column
        const begin = column < 0 ? 0 : (cuts[cut] ?? 0) + 1
        const end = column < 0 ? 0 : (cuts[cut + 1] ?? 0)
        addKey(keys, begin === end ? null : text, begin, end)
      }
      keys.endKey()
    }
  }
  state.row += to - from
  endRows(state)
  return true
}

/** Passes rows of a block to the derivation. Returns false if it rejects one. */
function deriveUnchanged(state: State, opened: Opened, block: Block, { from, to, last }: BlockRows): boolean {
  const { line, held, walk, file } = state
  const { width, text: bytes, cuts, begins: rowBegins } = block
  const { begins, ends } = opened
  const { columnOf } = opened.encoder
  const cells = { bytes, begins, ends }
  for (let row = from; row < to; row++) {
    const at = row * (width + 1)
    for (let field = 0; field < columnOf.length; field++) {
      const column = columnOf[field] as number
      if (column < 0) continue
      begins[field] = (cuts[at + column] as number) + 1
      ends[field] = cuts[at + column + 1] as number
    }
    const number = state.row + 1 + row - from
    if (walk.part?.addBytes?.(cells, { file: file.path, row: number }) === true) continue
    const values = columnOf.map((_, field) =>
      begins[field] === ends[field] ? null : bytes.toString('utf8', begins[field], ends[field]),
    )
    // A finding names the cell, whose place is known once its row is scanned.
    const locate = () => void scanLine(line, held, rowBegins[row] ?? 0, last)
    if (!deriveRow(state, values, number, rowBegins[row] ?? 0, locate)) return false
  }
  return true
}

/** Passes a row to the derivation, if there is one. Returns false if it rejects the row. */
function deriveRow(
  { walk, file, opened, heldAt, line }: State,
  values: RowValues,
  row: number,
  start: number,
  locate: () => void = () => undefined,
): boolean {
  const { derive } = walk.options
  if (walk.part === undefined || derive === undefined || opened === undefined) return true
  return walk.part.add(values, { file: file.path, row }, (...fault) => {
    locate()
    const place = { row, byteOffset: heldAt + start, width: line.width }
    opened.file.report(derivedFault(derive, fault, place, opened.file, walk.plan.fields))
  })
}

/** Releases bytes that were written, once there are enough, and updates the counts. */
function endRows(state: State): void {
  const chunk = state.walk.writer.take(false)
  if (chunk !== undefined) state.walk.ready.push(chunk)
  state.rowsRead = state.row - 1
}

function countOf({ file, rowsRead, repairs }: State): FileCount {
  return {
    file: file.path,
    digest: file.digest,
    encoding: 'utf-8',
    rowsRead,
    rowsTaken: rowsRead,
    rowsRefused: 0,
    repairs: { ...repairs },
    unreadable: false,
  }
}

function takeHeader(state: State): boolean {
  const { line, held, walk, file } = state
  const { options, plan, encoders } = walk
  if (line.misplaced >= 0) return false
  const offsetOf = (column: number) => state.heldAt + (line.starts[column] ?? 0)
  const cells = textsOf(line, held, decode)
  const { map, findings, repairs } = mapHeaders(firstRow(cells, offsetOf), options.contract, file.path)
  if (map === undefined) return false
  for (let n = 0; n < repairs; n += 1) countRepair(state, 'header')
  walk.headers.push(...findings)
  const report = (finding: Finding) => {
    if (finding.severity === 'error') walk.errors += 1
    walk.rows.push(finding)
  }
  const onRepair = (repair: Repair) => countRepair(state, repair)
  const above = plan.fields.map((_, n) => plan.readers.find(({ index }) => index === n)?.above ?? -1)
  const encoder = buildRowEncoder({ ...plan, encoders, above, map })
  // A derivation takes the fields in any order.
  const ownBlock = () => (walk.part === undefined ? undefined : buildBlock(map.columns.length))
  state.opened = {
    file: {
      ...{ path: file.path, delimiter: file.delimiter, map },
      ...{ offsetOf, onRepair, report, errors: () => walk.errors },
    },
    encoder,
    block: encoder.inOrder ? walk.block : ownBlock(),
    begins: new Int32Array(plan.fields.length),
    ends: new Int32Array(plan.fields.length),
  }
  return true
}

function countRepair({ repairs }: State, repair: Repair): void {
  repairs[repair] = (repairs[repair] ?? 0) + 1
}

function takeRow(state: State, start: number): boolean {
  const { opened, line, held, walk, index, row } = state
  const { writer, keys, plan, part } = walk
  if (opened === undefined) return false
  if (opened.encoder.encode(line, held)) {
    if (part === undefined) {
      writer.begin(index, row)
      opened.encoder.write(writer, keys)
    } else {
      if (!deriveRow(state, opened.encoder.texts(), row, start)) return false
      opened.encoder.writeKey(keys)
    }
    for (const repair of opened.encoder.repairs()) countRepair(state, repair)
  } else if (isBlankLine(line, held, decode)) {
    state.isBlankBefore = true
    return true
  } else {
    const values = readStrictly(state, opened.file, start)
    if (values === undefined || !deriveRow(state, values, row, start)) return false
    if (part === undefined) writer.begin(index, row)
    writeValues(values, walk)
  }
  if (state.isBlankBefore || walk.rows.length > bufferedWarningsMax) return false
  if (part === undefined) writer.endRow()
  if (plan.keyIndexes.length > 0) keys.endKey()
  endRows(state)
  return true
}

function readStrictly({ line, held, heldAt, row, walk }: State, file: OpenFile, start: number) {
  const { width, misplaced } = line
  const place = { row, byteOffset: heldAt + start, width }
  const cells = textsOf(line, held, decode)
  return walk.reader.read({ row: misplaced < 0 ? place : { ...place, misplaced }, cells }, file)
}

/** Writes the strict reader's result for a row, and its key. */
function writeValues(values: RowValues, { plan, writer, keys, part }: Walk): void {
  const bytes = values.map((value) => (value === null ? null : Buffer.from(value)))
  if (part === undefined) for (const value of bytes) writer.value(value ?? nothing, 0, value?.length ?? 0)
  for (const index of plan.keyIndexes) {
    const value = bytes[index] ?? null
    addKey(keys, value, 0, value?.length ?? 0)
  }
}
