/** Moves found so far, and how much each way of protecting a target asks of them. */
import { type Block, reachOf, type Target } from './model.ts'
import { type Move, type openChecker, stepOf } from './move.ts'

/** The moves found so far, which often protect further targets. */
export function openPool(block: Block, checker: ReturnType<typeof openChecker>) {
  const pool: Move[] = []
  const touching = new Map<number, number[]>()
  const hidden = Uint8Array.from(block.hidden)
  return {
    hidden,
    /** Adds a move. Gives the cells that are withheld because of it. */
    add(move: Move): readonly number[] {
      // The opposite of a move is often possible too and then proves twice as much.
      const opposite = { cells: move.cells, steps: move.steps.map((by) => -by) }
      for (const valid of checker.faultOf(opposite) === undefined ? [move, opposite] : [move]) {
        for (const cell of valid.cells) {
          const list = touching.get(cell)
          if (list === undefined) touching.set(cell, [pool.length])
          else list.push(pool.length)
        }
        pool.push(valid)
      }
      const opened = move.cells.filter((cell) => hidden[cell] === 0)
      for (const cell of opened) hidden[cell] = 1
      return opened
    },
    /** Moves that together protect a target and leave some cells alone. */
    find({ cell, width }: Target, locked: ReadonlySet<number>): readonly Move[] | undefined {
      let [up, down]: [Move | undefined, Move | undefined] = [undefined, undefined]
      let [most, least] = [0, 0]
      for (const index of touching.get(cell) ?? []) {
        const move = pool[index] as Move
        if (move.cells.some((other) => locked.has(other))) continue
        const by = stepOf(move, cell)
        if (by > most) [most, up] = [by, move]
        if (by < least) [least, down] = [by, move]
        if (most - least >= width) break
      }
      if (most - least < width) return undefined
      if (most >= width) return [up as Move]
      return -least >= width ? [down as Move] : [up as Move, down as Move]
    },
  }
}

/** How a width can be reached: all up, all down, or in two parts. */
export function splitsOf(block: Block, { cell, width }: Target): readonly (readonly number[])[] {
  const [up, down] = reachOf(block, cell)
  const splits: number[][] = []
  if (up >= width) splits.push([width])
  if (down >= width) splits.push([-width])
  const parts: number[][] = []
  for (let more = 1; more < width; more++)
    if (more <= up && width - more <= down) parts.push([more, more - width])
  parts.sort(([a = 0], [b = 0]) => Math.abs(2 * a - width) - Math.abs(2 * b - width))
  splits.push(...parts)
  return splits
}
