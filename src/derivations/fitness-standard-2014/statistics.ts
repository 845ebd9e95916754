/**
 * Counts of scored pupils by the finest cell: district, stage, grade, sex. Per indicator it has the pupils of each level
 * and how often each result occurs, which is all that means, deviations and quantiles need. Counts add up, so parts may
 * come in any order. Confidential: a cell may hold one pupil.
 */
import { bmiLevels, levelCount, missing, noLevel, type Scored, scoreLevels, totalIndex } from './score.ts'
import { type ItemName, items } from './standard.ts'

export type IndicatorName = ItemName | 'total'

/** What results are counted of: the items and the total, each with its range in whole units. */
export const indicators: readonly {
  readonly name: IndicatorName
  /** Whole units in one unit of the standard. */
  readonly units: number
  /** Lowest and highest result in whole units. */
  readonly from: number
  readonly to: number
  readonly levels: readonly string[]
}[] = [
  ...items.map(({ name, units, from, to }) => ({
    ...{ name, units, from: from * units, to: to * units },
    levels: name === 'bmi' ? bmiLevels : scoreLevels,
  })),
  { name: 'total', units: 10, from: 0, to: 1200, levels: scoreLevels },
]

/** Whether a pupil has a result, is exempt, or has none. */
export const participations = ['tested', 'exempt', 'absent'] as const
export type Participation = (typeof participations)[number]

/** The finest cell. */
export interface CellKey {
  readonly district: string
  readonly stage: string
  readonly grade: string
  /** 1 or 2. */
  readonly sex: string
}

export interface CellCounts extends CellKey {
  /** By the index in `participations`. */
  readonly participation: Int32Array
  /** By indicator and level: `levelCount * indicator + level`. */
  readonly levels: Int32Array
  /** By indicator: how often each result occurs, from the lowest on; undefined before the first. */
  readonly results: (Int32Array | undefined)[]
}

export interface Statistics {
  /** The counts of a cell, made when first named. Keep the object where many pupils of one cell follow. */
  readonly cell: (key: CellKey) => CellCounts
  readonly cells: () => Iterable<CellCounts>
}

/** Opens empty statistics. */
export function openStatistics(): Statistics {
  const cells = new Map<string, CellCounts>()
  return {
    cell: ({ district, stage, grade, sex }) => {
      const key = `${district}/${stage}/${grade}/${sex}`
      let counts = cells.get(key)
      if (counts === undefined) {
        counts = {
          ...{ district, stage, grade, sex },
          participation: new Int32Array(participations.length),
          levels: new Int32Array(levelCount * indicators.length),
          results: indicators.map(() => undefined),
        }
        cells.set(key, counts)
      }
      return counts
    },
    cells: () => cells.values(),
  }
}

/** Counts a pupil with at least one result: `results` in the units of the items, and their scores. */
export function countTested(cell: CellCounts, results: Int32Array, scored: Scored): void {
  count(cell.participation, 0, 1)
  for (let index = 0; index <= totalIndex; index++) {
    const level = scored.levels[index] as number
    if (level === noLevel) continue
    count(cell.levels, levelCount * index + level, 1)
    countResult(cell, index, index === totalIndex ? scored.total : (results[index] ?? missing), 1)
  }
}

/** Counts a pupil who is exempt or has no result. */
export function countUntested(cell: CellCounts, participation: 'exempt' | 'absent'): void {
  count(cell.participation, participations.indexOf(participation), 1)
}

function count(counts: Int32Array, index: number, amount: number): void {
  counts[index] = (counts[index] as number) + amount
}

/** Throws a plain Error for a result out of range, which the reader of measurements has refused. */
function countResult(cell: CellCounts, index: number, result: number, amount: number): void {
  const { from, to } = indicators[index] as (typeof indicators)[number]
  if (!(result >= from && result <= to)) throw new Error(`a result of indicator ${index} is out of range`)
  let results = cell.results[index]
  if (results === undefined) {
    results = new Int32Array(to - from + 1)
    cell.results[index] = results
  }
  count(results, result - from, amount)
}

/** Names of the columns of `statisticsRows`, besides the amount. */
export const statisticsColumns = ['district', 'stage', 'grade', 'sex', 'indicator', 'measure'] as const

/** Stands for the indicator in the counts of participation. */
export const participationName = 'participation'

/**
 * The counts as rows that can be stored and added up. The measure is the name of a level or of a participation, or the
 * result in whole units.
 */
export function* statisticsRows(statistics: Statistics): Generator<{ cell: string[]; amount: number }> {
  for (const { district, stage, grade, sex, participation, levels, results } of statistics.cells()) {
    const of = (indicator: string, measure: string, amount: number) => ({
      cell: [district, stage, grade, sex, indicator, measure],
      amount,
    })
    for (const [index, name] of participations.entries()) {
      const amount = participation[index] ?? 0
      if (amount > 0) yield of(participationName, name, amount)
    }
    for (const [index, { name, from, levels: names }] of indicators.entries()) {
      for (const [level, measure] of names.entries()) {
        const amount = levels[levelCount * index + level] ?? 0
        if (amount > 0) yield of(name, measure, amount)
      }
      const counts = results[index]
      if (counts === undefined) continue
      for (let n = 0; n < counts.length; n++) {
        const amount = counts[n] ?? 0
        if (amount > 0) yield of(name, String(from + n), amount)
      }
    }
  }
}

/** Adds a row of `statisticsRows`. Throws a plain Error for a row that it never writes. */
export function addStatisticsRow(statistics: Statistics, cell: readonly string[], amount: number): void {
  const [district = '', stage = '', grade = '', sex = '', indicator = '', measure = ''] = cell
  const counts = statistics.cell({ district, stage, grade, sex })
  if (indicator === participationName) {
    const index = (participations as readonly string[]).indexOf(measure)
    if (index < 0) throw new Error('unknown participation in statistics')
    count(counts.participation, index, amount)
    return
  }
  const index = indicatorIndexes.get(indicator)
  if (index === undefined) throw new Error('unknown indicator in statistics')
  if (/^-?\d+$/.test(measure)) {
    countResult(counts, index, Number(measure), amount)
    return
  }
  const level = indicators[index]?.levels.indexOf(measure) ?? -1
  if (level < 0) throw new Error('unknown level in statistics')
  count(counts.levels, levelCount * index + level, amount)
}

const indicatorIndexes: ReadonlyMap<string, number> = new Map(
  indicators.map(({ name }, index) => [name, index]),
)
