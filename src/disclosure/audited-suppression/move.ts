/** Moves of a table, their sum, and whether they keep everything that is published. Whole numbers only. */
import type { Block } from './model.ts'

/** A change of a table: cells and by how much each changes. Confidential. */
export interface Move {
  readonly cells: readonly number[]
  readonly steps: readonly number[]
}

/** The moves that prove the protection of a target: up, down or both. */
export interface Proof {
  readonly cell: number
  readonly width: number
  readonly moves: readonly Move[]
  /** Moves that leave the cells of an insider as they are, by the insider's index in the block. */
  readonly insiders: readonly { readonly insider: number; readonly moves: readonly Move[] }[]
}

/** Two moves as one. */
export function addMoves(one: Move, other: Move): Move {
  const steps = new Map(one.cells.map((cell, n) => [cell, one.steps[n] ?? 0]))
  for (const [n, cell] of other.cells.entries())
    steps.set(cell, (steps.get(cell) ?? 0) + (other.steps[n] ?? 0))
  const moved = [...steps].filter(([, by]) => by !== 0)
  return { cells: moved.map(([cell]) => cell), steps: moved.map(([, by]) => by) }
}

/** By how much a move changes a cell. */
export const stepOf = ({ cells, steps }: Move, cell: number) => steps[cells.indexOf(cell)] ?? 0

interface MoveFault {
  /** Groups whose cells contradict a status or a figure; none where a sum or a limit is broken. */
  readonly groups: readonly number[]
}

/** Checks moves of a block in whole numbers: sums, limits, statuses, figures. */
export function openChecker(block: Block, quiet: Uint8Array) {
  const silent = new Uint8Array(block.values.length).fill(1)
  const sumsOf = new Map<number, number[]>()
  for (const [index, { total, parts }] of block.sums.entries()) {
    for (const cell of [total, ...parts]) {
      const list = sumsOf.get(cell)
      if (list === undefined) sumsOf.set(cell, [index])
      else list.push(index)
    }
  }
  const members = new Map<number, number[]>()
  for (const [cell, group] of block.group.entries()) {
    const list = members.get(group)
    if (list === undefined) members.set(group, [cell])
    else list.push(cell)
  }
  const values = Int32Array.from(block.values)
  const isBroken = (index: number) => {
    const { total, parts } = block.sums[index] as (typeof block.sums)[number]
    let rest = values[total] ?? 0
    for (const part of parts) rest -= values[part] ?? 0
    return rest !== 0
  }
  const isOutside = (cell: number) => {
    const value = values[cell] ?? 0
    return block.fixed[cell] === 1 || value < (block.low[cell] ?? 0) || value > (block.high[cell] ?? 0)
  }
  const contradictionOf = (cells: readonly number[], isStrict: boolean): MoveFault | undefined => {
    const touched = new Set<number>()
    for (const cell of cells) touched.add(block.group[cell] ?? 0)
    const groups = block.contradictions(values, touched, isStrict ? quiet : silent)
    return groups.length === 0 ? undefined : { groups }
  }
  return {
    membersOf: (group: number): readonly number[] => members.get(group) ?? [],
    /** What is wrong with a move; undefined if nothing is. Strictly: also where shown figures contradict it. */
    faultOf({ cells, steps }: Move, isStrict = true): MoveFault | undefined {
      for (const [n, cell] of cells.entries()) values[cell] = (values[cell] ?? 0) + (steps[n] ?? 0)
      try {
        if (cells.some(isOutside)) return { groups: [] }
        for (const cell of cells)
          for (const index of sumsOf.get(cell) ?? []) if (isBroken(index)) return { groups: [] }
        return contradictionOf(cells, isStrict)
      } finally {
        for (const cell of cells) values[cell] = block.values[cell] ?? 0
      }
    },
    /** Whether statuses and figures allow a move whose form keeps every sum. */
    allows({ cells, steps }: Move, isStrict: boolean): boolean {
      for (const [n, cell] of cells.entries()) values[cell] = (values[cell] ?? 0) + (steps[n] ?? 0)
      const isAllowed = !cells.some(isOutside) && contradictionOf(cells, isStrict) === undefined
      for (const cell of cells) values[cell] = block.values[cell] ?? 0
      return isAllowed
    },
  }
}
