/** Scores the rows of a school's own file one by one, for the school itself: nothing is counted or kept. */
import type { CellKind } from '../derivation.ts'
import { type FaultName, faults } from './faults.ts'
import type { SchoolSystem, SixthGradeCode } from './grades.ts'
import { buildPupilReader, type TemplateColumn } from './read-pupil.ts'
import { bmiLevels, buildScored, missing, noLevel, scoreInto, scoreLevels, totalIndex } from './score.ts'
import { type ItemName, items } from './standard.ts'
import { templateContract } from './template.ts'

/** What a school learns of a pupil. Scores are points, `total` has one decimal. */
export interface ScoredPupil {
  readonly status: 'tested' | 'exempt' | 'absent'
  /** By item; without those that are not tested in the grade or have no result. */
  readonly scores: Readonly<Partial<Record<ItemName, number>>>
  /** Level of the body mass index. */
  readonly bmiLevel?: (typeof bmiLevels)[number]
  readonly bonus?: number
  /** Absent unless every item of the grade has a result. */
  readonly total?: string
  readonly level?: (typeof scoreLevels)[number]
}

type Fault = { readonly check: FaultName } & Pick<(typeof faults)[FaultName], 'severity' | 'message'>

export interface Desk {
  /** What to report of each row whose pupil number another row has. */
  readonly twice: Fault
  /** Scores a row: texts in the order of the template's fields. Undefined if it has an error, which was reported. */
  readonly score: (
    values: readonly (string | null)[],
    kindOf: (field: number) => CellKind,
    report: (fault: Fault, column: TemplateColumn, expected?: string) => void,
  ) => ScoredPupil | undefined
}

/** Opens a desk for a school. The year is that of the tests. */
export function openDesk(options: {
  readonly system: SchoolSystem
  readonly sixthGrade: SixthGradeCode
  readonly year: number
}): Desk {
  const { system, sixthGrade, year } = options
  const names = templateContract.fields.map(({ name }) => name)
  const placeOf = (column: TemplateColumn) => names.indexOf(column)
  const readPupil = buildPupilReader({ placeOf, sixthGrade, needsNumber: false, year })
  const scored = buildScored()
  return {
    twice: { check: 'number-twice', ...faults['number-twice'] },
    score: (values, kindOf, report) => {
      const pupil = readPupil({ values, kindOf }, system, (fault, column, expected) =>
        report({ check: fault, ...faults[fault] }, column, expected),
      )
      if (pupil === undefined) return undefined
      const { participation, plan, results } = pupil
      if (participation !== 'tested') return { status: participation, scores: {} }
      scoreInto(scored, plan, results)
      const { scores, levels, bonus, total } = scored
      const found = items.flatMap(({ name }, index) => {
        const score = scores[index] ?? -1
        return score < 0 ? [] : [[name, score]]
      })
      const bmiLevel = bmiLevels[levels[0] ?? noLevel]
      const level = scoreLevels[levels[totalIndex] ?? noLevel]
      return {
        ...{ status: 'tested', scores: Object.fromEntries(found), bonus },
        ...(bmiLevel && { bmiLevel }),
        ...(level && { level }),
        ...(total !== missing && { total: `${Math.floor(total / 10)}.${total % 10}` }),
      }
    },
  }
}
