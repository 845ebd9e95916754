/**
 * The dimensions of a block as trees of codes, and the differences of two of their leaves. A product of one difference a
 * dimension, such as fail − pass × boys − girls × one district − another, keeps every sum of the table: each dimension
 * adds up to nothing, or its margins move along.
 */
import { totalCode } from './parameters.ts'

/** The codes of a dimension. */
export interface Axis {
  readonly codes: readonly string[]
  /** By code: the nearest code above that occurs; -1 for the highest. */
  readonly parents: Int32Array
}

/** Where the cells of a table lie: by the position of their codes, the level last. */
export interface Grid {
  readonly axes: readonly Axis[]
  /** By cell, one after another: the index of its code in each dimension. */
  readonly places: Int32Array
  /** The cell at a position; undefined where there is none. */
  readonly cellAt: (position: number) => number | undefined
  /** How much one code of a dimension adds to a position. */
  readonly strides: readonly number[]
}

/** One version of a block: its cells by position, and which cells of the block they are. */
export interface Shape {
  readonly grid: Grid
  /** By cell of the version: the cell of the block. */
  readonly cells: Int32Array
}

/** Codes and by how much each of them moves. */
export interface Difference {
  readonly codes: readonly number[]
  readonly signs: readonly number[]
}

/** Reads the codes of cells. A code with parts, such as `primary/11`, lies inside its beginning. */
export function gridOf(codes: readonly (readonly string[])[]): Grid {
  const count = codes[0]?.length ?? 0
  const axes: Axis[] = []
  const indexes: Map<string, number>[] = []
  for (let dimension = 0; dimension < count; dimension++) {
    const known = new Map<string, number>()
    for (const cell of codes) {
      const code = cell[dimension] ?? ''
      if (!known.has(code)) known.set(code, known.size)
    }
    indexes.push(known)
    const names = [...known.keys()]
    axes.push({
      codes: names,
      parents: Int32Array.from(names, (code) => known.get(parentOf(code, known) ?? '') ?? -1),
    })
  }
  const strides: number[] = new Array(count).fill(1)
  for (let dimension = count - 2; dimension >= 0; dimension--)
    strides[dimension] = (strides[dimension + 1] ?? 1) * (axes[dimension + 1]?.codes.length ?? 1)
  const places = new Int32Array(codes.length * count)
  const positions = new Float64Array(codes.length)
  for (const [cell, own] of codes.entries()) {
    let position = 0
    for (const [dimension, code] of own.entries()) {
      const index = indexes[dimension]?.get(code) ?? 0
      places[cell * count + dimension] = index
      position += index * (strides[dimension] ?? 1)
    }
    positions[cell] = position
  }
  const size = (strides[0] ?? 1) * (axes[0]?.codes.length ?? 1)
  return { axes, places, strides, cellAt: indexOf(positions, size) }
}

/** An array where most positions have a cell, else a map. */
function indexOf(positions: Float64Array, size: number): Grid['cellAt'] {
  if (size <= 8 * positions.length + 1024) {
    const cells = new Int32Array(size).fill(-1)
    for (const [cell, position] of positions.entries()) cells[position] = cell
    return (position) => {
      const cell = cells[position] ?? -1
      return cell < 0 ? undefined : cell
    }
  }
  const cells = new Map<number, number>()
  for (const [cell, position] of positions.entries()) cells.set(position, cell)
  return (position) => cells.get(position)
}

/** The nearest code above that occurs. */
export function parentOf(
  code: string,
  known: { readonly has: (code: string) => boolean },
): string | undefined {
  if (code === totalCode) return undefined
  for (let end = code.lastIndexOf('/'); end > 0; end = code.lastIndexOf('/', end - 1)) {
    if (known.has(code.slice(0, end))) return code.slice(0, end)
  }
  return known.has(totalCode) ? totalCode : undefined
}

/**
 * The differences in which a code moves by one: from another leaf, or from none, so that all margins of the code move.
 * Those that share most margins come first.
 */
export function differencesOf({ parents }: Axis, code: number): readonly Difference[] {
  const isMargin = new Uint8Array(parents.length)
  for (const parent of parents) if (parent >= 0) isMargin[parent] = 1
  const pathOf = (from: number) => {
    const path = [from]
    for (let at = parents[from] ?? -1; at >= 0; at = parents[at] ?? -1) path.push(at)
    return path
  }
  const leaves = [...parents.keys()].filter((leaf) => isMargin[leaf] === 0)
  const found: Difference[] = []
  for (const leaf of leaves) {
    const path = pathOf(leaf)
    if (!path.includes(code)) continue
    for (const other of leaves) {
      const opposite = pathOf(other)
      if (opposite.includes(code)) continue
      const up = path.filter((own) => !opposite.includes(own))
      const down = opposite.filter((own) => !path.includes(own))
      found.push({ codes: [...up, ...down], signs: [...up.map(() => 1), ...down.map(() => -1)] })
    }
    found.push({ codes: path, signs: path.map(() => 1) })
  }
  return found.sort((a, b) => a.codes.length - b.codes.length)
}
