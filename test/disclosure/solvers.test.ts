/** The solver's threads: answers, a time limit, a cancellation and a thread that ends. */
import t from 'tap'
import { openSolvers, SolverStopped } from '../../src/publication/control/solvers.ts'

/** min x + 2y with x + y ≥ 3, x ≤ 2. */
const model = {
  cost: new Float64Array([1, 2]),
  lower: new Float64Array(2),
  upper: new Float64Array([2, 10]),
  rowLower: new Float64Array([3]),
  rowUpper: new Float64Array([Number.POSITIVE_INFINITY]),
  starts: new Int32Array([0, 2]),
  indices: new Int32Array([0, 1]),
  factors: new Float64Array([1, 1]),
}
const nothing = { columns: [], lower: [], upper: [] }

t.test('threads answer, also more models than there are threads', async (t) => {
  const solvers = openSolvers()
  const objectives = await Promise.all(
    [0, 1, 2].map(async () => {
      const solver = await solvers.solve(model)
      const { objective } = await solver.ask(nothing)
      const changed = await solver.ask({ columns: [0], lower: [0], upper: [1] })
      await solver.close()
      return [objective, changed.objective]
    }),
  )
  t.same(objectives, [
    [4, 5],
    [4, 5],
    [4, 5],
  ])
  await solvers.close()
})

t.test('the time limit and a cancellation end whoever waits', async (t) => {
  const slow = openSolvers({ threads: 1, milliseconds: 1 })
  const late = await slow.solve(model).catch((error: unknown) => error)
  t.ok(late instanceof SolverStopped && late.reason === 'time')
  await slow.close()
  const abort = new AbortController()
  const solvers = openSolvers({ threads: 1, signal: abort.signal })
  const solver = await solvers.solve(model)
  const second = solvers.solve(model).catch((error: unknown) => error)
  abort.abort()
  const cancelled = await second
  t.ok(cancelled instanceof SolverStopped && cancelled.reason === 'cancelled')
  t.ok((await solver.ask(nothing).catch((error: unknown) => error)) instanceof SolverStopped)
  await solvers.close()
})
