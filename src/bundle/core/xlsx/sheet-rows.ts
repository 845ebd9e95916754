/**
 * Streams the rows of a sheet from its XML (ECMA-376, part 1, 18.3.1), with hidden columns and merged cells.
 * Rejects rows and cells out of order, and texts and rows above their limits.
 */
import { columnLetters } from '../../../platform/finding.ts'
import { refuseBag } from '../bag/bag.ts'
import { columnsMax, rowBytesMaxOf } from '../csv/row-fields.ts'
import { buildTextBuilder, type TextBuilder } from './shared-strings.ts'
import { type CellContext, kindMarks, kindOfCell, readSheetCell, type SheetCell } from './sheet-cells.ts'
import type { WorkbookLocation, WorkbookParts } from './workbook-shapes.ts'
import type { XmlHandlers } from './xml-events.ts'

export interface SheetRow {
  /** As Excel counts. */
  readonly row: number
  /** Up to the last cell with content. */
  readonly cells: readonly SheetCell[]
  /** The mark of each cell's kind, see `kindMarks`; it may be shorter where the last cells are texts. */
  readonly kinds: string
}

/** Merged cells: rows from 1, columns from 0, both ends included. */
export interface Merge {
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

/** What a sheet contains beside its rows. */
export interface SheetFacts {
  readonly merges: readonly Merge[]
  /** The first hidden row that has content. */
  readonly hiddenRow?: number
  /** The first column that is hidden. */
  readonly hiddenColumn?: number
}

/** Rows of a sheet: Excel's limit. */
const sheetRowsMax = 1_048_576
/** Limit of merged cells per sheet. */
const mergesMax = 100_000
/** Longest tag of a sheet; also the longest text unless fields may be longer. */
const tokenMin = 1 << 20

interface State {
  readonly place: WorkbookLocation
  readonly context: CellContext
  readonly rowBytesMax: number
  readonly text: TextBuilder
  readonly merges: Merge[]
  rows: SheetRow[]
  within: 'sheet' | 'data' | 'row' | 'cell' | 'value' | 'inline'
  row: number
  column: number
  cells: SheetCell[]
  kinds: string
  rowBytes: number
  isHidden: boolean
  hiddenRow: number
  hiddenColumn: number
  type: string
  style: number
  value: string | undefined
  hasInline: boolean
  isFormula: boolean
}

/** Reads a sheet: yields rows that have content, in batches, and returns the rest. Throws BundleRefusal. */
export async function* readSheetRows(
  parts: WorkbookParts,
  path: string,
  context: CellContext,
  place: WorkbookLocation,
): AsyncGenerator<readonly SheetRow[], SheetFacts> {
  const { fieldBytesMax } = place.limits
  const state: State = {
    ...{ place, context, rowBytesMax: rowBytesMaxOf(fieldBytesMax), merges: [], rows: [] },
    text: buildTextBuilder(fieldBytesMax, () => tooLong(state)),
    ...{ within: 'sheet', row: 0, column: -1, cells: [], kinds: '', rowBytes: 0 },
    isHidden: false,
    ...{ hiddenRow: 0, hiddenColumn: -1 },
    ...{ type: 'n', style: 0, value: undefined, hasInline: false, isFormula: false },
  }
  for await (const _chunk of parts.parse(path, handlersOf(state), Math.max(tokenMin, fieldBytesMax))) {
    if (state.rows.length === 0) continue
    yield state.rows
    state.rows = []
  }
  const { hiddenRow, hiddenColumn } = state
  return {
    merges: inOrder(state.merges, place),
    ...(hiddenRow === 0 ? {} : { hiddenRow }),
    ...(hiddenColumn < 0 ? {} : { hiddenColumn }),
  }
}

function handlersOf(state: State): XmlHandlers {
  return {
    open: (name, attributes) => {
      switch (state.within) {
        case 'sheet':
          if (name === 'sheetData') state.within = 'data'
          else if (name === 'mergeCell') addMerge(state, attributes['ref'] ?? '')
          else if (name === 'col') lookAtColumn(state, attributes)
          break
        case 'data':
          if (name === 'row') openRow(state, attributes)
          break
        case 'row':
          if (name === 'c') openCell(state, attributes)
          break
        case 'cell':
          openWithinCell(state, name)
          break
        case 'inline':
          state.text.open(name)
      }
    },
    close: (name) => {
      if (state.within === 'inline') {
        if (name === 'is') state.within = 'cell'
        else state.text.close(name)
      } else if (name === 'v' && state.within === 'value') state.within = 'cell'
      else if (name === 'c' && state.within === 'cell') closeCell(state)
      else if (name === 'row' && state.within === 'row') closeRow(state)
      else if (name === 'sheetData' && state.within === 'data') state.within = 'sheet'
    },
    text: (part) => {
      if (state.within === 'inline') state.text.text(part)
      else if (state.within === 'value') {
        state.value += part
        if ((state.value?.length ?? 0) > state.place.limits.fieldBytesMax) tooLong(state)
      }
    },
  }
}

type Attributes = Readonly<Record<string, string>>

const isTrue = (text: string | undefined) => text === '1' || text === 'true'

function lookAtColumn(state: State, { min, hidden }: Attributes): void {
  const column = Number(min) - 1
  if (!isTrue(hidden) || !(column >= 0 && column < columnsMax)) return
  if (state.hiddenColumn < 0 || column < state.hiddenColumn) state.hiddenColumn = column
}

function openRow(state: State, { r, hidden }: Attributes): void {
  const row = r === undefined ? state.row + 1 : /^\d{1,7}$/.test(r) ? Number(r) : 0
  if (row <= state.row || row > sheetRowsMax) damaged(state)
  state.within = 'row'
  state.row = row
  state.column = -1
  state.cells = []
  state.kinds = ''
  state.rowBytes = 0
  state.isHidden = isTrue(hidden)
}

function closeRow(state: State): void {
  state.within = 'data'
  const { cells, kinds, row } = state
  while (cells.length > 0 && isBlankCell(cells.at(-1))) cells.pop()
  if (cells.length === 0) return
  if (state.isHidden && state.hiddenRow === 0) state.hiddenRow = row
  state.rows.push({ row, cells, kinds })
}

/** Whether a cell is empty or blank. */
export function isBlankCell(cell: SheetCell | undefined): boolean {
  return cell === undefined || (typeof cell === 'string' && cell.trim() === '')
}

const cellName = /^([A-Z]{1,3})(\d{1,7})$/i

function openCell(state: State, { r, t = 'n', s = '0' }: Attributes): void {
  const [, letters, row] = cellName.exec(r ?? '') ?? []
  const column = r === undefined ? state.column + 1 : columnIndex(letters ?? '')
  if (r !== undefined && Number(row) !== state.row) damaged(state)
  if (column <= state.column || column >= columnsMax) damaged(state)
  state.within = 'cell'
  state.column = column
  state.type = t
  state.style = Number(s)
  state.value = undefined
  state.hasInline = false
  state.isFormula = false
}

/** Excel's letters as a column from 0; -1 if invalid. */
function columnIndex(letters: string): number {
  return [...letters.toUpperCase()].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1
}

function openWithinCell(state: State, name: string): void {
  if (name === 'f') state.isFormula = true
  else if (name === 'v') {
    state.within = 'value'
    state.value = ''
  } else if (name === 'is') {
    state.within = 'inline'
    state.hasInline = true
  }
}

function closeCell(state: State): void {
  state.within = 'row'
  const { type, style, value, hasInline, isFormula, column, cells, place } = state
  const inline = hasInline ? state.text.take() : undefined
  const cell = readSheetCell({ type, style, value, inline, isFormula }, state.context)
  if (cell === '') return
  if (typeof cell === 'string') {
    const bytes = Buffer.byteLength(cell)
    if (bytes > place.limits.fieldBytesMax) tooLong(state)
    state.rowBytes += bytes
    if (state.rowBytes > state.rowBytesMax) {
      refuseBag('row-too-long', { file: place.file, row: state.row, cell: addressOf(state) })
    }
  }
  while (cells.length < column) cells.push('')
  cells.push(cell)
  const kind = kindOfCell({ type, style }, state.context)
  if (kind !== 'text') state.kinds = state.kinds.padEnd(column) + kindMarks[kind]
}

const addressOf = ({ column, row }: State) => `${columnLetters(Math.max(0, column))}${row}`

function tooLong(state: State): never {
  return refuseBag('field-too-long', { file: state.place.file, row: state.row, cell: addressOf(state) })
}

function damaged({ place, row }: State): never {
  return refuseBag('workbook-damaged', { file: place.file, ...(row === 0 ? {} : { row }) })
}

function addMerge(state: State, ref: string): void {
  const [from = '', to = from] = ref.split(':')
  const [, left = '', top] = cellName.exec(from) ?? []
  const [, right = '', bottom] = cellName.exec(to) ?? []
  const merge = {
    ...{ top: Number(top), left: columnIndex(left) },
    ...{ bottom: Number(bottom), right: columnIndex(right) },
  }
  const isInside = merge.left >= 0 && merge.right < columnsMax && merge.bottom <= sheetRowsMax
  if (!(isInside && merge.top >= 1 && merge.top <= merge.bottom && merge.left <= merge.right)) {
    refuseBag('workbook-damaged', { file: state.place.file })
  }
  if (merge.top === merge.bottom && merge.left === merge.right) return
  if (state.merges.length >= mergesMax) {
    refuseBag('workbook-large', { file: state.place.file, expected: `≤ ${mergesMax}` })
  }
  state.merges.push(merge)
}

/** Merges from top to bottom. No spreadsheet writes overlapping ones, which would cost time in each row. */
function inOrder(merges: readonly Merge[], { file }: WorkbookLocation): readonly Merge[] {
  const ordered = [...merges].sort((a, b) => a.top - b.top || a.left - b.left)
  const filledTo = new Int32Array(columnsMax)
  for (const { top, left, bottom, right } of ordered) {
    for (let column = left; column <= right; column++) {
      if ((filledTo[column] ?? 0) >= top) refuseBag('workbook-damaged', { file })
    }
    filledTo.fill(bottom, left, right + 1)
  }
  return ordered
}
