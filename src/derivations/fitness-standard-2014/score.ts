/**
 * Scores one pupil by the standard, in whole numbers: the score of each item, the bonus, the total and the levels. Sums
 * are in hundredths of a point, because ties at 0.05 do occur and binary fractions would round some of them down.
 */
import { bmiIndex, type GradePlan, type ItemPlan, items } from './standard.ts'

/** A result that is not there: below every result, which are at least -3000. */
export const missing = -1_000_000

/** Index of the total in `Scored.levels` and among the indicators: after the items. */
export const totalIndex: number = items.length

/** Levels of the body mass index. */
export const bmiLevels = ['low', 'normal', 'overweight', 'obese'] as const
/** Levels of all other items and of the total. */
export const scoreLevels = ['fail', 'pass', 'good', 'excellent'] as const
/** Number of levels of each indicator. */
export const levelCount = 4

/** Scores of the body mass index by level: low and overweight score the same. */
const bmiScores = [80, 100, 80, 60] as const

/** Level of an item that has no result, or of a total that can't be formed. */
export const noLevel = 255

/** The scores of a pupil; one object serves many pupils. */
export interface Scored {
  /** By item; -1 if the item is not tested in the grade or has no result. */
  readonly scores: Int16Array
  /** By item, and at `totalIndex` of the total: index in `bmiLevels` or `scoreLevels`, or `noLevel`. */
  readonly levels: Uint8Array
  /** Points beyond the standard score, of all items together. */
  bonus: number
  /** Tenths of a point; `missing` unless every item of the grade has a result. */
  total: number
}

/** Allocates the scores of a pupil. */
export function buildScored(): Scored {
  const scored = { scores: new Int16Array(items.length), levels: new Uint8Array(items.length + 1) }
  return { ...scored, bonus: 0, total: missing }
}

/**
 * Scores the results of a pupil, in the units of `items`; `missing` where there is none. Results of items that the plan
 * does not have are ignored.
 *
 * Standard score = Σ item score × weight, at most 100; total = standard score + bonus, at most 120, rounded half up to
 * one decimal before it is graded, so that 89.95 is excellent.
 */
export function scoreInto(scored: Scored, plan: GradePlan, results: Int32Array): void {
  const { scores, levels } = scored
  scores.fill(-1)
  levels.fill(noLevel)
  let hundredths = 0
  let bonus = 0
  let isComplete = true
  for (const item of plan.items) {
    const { index, weight } = item
    const result = results[index] ?? missing
    if (result === missing) {
      isComplete = false
      continue
    }
    const score = index === bmiIndex ? scoreBmi(scored, plan, result) : scoreItem(item, result)
    scores[index] = score
    if (index !== bmiIndex) levels[index] = levelOf(score * 10)
    hundredths += score * weight
    bonus += bonusOf(item, result)
  }
  scored.bonus = bonus
  scored.total = isComplete ? Math.floor((hundredths + 100 * bonus + 5) / 10) : missing
  if (isComplete) levels[totalIndex] = levelOf(scored.total)
}

/** The best score whose threshold the result reaches; 0 below the last one. */
function scoreItem({ thresholds, scores, sign }: ItemPlan, result: number): number {
  const reached = sign * result
  for (let n = 0; n < thresholds.length; n++)
    if (reached >= (thresholds[n] as number)) return scores[n] as number
  return 0
}

function scoreBmi({ levels }: Scored, { bmi }: GradePlan, result: number): number {
  const level = result < bmi[0] ? 0 : result < bmi[1] ? 1 : result < bmi[2] ? 2 : 3
  levels[bmiIndex] = level
  return bmiScores[level] as number
}

/** Points for what lies beyond the threshold of 100 points. */
function bonusOf({ bonus, sign }: ItemPlan, result: number): number {
  const reached = sign * result
  let points = 0
  while (points < bonus.length && reached >= (bonus[points] as number)) points += 1
  return points
}

/** Index in `scoreLevels` of tenths of a point: 90, 80 and 60 points are the lowest of their levels. */
function levelOf(tenths: number): number {
  return tenths >= 900 ? 3 : tenths >= 800 ? 2 : tenths >= 600 ? 1 : 0
}

/**
 * Body mass index in tenths: kg/m², rounded half up to one decimal before it is looked up, since the bands have gaps of
 * 0.1. Height in hundredths of a centimetre, weight in hundredths of a kilogram; exact, below 2^53 for any in range.
 */
export function bmiTenths(height: number, weight: number): number {
  const square = height * height
  return Math.floor((2e7 * weight + square) / (2 * square))
}
