/**
 * The interval of each withheld count that the published data allow, from linear programmes over what is public alone: it
 * repeats what every reader can compute. Bounds are rounded inwards. An outer bound proves nothing; only a move does.
 */
import type { LinearModel, Solve } from '../solve.ts'
import type { Block } from './model.ts'
import type { Step } from './moves.ts'

export type Range = readonly [low: number, high: number]

/** Lowest and highest value of a withheld cell by its status and the counts shown beside it. */
export type PublicRange = (cell: number) => Range

/** Ranges of the cells named, by cell. */
export async function rangesOf(
  block: Block,
  hidden: Uint8Array,
  cells: readonly number[],
  publicRange: PublicRange,
  solve: Solve,
  step: Step = () => {},
): Promise<ReadonlyMap<number, Range>> {
  const found = new Map<number, Range>()
  if (cells.length === 0) return found
  const columns = new Map<number, number>()
  for (let cell = 0; cell < hidden.length; cell++) if (hidden[cell] === 1) columns.set(cell, columns.size)
  const solver = await solve(countsModel(block, hidden, columns, publicRange))
  try {
    let current: number | undefined
    for (const [n, cell] of cells.entries()) {
      step(n, cells.length)
      const column = columns.get(cell) ?? 0
      const bounds: number[] = []
      for (const sign of [1, -1]) {
        const cost = current === undefined || current === column ? [column] : [current, column]
        const values = cost.length === 1 ? [sign] : [0, sign]
        current = column
        const { status, objective } = await solver.ask({
          ...{ columns: [], lower: [], upper: [] },
          cost: { columns: cost, values },
        })
        if (status !== 'optimal') break
        bounds.push(sign * objective)
      }
      const [low, high] = bounds
      const [widestLow, widestHigh] = publicRange(cell)
      found.set(cell, [
        low === undefined ? widestLow : Math.ceil(low - 1e-6),
        high === undefined ? widestHigh : Math.floor(high + 1e-6),
      ])
    }
  } finally {
    await solver.close()
  }
  return found
}

/** The counts that an outsider doesn't know, with every sum and fact that holds between them. */
function countsModel(
  block: Block,
  hidden: Uint8Array,
  columns: ReadonlyMap<number, number>,
  publicRange: PublicRange,
): LinearModel {
  const rows: { columns: number[]; factors: number[]; low: number; high: number }[] = []
  const add = (cells: readonly number[], factors: readonly number[], low: number, high: number) => {
    const row = { columns: [] as number[], factors: [] as number[] }
    let known = 0
    for (const [n, cell] of cells.entries()) {
      const column = hidden[cell] === 1 ? columns.get(cell) : undefined
      if (column === undefined) known += (factors[n] ?? 0) * (block.values[cell] ?? 0)
      else {
        row.columns.push(column)
        row.factors.push(factors[n] ?? 0)
      }
    }
    if (row.columns.length > 0) rows.push({ ...row, low: low - known, high: high - known })
  }
  for (const { total, parts } of block.sums) add([total, ...parts], [-1, ...parts.map(() => 1)], 0, 0)
  // The mean and quantiles of a withheld base are not shown.
  const isShown = (cell: number) => hidden[block.group[cell] ?? 0] !== 1
  for (const { cells, factors, low, high } of block.facts)
    if (cells.every(isShown)) add(cells, factors, low, high)
  const starts = new Int32Array(rows.length + 1)
  for (const [n, row] of rows.entries()) starts[n + 1] = (starts[n] ?? 0) + row.columns.length
  const bounds = [...columns.keys()].map(publicRange)
  return {
    cost: new Float64Array(columns.size),
    lower: Float64Array.from(bounds, ([low]) => low),
    upper: Float64Array.from(bounds, ([, high]) => high),
    rowLower: Float64Array.from(rows, ({ low }) => low),
    rowUpper: Float64Array.from(rows, ({ high }) => high),
    starts,
    indices: Int32Array.from(rows.flatMap((row) => row.columns)),
    factors: Float64Array.from(rows.flatMap((row) => row.factors)),
  }
}
