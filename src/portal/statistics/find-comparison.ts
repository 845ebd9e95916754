/** The figures of a comparison: published values with intervals, and withheld ones with the range they must be in. */
import type { AppContext } from '../../catalogue/index.ts'
import { type Contract, freeStatus, type LoadedContract, statusField } from '../../contract/index.ts'
import type { RecordRow } from '../explorer/cells.tsx'
import { findRows } from '../explorer/find-rows.ts'
import type { Comparable, Measure } from './dimensions.ts'
import { meanInterval, type Range, wilsonInterval, withheldRange } from './intervals.ts'
import { type ComparisonQuestion, recordsOf } from './question.ts'

export interface Point {
  /** Code on the axis, and code of the series; empty if there is one series. */
  readonly category: string
  readonly series: string
  /** Null where it is withheld or not measured. */
  readonly value: number | null
  readonly isWithheld: boolean
  /** The 95 % interval of a value; of a withheld value where it must be, if that is known. */
  readonly range: Range | undefined
  /** Number of persons that it is based on. */
  readonly base: number | null
}

export interface Comparison {
  readonly points: readonly Point[]
  /** Codes that occur, in their order of the records. */
  readonly categories: readonly string[]
  readonly series: readonly string[]
  readonly edition: string | undefined
  readonly synthetic: boolean
  /** The measure shown: another than was asked for, where the indicator does not have that one. */
  readonly measure: Measure
  /** Parameters of the records that it was made of. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Most records of a comparison: 16 districts, 20 grades, 5 levels. */
const recordsMax = 5_000

/** Reads the figures. Throws the problems of the API. */
export async function findComparison(
  context: AppContext,
  loaded: LoadedContract,
  comparable: Comparable,
  question: ComparisonQuestion,
): Promise<Comparison> {
  const parameters = recordsOf(comparable, question)
  const page = await findRows(context, {
    loaded,
    parameters: { ...parameters, limit: String(recordsMax) },
  })
  const { contract } = context.contracts.get(loaded.contract.dataset, page.contractVersion)
  const measure = measureWithValues(contract, comparable, question, page.rows)
  const points = pointsOf(contract, comparable, { ...question, measure }, page.rows).filter(
    ({ category }) => question.only.length === 0 || question.only.includes(category),
  )
  const distinct = (codes: readonly string[]) => [...new Set(codes)]
  return {
    points,
    measure,
    categories: distinct(points.map(({ category }) => category)),
    series: distinct(points.map(({ series }) => series)),
    edition: page.edition,
    synthetic: page.synthetic,
    parameters,
  }
}

/**
 * The measure asked for if a record has it, else the first that records have, means first: a rate of the total score is
 * no figure of a run. Without any the one asked for.
 */
function measureWithValues(
  contract: Contract,
  comparable: Comparable,
  question: ComparisonQuestion,
  rows: readonly RecordRow[],
): Measure {
  const others = [...comparable.measures].sort(
    (a, b) => Number(b.deviation !== undefined) - Number(a.deviation !== undefined),
  )
  const hasValues = (measure: Measure) =>
    pointsOf(contract, comparable, { ...question, measure }, rows).some(({ value }) => value !== null)
  return [question.measure, ...others].find(hasValues) ?? question.measure
}

function pointsOf(
  contract: Contract,
  { level, dimensions }: Comparable,
  question: ComparisonQuestion,
  rows: readonly RecordRow[],
): readonly Point[] {
  const { by, series, measure } = question
  const code = (row: RecordRow, name: string | undefined) =>
    name === undefined ? '' : String(row[name] ?? '')
  if (level === undefined || question.level === level.total)
    return rows.map((row) => pointOf(contract, measure, row, [], [code(row, by), code(row, series)]))
  // The levels of one cell belong together.
  const keys = ['edition', ...dimensions.map(({ field }) => field.name)]
  const cells = new Map<string, RecordRow[]>()
  for (const row of rows) {
    const key = keys.map((name) => code(row, name)).join(' ')
    cells.set(key, [...(cells.get(key) ?? []), row])
  }
  return [...cells.values()].flatMap((levels) =>
    levels
      .filter((row) => row[level.field.name] === question.level)
      .map((row) => pointOf(contract, measure, row, levels, [code(row, by), code(row, series)], level)),
  )
}

function pointOf(
  contract: Contract,
  measure: Measure,
  row: RecordRow,
  levels: readonly RecordRow[],
  [category, series]: readonly [string, string],
  level?: Comparable['level'],
): Point {
  const number = (name: string | undefined) => {
    const value = name === undefined ? null : row[name]
    return typeof value === 'number' ? value : null
  }
  const status = statusField(contract)
  const value = number(measure.field.name)
  const isWithheld = value === null && status !== undefined && row[status] !== freeStatus
  const whole = wholeOf(levels, measure, level)
  const base = number(measure.base) ?? (isWithheld ? whole : null)
  const range = isWithheld
    ? withheldRangeOf(contract, measure, row, level, whole)
    : intervalOf(measure, value, base, number)
  return { category, series, value, isWithheld, range, base }
}

function intervalOf(
  measure: Measure,
  value: number | null,
  base: number | null,
  number: (name: string | undefined) => number | null,
): Range | undefined {
  if (value === null) return undefined
  const [low, high] = [number(measure.interval?.low), number(measure.interval?.high)]
  if (low !== null && high !== null) return { low, high }
  if (base === null) return undefined
  if (measure.field.unit === '%') return wilsonInterval(value, base)
  const deviation = number(measure.deviation)
  return deviation === null ? undefined : meanInterval(value, deviation, base)
}

/** The persons of all levels together, where that is published. */
function wholeOf(levels: readonly RecordRow[], { base }: Measure, level: Comparable['level']): number | null {
  if (level === undefined) return null
  const total = levels.find((row) => row[level.field.name] === level.total)
  const value = total?.[base]
  return typeof value === 'number' ? value : null
}

/** Where a withheld share or count of a level must be. Of other measures nothing is known. */
function withheldRangeOf(
  contract: Contract,
  measure: Measure,
  row: RecordRow,
  level: Comparable['level'],
  whole: number | null,
): Range | undefined {
  const count = contract.kind?.bind['count']
  const isShare = measure.field.unit === '%'
  if (level === undefined || count === undefined || (!isShare && measure.field.name !== count))
    return undefined
  const range = publishedRange(contract, row) ?? withheldRange(minimumOf(contract, row), whole ?? undefined)
  if (!isShare || range === undefined) return range
  if (whole === null || whole === 0) return undefined
  return { low: (100 * range.low) / whole, high: Math.min(100, (100 * range.high) / whole) }
}

/** The range that the rule publishes for a withheld count, where it does. */
function publishedRange(contract: Contract, row: RecordRow): Range | undefined {
  const ranges = contract.disclosure?.['ranges'] as
    | { readonly low?: string; readonly high?: string }
    | undefined
  const [low, high] = [row[ranges?.low ?? ''], row[ranges?.high ?? '']]
  return typeof low === 'number' && typeof high === 'number' ? { low, high } : undefined
}

/** The smallest count that the rule publishes, if this count is withheld because it is smaller. */
function minimumOf(contract: Contract, row: RecordRow): number | undefined {
  const minimum = contract.disclosure?.['minimum']
  const status = statusField(contract)
  return typeof minimum === 'number' && status !== undefined && row[status] === 'C' ? minimum : undefined
}
