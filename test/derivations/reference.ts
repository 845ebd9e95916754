/**
 * The reference tables of the standard as an oracle: reference/*.csv, each row agreed by several sources. It shares no
 * code with the scoring under test, and calculates with decimals as texts turned into whole thousandths.
 */
import { readFileSync } from 'node:fs'

function readTable(name: string): readonly (readonly string[])[] {
  const text = readFileSync(`test/derivations/reference/${name}.csv`, 'utf8')
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
}

/** A decimal as whole thousandths, by its digits. */
export function thousandths(decimal: string): number {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(decimal) ?? []
  if (whole === '') throw new Error('not a decimal')
  return Number(`${sign}${whole}${fraction.padEnd(3, '0')}`)
}

export interface ScoringRow {
  readonly item: string
  readonly sex: 1 | 2
  readonly grade: number
  readonly score: number
  /** In thousandths. */
  readonly threshold: number
  readonly isLowerBetter: boolean
}

export const scoringRows: readonly ScoringRow[] = readTable('fitness_scoring').map(
  ([item = '', , sex, grade, score, threshold = '', , direction]) => ({
    item,
    sex: sex === '1' ? 1 : 2,
    grade: Number(grade),
    score: Number(score),
    threshold: thousandths(threshold),
    isLowerBetter: direction === 'lower',
  }),
)

export const bonusRows = readTable('fitness_bonus').map(([item = '', sex, grade, bonus, delta = '']) => ({
  item,
  sex: Number(sex),
  grade: Number(grade),
  bonus: Number(bonus),
  delta: thousandths(delta),
}))

/** Bands of the body mass index, both ends included, in tenths. */
export const bmiRows = readTable('fitness_bmi').map(
  ([sex, grade, level = '', score, low = '', high = '']) => ({
    sex: sex === '1' ? (1 as const) : (2 as const),
    grade: Number(grade),
    level: { 低体重: 'low', 正常: 'normal', 超重: 'overweight', 肥胖: 'obese' }[level] ?? '',
    score: Number(score),
    low: low === '' ? Number.NEGATIVE_INFINITY : thousandths(low) / 100,
    high: high === '' ? Number.POSITIVE_INFINITY : thousandths(high) / 100,
  }),
)

const weightRows = readTable('fitness_weights')

/** Weights of a grade and sex in percent, by item. */
export function weightsOf(grade: number, sex: 1 | 2): Readonly<Record<string, number>> {
  const weights: Record<string, number> = {}
  for (const [grades = '', names = '', percent] of weightRows) {
    const [from, to] = grades.split('-').map(Number)
    if (grade < (from ?? 0) || grade > (to ?? 0)) continue
    for (const name of names.split('/')) {
      const [, item = '', only] = /^(\w+)(?:\((\d)\))?$/.exec(name) ?? []
      if (only === undefined || Number(only) === sex) weights[item] = Number(percent)
    }
  }
  return weights
}

const byTable = new Map<string, ScoringRow[]>()
for (const row of scoringRows) {
  const key = `${row.item}/${row.sex}/${row.grade}`
  byTable.set(key, [...(byTable.get(key) ?? []), row])
}

/** The rows of an item for a sex and grade. */
export const rowsOf = (item: string, sex: number, grade: number) =>
  byTable.get(`${item}/${sex}/${grade}`) ?? []

const isReached = (row: Pick<ScoringRow, 'isLowerBetter'>, threshold: number, result: number) =>
  row.isLowerBetter ? result <= threshold : result >= threshold

/** The best score that a result in thousandths reaches; 0 if none. */
export function expectedScore(item: string, sex: number, grade: number, result: number): number {
  return Math.max(
    0,
    ...rowsOf(item, sex, grade)
      .filter((row) => isReached(row, row.threshold, result))
      .map(({ score }) => score),
  )
}

/** The bonus of a result in thousandths. */
export function expectedBonus(item: string, sex: number, grade: number, result: number): number {
  const best = rowsOf(item, sex, grade).find(({ score }) => score === 100)
  if (best === undefined) return 0
  return Math.max(
    0,
    ...bonusRows
      .filter((row) => row.item === item && row.sex === sex && row.grade === grade)
      .filter(({ delta }) => isReached(best, best.threshold + delta, result))
      .map(({ bonus }) => bonus),
  )
}

/** Level of a score or total, given in tenths. */
export function expectedLevel(tenths: number): string {
  if (tenths >= 900) return 'excellent'
  if (tenths >= 800) return 'good'
  return tenths >= 600 ? 'pass' : 'fail'
}
