/**
 * Synthetic fitness statistics. Pupils are drawn one by one from distributions laid through the thresholds of
 * the national standard (2014 revision), and then only counted, so that counts, shares and percentiles are
 * consistent. All arithmetic is in whole tenths.
 */
import { readFileSync } from 'node:fs'
import { type District, districts } from './districts.ts'
import type { Cell, SamplePart } from './part.ts'
import { between, normal, type Random, randomOf } from './random.ts'

const header = (
  'school_year,district,stage,grade,sex,indicator,level,tested,pupils,share,mean,p10,p50,p90,' +
  'excellent_good,excellent_good_rate,passed,pass_rate'
).split(',')

/** Grade, stage, and the scoring table that applies in a 5+4 school, as all schools of the samples are. */
const grades: readonly (readonly [grade: string, stage: string, table: string])[] = [
  ...['11', '12', '13', '14', '15'].map((grade) => [grade, 'primary', grade] as const),
  ['21', 'lower-secondary', '16'],
  ['22', 'lower-secondary', '21'],
  ['23', 'lower-secondary', '22'],
  ['24', 'lower-secondary', '23'],
  ...['31', '32', '33'].map((grade) => [grade, 'upper-secondary', grade] as const),
]

/** Indicators in which less is better, and those measured to a tenth; the others are whole numbers. */
const lowerIsBetter = new Set(['run_50m', 'shuttle_50x8', 'run_1000m', 'run_800m'])
const inTenths = new Set(['bmi', 'run_50m', 'sit_reach'])

const bmiLevels = ['low', 'normal', 'overweight', 'obese']
const scoreLevels = ['fail', 'pass', 'good', 'excellent']

interface Indicator {
  readonly name: string
  /** Tenths at which the second, third and fourth level begin; for BMI low is up to the first and included. */
  readonly bounds: readonly [number, number, number]
}

/** One part of one school year. */
export function fitnessParts(seed: number, editions: readonly string[]): readonly SamplePart[] {
  const indicators = readIndicators()
  return editions.flatMap((edition, year) =>
    districts.map((district) => ({
      dataset: 'student-fitness',
      edition,
      provider: `edu-${district.code}`,
      header,
      rows: () => rowsOf(seed, edition, year, district, indicators),
    })),
  )
}

type Indicators = ReadonlyMap<string, readonly Indicator[]>

function readIndicators(): Indicators {
  const text = readFileSync(new URL('./fitness-thresholds.csv', import.meta.url), 'utf8')
  const indicators = new Map<string, Indicator[]>()
  for (const line of text.trim().split('\n').slice(1)) {
    const [table = '', sex = '', name = '', ...bounds] = line.split(',')
    const [first = 0, second = 0, third = 0] = bounds.map((bound) => Math.round(Number(bound) * 10))
    const key = `${table}/${sex}`
    indicators.set(key, [...(indicators.get(key) ?? []), { name, bounds: [first, second, third] }])
  }
  for (const all of indicators.values()) all.push({ name: 'total', bounds: [600, 800, 900] })
  return indicators
}

function* rowsOf(seed: number, edition: string, year: number, district: District, indicators: Indicators) {
  for (const [index, [grade, stage, table]] of grades.entries()) {
    for (const sex of ['1', '2']) {
      const random = randomOf(seed, 'fitness', edition, district.code, grade, sex)
      // Some grades have only a handful of pupils, as trial classes do, so that disclosure control has
      // something to withhold.
      const few = random() < 0.01
      const pupils = few ? between(random, 4, 9) : Math.round(district.size * between(random, 170, 260))
      // In deviations: districts differ by their place, later years do a little better, older pupils a little
      // worse.
      const shift = normal(randomOf(seed, 'fitness', district.code)) * 0.1 + year * 0.05 - index * 0.01
      const first = [edition, district.code, stage, grade, sex]
      for (const indicator of indicators.get(`${table}/${sex}`) ?? []) {
        const values = measure(random, indicator, pupils, shift)
        if (values.length > 0) yield* rowsOfIndicator(first, indicator, values)
      }
    }
  }
}

function measure(random: Random, indicator: Indicator, pupils: number, shift: number): readonly number[] {
  const values: number[] = []
  for (let n = 0; n < pupils; n++) {
    const value = indicator.name === 'bmi' ? drawBmi(random, indicator) : draw(random, indicator, shift)
    // One in fifty is absent or exempt, and counted nowhere.
    if (random() >= 0.02) values.push(value)
  }
  return values.sort((a, b) => a - b)
}

function draw(random: Random, { name, bounds }: Indicator, shift: number): number {
  const [pass, good] = bounds
  // 30 % good or better and 93 % pass or better; pull-ups 12 % and 42 %, as schools report of them.
  const [zGood, zPass] = name === 'pull_up' ? [1.175, 0.202] : [0.524, -1.476]
  const deviation = (good - pass) / (zGood - zPass)
  const value = good - zGood * deviation + (normal(random) + shift) * deviation
  const step = inTenths.has(name) || name === 'total' ? 1 : 10
  const whole = Math.round(value / step) * step
  return name === 'sit_reach' ? whole : Math.max(0, name === 'total' ? Math.min(whole, 1200) : whole)
}

function drawBmi(random: Random, { bounds }: Indicator): number {
  const [low, overweight, obese] = bounds
  const share = random()
  if (share < 0.05) return low - between(random, 0, 12)
  if (share < 0.74) {
    // Values in the middle are likelier than those at the bounds.
    return low + 1 + Math.floor(((random() + random()) / 2) * (overweight - low - 1))
  }
  if (share < 0.88) return between(random, overweight, obese - 1)
  return obese + Math.floor(random() * random() * 80)
}

function levelOf({ name, bounds }: Indicator, value: number): string {
  const [first, second, third] = bounds
  if (name === 'bmi') {
    return bmiLevels[value <= first ? 0 : value < second ? 1 : value < third ? 2 : 3] ?? ''
  }
  const reached = bounds.filter((bound) => (lowerIsBetter.has(name) ? value <= bound : value >= bound)).length
  return scoreLevels[reached] ?? ''
}

function* rowsOfIndicator(
  first: readonly Cell[],
  indicator: Indicator,
  values: readonly number[],
): Generator<readonly Cell[]> {
  const tested = values.length
  const counts = new Map<string, number>()
  for (const value of values) {
    const level = levelOf(indicator, value)
    counts.set(level, (counts.get(level) ?? 0) + 1)
  }
  const count = (level: string) => counts.get(level) ?? 0
  const row = (level: string, pupils: number) => [
    ...first,
    indicator.name,
    level,
    tested,
    pupils,
    percent(pupils, tested),
  ]
  const sum = values.reduce((total, value) => total + value, 0)
  const figures = [halfUp(sum, tested), ...[10, 50, 90].map((p) => percentile(values, p))].map(tenths)
  const good = count('good') + count('excellent')
  const passed = good + count('pass')
  const rates =
    indicator.name === 'total'
      ? [good, percent(good, tested), passed, percent(passed, tested)]
      : ['', '', '', '']
  yield [...row('_T', tested), ...figures, ...rates]
  for (const level of indicator.name === 'bmi' ? bmiLevels : [...scoreLevels].reverse()) {
    yield [...row(level, count(level)), '', '', '', '', '', '', '', '']
  }
}

/** A quotient of whole numbers, rounded half up. */
function halfUp(numerator: number, denominator: number): number {
  return Math.floor((2 * numerator + denominator) / (2 * denominator))
}

const percent = (part: number, whole: number) => tenths(halfUp(part * 1000, whole))

/** By nearest rank: the smallest value that at least `p` percent do not exceed. */
function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.ceil((p * sorted.length) / 100) - 1] ?? 0
}

function tenths(value: number): string {
  const size = Math.abs(value)
  return `${value < 0 ? '-' : ''}${Math.floor(size / 10)}.${size % 10}`
}
