/**
 * The synthetic city is as uneven as disclosure control needs it: how many cells are small. The whole city takes 15 s a
 * seed, so the suite looks at a quarter of its districts.
 */
import t from 'tap'
import { pupilsOf } from '../support/pupils/pupils.ts'
import { schoolsOf } from '../support/pupils/schools.ts'
import { figuresOf, wholeCity } from '../support/pupils/small-cells.ts'
import { isFull } from '../support/runs.ts'

t.test('the same seed gives the same schools: tiny ones, odd grades, a missing sex', async (t) => {
  const options = { seed: 7, ...wholeCity }
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
    const figures = figuresOf(seed, districts)
    t.same(figures.grades, ['16', '21'], 'only grades of 6+3 schools are small')
    t.ok(figures.isWithin, JSON.stringify(figures))
  }
})
