/**
 * The synthetic city is as uneven as disclosure control needs it: how many cells are small. The whole city takes 15 s a
 * seed, so the suite looks at a quarter of its districts.
 */
import t from 'tap'
import { readGrade } from '../../src/derivations/fitness-standard-2014/grades.ts'
import {
  bmiTenths,
  buildScored,
  missing,
  scoreInto,
} from '../../src/derivations/fitness-standard-2014/score.ts'
import { items, planOf } from '../../src/derivations/fitness-standard-2014/standard.ts'
import {
  countTested,
  countUntested,
  indicators,
  openStatistics,
  type Statistics,
} from '../../src/derivations/fitness-standard-2014/statistics.ts'
import { pupilsOf, type SyntheticPupil } from '../support/pupils/pupils.ts'
import { type CityOptions, schoolsOf } from '../support/pupils/schools.ts'
import { isFull } from '../support/runs.ts'

function unitsOf({ results }: SyntheticPupil): Int32Array {
  const { height, weight } = results
  return Int32Array.from(items, ({ name, units }) => {
    if (name !== 'bmi') return results[name] === undefined ? missing : Math.round(results[name] * units)
    const isThere = height !== undefined && weight !== undefined
    return isThere ? bmiTenths(Math.round(height * 100), Math.round(weight * 100)) : missing
  })
}

function countCity(
  options: CityOptions,
  districts: number,
): { readonly statistics: Statistics; readonly pupils: number } {
  const statistics = openStatistics()
  const scored = buildScored()
  let pupils = 0
  const schools = schoolsOf(options)
  const chosen = new Set([...new Set(schools.map(({ district }) => district))].sort().slice(0, districts))
  for (const school of schools.filter(({ district }) => chosen.has(district))) {
    for (const pupil of pupilsOf(options.seed, 2025, school)) {
      pupils += 1
      const grade = readGrade(pupil.grade, school.system, '21')
      const plan = typeof grade === 'string' ? undefined : planOf(grade.table, pupil.sex)
      if (typeof grade === 'string' || plan === undefined) throw new Error('a grade without a table')
      const { code, stage } = grade
      const cell = statistics.cell({ district: school.district, stage, grade: code, sex: String(pupil.sex) })
      const units = unitsOf(pupil)
      if (pupil.isExempt || units.every((unit) => unit === missing)) {
        countUntested(cell, pupil.isExempt ? 'exempt' : 'absent')
        continue
      }
      scoreInto(scored, plan, units)
      countTested(cell, units, scored)
    }
  }
  return { statistics, pupils }
}

/** By indicator: cells with a base of 1 to 9, and with 1 to 9 pupils who fail or are obese on a base of 10 or more. */
function smallCells(statistics: Statistics) {
  const bases = indicators.map(() => 0)
  const fails = indicators.map(() => 0)
  const grades = new Set<string>()
  for (const { levels, grade } of statistics.cells()) {
    for (const [index, { name }] of indicators.entries()) {
      const counts = levels.subarray(4 * index, 4 * index + 4)
      const base = counts.reduce((sum, count) => sum + count, 0)
      const sensitive = counts[name === 'bmi' ? 3 : 0] ?? 0
      if (base > 0 && base < 10) {
        bases[index] = (bases[index] ?? 0) + 1
        grades.add(grade)
      } else if (sensitive > 0 && sensitive < 10) fails[index] = (fails[index] ?? 0) + 1
    }
  }
  return { bases, fails, grades: [...grades].sort() }
}

t.test('the same seed gives the same schools: tiny ones, odd grades, a missing sex', async (t) => {
  const options = { seed: 7, schools: 1609, pupils: 1_500_000 }
  const schools = schoolsOf(options)
  t.same(schools, schoolsOf(options))
  t.equal(schools.length, 1609)
  t.equal(new Set(schools.map(({ district }) => district)).size, 16)
  const sizes = schools.map(({ grades }) => grades.reduce((sum, { boys, girls }) => sum + boys + girls, 0))
  const all = sizes.reduce((sum, size) => sum + size, 0)
  t.ok(Math.abs(all - 1_500_000) < 75_000, `${all} pupils`)
  t.ok(sizes.filter((size) => size < 60).length > 20)
  t.ok(schools.some(({ grades }) => grades.some(({ boys, girls }) => boys === 0 && girls > 0)))
  const first = schools.slice(0, 2).flatMap((school) => [...pupilsOf(7, 2025, school)])
  t.same(
    first,
    schools.slice(0, 2).flatMap((school) => [...pupilsOf(7, 2025, school)]),
  )
  t.equal(new Set(first.map(({ number }) => number)).size, first.length)
})

t.test('a city has as many small cells as disclosure control was tried on', async (t) => {
  // A whole city takes 15 s: the suite counts four of its districts, PROPERTY_RUNS=full five cities.
  const cities = isFull ? [1, 2, 3, 4, 5].map((seed) => [seed, 16] as const) : [[1, 4] as const]
  for (const [seed, districts] of cities) {
    const options = { seed, schools: 1609, pupils: 1_500_000 }
    const { bases, fails, grades } = smallCells(countCity(options, districts).statistics)
    t.same(grades, ['16', '21'], 'only grades of 6+3 schools are small')
    // The first ten districts have a 6+3 school.
    const lone = Math.min(districts, 10) / 10
    t.ok(
      bases.every((count) => count >= 9 * lone * 0.8 && count <= 19 * lone * 1.2),
      bases.join(),
    )
    const isNear = (count: number, ofCity: number) =>
      Math.abs((count * 16) / districts - ofCity) <= 0.2 * ofCity
    const sum = fails.reduce((all, count) => all + count, 0)
    t.ok(isNear(sum, 502), `${sum} of about 502 in a city`)
    t.ok(isNear(fails.at(-1) ?? 0, 318), `${fails.at(-1)} of about 318 in a city`)
  }
})
