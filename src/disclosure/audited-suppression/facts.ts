/**
 * What published means, deviations and quantiles say about the counts of levels. A level is a band of results, so a mean bounds how
 * many pupils can be in the high bands, and a quantile says how many lie below its band. Shares, rates and their intervals
 * add nothing: they are shown only where both their counts are.
 */
import { defined } from '../../platform/defined.ts'
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
  /** Range of the standard deviation before it was rounded. */
  readonly deviation?: readonly [number, number]
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
      ...defined({ mean: roundedRange(row[columns.mean]), deviation: roundedRange(row[columns.deviation]) }),
      quantiles: columns.quantiles.flatMap(({ column, percent }) => {
        const value = row[column]
        const isShown = showsQuantile(count, percent, quantiles?.minimumPerTail ?? 0)
        return value === null || value === undefined || !isShown ? [] : [{ percent, value: Number(value) }]
      }),
    })
  }
  const known = new Map<string, boolean>()
  return {
    facts: [...figures.values()].flatMap(linearFacts),
    contradicts: (values, base) => {
      const of = figures.get(base)
      if (of === undefined) return false
      // Many moves leave a group with the same counts.
      const key = `${base}:${of.cells.map((cell) => values[cell]).join()}`
      const found = known.get(key) ?? !isPossible(of, values)
      known.set(key, found)
      return found
    },
  }
}

/** Whether enough pupils lie beyond a quantile on both sides. */
export function showsQuantile(count: number, percent: number, minimumPerTail: number): boolean {
  const rank = Math.ceil((percent * count) / 100)
  return rank - 1 >= minimumPerTail && count - rank >= minimumPerTail
}

/** What a published figure may have been before it was rounded. */
function roundedRange(text: string | null | undefined): readonly [number, number] | undefined {
  if (text === null || text === undefined) return undefined
  const decimals = text.split('.')[1]?.length ?? 0
  const half = 0.5 * 10 ** -decimals
  return [Number(text) - half, Number(text) + half]
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

/** Results that are only known to lie in a range. */
interface Piece {
  readonly count: number
  readonly least: number
  readonly most: number
}

/**
 * Whether results exist with these counts of levels, these quantiles, this mean and this deviation. The sums of the
 * lowest and of the highest such results must enclose all that the rounded mean allows, and likewise the squares: the
 * results can then keep their true sums, so that the means and deviations of larger groups hold too.
 */
function isPossible({ cells, bands, mean, deviation, quantiles }: Figures, values: Int32Array): boolean {
  const counts = cells.map((cell) => values[cell] ?? 0)
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return true
  const isOrdered = bands.every(([from], n) => n === 0 || from > (bands[n - 1]?.[1] ?? 0))
  if (!isOrdered && !quantiles.every((of) => canHaveQuantile(counts, bands, of, all))) return false
  const pieces = piecesOf(counts, bands, isOrdered ? quantiles : [], all)
  if (pieces === undefined) return false
  if (mean === undefined) return true
  const sumOf = (of: (piece: Piece) => number) =>
    pieces.reduce((sum, piece) => sum + piece.count * of(piece), 0)
  const [low, high] = [sumOf(({ least }) => least), sumOf(({ most }) => most)]
  // The tolerance is far below the smallest step of a result.
  if (low > mean[0] * all + 1e-6 || high < mean[1] * all - 1e-6) return false
  if (deviation === undefined) return true
  const centre = (mean[0] + mean[1]) / 2
  const [least, most] = squaresOf(pieces, centre * all).map((squares) => squares / all - centre * centre)
  return (least ?? 0) <= Math.max(0, deviation[0]) ** 2 + 1e-6 && (most ?? 0) >= deviation[1] ** 2 - 1e-6
}

/** Whether enough results may lie up to a quantile, and not too many below it, where the bands of levels overlap. */
function canHaveQuantile(
  counts: readonly number[],
  bands: Figures['bands'],
  { percent, value }: Figures['quantiles'][number],
  all: number,
): boolean {
  const rank = Math.ceil((percent * all) / 100)
  const count = (isCounted: (band: readonly [number, number]) => boolean) =>
    counts.reduce((sum, own, n) => sum + (isCounted(bands[n] ?? [0, 0]) ? own : 0), 0)
  return count(([from]) => from <= value) >= rank && count(([, to]) => to < value) < rank
}

/**
 * The results in order, in pieces between quantiles: each result lies in the band of its level and between the quantiles
 * around it. Undefined if one can't.
 */
function piecesOf(
  counts: readonly number[],
  bands: Figures['bands'],
  quantiles: Figures['quantiles'],
  all: number,
): readonly Piece[] | undefined {
  const marks = quantiles
    .map(({ percent, value }) => ({ rank: Math.ceil((percent * all) / 100), value }))
    .sort((a, b) => a.rank - b.rank)
  const pieces: Piece[] = []
  let before = 0
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
      if (least > most) return undefined
      pieces.push({ count: end - rank, least, most })
      rank = end
    }
  }
  return pieces
}

/** The least and the greatest sum of squares of results with this sum. */
function squaresOf(pieces: readonly Piece[], sum: number): readonly [least: number, greatest: number] {
  // Least: all results as close to one value as their ranges allow.
  let [low, high] = [
    Math.min(...pieces.map(({ least }) => least)),
    Math.max(...pieces.map(({ most }) => most)),
  ]
  const clamped = (value: number, { least, most }: Piece) => Math.min(most, Math.max(least, value))
  const total = (value: number) => pieces.reduce((own, piece) => own + piece.count * clamped(value, piece), 0)
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2
    if (total(middle) < sum) low = middle
    else high = middle
  }
  const least = pieces.reduce((own, piece) => own + piece.count * clamped(high, piece) ** 2, 0)
  // Greatest: from the lowest results, raise those to their highest whose squares grow most.
  let rest = sum - pieces.reduce((own, piece) => own + piece.count * piece.least, 0)
  let greatest = pieces.reduce((own, piece) => own + piece.count * piece.least ** 2, 0)
  for (const { count, least: from, most: to } of [...pieces].sort(
    (a, b) => b.least + b.most - a.least - a.most,
  )) {
    const raised = Math.min(rest, count * (to - from))
    greatest += raised * (from + to)
    rest -= raised
  }
  return [least, greatest]
}
