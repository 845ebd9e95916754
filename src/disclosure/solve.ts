/** The interface of a solver of linear and integer programmes, which whoever calls a rule hands in. */

/** A linear model with rows in compressed form. All columns are at least 0 and cost something. */
export interface LinearModel {
  readonly cost: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly rowLower: Float64Array
  readonly rowUpper: Float64Array
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly factors: Float64Array
}

/** Changes to the model, which stay, and how to solve it. */
export interface Question {
  readonly columns: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  readonly cost?: { readonly columns: readonly number[]; readonly values: readonly number[] }
  /** Whole numbers only: an integer programme. */
  readonly isInteger?: boolean
}

export interface Answer {
  readonly status: 'optimal' | 'infeasible' | 'stopped'
  readonly objective: number
  /** The columns that are not 0. */
  readonly columns: readonly number[]
  readonly values: readonly number[]
}

export interface Solver {
  readonly ask: (question: Question) => Promise<Answer>
  readonly close: () => Promise<void>
}

/** Opens a solver for a model. Whoever owns the solver sets its limits and ends it. */
export type Solve = (model: LinearModel) => Promise<Solver>
