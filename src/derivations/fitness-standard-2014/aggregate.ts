/**
 * Aggregates statistics to the cells of publication with all their margins: each district and all together; each grade,
 * each stage and all together; each sex and both together. The results are confidential until disclosure control.
 */
import { decimalOf, deviationOf, type Histogram, momentsOf, quantilesOf, wilsonOf } from './figures.ts'
import { levelCount, totalIndex } from './score.ts'
import { type CellCounts, type CellKey, indicators, participations, type Statistics } from './statistics.ts'

/** Code of a margin: all districts, all grades of a stage, all stages, both sexes, all levels. */
export const totalCode = '_T'

/** Decimals of figures. */
export interface Digits {
  /** Of mean, deviation and quantiles, in the unit of the indicator. */
  readonly results: number
  /** Of shares, rates and their intervals, in percent. */
  readonly rates: number
}

/** A numerator with its rate of the tested, in percent, and Wilson's 95 % interval. */
export interface Rate {
  readonly count: number
  readonly rate: string
  readonly low95: string
  readonly high95: string
}

/** The figures of an indicator in one cell of publication. */
export interface Figures extends CellKey {
  readonly indicator: string
  /** The denominator of shares and rates; at least 1. */
  readonly tested: number
  readonly mean: string
  readonly deviation: string
  readonly p10: string
  readonly p50: string
  readonly p90: string
  readonly levels: readonly { readonly level: string; readonly pupils: number; readonly share: string }[]
  /** Good or excellent (优良), and pass or better (合格); of the total score only. */
  readonly good?: Rate
  readonly passed?: Rate
}

/** Yields the figures of all cells with at least one result, in the order of cell and indicator. */
export function* aggregateFigures(statistics: Statistics, digits: Digits): Generator<Figures> {
  const margins = groupMargins(statistics, marginsOf)
  const spans = new Map([...statistics.cells()].map((cell) => [cell, cell.results.map(spanOf)]))
  const widest = Math.max(...indicators.map(({ from, to }) => to - from + 1))
  const sum = new Int32Array(widest)
  for (const { key, cells } of margins) {
    for (let index = 0; index < indicators.length; index++) {
      const { from } = indicators[index] as (typeof indicators)[number]
      const span = cells.reduce((whole, cell) => joined(whole, spans.get(cell)?.[index] ?? noSpan), noSpan)
      const counts = sum.subarray(0, Math.max(0, span.end - span.begin)).fill(0)
      const levels = new Array<number>(levelCount).fill(0)
      let tested = 0
      for (const cell of cells) {
        const results = cell.results[index]
        if (results === undefined) continue
        const { begin, end } = spans.get(cell)?.[index] ?? noSpan
        for (let n = begin; n < end; n++)
          counts[n - span.begin] = (counts[n - span.begin] as number) + (results[n] as number)
        for (let level = 0; level < levelCount; level++) {
          const pupils = cell.levels[levelCount * index + level] as number
          levels[level] = (levels[level] as number) + pupils
          tested += pupils
        }
      }
      if (tested > 0) yield figuresOf(key, index, { from: from + span.begin, counts }, levels, digits)
    }
  }
}

/**
 * The part of a histogram that is not zero: from `begin` to before `end`. Most results are far from the ends of their
 * range, and each cell is added to a dozen margins.
 */
interface Span {
  readonly begin: number
  readonly end: number
}

const noSpan: Span = { begin: Number.POSITIVE_INFINITY, end: 0 }

function spanOf(counts: Int32Array | undefined): Span {
  if (counts === undefined) return noSpan
  let [begin, end] = [0, counts.length]
  while (begin < end && counts[begin] === 0) begin += 1
  while (begin < end && counts[end - 1] === 0) end -= 1
  return begin === end ? noSpan : { begin, end }
}

function joined(one: Span, other: Span): Span {
  return { begin: Math.min(one.begin, other.begin), end: Math.max(one.end, other.end) }
}

function figuresOf(
  key: CellKey,
  index: number,
  histogram: Histogram,
  counts: readonly number[],
  digits: Digits,
): Figures {
  const { name, units, levels } = indicators[index] as (typeof indicators)[number]
  const moments = momentsOf(histogram)
  const tested = moments.count
  const result = (value: number) => decimalOf(value, units, digits.results)
  const [p10 = 0, p50 = 0, p90 = 0] = quantilesOf(histogram, tested, [10, 50, 90])
  const rate = (count: number): Rate => {
    const [low95, high95] = wilsonOf(count, tested, digits.rates)
    return { count, rate: decimalOf(100 * count, tested, digits.rates), low95, high95 }
  }
  const [, pass = 0, good = 0, excellent = 0] = counts
  return {
    ...key,
    indicator: name,
    tested,
    mean: decimalOf(moments.sum, tested * units, digits.results),
    deviation: deviationOf(moments, units, digits.results),
    p10: result(p10),
    p50: result(p50),
    p90: result(p90),
    levels: levels.map((level, n) => {
      const pupils = counts[n] ?? 0
      return { level, pupils, share: decimalOf(100 * pupils, tested, digits.rates) }
    }),
    ...(index === totalIndex ? { good: rate(good + excellent), passed: rate(pass + good + excellent) } : {}),
  }
}

/** Pupils by participation, in a district and stage or a margin of them. */
export interface ParticipationCounts extends Pick<CellKey, 'district' | 'stage'> {
  readonly tested: number
  readonly exempt: number
  readonly absent: number
}

/** Participation by district × stage with both margins, and by nothing finer. */
export function* aggregateParticipation(statistics: Statistics): Generator<ParticipationCounts> {
  const margins = groupMargins(statistics, ({ district, stage }) =>
    [district, totalCode].flatMap((of) =>
      [stage, totalCode].map((at) => ({ district: of, stage: at, grade: totalCode, sex: totalCode })),
    ),
  )
  for (const { key, cells } of margins) {
    const [tested = 0, exempt = 0, absent = 0] = participations.map((_, n) =>
      cells.reduce((sum, { participation }) => sum + (participation[n] ?? 0), 0),
    )
    yield { district: key.district, stage: key.stage, tested, exempt, absent }
  }
}

/** The cells of publication that a finest cell belongs to. */
function marginsOf({ district, stage, grade, sex }: CellKey): readonly CellKey[] {
  const grades = [
    { stage, grade },
    { stage, grade: totalCode },
    { stage: totalCode, grade: totalCode },
  ]
  return [district, totalCode].flatMap((of) =>
    grades.flatMap((at) => [sex, totalCode].map((which) => ({ district: of, ...at, sex: which }))),
  )
}

interface Margin {
  readonly key: CellKey
  /** The finest cells of which it is the sum. */
  readonly cells: readonly CellCounts[]
}

/** The margins of all cells in a fixed order, whatever the order of the parts. */
function groupMargins(
  statistics: Statistics,
  keysOf: (cell: CellKey) => readonly CellKey[],
): readonly Margin[] {
  const margins = new Map<string, { key: CellKey; cells: CellCounts[] }>()
  for (const cell of statistics.cells()) {
    for (const key of keysOf(cell)) {
      const name = `${key.district}/${key.stage}/${key.grade}/${key.sex}`
      const margin = margins.get(name)
      if (margin === undefined) margins.set(name, { key, cells: [cell] })
      else margin.cells.push(cell)
    }
  }
  return [...margins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, margin]) => margin)
}
