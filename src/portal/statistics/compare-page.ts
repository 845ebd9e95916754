/** What the parts of a comparison's page are made of. */
import type { AppContext } from '../../catalogue/index.ts'
import type { View } from '../view.ts'
import type { Comparable } from './dimensions.ts'
import type { Comparison } from './find-comparison.ts'
import type { ComparisonQuestion } from './question.ts'

export interface ComparePage {
  readonly context: AppContext
  readonly comparable: Comparable
  /** The question with the measure that is shown. */
  readonly question: ComparisonQuestion
  /** The question as it was requested. */
  readonly requested: ComparisonQuestion
  readonly comparison: Comparison
  /** Names of the editions, the newest first. */
  readonly editions: readonly string[]
  readonly view: View
}
