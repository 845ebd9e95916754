/**
 * The passes of the strict path before rows are read: one opens each file, maps its header, finds possibly duplicate keys
 * and whether the file is readable to its end; the other collects these keys.
 */
import { hasInnerQuotes, isPersonal } from '../../../contract/index.ts'
import { columnLetters } from '../../../platform/finding.ts'
import type { DuplicateFilter } from '../../core/cells/duplicate-filter.ts'
import {
  atOffset,
  buildHeaderTest,
  firstRow,
  type HeaderRow,
  mapHeaders,
} from '../../core/cells/map-headers.ts'
import type { RowTexts } from '../../core/cells/row-reader.ts'
import type { TableCell, TableRow } from '../../core/cells/table-row.ts'
import { faultAt } from '../../core/findings/checks.ts'
import type { FileState } from './file-state.ts'
import { headerAt } from './loose-file.ts'
import { findHeader, reportHeader } from './lost-header.ts'
import { openTable } from './open-table.ts'
import type { TableReader } from './table.ts'
import type { ValidateOptions, Walk } from './walk.ts'

/** Opens the table, maps the header, collects the keys and checks that the file is readable to its end. */
export async function survey(state: FileState, walk: Walk): Promise<void> {
  const { options, reader, filter } = walk
  const path = state.file.path
  const { contract } = options
  const isHeader = buildHeaderTest(contract)
  const { table, findings } = await openTable({
    ...options,
    isHeader,
    refusesFormulas: contract.formulas === 'refuse',
    isPersonal: isPersonal(contract),
    innerQuotes: hasInnerQuotes(contract),
    file: state.file,
    onRows: (rows) => options.onProgress?.({ file: path, rows }),
  })
  for (const finding of findings) options.onFinding(finding)
  state.unreadable = table === undefined
  if (table === undefined) return
  state.table = table
  state.headerRows = table.headerRows
  if (table.header !== undefined) takeHeader(table.header, state, options)
  const rows = table.read(state.map)
  let keyColumns = state.map === undefined ? [] : reader.keyColumns(state.map)
  for await (const group of rows.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      const read = row.row - state.headerRows
      if (state.lostHeader !== undefined) {
        if (takeHeaderBelow(row, state, rows, walk)) {
          if (state.map !== undefined) keyColumns = reader.keyColumns(state.map)
          continue
        }
        findHeader(state, { ...row, cells: rows.cells() }, isHeader, options)
      }
      if (read <= 0) {
        readHeader(row, state, rows, options)
        if (state.map !== undefined) keyColumns = reader.keyColumns(state.map)
      } else if (isNote(state, rows, walk)) countNote(state)
      else if (!rows.isBlank()) {
        state.rowsRead = read
        const key = state.map === undefined ? undefined : reader.keyOf(only(keyColumns, row, rows), state.map)
        if (key !== undefined) addKey(key, filter)
      }
      // Stop counting rows once the limit is exceeded.
      if (state.first + read > options.limits.rowsMax) {
        state.rowsRead = read
        reportHeader(state, options)
        return
      }
    }
  }
  reportHeader(state, options)
  const fault = rows.fault()
  if (fault !== undefined) {
    const { check, row, column, byteOffset } = fault
    const cell = `${columnLetters(column)}${row}`
    options.onFinding(faultAt(check, { file: path, row, cell, ...atOffset(byteOffset) }))
    state.unreadable = true
    return
  }
  state.hasEndMark = rows.hasEndMark()
  if (state.map === undefined && !state.unreadable) {
    // Nothing but end marks.
    options.onFinding(faultAt('file-empty', { file: path }))
    state.unreadable = true
  } else if (state.map !== undefined && state.rowsRead === 0) {
    options.onFinding(faultAt('rows-missing', { file: path }))
    state.unreadable = true
  }
}

function addKey(key: string, filter: DuplicateFilter): void {
  const bytes = Buffer.from(key)
  filter.add(bytes, 0, bytes.length)
  filter.endKey()
}

/** Collects the possibly duplicate keys with their positions; most rejected bundles have only a few. */
export async function collectKeys(state: FileState, { options, reader, filter, keys }: Walk): Promise<void> {
  const { table, map } = state
  if (table === undefined || map === undefined) return
  const rows = table.read(map)
  const keyColumns = reader.keyColumns(map)
  for await (const group of rows.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      if (row.row <= state.headerRows || rows.isBlank()) continue
      const key = reader.keyOf(only(keyColumns, row, rows), map)
      if (key === undefined || !filter.mayBeDuplicate(Buffer.from(key))) continue
      keys.add(key, state.first + row.row - state.headerRows - 1)
    }
  }
}

/** Headers that a row below titles must have, so that a title which is also a header does not count. */
const headersBelowMin = 3

/** Takes a row as the header where the derivation allows titles above it. Returns whether it is one. */
function takeHeaderBelow(row: TableRow, state: FileState, rows: TableReader, walk: Walk): boolean {
  const { options, part } = walk
  const texts = rows.texts()
  const isHeader = buildHeaderTest(options.contract)
  if (part?.isNote === undefined || texts.filter(isHeader).length < headersBelowMin) return false
  delete state.lostHeader
  state.unreadable = false
  state.headerRows = row.row
  // The first row, which was no header, and the rows up to here are titles.
  state.repairs.note = 1 + state.rowsRead
  state.rowsRead = 0
  takeHeader(headerAt(row.row, texts), state, options)
  return true
}

/** Whether the current row is a note and no record, as the derivation sees it. */
export function isNote({ map }: FileState, rows: TableReader, { part, reader }: Walk): boolean {
  if (part?.isNote === undefined || map === undefined || rows.isBlank()) return false
  const textOf = (field: string) => {
    const column = map.columnOf[reader.fields.findIndex(({ name }) => name === field)] ?? -1
    const cell = rows.cell(column)
    // A cell of a merge may hold the text of a note.
    return typeof cell === 'string' ? cell.trim() : (rows.texts()[column] ?? '')
  }
  return part.isNote(textOf, rows.texts)
}

function countNote({ repairs }: FileState): void {
  repairs.note = (repairs.note ?? 0) + 1
}

/** The header of a text file, which is its first row. */
function readHeader(row: TableRow, state: FileState, rows: TableReader, options: ValidateOptions): void {
  const file = state.file.path
  if (row.misplaced !== undefined) {
    const place = { file, row: 1, ...atOffset(rows.offsetOf(row.misplaced)) }
    options.onFinding(faultAt('quote-misplaced', place))
    state.unreadable = true
    return
  }
  const texts = rows.cells().map((cell) => (typeof cell === 'string' ? cell : ''))
  takeHeader(firstRow(texts, rows.offsetOf), state, options)
}

function takeHeader(header: HeaderRow, state: FileState, options: ValidateOptions): void {
  const { map, findings, repairs } = mapHeaders(header, options.contract, state.file.path)
  const [lost] = findings.filter(({ check }) => check === 'header-row')
  if (lost === undefined) for (const finding of findings) options.onFinding(finding)
  else state.lostHeader = lost
  if (map === undefined) state.unreadable = true
  else state.map = map
  if (repairs > 0) state.repairs.header = repairs
}

/** The cells of a row in the given columns only. */
function only(columns: readonly number[], row: TableRow, rows: TableReader): RowTexts {
  const cells: TableCell[] = []
  for (const column of columns) cells[column] = rows.cell(column)
  return { row, cells }
}
