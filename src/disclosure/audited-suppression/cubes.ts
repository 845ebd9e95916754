/**
 * Cheap moves without a solver: products of one difference in each dimension, which keep every sum by their form. The
 * cheapest come first. What they can't do, such as several partners at once, is left to the linear programme.
 */
import { type Difference, differencesOf, type Grid, type Shape } from './axes.ts'
import { type Block, reachOf } from './model.ts'
import type { Move } from './move.ts'

export interface Cubes {
  /**
   * The cheapest moves of a cell by `by` that don't touch locked cells, at most `most`, the cheapest first. `width` is how
   * many differences are tried in a dimension: those that are cheapest by themselves.
   */
  readonly find: (
    cell: number,
    by: number,
    locked: ReadonlySet<number>,
    limits: { readonly most: number; readonly width: number },
  ) => readonly Move[]
  /** Goes on from the table that a move gives, or back. */
  readonly shift: (move: Move, direction: 1 | -1) => void
}

/** Opens the search. `costOf` is what a cell costs if it is touched. */
export function openCubes(block: Block, costOf: (cell: number) => number): Cubes {
  const up = new Int32Array(block.values.length)
  const down = new Int32Array(block.values.length)
  for (let cell = 0; cell < up.length; cell++) [up[cell] = 0, down[cell] = 0] = reachOf(block, cell)
  const homes = homesOf(block)
  const differences = openDifferences()
  const canMove = (cell: number, by: number) => (by > 0 ? by <= (up[cell] ?? 0) : -by <= (down[cell] ?? 0))
  const search: Search = { block, homes, differences, canMove, costOf }
  return {
    shift({ cells, steps }, direction) {
      for (const [n, cell] of cells.entries()) {
        up[cell] = (up[cell] ?? 0) - direction * (steps[n] ?? 0)
        down[cell] = (down[cell] ?? 0) + direction * (steps[n] ?? 0)
      }
    },
    find(cell, by, locked, limits) {
      if (locked.has(cell) || !canMove(cell, by)) return []
      const found: Found[] = []
      for (const home of homes.get(cell) ?? []) searchShape(search, { ...limits, home, by, locked, found })
      return found.map(({ move }) => move)
    },
  }
}

/** A version and its own cell. */
interface Home {
  readonly shape: number
  readonly cell: number
}

interface Search {
  readonly block: Block
  readonly homes: ReadonlyMap<number, readonly Home[]>
  readonly differences: (grid: Grid, dimension: number, code: number) => readonly Difference[]
  readonly canMove: (cell: number, by: number) => boolean
  readonly costOf: (cell: number) => number
}

interface Found {
  readonly cost: number
  readonly move: Move
}

interface Wanted {
  readonly home: Home
  readonly by: number
  readonly locked: ReadonlySet<number>
  readonly most: number
  readonly width: number
  /** The cheapest so far, the cheapest first. */
  readonly found: Found[]
}

function homesOf({ shapes }: Block): ReadonlyMap<number, readonly Home[]> {
  const homes = new Map<number, Home[]>()
  for (const [shape, { cells }] of shapes.entries())
    for (const [own, cell] of cells.entries()) {
      const list = homes.get(cell)
      if (list === undefined) homes.set(cell, [{ shape, cell: own }])
      else list.push({ shape, cell: own })
    }
  return homes
}

/** The differences of each code, computed once. */
function openDifferences(): Search['differences'] {
  const known = new Map<Grid, Map<number, readonly Difference[]>[]>()
  return (grid, dimension, code) => {
    const axes = known.get(grid) ?? grid.axes.map(() => new Map<number, readonly Difference[]>())
    known.set(grid, axes)
    const axis = grid.axes[dimension]
    const found = axes[dimension]?.get(code) ?? (axis === undefined ? [] : differencesOf(axis, code))
    axes[dimension]?.set(code, found)
    return found
  }
}

/** Cells and steps of a product of the differences chosen so far, with the own code in every other dimension. */
interface Partial {
  readonly positions: readonly number[]
  readonly cells: readonly number[]
  readonly steps: readonly number[]
  readonly cost: number
}

/** Walks the products, one dimension after another; a cell that can't move, or a cost too high, ends a branch. */
function searchShape(search: Search, { home, by, locked, most, width, found }: Wanted): void {
  const { block, costOf, canMove } = search
  const { grid, cells } = block.shapes[home.shape] as Shape
  const count = grid.axes.length
  const place = grid.places.subarray(home.cell * count, (home.cell + 1) * count)
  const start = place.reduce((sum, code, dimension) => sum + code * (grid.strides[dimension] ?? 0), 0)
  const limit = () => (found.length < most ? Number.POSITIVE_INFINITY : (found.at(-1)?.cost ?? 0))
  /** The product of what was chosen with one more difference; undefined if it can't move or costs too much. */
  const extend = (before: Partial, dimension: number, { codes, signs }: Difference): Partial | undefined => {
    const [stride, own] = [grid.strides[dimension] ?? 0, place[dimension] ?? 0]
    const [positions, touched, steps]: [number[], number[], number[]] = [[], [], []]
    let cost = before.cost
    for (let n = 0; n < before.positions.length; n++)
      for (let m = 0; m < codes.length; m++) {
        const code = codes[m] ?? 0
        // The own code moves by one in every difference, so these cells are there already.
        if (code === own) continue
        const position = (before.positions[n] ?? 0) + (code - own) * stride
        const at = grid.cellAt(position)
        if (at === undefined) return undefined
        const cell = cells[at] ?? 0
        const step = (before.steps[n] ?? 0) * (signs[m] ?? 0)
        if (!canMove(cell, step) || locked.has(cell)) return undefined
        cost += costOf(cell)
        if (cost >= limit()) return undefined
        positions.push(position)
        touched.push(cell)
        steps.push(step)
      }
    return {
      positions: before.positions.concat(positions),
      cells: before.cells.concat(touched),
      steps: before.steps.concat(steps),
      cost,
    }
  }
  const first = {
    positions: [start],
    cells: [cells[home.cell] ?? 0],
    steps: [by],
    cost: costOf(cells[home.cell] ?? 0),
  }
  const choices = grid.axes.map((_, dimension) =>
    possibleAlone(search, { home, by, locked }, dimension).slice(0, width),
  )
  if (choices.some((of) => of.length === 0)) return
  const walk = (partial: Partial, dimension: number): void => {
    if (dimension < count) {
      for (const { difference, cost } of choices[dimension] ?? []) {
        // The cells of the product include those of the difference by itself; the choices are sorted by that.
        if (partial.cost + cost >= limit()) break
        const next = extend(partial, dimension, difference)
        if (next !== undefined) walk(next, dimension + 1)
      }
      return
    }
    const move = block.shapes.length === 1 ? partial : carry(search, partial, home.shape)
    if (move === undefined || move.cells.some((cell) => locked.has(cell))) return
    const cost = move.cells.reduce((sum, cell) => sum + costOf(cell), 0)
    if (cost >= limit()) return
    const index = found.findIndex((other) => other.cost > cost)
    const own = { cost, move: { cells: move.cells, steps: move.steps } }
    found.splice(index < 0 ? found.length : index, 0, own)
    if (found.length > most) found.pop()
  }
  walk(first, 0)
}

/** The differences of a dimension that can move by themselves, with what they cost then, the cheapest first. */
function possibleAlone(
  { block, differences, canMove, costOf }: Search,
  { home, by, locked }: Pick<Wanted, 'home' | 'by' | 'locked'>,
  dimension: number,
): readonly { readonly difference: Difference; readonly cost: number }[] {
  const { grid, cells } = block.shapes[home.shape] as Shape
  const count = grid.axes.length
  const stride = grid.strides[dimension] ?? 0
  const own = grid.places[home.cell * count + dimension] ?? 0
  let start = 0
  for (let n = 0; n < count; n++) start += (grid.places[home.cell * count + n] ?? 0) * (grid.strides[n] ?? 0)
  const costAlone = ({ codes, signs }: Difference): number | undefined => {
    let cost = 0
    for (let m = 0; m < codes.length; m++) {
      const code = codes[m] ?? 0
      // The own code moves anyway.
      if (code === own) continue
      const at = grid.cellAt(start + (code - own) * stride)
      const cell = at === undefined ? -1 : (cells[at] ?? 0)
      if (cell < 0 || !canMove(cell, by * (signs[m] ?? 0)) || locked.has(cell)) return undefined
      cost += costOf(cell)
    }
    return cost
  }
  const possible: { readonly difference: Difference; readonly cost: number }[] = []
  for (const difference of differences(grid, dimension, own)) {
    const cost = costAlone(difference)
    if (cost !== undefined) possible.push({ difference, cost })
  }
  return possible.sort((a, b) => a.cost - b.cost)
}

/** Makes the same move in every other version that has one of its cells. */
function carry({ block, homes, canMove }: Search, { positions, cells, steps }: Partial, from: number) {
  const moved = new Map(cells.map((cell, n) => [cell, steps[n] ?? 0]))
  const done = new Set([from])
  const waiting = [...cells]
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
        const step = steps[n] ?? 0
        if (moved.has(joint)) {
          if (moved.get(joint) !== step) return undefined
          continue
        }
        if (!canMove(joint, step)) return undefined
        moved.set(joint, step)
        waiting.push(joint)
      }
    }
  }
  return { cells: [...moved.keys()], steps: [...moved.values()] }
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
