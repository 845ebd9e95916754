/**
 * The cells of one block of an edition with all their margins, as typed arrays. A margin that is not the sum of its parts,
 * a margin that is missing, a level that is missing and a negative count are faults of the data: nothing can be proven
 * about such a table.
 */
import type { ConfidentialRow } from '../edition.ts'
import { type Grid, gridOf, parentOf } from './axes.ts'
import { type Columns, totalCode } from './parameters.ts'

/** A total and its parts, as indexes of cells. */
export interface Sum {
  readonly total: number
  readonly parts: readonly number[]
}

export interface CellTable {
  /** The code of the block; empty where there is one only. */
  readonly block: string
  readonly values: Int32Array
  /** By cell: the row of the edition. */
  readonly rows: Int32Array
  /** By cell: the cell with all levels; itself for that cell. */
  readonly base: Int32Array
  /** By cell: its level, as an index in `levels`; -1 for all levels. */
  readonly level: Int32Array
  readonly levels: readonly string[]
  /** By cell: number of dimensions in which it is a margin. */
  readonly margins: Uint8Array
  /** By cell: its name without rows or counts, the same in every version of an edition. */
  readonly names: readonly string[]
  /** By cell: its code in the first dimension, in which parts of an edition differ. */
  readonly parts: readonly string[]
  readonly grid: Grid
  /** Every sum between published cells. */
  readonly sums: readonly Sum[]
  /** Indexes of one sum for each margin: the others follow from them. */
  readonly defining: readonly number[]
}

/** Faults of an edition because of which nothing can be said about its safety. */
export class EditionFault extends Error {
  override readonly name = 'EditionFault'
}

/** Cells of an edition at most: more need more memory than a worker has. */
export const cellsMax = 2_000_000

interface Draft {
  readonly block: string
  readonly rows: number[]
  /** Codes by dimension, the level last, each as a path such as `primary/11`. */
  readonly codes: string[][]
}

/** Builds one table for each block of an edition. Throws EditionFault for data that contradict themselves. */
export function buildTables(rows: readonly ConfidentialRow[], columns: Columns): readonly CellTable[] {
  if (rows.length > cellsMax)
    throw new EditionFault(`${rows.length} cells are more than ${cellsMax}: publish coarser cells`)
  const drafts = new Map<string, Draft>()
  for (const [index, row] of rows.entries()) {
    const block = columns.block < 0 ? '' : (row[columns.block] ?? '')
    const draft = drafts.get(block) ?? { block, rows: [], codes: [] }
    drafts.set(block, draft)
    draft.rows.push(index)
    draft.codes.push([
      ...columns.dimensions.map((fields) => pathOf(fields.map((field) => row[field] ?? ''))),
      row[columns.level] ?? '',
    ])
  }
  return [...drafts.values()].map((draft) => buildTable(draft, rows, columns))
}

/** Codes without the totals at their end: all grades of a stage are the stage. */
function pathOf(codes: readonly string[]): string {
  let end = codes.length
  while (end > 0 && codes[end - 1] === totalCode) end -= 1
  return end === 0 ? totalCode : codes.slice(0, end).join('/')
}

function buildTable(
  { block, rows, codes }: Draft,
  all: readonly ConfidentialRow[],
  columns: Columns,
): CellTable {
  const names = codes.map((cell) => cell.join(' '))
  const at = new Map(names.map((name, cell) => [name, cell]))
  if (at.size < names.length) throw new EditionFault(`two rows of block ${block || 'all'} have the same key`)
  const values = Int32Array.from(rows, (row, cell) => countOf(all[row]?.[columns.count], names[cell]))
  const levelAt = columns.dimensions.length
  const levels = [...new Set(codes.map((cell) => cell[levelAt] ?? ''))]
    .filter((level) => level !== totalCode)
    .sort()
  const replaced = (cell: number, dimension: number, code: string) =>
    at.get((codes[cell] ?? []).map((own, index) => (index === dimension ? code : own)).join(' '))
  const base = Int32Array.from(rows, (_, cell) => {
    const found = replaced(cell, levelAt, totalCode)
    if (found === undefined) throw new EditionFault(`the row of all levels is missing at ${names[cell]}`)
    return found
  })
  for (const [cell, row] of rows.entries()) {
    if (countOf(all[row]?.[columns.base], names[cell]) !== values[base[cell] ?? 0])
      throw new EditionFault(`the base of ${names[cell]} is not the count of all its levels`)
    const isBase = base[cell] === cell
    const missing = isBase ? levels.find((level) => replaced(cell, levelAt, level) === undefined) : undefined
    if (missing !== undefined) throw new EditionFault(`the level ${missing} is missing at ${names[cell]}`)
  }
  const sums: Sum[] = []
  const defining = new Map<number, number>()
  const margins = new Uint8Array(rows.length)
  for (let dimension = levelAt; dimension >= 0; dimension--) {
    const known = new Set(codes.map((cell) => cell[dimension] ?? ''))
    const parts = new Map<number, number[]>()
    for (let cell = 0; cell < rows.length; cell++) {
      const parent = parentOf(codes[cell]?.[dimension] ?? '', known)
      if (parent === undefined) continue
      const total = replaced(cell, dimension, parent)
      if (total === undefined) throw new EditionFault(`the margin ${parent} of ${names[cell]} is missing`)
      const found = parts.get(total)
      if (found === undefined) parts.set(total, [cell])
      else found.push(cell)
    }
    for (const [total, cells] of parts) {
      const sum = cells.reduce((amount, cell) => amount + (values[cell] ?? 0), 0)
      if (sum !== values[total]) throw new EditionFault(`${names[total]} is not the sum of its parts`)
      if (dimension < levelAt) margins[total] = (margins[total] ?? 0) + 1
      if (!defining.has(total)) defining.set(total, sums.length)
      sums.push({ total, parts: cells })
    }
  }
  return {
    ...{ block, values, base, levels, margins, names, sums, grid: gridOf(codes) },
    rows: Int32Array.from(rows),
    level: Int32Array.from(codes, (cell) => levels.indexOf(cell[levelAt] ?? '')),
    parts: codes.map((cell) => cell[0] ?? ''),
    defining: [...defining.values()],
  }
}

function countOf(text: string | null | undefined, name: string | undefined): number {
  const count = Number(text ?? Number.NaN)
  if (!Number.isInteger(count) || count < 0 || count > 2 ** 31 - 1)
    throw new EditionFault(`the count of ${name} is missing, negative or no whole number`)
  return count
}
