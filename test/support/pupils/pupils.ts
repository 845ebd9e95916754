/**
 * Synthetic pupils with results in the units of the upload template. Each has an ability that all items share in part;
 * results are laid through the thresholds of the reference tables for 60 and 80 points, so that levels have the shares
 * that schools report. Seeded: the same on every machine.
 */
import { readFileSync } from 'node:fs'
import { between, type Random, randomOf } from '../samples/random.ts'
import type { School } from './schools.ts'

export interface SyntheticPupil {
  readonly grade: string
  readonly sex: 1 | 2
  /** 学籍号. */
  readonly number: string
  readonly class: string
  readonly birthDate: string
  readonly isExempt: boolean
  /** Height in cm, weight in kg, and items by name; missing ones are left out. Times are in seconds. */
  readonly results: Readonly<Record<string, number>>
}

interface Item {
  readonly name: string
  readonly pass: number
  readonly good: number
  /** Smallest difference of two results. */
  readonly step: number
  readonly from: number
  readonly to: number
}

/** Smallest difference and range of the results of an item. */
const forms: Readonly<Record<string, readonly [step: number, from: number, to: number]>> = {
  ...{ vital_capacity: [1, 500, 9999], run_50m: [0.1, 5, 20], sit_reach: [0.1, -30, 40] },
  ...{ rope_1min: [1, 0, 300], sit_up_1min: [1, 0, 99], shuttle_50x8: [1, 45, 240] },
  ...{ standing_jump: [1, 50, 400], pull_up: [1, 0, 99], run_1000m: [1, 120, 540], run_800m: [1, 120, 540] },
}

/**
 * Where 60 and 80 points are on a normal distribution, in deviations; `usual` for most items. Chosen so that small counts
 * are as many as population.test.ts says.
 */
const usual = [-2.37, 0.1] as const
const passAndGood: Readonly<Record<string, readonly [pass: number, good: number]>> = {
  // Nearly everyone passes, so that few fail in a district, as in the real statistics of these items.
  vital_capacity: [-2.58, 0.3],
  pull_up: [-0.2, 1.1],
}

/** Share of an item's variance that the pupil's ability explains. */
const shared = 0.17

const items = readItems()
const bands = readBands()

function table(name: string): readonly (readonly string[])[] {
  const text = readFileSync(`test/derivations/reference/${name}.csv`, 'utf8')
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
}

/** Items by scoring table and sex: `16/1`. */
function readItems(): ReadonlyMap<string, readonly Item[]> {
  const thresholds = new Map<string, Map<string, { pass?: number; good?: number }>>()
  for (const [name = '', , sex, grade, score, threshold] of table('fitness_scoring')) {
    if (score !== '60' && score !== '80') continue
    const key = `${grade}/${sex}`
    const of = thresholds.get(key) ?? new Map<string, { pass?: number; good?: number }>()
    thresholds.set(
      key,
      of.set(name, { ...of.get(name), [score === '60' ? 'pass' : 'good']: Number(threshold) }),
    )
  }
  return new Map(
    [...thresholds].map(([key, of]) => [
      key,
      [...of].map(([name, { pass = 0, good = 0 }]) => {
        const [step, from, to] = forms[name] ?? [1, 0, 0]
        return { name, pass, good, step, from, to }
      }),
    ]),
  )
}

/** Body mass index at which normal, overweight and obese begin, by scoring table and sex. */
function readBands(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const [sex, grade, level = '', , low] of table('fitness_bmi')) {
    const at = ['正常', '超重', '肥胖'].indexOf(level)
    if (at < 0) continue
    const key = `${grade}/${sex}`
    const of = found.get(key) ?? [0, 0, 0]
    of[at] = Number(low)
    found.set(key, of)
  }
  return found
}

/** The scoring table of a grade code in a 5+4 school. */
const shiftedTables: Readonly<Record<string, string>> = { '21': '16', '22': '21', '23': '22', '24': '23' }

/** Quantiles of the normal distribution, which one random number looks up: a sum of twelve would take most of the time. */
const quantiles = normalQuantiles(4096)

function normalQuantiles(count: number): Float64Array {
  // Built from the density by summing, with only basic arithmetic, so that every machine gets the same table.
  const found = new Float64Array(count)
  const width = 1 / 4096
  let below = 0
  let density = 0.39894228
  const upper: number[] = []
  for (let z = 0; upper.length < count / 2; z += width) {
    while (upper.length < count / 2 && below >= (upper.length + 0.5) / count) upper.push(z)
    below += density * width
    density -= density * (z + width / 2) * width
    if (z > 5) upper.push(z)
  }
  for (let n = 0; n < count / 2; n++) {
    found[count / 2 + n] = upper[n] ?? 0
    found[count / 2 - 1 - n] = -(upper[n] ?? 0)
  }
  return found
}

const normalOf = (random: Random) => quantiles[Math.floor(random() * quantiles.length)] ?? 0

/** The pupils of a school, in the order of grade, sex and number. */
export function* pupilsOf(seed: number, year: number, school: School): Generator<SyntheticPupil> {
  const random = randomOf(seed, 'pupils', year, school.code)
  let serial = 0
  for (const { grade, boys, girls } of school.grades) {
    const scoring = school.system === '5+4' ? (shiftedTables[grade] ?? grade) : grade
    for (const [sex, count] of [
      [1, boys],
      [2, girls],
    ] as const) {
      for (let n = 0; n < count; n++) {
        serial += 1
        yield {
          ...{ grade, sex, number: `G${school.code}${String(serial).padStart(8, '0')}` },
          class: `${grade}${String(1 + (n % 8)).padStart(2, '0')}`,
          birthDate: birthDate(random, year, grade, school.system),
          // One in a hundred is exempt.
          isExempt: random() < 0.01,
          results: measure(random, `${scoring}/${sex}`, school.shift),
        }
      }
    }
  }
}

function birthDate(random: Random, year: number, grade: string, system: School['system']): string {
  const first = { '1': 6, '2': system === '5+4' ? 11 : 12, '3': 15 }[grade.charAt(0)] ?? 18
  const born = year - first - Number(grade.charAt(1)) + 1
  return `${born}-${String(between(random, 1, 12)).padStart(2, '0')}-${String(between(random, 1, 28)).padStart(2, '0')}`
}

function measure(random: Random, key: string, shift: number): Readonly<Record<string, number>> {
  const results: Record<string, number> = {}
  // One in two hundred is absent.
  if (random() < 0.005) return results
  const ability = normalOf(random) * Math.sqrt(shared) + shift
  for (const { name, pass, good, step, from, to } of items.get(key) ?? []) {
    const z = ability + normalOf(random) * Math.sqrt(1 - shared)
    // One in a hundred results is missing.
    if (random() < 0.01) continue
    const [zPass, zGood] = passAndGood[name] ?? usual
    const value = pass + ((good - pass) * (z - zPass)) / (zGood - zPass)
    const steps = Math.round(Math.min(to, Math.max(from, value)) / step)
    results[name] = step === 1 ? steps : Math.round(steps * 10 * step) / 10
  }
  const [normal = 0, overweight = 0, obese = 0] = bands.get(key) ?? []
  const share = random()
  const inside = (low: number, high: number) => low + (high - low) * ((random() + random()) / 2)
  const bmi =
    share < 0.05
      ? inside(normal - 1.5, normal)
      : share < 0.74
        ? inside(normal, overweight)
        : share < 0.88
          ? inside(overweight, obese)
          : inside(obese, obese + 7)
  const height = 110 + 4 * normalOf(random) + heightOf(key)
  results['height'] = Math.round(height * 10) / 10
  results['weight'] = Math.max(14, Math.round((bmi * height * height) / 1000) / 10)
  return results
}

/** Centimetres above 110 by scoring table: five a year. */
function heightOf(key: string): number {
  const table = Number(key.slice(0, 2))
  return table < 20 ? (table - 10) * 6 : table < 30 ? 38 + (table - 20) * 5 : 56
}
