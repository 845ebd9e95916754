/** The rows of an edition as they may be published, with the decisions about their counts. */
import type { ConfidentialRow, EditionCells } from '../edition.ts'
import { showsQuantile } from './facts.ts'
import type { Columns, Parameters } from './parameters.ts'
import { sensitiveCells } from './primary.ts'
import type { PublicRange, Range } from './ranges.ts'
import type { CellTable } from './table.ts'
import type { BlockVersion, Joint } from './versions.ts'

/** Free, primary, secondary, or shown at the value of the former version. */
export type Decision = 'F' | 'C' | 'D' | 'held'

export interface Statuses {
  /** By cell of the new version. */
  readonly decisions: readonly Decision[]
  readonly formerRow: (cell: number) => ConfidentialRow | undefined
  /** Whether the mean, deviation and quantiles of a base are withheld. */
  readonly isQuiet: (cell: number) => boolean
}

interface Decided {
  readonly table: CellTable
  readonly statuses: Statuses
  readonly ranges: ReadonlyMap<number, Range>
}

/** Writes the rows in their order, and counts what they withhold. */
export function publishRows(
  edition: EditionCells,
  blocks: readonly Decided[],
  columns: Columns,
  parameters: Parameters,
): {
  readonly rows: readonly ConfidentialRow[]
  readonly recordsWithheld: number
  readonly valuesWithheld: number
} {
  const rows: ConfidentialRow[] = []
  let [recordsWithheld, valuesWithheld] = [0, 0]
  for (const block of blocks) {
    const levelCells = new Map<string, number>()
    for (const [cell, level] of block.table.level.entries())
      if (level >= 0) levelCells.set(`${block.table.base[cell]} ${block.table.levels[level]}`, cell)
    for (const [cell, index] of block.table.rows.entries()) {
      const before = edition.rows[index] ?? []
      const row = publishRow(before, cell, block, { columns, parameters, levelCells })
      const blank = row.filter((value, n) => value === null && before[n] !== null).length
      if (blank > 0) recordsWithheld += 1
      valuesWithheld += blank
      rows[index] = row
    }
  }
  return { rows, recordsWithheld, valuesWithheld }
}

function publishRow(
  before: ConfidentialRow,
  cell: number,
  { table, statuses, ranges }: Decided,
  of: { columns: Columns; parameters: Parameters; levelCells: ReadonlyMap<string, number> },
): ConfidentialRow {
  const { columns, parameters, levelCells } = of
  const base = table.base[cell] ?? 0
  const [own, whole] = [statuses.decisions[cell], statuses.decisions[base]]
  const former = statuses.formerRow(cell)
  const row = [...before]
  const isBlank = (decision: Decision | undefined) => decision === 'C' || decision === 'D'
  const write = (column: number, decision: Decision | undefined) => {
    if (isBlank(decision)) row[column] = null
    if (decision === 'held') row[column] = former?.[column] ?? null
  }
  write(columns.count, own)
  write(columns.base, whole)
  for (const { column, levels } of columns.measures) {
    if (row[column] === null) continue
    const needed = [
      own,
      whole,
      ...(levels ?? []).map((level) => statuses.decisions[levelCells.get(`${base} ${level}`) ?? -1]),
    ]
    if (needed.some(isBlank)) row[column] = null
    else if (needed.every((decision) => decision === 'held')) row[column] = former?.[column] ?? null
    else if (needed.includes('held')) row[column] = null
  }
  for (const { column, percent } of columns.quantiles)
    if (!showsQuantile(table.values[base] ?? 0, percent, parameters.quantiles?.minimumPerTail ?? 0))
      row[column] = null
  const isQuiet = cell === base && statuses.isQuiet(base)
  if (isQuiet) for (const column of figureColumns(columns)) row[column] = null
  // A row that lacks only its base is flagged too: no blank is without a flag.
  row[columns.status] = own === 'C' ? 'C' : isBlank(own) || isBlank(whole) || isQuiet ? 'D' : 'F'
  const range = ranges.get(cell)
  if (columns.low >= 0) row[columns.low] = range === undefined ? null : String(range[0])
  if (columns.high >= 0) row[columns.high] = range === undefined ? null : String(range[1])
  return row
}

/** What everybody knows about a withheld count of the joint block: its status and the counts shown beside it. */
export function publicRangeOf(
  versions: readonly BlockVersion[],
  { cells }: Joint,
  { decisions }: Statuses,
  parameters: Parameters,
): PublicRange {
  const { table } = versions.at(-1) as BlockVersion
  const { base, levels } = parameters
  const sensitive = sensitiveCells(table, parameters)
  const lowest = levels.zero === 'protect' ? 0 : 1
  const top = 2 ** 31 - 1
  const own = new Map<number, Range>()
  for (const [cell, joint] of (cells.at(-1) ?? new Int32Array()).entries()) {
    const of = table.base[cell] ?? 0
    const isSmallBase = decisions[of] === 'C'
    if (cell === of) own.set(joint, isSmallBase ? [lowest, base.minimum - 1] : [base.minimum, top])
    else if (isSmallBase) own.set(joint, [0, base.minimum - 1])
    else own.set(joint, [sensitive[cell] === 1 ? lowest : 0, top])
  }
  // Cells of former versions, and those that were withheld before, are only known not to be negative.
  return (joint) => (versions.length > 1 ? undefined : own.get(joint)) ?? [0, top]
}

/** The columns of mean, deviation and quantiles. */
export function figureColumns({ mean, deviation, quantiles }: Columns): readonly number[] {
  return [mean, deviation, ...quantiles.map(({ column }) => column)].filter((column) => column >= 0)
}
