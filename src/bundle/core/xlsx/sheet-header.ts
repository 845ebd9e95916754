/**
 * The header of a sheet, which merged cells may spread over several rows: titles and groups above, names
 * beneath. Ambiguous merges are reported, not guessed.
 */
import { defined } from '../../../platform/defined.ts'
import { columnLetters, type Finding } from '../../../platform/finding.ts'
import type { HeaderRow } from '../cells/map-headers.ts'
import { faultAt } from '../findings/checks.ts'
import type { SheetCell } from './sheet-cells.ts'
import { isBlankCell, type Merge, type SheetRow } from './sheet-rows.ts'

/** Rows that a header may have. */
export const headerRowsMax = 5

interface SheetHeader {
  readonly header: HeaderRow
  /** What is wrong with its cells. */
  readonly findings: readonly Finding[]
}

/** The cell that has the text for a position: its own cell, or the first one of a merge. */
interface Origin {
  readonly row: number
  readonly column: number
  readonly text: string
  readonly merge?: Merge
}

/**
 * Reads the header from the first rows of a sheet. `knows` returns whether the contract has a header. If the
 * merged rows contain no known header but the first row alone does, the merge is reported.
 */
export function readSheetHeader(
  rows: readonly SheetRow[],
  merges: readonly Merge[],
  file: string,
  knows: (text: string) => boolean,
): SheetHeader {
  const filled = merges.filter(({ top, left }) =>
    rows.some(({ row, cells }) => row === top && !isBlankCell(cells[left])),
  )
  const depth = depthOf(filled)
  const deep = depth > headerRowsMax ? undefined : headerOf(rows, merges, file, depth)
  if (deep !== undefined && (depth === 1 || knowsOne(deep.header, knows))) return deep
  const flat = headerOf(rows, merges, file, 1)
  if (!knowsOne(flat.header, knows)) return { ...flat, findings: [] }
  const wide = filled.find(({ top }) => top === 1)
  const place = { file, row: 1, cell: `${columnLetters(wide?.left ?? 0)}1` }
  return { ...flat, findings: [faultAt('header-merged', place)] }
}

function knowsOne({ cells, groups = [] }: HeaderRow, knows: (text: string) => boolean): boolean {
  return cells.some((text, column) => knows(`${groups[column] ?? ''}${text}`) || knows(text))
}

/** The header rows by the merges of the first row: down to the end of a merge, and one more below a group. */
function depthOf(merges: readonly Merge[]): number {
  let depth = 1
  for (const { top, left, bottom, right } of merges) {
    // Merges come from top to bottom, so those that deepen the header come before this one.
    if (top > depth) break
    depth = Math.max(depth, right > left ? bottom + 1 : bottom)
  }
  return depth
}

function headerOf(
  rows: readonly SheetRow[],
  merges: readonly Merge[],
  file: string,
  depth: number,
): SheetHeader {
  const byRow = new Map(rows.map(({ row, cells }) => [row, cells]))
  const above = merges.filter(({ top }) => top <= depth)
  const columns = Array.from({ length: widthOf(rows, above, depth) }, (_, column) =>
    pathOf(byRow, above, depth, column),
  )
  const leaves = columns.map((path) => path.at(-1))
  const findings = cellFindings(byRow, depth, file)
  const cells = leaves.map((leaf, column) => {
    const merge = leaf?.merge
    if (leaf === undefined || merge === undefined || merge.left === merge.right) return leaf?.text ?? ''
    const isGroup = leaves.slice(merge.left, merge.right + 1).some((other) => other?.merge !== merge)
    // Below a group whose other columns have names, this column has none.
    if (!isGroup && column === merge.left) {
      const cell = `${columnLetters(leaf.column)}${leaf.row}`
      findings.push(faultAt('header-merged', { file, row: leaf.row, cell }))
    }
    return ''
  })
  while (cells.at(-1) === '') cells.pop()
  // A cell above all columns is the title of the table, not a group of columns.
  const isTitle = ({ merge }: Origin) => merge?.left === 0 && merge.right >= columns.length - 1
  const groups = columns.map((path) =>
    path
      .slice(0, -1)
      .filter((origin) => !isTitle(origin))
      .map(({ text }) => text)
      .join(''),
  )
  const placeOf = (column: number) => ({
    row: leaves[column]?.row ?? depth,
    cell: `${columnLetters(leaves[column]?.column ?? column)}${leaves[column]?.row ?? depth}`,
  })
  const title = columns.flat().find(isTitle)?.text
  const header = { cells, groups, rows: depth, placeOf, offsetOf: () => undefined, ...defined({ title }) }
  return { header, findings }
}

function widthOf(rows: readonly SheetRow[], merges: readonly Merge[], depth: number): number {
  const ends = rows.filter(({ row }) => row <= depth).map(({ cells }) => cells.length)
  const last = Math.max(0, ...ends)
  // A merge extends beyond its text.
  return Math.max(last, ...merges.filter(({ left }) => left < last).map(({ right }) => right + 1))
}

/** The texts above a column, from the top, each once. */
function pathOf(
  byRow: ReadonlyMap<number, readonly SheetCell[]>,
  merges: readonly Merge[],
  depth: number,
  column: number,
): readonly Origin[] {
  const path: Origin[] = []
  for (let row = 1; row <= depth; row++) {
    const merge = merges.find(
      ({ top, left, bottom, right }) => top <= row && row <= bottom && left <= column && column <= right,
    )
    if (merge !== undefined && path.at(-1)?.merge === merge) continue
    const from = merge === undefined ? { row, column } : { row: merge.top, column: merge.left }
    const cell = byRow.get(from.row)?.[from.column]
    const text = typeof cell === 'string' ? cell : ''
    if (text.trim() !== '') path.push({ ...from, text, ...defined({ merge }) })
  }
  return path
}

/** Reports header cells that are errors or rejected formulas. */
function cellFindings(
  byRow: ReadonlyMap<number, readonly SheetCell[]>,
  depth: number,
  file: string,
): Finding[] {
  return [...byRow].flatMap(([row, cells]) =>
    cells.flatMap((cell, column) => {
      if (row > depth || typeof cell === 'string') return []
      const { check, ...rest } = cell
      return [faultAt(check, { file, row, cell: `${columnLetters(column)}${row}`, ...rest })]
    }),
  )
}
