/** Moves by linear programmes, for what products of differences can't reach. */
import type { Question, Solver } from '../solve.ts'
import { type Block, columnCost, reachOf, type Target } from './model.ts'
import { type Move, type openChecker, stepOf } from './move.ts'

/** Attempts to repair a move that contradicts a status, by not moving that group of cells. */
const repairsMax = 4

/** Opens the search. `waiting` are the cells withheld since the last question; it takes them. */
export function openLinearSearch(
  block: Block,
  ask: Solver['ask'],
  checker: ReturnType<typeof openChecker>,
  waiting: number[],
) {
  const solved = { linear: 0, integer: 0 }
  /** Columns whose bounds the last question changed. */
  const changed: number[] = []
  /** One move of a target by `by`, checked in whole numbers; undefined if none was found. */
  const findMove = async (
    target: Target,
    by: number,
    locked: ReadonlySet<number>,
  ): Promise<Move | undefined> => {
    const still = new Set(locked)
    if (still.has(target.cell)) return undefined
    for (let repair = 0; repair <= repairsMax; repair++) {
      const bounds = new Map<number, readonly [number, number]>()
      for (const cell of still) bounds.set(2 * cell, [0, 0]).set(2 * cell + 1, [0, 0])
      const size = Math.abs(by)
      bounds.set(2 * target.cell, by > 0 ? [size, size] : [0, 0])
      bounds.set(2 * target.cell + 1, by > 0 ? [0, 0] : [size, size])
      const question = questionOf(block, bounds, changed.splice(0), waiting.splice(0))
      solved.linear += 1
      let answer = await ask(question)
      let move = answer.status === 'optimal' ? readMove(answer.columns, answer.values) : undefined
      if (move === undefined && answer.status === 'optimal') {
        solved.integer += 1
        answer = await ask({ columns: [], lower: [], upper: [], isInteger: true })
        move = answer.status === 'infeasible' ? undefined : readMove(answer.columns, answer.values)
      }
      changed.push(...bounds.keys())
      if (move === undefined || stepOf(move, target.cell) !== by) return undefined
      const fault = checker.faultOf(move, false)
      if (fault === undefined) return move
      if (fault.groups.length === 0) return undefined
      const before = still.size
      for (const group of fault.groups)
        for (const cell of checker.membersOf(group)) if (cell !== target.cell) still.add(cell)
      if (still.size === before) return undefined
    }
    return undefined
  }
  return { findMove, solved }
}

/** The bounds of one question, with those of the last one reset, and the costs of cells withheld since. */
function questionOf(
  block: Block,
  bounds: ReadonlyMap<number, readonly [number, number]>,
  changed: readonly number[],
  opened: readonly number[],
): Question {
  const all = new Map<number, readonly [number, number]>()
  for (const column of changed) {
    const [up, down] = reachOf(block, column >> 1)
    all.set(column, [0, column % 2 === 0 ? up : down])
  }
  for (const [column, pair] of bounds) all.set(column, pair)
  const columns = opened.flatMap((cell) => [2 * cell, 2 * cell + 1])
  return {
    columns: [...all.keys()],
    lower: [...all.values()].map(([low]) => low),
    upper: [...all.values()].map(([, high]) => high),
    cost: { columns, values: columns.map((column) => columnCost(block, column >> 1, true)) },
  }
}

/** The move of a solution; undefined where it is not in whole numbers. */
function readMove(columns: readonly number[], values: readonly number[]): Move | undefined {
  const steps = new Map<number, number>()
  for (const [n, column] of columns.entries()) {
    const by = column % 2 === 0 ? (values[n] ?? 0) : -(values[n] ?? 0)
    steps.set(column >> 1, (steps.get(column >> 1) ?? 0) + by)
  }
  const cells: number[] = []
  const whole: number[] = []
  for (const [cell, by] of steps) {
    if (Math.abs(by - Math.round(by)) > 1e-4) return undefined
    if (Math.round(by) === 0) continue
    cells.push(cell)
    whole.push(Math.round(by))
  }
  return { cells, steps: whole }
}
