/**
 * How uneven the synthetic city is: cells of district, grade and sex that are small, as disclosure control was tried on.
 * As a program it prints the figures of several seeds: `node --import=tsx test/support/pupils/small-cells.ts --seeds 5`.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readGrade } from '../../../src/derivations/fitness-standard-2014/grades.ts'
import {
  bmiTenths,
  buildScored,
  missing,
  scoreInto,
} from '../../../src/derivations/fitness-standard-2014/score.ts'
import { items, planOf } from '../../../src/derivations/fitness-standard-2014/standard.ts'
import {
  countTested,
  countUntested,
  indicators,
  openStatistics,
  type Statistics,
} from '../../../src/derivations/fitness-standard-2014/statistics.ts'
import { pupilsOf, type SyntheticPupil } from './pupils.ts'
import { type CityOptions, schoolsOf } from './schools.ts'

/** The whole city. */
export const wholeCity = { schools: 1609, pupils: 1_500_000 } as const

/**
 * What the city of the trial had: bases under 10 in 9 to 19 cells of each indicator, only in odd grades; 1 to 9 pupils who
 * fail or are obese, on a base of 10 or more, in 502 cells, 318 of them of the total. A city may differ by a fifth.
 */
export const trial = { basesLeast: 9, basesMost: 19, fails: 502, totalFails: 318, slack: 0.2 } as const

function unitsOf({ results }: SyntheticPupil): Int32Array {
  const { height, weight } = results
  return Int32Array.from(items, ({ name, units }) => {
    if (name !== 'bmi') return results[name] === undefined ? missing : Math.round(results[name] * units)
    const isThere = height !== undefined && weight !== undefined
    return isThere ? bmiTenths(Math.round(height * 100), Math.round(weight * 100)) : missing
  })
}

export function countCity(
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
export function smallCells(statistics: Statistics) {
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

/** Districts of the city, and how many of them, the first ones, have a school that is alone in its grades. */
const [allDistricts, withLoneGrades] = [16, 10]

/** The figures of a seed, or of its first districts, and whether each is within a fifth of its share of the trial's. */
export function figuresOf(seed: number, districts = allDistricts) {
  const { statistics, pupils } = countCity({ seed, ...wholeCity }, districts)
  const { bases, fails, grades } = smallCells(statistics)
  const sum = fails.reduce((all, count) => all + count, 0)
  const totalFails = fails.at(-1) ?? 0
  const isNear = (count: number, ofCity: number) =>
    Math.abs((count * allDistricts) / districts - ofCity) <= trial.slack * ofCity
  const lone = Math.min(districts, withLoneGrades) / withLoneGrades
  const isInside = bases.every(
    (count) =>
      count >= trial.basesLeast * lone * (1 - trial.slack) &&
      count <= trial.basesMost * lone * (1 + trial.slack),
  )
  return {
    ...{ seed, pupils, grades, bases, fails: sum, totalFails },
    isWithin: isInside && isNear(sum, trial.fails) && isNear(totalFails, trial.totalFails),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '5' } } })
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const { pupils, grades, bases, fails, totalFails, isWithin } = figuresOf(seed)
    const share = (count: number, expected: number) =>
      `${count} (${expected}, ${count < expected ? '−' : '+'}${Math.round((100 * Math.abs(count - expected)) / expected)} %)`
    process.stdout.write(
      `seed ${seed}: ${pupils} pupils; bases under 10: ${Math.min(...bases)} to ${Math.max(...bases)} cells ` +
        `(${trial.basesLeast} to ${trial.basesMost}), grades ${grades.join(' and ')}; small counts: ` +
        `${share(fails, trial.fails)}, of the total ${share(totalFails, trial.totalFails)}; ` +
        `${isWithin ? 'within' : 'NOT within'} 20 %\n`,
    )
  }
}
