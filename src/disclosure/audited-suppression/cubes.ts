/**
 * Cheap moves without a solver: products of one difference in each dimension, which keep every sum by their form. The
 * cheapest come first. What they can't do, such as several partners at once, is left to the linear programme.
 */
import { type Difference, differencesOf, type Grid } from './axes.ts'
import { type Block, reachOf } from './model.ts'
import type { Move } from './moves.ts'

/** One version of a block: its cells by position, and which cells of the block they are. */
export interface Shape {
  readonly grid: Grid
  /** By cell of the version: the cell of the block. */
  readonly cells: Int32Array
}

/** Differences tried in a dimension: in a long one those whose other code is cheapest. */
const differencesMax = 40

export interface Cubes {
  /** The cheapest moves of a cell by `by` that don't touch locked cells, at most `most`, the cheapest first. */
  readonly find: (cell: number, by: number, locked: ReadonlySet<number>, most: number) => readonly Move[]
  /** Goes on from the table that a move gives, or back. */
  readonly shift: (move: Move, direction: 1 | -1) => void
}

/** Opens the search. `costOf` is what a cell costs if it is touched. */
export function openCubes(block: Block, costOf: (cell: number) => number): Cubes {
  const up = new Int32Array(block.values.length)
  const down = new Int32Array(block.values.length)
  for (let cell = 0; cell < up.length; cell++) [up[cell] = 0, down[cell] = 0] = reachOf(block, cell)
  const homes = new Map<number, { shape: number; cell: number }[]>()
  for (const [shape, { cells }] of block.shapes.entries())
    for (const [own, cell] of cells.entries()) {
      const list = homes.get(cell)
      if (list === undefined) homes.set(cell, [{ shape, cell: own }])
      else list.push({ shape, cell: own })
    }
  const known = new Map<Grid, Map<number, readonly Difference[]>[]>()
  const differences = (grid: Grid, dimension: number, code: number): readonly Difference[] => {
    const axes = known.get(grid) ?? grid.axes.map(() => new Map<number, readonly Difference[]>())
    known.set(grid, axes)
    const found = axes[dimension]?.get(code) ?? differencesOf(grid.axes[dimension] as Grid['axes'][0], code)
    axes[dimension]?.set(code, found)
    return found
  }
  const canMove = (cell: number, by: number) => (by > 0 ? by <= (up[cell] ?? 0) : -by <= (down[cell] ?? 0))

  return {
    shift({ cells, steps }, direction) {
      for (const [n, cell] of cells.entries()) {
        up[cell] = (up[cell] ?? 0) - direction * (steps[n] ?? 0)
        down[cell] = (down[cell] ?? 0) + direction * (steps[n] ?? 0)
      }
    },
    find(target, by, locked, most) {
      const found: { cost: number; move: Move }[] = []
      for (const { shape, cell } of homes.get(target) ?? []) {
        const { grid, cells } = block.shapes[shape] as Shape
        const count = grid.axes.length
        const place = grid.places.subarray(cell * count, (cell + 1) * count)
        const start = place.reduce((sum, code, dimension) => sum + code * (grid.strides[dimension] ?? 0), 0)
        /** What a difference costs by itself, with every other code as it is. */
        const alone = (dimension: number, { codes }: Difference) => {
          let cost = 0
          for (const code of codes) {
            const at = grid.cellAt(start + (code - (place[dimension] ?? 0)) * (grid.strides[dimension] ?? 0))
            if (at === undefined) return Number.POSITIVE_INFINITY
            cost += costOf(cells[at] ?? 0)
          }
          return cost
        }
        const choices = grid.axes.map((_, dimension) =>
          differences(grid, dimension, place[dimension] ?? 0)
            .map((difference) => ({ difference, cost: alone(dimension, difference) }))
            .filter(({ cost }) => cost < Number.POSITIVE_INFINITY)
            .sort((a, b) => a.cost - b.cost)
            .slice(0, differencesMax)
            .map(({ difference }) => difference),
        )
        const positions: number[] = [0]
        const signs: number[] = [1]
        const walk = (dimension: number) => {
          if (dimension === count) {
            let cost = 0
            const limit = found.length < most ? Number.POSITIVE_INFINITY : (found.at(-1)?.cost ?? 0)
            const touched: number[] = []
            const steps: number[] = []
            for (let n = 0; n < positions.length; n++) {
              const at = grid.cellAt(positions[n] ?? 0)
              if (at === undefined) return
              const own = cells[at] ?? 0
              const step = (signs[n] ?? 0) * by
              if (!canMove(own, step) || locked.has(own)) return
              cost += costOf(own)
              if (cost >= limit) return
              touched.push(own)
              steps.push(step)
            }
            let move: Move | undefined = { cells: touched, steps }
            if (block.shapes.length > 1) {
              move = carry(move, shape, positions, signs, by)
              if (move === undefined || move.cells.some((own) => locked.has(own))) return
              cost = move.cells.reduce((sum, own) => sum + costOf(own), 0)
              if (cost >= limit) return
            }
            const index = found.findIndex((other) => other.cost > cost)
            found.splice(index < 0 ? found.length : index, 0, { cost, move })
            if (found.length > most) found.pop()
            return
          }
          const before = positions.length
          const stride = grid.strides[dimension] ?? 0
          const [ownPositions, ownSigns] = [positions.slice(), signs.slice()]
          for (const { codes, signs: by } of choices[dimension] ?? []) {
            positions.length = 0
            signs.length = 0
            for (let n = 0; n < before; n++)
              for (let m = 0; m < codes.length; m++) {
                positions.push((ownPositions[n] ?? 0) + (codes[m] ?? 0) * stride)
                signs.push((ownSigns[n] ?? 0) * (by[m] ?? 0))
              }
            walk(dimension + 1)
          }
          positions.splice(0, positions.length, ...ownPositions)
          signs.splice(0, signs.length, ...ownSigns)
        }
        walk(0)
      }
      return found.map(({ move }) => move)
    },
  }

  /** Makes the same move in every other version that has one of its cells. */
  function carry(
    move: Move,
    from: number,
    positions: readonly number[],
    signs: readonly number[],
    by: number,
  ): Move | undefined {
    const steps = new Map(move.cells.map((cell, n) => [cell, move.steps[n] ?? 0]))
    const done = new Set([from])
    const waiting = [...move.cells]
    const { grid } = block.shapes[from] as Shape
    for (let cell = waiting.pop(); cell !== undefined; cell = waiting.pop()) {
      for (const { shape } of homes.get(cell) ?? []) {
        if (done.has(shape)) continue
        done.add(shape)
        const other = block.shapes[shape] as Shape
        for (const [n, position] of positions.entries()) {
          const at = positionIn(other.grid, grid, position)
          const own = at === undefined ? undefined : other.grid.cellAt(at)
          if (own === undefined) return undefined
          const joint = other.cells[own] ?? 0
          const step = (signs[n] ?? 0) * by
          if (steps.has(joint)) {
            if (steps.get(joint) !== step) return undefined
            continue
          }
          if (!canMove(joint, step)) return undefined
          steps.set(joint, step)
          waiting.push(joint)
        }
      }
    }
    return { cells: [...steps.keys()], steps: [...steps.values()] }
  }
}

/** The position of the same codes in another version. */
function positionIn(grid: Grid, from: Grid, position: number): number | undefined {
  let [rest, found] = [position, 0]
  for (const [dimension, axis] of from.axes.entries()) {
    const stride = from.strides[dimension] ?? 1
    const code = axis.codes[Math.floor(rest / stride)]
    rest %= stride
    const index = grid.axes[dimension]?.codes.indexOf(code ?? '') ?? -1
    if (index < 0) return undefined
    found += index * (grid.strides[dimension] ?? 1)
  }
  return found
}
