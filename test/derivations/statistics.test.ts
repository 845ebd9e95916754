import fc from 'fast-check'
import t from 'tap'
import {
  aggregateFigures,
  aggregateParticipation,
} from '../../src/derivations/fitness-standard-2014/aggregate.ts'
import {
  decimalOf,
  deviationOf,
  momentsOf,
  wilsonOf,
} from '../../src/derivations/fitness-standard-2014/figures.ts'
import { buildScored, missing, scoreInto } from '../../src/derivations/fitness-standard-2014/score.ts'
import { items, planOf } from '../../src/derivations/fitness-standard-2014/standard.ts'
import {
  addStatisticsRow,
  countTested,
  countUntested,
  indicators,
  openStatistics,
  type Statistics,
  statisticsRows,
} from '../../src/derivations/fitness-standard-2014/statistics.ts'
import { runs } from '../support/runs.ts'

const digits = { results: 2, rates: 1 }

interface Pupil {
  readonly district: string
  readonly grade: number
  readonly sex: 1 | 2
  readonly kind: 'tested' | 'exempt' | 'absent'
  /** By item, in its units; null where there is none. */
  readonly results: readonly (number | null)[]
}

const stageOf = (grade: number) => (grade < 20 ? 'primary' : 'lower-secondary')

const pupils = fc.array(
  fc.record({
    district: fc.constantFrom('310101', '310104'),
    grade: fc.constantFrom(11, 15, 21),
    sex: fc.constantFrom(1 as const, 2 as const),
    kind: fc.constantFrom('tested' as const, 'tested' as const, 'exempt' as const, 'absent' as const),
    results: fc.tuple(
      // Few values, so that ties and equal results occur.
      ...items.map(({ from, to, units }) => {
        const [low, high] = [Math.ceil(from * units), Math.floor(to * units)]
        const steps = fc.integer({ min: 0, max: 12 }).map((n) => low + Math.floor(((high - low) * n) / 12))
        return fc.option(steps, { freq: 8 })
      }),
    ),
  }),
  { maxLength: 60 },
)

function addPupil(statistics: Statistics, { district, grade, sex, kind, results }: Pupil): void {
  const cell = statistics.cell({
    district,
    stage: stageOf(grade),
    grade: String(grade),
    sex: String(sex),
  })
  if (kind !== 'tested') {
    countUntested(cell, kind)
    return
  }
  const plan = planOf(grade, sex)
  if (plan === undefined) throw new Error('no plan')
  const units = Int32Array.from(results, (result) => result ?? missing)
  const scored = buildScored()
  scoreInto(scored, plan, units)
  countTested(cell, units, scored)
}

function statisticsOf(all: readonly Pupil[]): Statistics {
  const statistics = openStatistics()
  for (const pupil of all) addPupil(statistics, pupil)
  return statistics
}

const publish = (statistics: Statistics) => [
  ...aggregateFigures(statistics, digits),
  ...aggregateParticipation(statistics),
]

t.test('parts in any order, one of them replaced, equal one pass over all rows', async () => {
  const parts = fc.array(fc.tuple(pupils, fc.nat()), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(parts, pupils, fc.nat(), (all, former, which) => {
      const stored = all.map(([part, order]) => ({ order, rows: [...statisticsRows(statisticsOf(part))] }))
      // A part arrives, and is replaced before anything is derived: its rows are dropped as a whole.
      const replaced = which % all.length
      const first = stored.map((part, n) =>
        n === replaced ? { ...part, rows: [...statisticsRows(statisticsOf(former))] } : part,
      )
      first[replaced] = stored[replaced] ?? { order: 0, rows: [] }
      const sum = openStatistics()
      for (const { rows } of first.sort((a, b) => a.order - b.order))
        for (const { cell, amount } of rows.toReversed()) addStatisticsRow(sum, cell, amount)
      const once = statisticsOf(all.flatMap(([part]) => part))
      return JSON.stringify(publish(sum)) === JSON.stringify(publish(once))
    }),
    runs(12, 2000),
  )
})

t.test('every cell and margin equals a count over the pupils themselves', async (t) => {
  const problems: string[] = []
  fc.assert(
    fc.property(pupils, (all) => {
      const tested = all.filter(({ kind }) => kind === 'tested')
      const figures = [...aggregateFigures(statisticsOf(all), digits)]
      for (const one of figures) {
        const index = indicators.findIndex(({ name }) => name === one.indicator)
        if (one.indicator === 'total') continue
        const values = tested
          .filter(({ district }) => ['_T', district].includes(one.district))
          .filter(({ grade }) => ['_T', stageOf(grade)].includes(one.stage))
          .filter(({ grade }) => ['_T', String(grade)].includes(one.grade))
          .filter(({ sex }) => ['_T', String(sex)].includes(one.sex))
          .filter(({ grade, sex }) => planOf(grade, sex)?.items.some((item) => item.index === index))
          .flatMap(({ results }) => results[index] ?? [])
          .sort((a, b) => a - b)
        const units = indicators[index]?.units ?? 1
        const figure = figureOf(values, units)
        for (const [name, value] of Object.entries(figure))
          if (String(one[name as keyof typeof one]) !== value) problems.push(`${one.indicator} ${name}`)
        if (one.levels.reduce((sum, { pupils: n }) => sum + n, 0) !== values.length) problems.push('levels')
      }
      const cells = new Set(figures.map(({ district, grade, sex }) => `${district} ${grade} ${sex}`))
      const present = tested.some(({ results }) => results[0] !== null)
      if (present && !cells.has('_T _T _T')) problems.push('no grand total')
      return problems.length === 0
    }),
    runs(12, 2000),
  )
  t.same(problems, [])
})

/** Figures of sorted values, by other formulas than those of the code under test. */
function figureOf(values: readonly number[], units: number): Readonly<Record<string, string>> {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n
  const nearest = (percent: number) => values[Math.ceil((percent * n) / 100) - 1] ?? 0
  const text = (value: number) => (Math.floor((value / units) * 100 + 0.5 + 1e-9) / 100).toFixed(2)
  return {
    tested: String(n),
    mean: text(mean),
    deviation: text(Math.sqrt(variance)),
    p10: text(nearest(10)),
    p50: text(nearest(50)),
    p90: text(nearest(90)),
  }
}

t.test('participation by district and stage', async (t) => {
  const pupil = (kind: Pupil['kind'], grade = 11, district = '310101'): Pupil => ({
    ...{ district, grade, sex: 1, kind },
    results: items.map(({ from, units }) => Math.ceil(from * units)),
  })
  const all = [pupil('tested'), pupil('exempt'), pupil('absent', 21), pupil('tested', 21, '310104')]
  t.same(
    [...aggregateParticipation(statisticsOf(all))].map(
      ({ district, stage, tested, exempt, absent }) => `${district} ${stage} ${tested} ${exempt} ${absent}`,
    ),
    [
      '310101 _T 1 1 1',
      '310101 lower-secondary 0 0 1',
      '310101 primary 1 1 0',
      '310104 _T 1 0 0',
      '310104 lower-secondary 1 0 0',
      '_T _T 2 1 1',
      '_T lower-secondary 1 0 1',
      '_T primary 1 1 0',
    ],
  )
  t.same([...aggregateFigures(statisticsOf([pupil('exempt')]), digits)], [], 'nobody was tested')
})

t.test('rounding and intervals', async (t) => {
  t.same(
    [decimalOf(5, 100, 1), decimalOf(-5, 100, 1), decimalOf(-15, 100, 1), decimalOf(-16, 100, 1)],
    ['0.1', '0.0', '-0.1', '-0.2'],
    'half up, also below zero',
  )
  t.same([decimalOf(1, 3, 0), decimalOf(2, 3, 2)], ['0', '0.67'])
  // Intervals of E. Wilson's method as R. G. Newcombe gives them (Statistics in Medicine 17, 1998, table I).
  t.same(
    [wilsonOf(81, 263, 2), wilsonOf(15, 148, 2), wilsonOf(0, 20, 2), wilsonOf(1, 29, 2), wilsonOf(20, 20, 2)],
    [
      ['25.53', '36.62'],
      ['6.24', '16.05'],
      ['0.00', '16.11'],
      ['0.61', '17.18'],
      ['83.89', '100.00'],
    ],
  )
  const moments = (values: readonly number[]) =>
    momentsOf({
      from: 0,
      counts: Int32Array.from({ length: 10 }, (_, n) => values.filter((v) => v === n).length),
    })
  t.equal(deviationOf(moments([2, 4, 4, 4, 5, 5, 7, 9]), 1, 2), '2.00')
  t.equal(deviationOf(moments([0, 1]), 1, 0), '1', 'a half is rounded up')
  t.equal(deviationOf(moments([3]), 10, 1), '0.0')
})
