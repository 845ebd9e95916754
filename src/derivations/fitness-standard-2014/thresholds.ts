/** What the standard asks of a grade and sex, for people: the results that begin each level, and each item's weight. */
import { bmiIndex, type ItemName, items, planOf, type Sex } from './standard.ts'

export interface ItemThresholds {
  readonly item: ItemName
  /** Percent of the total. */
  readonly weight: number
  readonly isLowerBetter: boolean
  /** Results in the unit of the item that get 100 points, and that begin each level; null where none does. */
  readonly full: number | null
  readonly excellent: number | null
  readonly good: number | null
  readonly pass: number | null
}

export interface GradeThresholds {
  readonly items: readonly ItemThresholds[]
  /** Body mass index at which normal, overweight and obese begin, and its percent of the total. */
  readonly bmi: {
    readonly weight: number
    readonly normal: number
    readonly overweight: number
    readonly obese: number
  }
}

/** Grades with a table: by the codes of the 6+3 system, in which 16 is grade 6 of either system. */
export const scoredGrades: readonly number[] = Array.from({ length: 50 }, (_, code) => code).filter(
  (code) => planOf(code, 1) !== undefined,
)

/** The thresholds of a grade's table. Undefined if the standard has none. */
export function thresholdsOf(table: number, sex: Sex): GradeThresholds | undefined {
  const plan = planOf(table, sex)
  if (plan === undefined) return undefined
  const [normal, overweight, obese] = plan.bmi.map((tenths) => tenths / 10) as [number, number, number]
  const weight = plan.items.find(({ index }) => index === bmiIndex)?.weight ?? 0
  return {
    bmi: { weight, normal, overweight, obese },
    items: plan.items.flatMap(({ index, weight: own, sign, thresholds, scores }) => {
      const item = items[index]
      if (item === undefined || index === bmiIndex) return []
      // Thresholds fall as scores do: the last one that still gets the points begins the level.
      const from = (points: number) => {
        const last = [...scores].findLastIndex((score) => score >= points)
        const threshold = thresholds[last]
        return threshold === undefined ? null : (sign * threshold) / item.units
      }
      const levels = { full: from(100), excellent: from(90), good: from(80), pass: from(60) }
      return [{ item: item.name, weight: own, isLowerBetter: sign < 0, ...levels }]
    }),
  }
}
