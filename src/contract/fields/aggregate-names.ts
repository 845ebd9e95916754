/**
 * Names of the members of an aggregate's answer, such as `sum_pupils` and `sum_pupils_missing`. Shared by the
 * loader, which refuses fields that would collide, and the module that answers.
 */
import type { AggregateFunction, AggregateOffer } from '../contract.ts'

/** The name of a measure in an answer: `mean_share`. */
export function measureName(name: AggregateFunction, field: string): string {
  return `${name}_${field}`
}

/** The name of the number of records with status free but no value: `mean_share_missing`. */
export function missingName(measure: string): string {
  return `${measure}_missing`
}

/** The name of the sum of a mean's weights: `mean_share_weight`. */
export function weightName(measure: string): string {
  return `${measure}_weight`
}

/** Every name that an answer may have besides the fields it is grouped by. */
export function answerNames({ measures = [] }: AggregateOffer): readonly string[] {
  const named = measures.flatMap(({ field, functions }) =>
    functions.flatMap((name) => {
      const own = measureName(name, field)
      return [own, missingName(own), ...(name === 'mean' ? [weightName(own)] : [])]
    }),
  )
  return ['count', 'suppressed', ...named]
}
