/**
 * What published means and quantiles say about the counts of levels. A level is a band of results, so a mean bounds how
 * many pupils can be in the high bands, and a quantile says how many lie below its band. Shares, rates and their intervals
 * add nothing: they are shown only where both their counts are.
 */
import type { BandsOf, ConfidentialRow } from '../edition.ts'
import type { Fact } from './model.ts'
import type { Columns, Parameters } from './parameters.ts'
import type { CellTable } from './table.ts'

interface Figures {
  readonly base: number
  /** Cells of levels from the lowest band to the highest, with their bands. */
  readonly cells: readonly number[]
  readonly bands: readonly (readonly [number, number])[]
  /** Range of the mean before it was rounded. */
  readonly mean?: readonly [number, number]
  readonly quantiles: readonly { readonly percent: number; readonly value: number }[]
}

/** The facts of a table, and whether values contradict those of a base. */
export function factsOf(
  table: CellTable,
  rows: readonly ConfidentialRow[],
  columns: Columns,
  { base: { minimum }, quantiles }: Parameters,
  bandsOf: BandsOf,
): { readonly facts: readonly Fact[]; readonly contradicts: (values: Int32Array, base: number) => boolean } {
  const levelCells = new Map<number, number[]>()
  for (const [cell, base] of table.base.entries())
    if (base !== cell) levelCells.set(base, [...(levelCells.get(base) ?? []), cell])
  const figures = new Map<number, Figures>()
  for (const [base, members] of levelCells) {
    const row = rows[table.rows[base] ?? 0]
    const count = table.values[base] ?? 0
    const bands = row === undefined || count < minimum ? undefined : bandsOf(row)
    if (row === undefined || bands === undefined) continue
    const sorted = members
      .map((cell) => ({ cell, band: bands[table.levels[table.level[cell] ?? 0] ?? ''] }))
      .filter((of): of is { cell: number; band: readonly [number, number] } => of.band !== undefined)
      .sort((a, b) => a.band[0] - b.band[0])
    if (sorted.length !== members.length) continue
    figures.set(base, {
      base,
      cells: sorted.map(({ cell }) => cell),
      bands: sorted.map(({ band }) => band),
      ...meanOf(columns.mean < 0 ? null : row[columns.mean]),
      quantiles: columns.quantiles.flatMap(({ column, percent }) => {
        const value = row[column]
        const isShown = showsQuantile(count, percent, quantiles?.minimumPerTail ?? 0)
        return value === null || value === undefined || !isShown ? [] : [{ percent, value: Number(value) }]
      }),
    })
  }
  return {
    facts: [...figures.values()].flatMap(linearFacts),
    contradicts: (values, base) => {
      const of = figures.get(base)
      return of !== undefined && !isPossible(of, values)
    },
  }
}

/** Whether enough pupils lie beyond a quantile on both sides. */
export function showsQuantile(count: number, percent: number, minimumPerTail: number): boolean {
  const rank = Math.ceil((percent * count) / 100)
  return rank - 1 >= minimumPerTail && count - rank >= minimumPerTail
}

function meanOf(text: string | null | undefined): { mean?: readonly [number, number] } {
  if (text === null || text === undefined) return {}
  const decimals = text.split('.')[1]?.length ?? 0
  const half = 0.5 * 10 ** -decimals
  return { mean: [Number(text) - half, Number(text) + half] }
}

/** Facts in a form that holds for every base, so that a base may move too. */
function linearFacts({ cells, bands, mean, quantiles }: Figures): readonly Fact[] {
  const facts: Fact[] = []
  const far = Number.POSITIVE_INFINITY
  if (mean !== undefined) {
    facts.push({ cells, factors: bands.map(([, high]) => high - mean[0]), low: 0, high: far })
    facts.push({ cells, factors: bands.map(([low]) => low - mean[1]), low: -far, high: 0 })
  }
  for (const { percent, value } of quantiles) {
    const factors = (isBelow: (band: readonly [number, number]) => boolean) =>
      bands.map((band) => (isBelow(band) ? 100 - percent : -percent))
    facts.push({ cells, factors: factors(([low]) => low <= value), low: 0, high: far })
    facts.push({ cells, factors: factors(([, high]) => high < value), low: -far, high: -1 })
  }
  return facts
}

/**
 * Whether results exist with these counts of levels, this mean and these quantiles: each result of the ordered list lies
 * in its band and between the quantiles around it, and the sums of the lowest and of the highest such results enclose
 * the mean.
 */
function isPossible({ cells, bands, mean, quantiles }: Figures, values: Int32Array): boolean {
  const counts = cells.map((cell) => values[cell] ?? 0)
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return true
  const marks = quantiles
    .map(({ percent, value }) => ({ rank: Math.ceil((percent * all) / 100), value }))
    .sort((a, b) => a.rank - b.rank)
  let [low, high, before] = [0, 0, 0]
  for (const [level, count] of counts.entries()) {
    const [from, to] = bands[level] ?? [0, 0]
    let rank = before
    before += count
    // Pieces of the level between ranks with a known result: [rank + 1, end].
    const ends = [...marks.flatMap((mark) => [mark.rank - 1, mark.rank]), before]
    for (const end of ends.filter((at) => at > rank && at <= before).sort((a, b) => a - b)) {
      if (end <= rank) continue
      const least = Math.max(from, ...marks.filter((mark) => mark.rank <= rank + 1).map((mark) => mark.value))
      const most = Math.min(to, ...marks.filter((mark) => mark.rank >= end).map((mark) => mark.value))
      if (least > most) return false
      low += (end - rank) * least
      high += (end - rank) * most
      rank = end
    }
  }
  // The tolerance is far below the smallest step of a result.
  return mean === undefined || (low <= mean[1] * all + 1e-6 && high >= mean[0] * all - 1e-6)
}
