import fc from 'fast-check'
import t from 'tap'
import { readGrade } from '../../src/derivations/fitness-standard-2014/grades.ts'
import {
  bmiLevels,
  bmiTenths,
  buildScored,
  missing,
  noLevel,
  scoreInto,
  scoreLevels,
  totalIndex,
} from '../../src/derivations/fitness-standard-2014/score.ts'
import { items, planOf, type Sex } from '../../src/derivations/fitness-standard-2014/standard.ts'
import { runs } from '../support/runs.ts'
import {
  bmiRows,
  bonusRows,
  expectedBonus,
  expectedLevel,
  expectedScore,
  rowsOf,
  scoringRows,
  thousandths,
  weightsOf,
} from './reference.ts'

/** Units in one unit of the standard, written again here: what a result may be read to. */
const unitsOf: Readonly<Record<string, number>> = { bmi: 10, run_50m: 100, sit_reach: 100, standing_jump: 10 }
const stepOf = (item: string) => 1000 / (unitsOf[item] ?? 1)
const names = items.map(({ name }): string => name)

/** Scores results given in thousandths. */
function scoreOf(grade: number, sex: Sex, results: Readonly<Record<string, number>>) {
  const plan = planOf(grade, sex)
  if (plan === undefined) throw new Error('no plan')
  const units = new Int32Array(names.length).fill(missing)
  for (const [item, result] of Object.entries(results)) units[names.indexOf(item)] = result / stepOf(item)
  const scored = buildScored()
  scoreInto(scored, plan, units)
  const level = scored.levels[totalIndex] ?? noLevel
  return {
    scores: Object.fromEntries(names.map((name, index) => [name, scored.scores[index]])),
    levels: Object.fromEntries(names.map((name, index) => [name, scored.levels[index]])),
    bonus: scored.bonus,
    total: scored.total,
    level: level === noLevel ? undefined : scoreLevels[level],
  }
}

t.test('each of the 3,547 scoring cells, just reached and just missed', async (t) => {
  t.equal(scoringRows.length, 3547)
  const wrong: string[] = []
  for (const { item, sex, grade, threshold, isLowerBetter } of scoringRows) {
    for (const result of [threshold, threshold + (isLowerBetter ? stepOf(item) : -stepOf(item))]) {
      const { scores, levels } = scoreOf(grade, sex, { [item]: result })
      const score = expectedScore(item, sex, grade, result)
      const level = scoreLevels.indexOf(expectedLevel(score * 10) as (typeof scoreLevels)[number])
      if (scores[item] !== score || levels[item] !== level) wrong.push(`${item} ${sex} ${grade} ${result}`)
    }
  }
  t.same(wrong, [])
})

t.test('a score that the standard leaves blank is never given', async (t) => {
  const given = new Set<string>()
  for (let grade = 11; grade < 45; grade++)
    for (const sex of [1, 2] as const) {
      if (planOf(grade, sex) === undefined) continue
      for (let count = 0; count < 100; count++) {
        const { scores } = scoreOf(grade, sex, { pull_up: count * 1000 })
        given.add(`${sex}/${grade}/${scores['pull_up']}`)
      }
    }
  const expected = [1, 2].flatMap((sex) =>
    [...new Set(scoringRows.map(({ grade }) => grade))].flatMap((grade) =>
      sex === 1 && grade > 20
        ? [0, ...new Set(rowsOf('pull_up', sex, grade).map(({ score }) => score))].map(
            (score) => `${sex}/${grade}/${score}`,
          )
        : [`${sex}/${grade}/-1`],
    ),
  )
  t.same([...given].sort(), expected.sort())
  t.notOk(given.has('1/21/78') || given.has('1/21/10') || given.has('1/21/20') || given.has('1/22/10'))
})

t.test('bonus steps, each just reached and just missed', async (t) => {
  t.equal(bonusRows.length, 640)
  const wrong: string[] = []
  for (const { item, sex, grade, delta } of bonusRows) {
    const best = rowsOf(item, sex, grade).find(({ score }) => score === 100)
    if (best === undefined) throw new Error('no table')
    const reached = best.threshold + delta
    for (const result of [reached, reached + (best.isLowerBetter ? 1000 : -1000)]) {
      const { bonus } = scoreOf(grade, best.sex, { [item]: result })
      if (bonus !== expectedBonus(item, sex, grade, result)) wrong.push(`${item} ${sex} ${grade} ${result}`)
    }
  }
  t.same(wrong, [])
})

t.test('no item but those of the tables gives a bonus', async (t) => {
  const withBonus = new Set(bonusRows.map(({ item, sex, grade }) => `${item}/${sex}/${grade}`))
  const best = { lower: 0, higher: 9_999_000 }
  const found = scoringRows
    .filter(({ score }) => score === 100)
    .filter(({ item, sex, grade }) => !withBonus.has(`${item}/${sex}/${grade}`))
    .filter(({ item, sex, grade, isLowerBetter }) => {
      const { bonus } = scoreOf(grade, sex, { [item]: isLowerBetter ? best.lower : best.higher })
      return bonus !== 0
    })
  t.same(found, [])
})

t.test('BMI bands at both ends, with the rounding that closes their gaps', async (t) => {
  const wrong: string[] = []
  for (const { sex, grade, level, score, low, high } of bmiRows) {
    const ends = [low, high].filter(Number.isFinite)
    for (const end of ends) {
      const { scores, levels } = scoreOf(grade, sex, { bmi: end * 100 })
      if (scores['bmi'] !== score || bmiLevels[levels['bmi'] ?? noLevel] !== level)
        wrong.push(`${grade}/${sex} ${end}`)
      // At 200 cm a hundredth of a kilogram is 0.0025 kg/m²: half a tenth below the end rounds up to it, less does not.
      const half = 4 * (end * 10 - 5)
      if (bmiTenths(20_000, half) !== end || bmiTenths(20_000, half - 1) !== end - 1)
        wrong.push(`${grade}/${sex} ${end}: rounding`)
    }
  }
  t.same(wrong, [])
  fc.assert(
    fc.property(fc.integer({ min: 8000, max: 25_000 }), fc.integer({ min: 1400, max: 20_000 }), (h, w) => {
      // kg/m² × 10 = w/100 ÷ (h/10000)² × 10, half up.
      const [numerator, denominator] = [BigInt(w) * 10_000_000n, BigInt(h) * BigInt(h)]
      return BigInt(bmiTenths(h, w)) === (2n * numerator + denominator) / (2n * denominator)
    }),
    runs(300, 100_000),
  )
})

t.test('the worked example', async (t) => {
  const results = {
    bmi: bmiTenths(15_500, 4800) * 100,
    vital_capacity: thousandths('2400'),
    run_50m: thousandths('8.9'),
    sit_reach: thousandths('12.0'),
    standing_jump: thousandths('170'),
    sit_up_1min: thousandths('55'),
    run_800m: thousandths('235'),
  }
  t.match(scoreOf(21, 2, results), { bonus: 2, total: 874, level: 'good' })
})

/** The lowest result of a score. */
const resultOf = (item: string, sex: number, grade: number, score: number) =>
  rowsOf(item, sex, grade).find((row) => row.score === score)?.threshold ?? Number.NaN

t.test('89.95 is excellent', async (t) => {
  const scores = {
    vital_capacity: 95,
    run_50m: 90,
    sit_reach: 95,
    standing_jump: 90,
    pull_up: 72,
    run_1000m: 85,
  }
  const weights = weightsOf(22, 1)
  const sum = Object.entries(scores).reduce((all, [item, score]) => all + score * (weights[item] ?? 0), 0)
  t.equal(sum + 100 * (weights['bmi'] ?? 0), 8995)
  const normal = bmiRows.find(({ sex, grade, level }) => sex === 1 && grade === 22 && level === 'normal')
  const results = Object.entries(scores).map(([item, score]) => [item, resultOf(item, 1, 22, score)])
  const pupil = { ...Object.fromEntries(results), bmi: (normal?.low ?? 0) * 100 }
  t.match(scoreOf(22, 1, pupil), { bonus: 0, total: 900, level: 'excellent' })
})

t.test('totals of whole pupils, at most 120, and none where an item is missing', async () => {
  const grades = [...new Set(scoringRows.map(({ grade }) => grade))]
  const pupil = fc.record({
    grade: fc.constantFrom(...grades),
    sex: fc.constantFrom(1 as const, 2 as const),
    parts: fc.array(fc.nat({ max: 1000 }), { minLength: 10, maxLength: 10 }),
    left: fc.option(fc.nat({ max: 6 }), { freq: 5 }),
  })
  fc.assert(
    fc.property(pupil, ({ grade, sex, parts, left }) => {
      const weights = weightsOf(grade, sex)
      const results: Record<string, number> = {}
      let hundredths = 0
      let bonus = 0
      for (const [n, item] of Object.keys(weights).entries()) {
        if (n === left) continue
        const rows = rowsOf(item, sex, grade).map(({ threshold }) => threshold)
        const [low, high] = item === 'bmi' ? [12_000, 30_000] : [Math.min(...rows), Math.max(...rows)]
        const spread = ((high - low) * 1.6 * (parts[n] ?? 0)) / 1000
        const result = Math.round((low - (high - low) * 0.3 + spread) / stepOf(item)) * stepOf(item)
        results[item] = result
        const band = bmiRows.find(
          (row) =>
            row.sex === sex && row.grade === grade && row.low <= result / 100 && result / 100 <= row.high,
        )
        const score = item === 'bmi' ? (band?.score ?? 0) : expectedScore(item, sex, grade, result)
        hundredths += score * (weights[item] ?? 0)
        bonus += item === 'bmi' ? 0 : expectedBonus(item, sex, grade, result)
      }
      const got = scoreOf(grade, sex, results)
      if (left !== null && left < Object.keys(weights).length)
        return got.total === missing && got.level === undefined
      const total = Number((BigInt(hundredths + 100 * bonus) * 10n + 50n) / 100n)
      return got.total === total && got.total <= 1200 && got.level === expectedLevel(total)
    }),
    runs(2000, 200_000),
  )
})

t.test('known faults of other programs', async (t) => {
  const score = (grade: number, sex: Sex, item: string, result: number) =>
    scoreOf(grade, sex, { [item]: result * 1000 })
  // University years 1 and 2 have a table of their own.
  t.not(
    resultOf('vital_capacity', 1, 41, 100),
    resultOf('vital_capacity', 1, 43, 100),
    'the tables differ, so the next lines mean something',
  )
  for (const grade of [41, 42, 43, 44]) {
    const best = resultOf('vital_capacity', 1, grade, 100) / 1000
    t.equal(score(grade, 1, 'vital_capacity', best).scores['vital_capacity'], 100)
    t.equal(score(grade, 1, 'vital_capacity', best - 1).scores['vital_capacity'], 95)
  }
  // The rope bonus of girls begins at the threshold of girls.
  t.not(resultOf('rope_1min', 1, 13, 100), resultOf('rope_1min', 2, 13, 100))
  const rope = resultOf('rope_1min', 2, 13, 100) / 1000
  t.equal(score(13, 2, 'rope_1min', rope + 2).bonus, 1)
  t.equal(score(13, 2, 'rope_1min', rope + 1).bonus, 0)
  // Sit-ups give a bonus to girls from lower secondary on, and to nobody else.
  t.equal(score(22, 2, 'sit_up_1min', 99).bonus, 10)
  t.equal(score(14, 1, 'sit_up_1min', 99).bonus, 0)
  t.equal(score(14, 2, 'sit_up_1min', 99).bonus, 0)
  t.equal(score(22, 1, 'sit_up_1min', 99).bonus, 0)
})

t.test('the system of the school chooses the table, and a word names the same year in both', async (t) => {
  const table = (text: string, system: '6+3' | '5+4', sixth: '16' | '21' = '21') => {
    const grade = readGrade(text, system, sixth)
    return typeof grade === 'string' ? grade : `${grade.code} ${grade.stage} ${grade.table}`
  }
  const of = (texts: string, ...rest: ['6+3' | '5+4', ('16' | '21')?]) =>
    texts.split(' ').map((text) => table(text, ...rest))
  t.same(of('15 16 21 22 23 24 31', '6+3'), [
    ...['15 primary 15', '16 primary 16', '21 lower-secondary 21', '22 lower-secondary 22'],
    ...['23 lower-secondary 23', 'system', '31 upper-secondary 31'],
  ])
  t.same(of('15 16 21 22 23 24 31', '5+4'), [
    ...['15 primary 15', '21 lower-secondary 16', '21 lower-secondary 16', '22 lower-secondary 21'],
    ...['23 lower-secondary 22', '24 lower-secondary 23', '31 upper-secondary 31'],
  ])
  t.same(of('15 16 21 22 23 24', '5+4', '16'), [
    ...['15 primary 15', '16 lower-secondary 16', '21 lower-secondary 21'],
    ...['22 lower-secondary 22', '23 lower-secondary 23', 'system'],
  ])
  t.same(of('六年级 预初 初一 初三 初四', '6+3'), [
    ...['16 primary 16', '16 primary 16', '21 lower-secondary 21', '23 lower-secondary 23', 'system'],
  ])
  t.same(of('六年级 预初 初一 初三 初四', '5+4'), [
    ...['21 lower-secondary 16', '21 lower-secondary 16', '22 lower-secondary 21'],
    ...['24 lower-secondary 23', '24 lower-secondary 23'],
  ])
  t.same(of('10 17 20 45 x 1 高一 大四', '5+4').slice(0, 6), Array(6).fill('unknown'))
  t.same(of('高一 大四', '6+3'), ['31 upper-secondary 31', '44 higher 44'])
  t.equal(planOf(34, 1), undefined, 'the standard has no table for a fourth year of upper secondary')
})
