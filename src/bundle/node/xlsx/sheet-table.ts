/**
 * A sheet of a workbook as a table. Its rows are read once from the XML into a scratch file, and iterated
 * from there: merged cells and the like follow the rows in the XML but must be known at the first row.
 */
import { isUtf8 } from 'node:buffer'
import type { CellKind } from '../../../derivations/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import { columnLetters } from '../../../platform/finding.ts'
import { refuseBag } from '../../core/bag/bag.ts'
import type { SheetChoice } from '../../core/bag/descriptor.ts'
import type { HeaderMap } from '../../core/cells/map-headers.ts'
import type { TableCell, TableRow } from '../../core/cells/table-row.ts'
import { buildGarbledSearch, garbledFault, hasGarbledText } from '../../core/csv/garbled-text.ts'
import { BundleRefusal, type FindingPosition, faultAt } from '../../core/findings/checks.ts'
import { kindMarks } from '../../core/xlsx/sheet-cells.ts'
import { headerRowsMax, readSheetHeader } from '../../core/xlsx/sheet-header.ts'
import {
  isBlankCell,
  type Merge,
  readSheetRows,
  type SheetFacts,
  type SheetRow,
} from '../../core/xlsx/sheet-rows.ts'
import { openScratch, type Scratch } from '../rows/scratch-file.ts'
import type { OpenedTable, TableOptions, TableReader } from '../rows/table.ts'
import { openWorkbook, type Workbook } from './workbook.ts'

interface SheetOptions extends TableOptions {
  readonly sheet: SheetChoice
  readonly scratch: string
}

/** The rows of a sheet in a scratch file, one line of JSON each. */
interface Spooled {
  readonly facts: SheetFacts
  /** The first rows, for the header. */
  readonly first: readonly SheetRow[]
  /** The warning of garbled text, if there is some. */
  readonly garbled: readonly Finding[]
}

/** Opens the table of a sheet. */
export async function openSheetTable(options: SheetOptions): Promise<OpenedTable> {
  const { file, isHeader } = options
  const rows = await openScratch(options.scratch)
  try {
    const { spooled, warnings, others } = await withWorkbook(options, async (workbook) => ({
      spooled: await spoolRows(workbook, rows, options),
      warnings: workbook.warnings,
      others: workbook.others,
    }))
    const { facts, first, garbled } = spooled
    if (rows.bytes() === 0) refuseBag('file-empty', { file: file.path })
    const { header, findings } = readSheetHeader(first, facts.merges, file.path, isHeader)
    const isChosen = options.sheet.name !== undefined || options.sheet.number !== undefined
    if (!isChosen && others.length > 0 && !header.cells.some(isHeader)) {
      await rows.close()
      return { findings: [...warnings, otherSheet(options, others)] }
    }
    const reported = [...warnings, ...hiddenFaults(facts, file.path), ...garbled, ...findings]
    if (findings.length > 0) {
      await rows.close()
      return { findings: reported }
    }
    const read = (map?: HeaderMap) => buildSheetReader(rows, facts.merges, header.rows, map)
    return { table: { header, headerRows: header.rows, read, close: rows.close }, findings: reported }
  } catch (error) {
    await rows.close()
    if (error instanceof BundleRefusal) return { findings: error.findings }
    throw error
  }
}

/** Sheets that a finding names. */
const namedMax = 5

/** The finding for a first sheet without a known header, such as 填表说明, beside others that may have one. */
function otherSheet({ file, isPersonal }: SheetOptions, others: readonly string[]): Finding {
  const names = isPersonal ? ['…'] : others.slice(0, namedMax)
  const expected = names.map((name) => `--sheet "${name}"`).join(' / ')
  return faultAt('sheet-first', { file: file.path, row: 1, expected })
}

/** Opens the workbook for the duration of `use`. */
async function withWorkbook<T>(options: SheetOptions, use: (workbook: Workbook) => Promise<T>): Promise<T> {
  const { bag, file, limits, sheet, refusesFormulas, signal } = options
  const bytes = await openScratch(options.scratch)
  try {
    for await (const chunk of bag.read(file.path)) {
      signal?.throwIfAborted()
      await bytes.append(chunk)
    }
    const workbook = await openWorkbook(bytes, { file: file.path, limits }, { sheet, refusesFormulas })
    try {
      return await use(workbook)
    } finally {
      workbook.close()
    }
  } finally {
    await bytes.close()
  }
}

async function spoolRows(workbook: Workbook, scratch: Scratch, options: SheetOptions): Promise<Spooled> {
  const { limits, file, onRows, signal } = options
  // One row beyond the limit shows that it is exceeded.
  const rowMax = limits.rowsMax + headerRowsMax + 1
  const first: SheetRow[] = []
  const garbled = buildGarbledSearch(isUtf8)
  let place: FindingPosition = { file: file.path }
  const source = readSheetRows(workbook.parts, workbook.sheetPart, workbook.context, {
    file: file.path,
    limits,
  })
  for (;;) {
    const next = await source.next()
    if (next.done === true) return { facts: next.value, first, garbled: garbledFault(garbled.found, place) }
    signal?.throwIfAborted()
    const within = next.value.filter(({ row }) => row <= rowMax)
    first.push(...within.filter(({ row }) => row <= headerRowsMax))
    const lines = Buffer.from(within.map(lineOf).join(''))
    const isFirst = garbled.found.places === 0
    garbled.add(lines)
    if (isFirst && garbled.found.places > 0) place = { ...place, ...garbledCell(within) }
    await scratch.append(lines)
    // Many cells may share one text, so rows can be far larger than the workbook.
    if (scratch.bytes() > limits.bytesMax) {
      refuseBag('workbook-large', { file: file.path, expected: `≤ ${limits.bytesMax}` })
    }
    onRows?.(next.value.at(-1)?.row ?? 0)
  }
}

/** The place of the first garbled cell. */
function garbledCell(rows: readonly SheetRow[]): Pick<FindingPosition, 'row' | 'cell'> {
  for (const { row, cells } of rows) {
    const column = cells.findIndex((cell) => typeof cell === 'string' && hasGarbledText(cell, isUtf8))
    if (column >= 0) return { row, cell: `${columnLetters(column)}${row}` }
  }
  return {}
}

const lineOf = ({ row, cells, kinds }: SheetRow) => `${JSON.stringify([row, cells, kinds])}\n`

function hiddenFaults({ hiddenRow, hiddenColumn }: SheetFacts, file: string): readonly Finding[] {
  const row = hiddenRow === undefined ? [] : [faultAt('hidden-rows', { file, row: hiddenRow })]
  if (hiddenColumn === undefined) return row
  return [...row, faultAt('hidden-columns', { file, cell: `${columnLetters(hiddenColumn)}1` })]
}

/** Builds a reader of the rows below the header. Rows absent from the sheet are blank. */
function buildSheetReader(
  rows: Scratch,
  merges: readonly Merge[],
  headerRows: number,
  map: HeaderMap | undefined,
): TableReader {
  const columns = map?.columns ?? []
  const covering = buildMergeWalk(merges, headerRows, columns)
  let cells: readonly TableCell[] = []
  let kinds = ''
  let covered: readonly number[] = []
  let former = headerRows

  function take(row: number, held: readonly TableCell[], marks = ''): TableRow {
    cells = held
    kinds = marks
    covered = covering(row)
    return { row, width: Math.max(columns.length, held.length) }
  }
  function* rowsOf(lines: readonly string[]): Generator<TableRow> {
    for (const line of lines) {
      const [row, held, marks] = JSON.parse(line) as [number, TableCell[], string]
      while (former + 1 < row) yield take(++former, [])
      if (row <= headerRows) continue
      former = row
      yield take(row, held, marks)
    }
  }
  async function* groups(): AsyncGenerator<Iterable<TableRow>> {
    let rest: Buffer[] = []
    for await (const chunk of rows.read(0, rows.bytes())) {
      const end = chunk.lastIndexOf(0x0a) + 1
      if (end === 0) rest.push(chunk)
      else {
        yield rowsOf(linesOf(Buffer.concat([...rest, chunk.subarray(0, end)])))
        rest = [chunk.subarray(end)]
      }
    }
  }
  const cell = (column: number): TableCell =>
    covered.includes(column) ? { check: 'cell-merged' } : (cells[column] ?? '')
  return {
    groups,
    cells: () => {
      if (covered.length === 0) return cells
      return Array.from({ length: Math.max(cells.length, ...covered.map((n) => n + 1)) }, (_, n) => cell(n))
    },
    texts: () => cells.map((one) => (typeof one === 'string' ? one.trim() : '')),
    cell,
    kindOf: (column) => kindOfMark.get(kinds.charAt(column)) ?? 'text',
    isBlank: () => cells.every(isBlankCell),
    offsetOf: () => undefined,
    fault: () => undefined,
    hasEndMark: () => false,
  }
}

const kindOfMark: ReadonlyMap<string, CellKind> = new Map(
  Object.entries(kindMarks).map(([kind, mark]) => [mark, kind as CellKind]),
)

const linesOf = (bytes: Buffer) => bytes.toString().split('\n').slice(0, -1)

/** Finds, row by row, the columns of merged cells to report: for each merge, the first mapped column. */
function buildMergeWalk(merges: readonly Merge[], headerRows: number, columns: HeaderMap['columns']) {
  const mapped = merges.flatMap(({ top, left, bottom, right }) => {
    const within = columns.slice(left, right + 1).findIndex((column) => typeof column === 'number')
    return within < 0 || bottom <= headerRows ? [] : [{ top, bottom, column: left + within }]
  })
  let next = 0
  let active: typeof mapped = []
  return (row: number): readonly number[] => {
    if (active.length > 0) active = active.filter(({ bottom }) => bottom >= row)
    for (let merge = mapped[next]; merge !== undefined && merge.top <= row; merge = mapped[next]) {
      if (merge.bottom >= row) active.push(merge)
      next += 1
    }
    return active.map(({ column }) => column)
  }
}
