/**
 * Linear and integer programmes solved by HiGHS, compiled to WebAssembly, in the thread that calls. A model stays in the
 * solver: bounds and costs change in place and the next solution begins at the former basis.
 */
import loadHighs from 'highs'
import type { Answer, LinearModel, Question } from '../../disclosure/index.ts'

/** Seconds for one solution, after which it counts as not found. */
const questionSeconds = 30

/** Seconds for a solution from the former basis. */
const startSeconds = 3

export interface OpenModel {
  readonly ask: (question: Question) => Answer
  readonly close: () => void
}

/** Name and version of the solver, for the public summary. */
export const solverName = 'HiGHS 1.15.3 (WebAssembly)'

/** Loads the solver once a thread. */
export async function loadSolver(): Promise<{ readonly open: (model: LinearModel) => OpenModel }> {
  // The package's types are for CommonJS; as an ES module its default export is the loader itself.
  const highs = await (loadHighs as unknown as typeof loadHighs.default)()
  return {
    open: (linear) => {
      const { cost, lower, upper, rowLower, rowUpper, starts, indices, factors } = linear
      const [numCols, numRows] = [cost.length, rowLower.length]
      const model = highs.createModel({
        ...{ numCols, numRows, colCost: cost, colLower: lower, colUpper: upper, rowLower, rowUpper },
        matrix: { format: 'csr', numRows, numCols, starts, indices, values: factors },
      })
      // One seed: the same model gives the same moves on every machine.
      model.options.set({ output_flag: false, random_seed: 1 })
      const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus
      const { integer, continuous } = highs.constants.variableType
      const all = { kind: 'range', from: 0, to: numCols - 1 } as const
      const runFor = (seconds: number) => {
        model.options.set({ time_limit: seconds })
        model.zeroAllClocks()
        return model.run()
      }
      const solve = (): Answer => {
        let { modelStatus } = runFor(startSeconds)
        if (![optimal, infeasible, unboundedOrInfeasible].some((known) => known === modelStatus)) {
          // From the former basis the simplex method can stall; from none it begins with a presolve.
          model.clearSolver()
          modelStatus = runFor(questionSeconds).modelStatus
        }
        const isSolved = modelStatus === optimal
        if (!isSolved) {
          const isImpossible = modelStatus === infeasible || modelStatus === unboundedOrInfeasible
          return { status: isImpossible ? 'infeasible' : 'stopped', objective: 0, columns: [], values: [] }
        }
        const { colValue } = model.getSolution()
        const columns: number[] = []
        const values: number[] = []
        for (let column = 0; column < numCols; column++) {
          const value = colValue[column] ?? 0
          if (Math.abs(value) < 1e-6) continue
          columns.push(column)
          values.push(value)
        }
        return { status: 'optimal', objective: model.getObjectiveValue(), columns, values }
      }
      return {
        ask({ columns, lower: low, upper: high, cost: costs, isInteger }) {
          for (const [n, column] of columns.entries())
            model.changeColBounds(column, low[n] ?? 0, high[n] ?? 0)
          for (const [n, column] of (costs?.columns ?? []).entries())
            model.changeColCost(column, costs?.values[n] ?? 0)
          if (isInteger !== true) return solve()
          model.changeColsIntegrality(all, new Int32Array(numCols).fill(integer))
          try {
            return solve()
          } finally {
            model.changeColsIntegrality(all, new Int32Array(numCols).fill(continuous))
          }
        },
        close: () => model.dispose(),
      }
    },
  }
}
