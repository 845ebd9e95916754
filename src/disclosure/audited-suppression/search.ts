/**
 * Searches the moves that protect one target after another: among those found, then among products of differences, then by
 * linear programmes. Moves that keep mean, deviation and quantiles come first; else these are withheld.
 */
import type { Solver } from '../solve.ts'
import { openCubes } from './cubes.ts'
import { openLinearSearch } from './linear-search.ts'
import { type Block, openCost, type Target } from './model.ts'
import { addMoves, type Move, openChecker, type Proof } from './move.ts'
import { openPool, splitsOf } from './pool.ts'

/** Products of differences that are checked for a part of a proof. */
const candidatesMax = 30

/** The same where figures are kept: each takes longer, and figures that contradict most products contradict more. */
const strictCandidatesMax = 8

/** Differences tried in a dimension: few at first. */
const widths = [8, 40] as const

/** Opens the search in a block. */
export function openSearch(block: Block, ask: Solver['ask']) {
  const insidersOf = new Map<number, number[]>()
  for (const [insider, { known }] of block.insiders.entries())
    for (const cell of known) insidersOf.set(cell, [...(insidersOf.get(cell) ?? []), insider])
  const quiet = Uint8Array.from(block.quiet)
  const checker = openChecker(block, quiet)
  /** Withholds the figures of all groups that a move touches, where they would contradict it. */
  const silence = (move: Move) => {
    if (checker.faultOf(move, false) !== undefined) throw new Error('a move changes what is published')
    if (checker.faultOf(move) !== undefined) for (const cell of move.cells) quiet[block.group[cell] ?? 0] = 1
  }
  const pool = openPool(block, checker)
  const findCubes = openCubeSearch(block, checker, pool.hidden)
  /** Cells withheld since the last question to the solver, whose cost falls. */
  const waiting: number[] = []
  const { findMove, solved } = openLinearSearch(block, ask, checker, waiting)
  /** A proof from what was found before, or without the solver. */
  const proveCheaply = (target: Target, locked: ReadonlySet<number>): readonly Move[] | undefined => {
    const known = pool.find(target, locked)
    if (known !== undefined) return known
    const cheap = findCubes(target, locked)
    for (const move of cheap ?? []) {
      silence(move)
      waiting.push(...pool.add(move))
    }
    return cheap
  }
  const prove = async (target: Target, locked: ReadonlySet<number>): Promise<readonly Move[] | undefined> => {
    const cheap = proveCheaply(target, locked)
    if (cheap !== undefined) return cheap
    for (const parts of splitsOf(block, target)) {
      const found: Move[] = []
      for (const by of parts) {
        const move = await findMove(target, by, locked)
        if (move === undefined) break
        found.push(move)
      }
      if (found.length < parts.length) continue
      for (const move of found) {
        silence(move)
        waiting.push(...pool.add(move))
      }
      return found
    }
    return undefined
  }

  return {
    ...{ prove, proveCheaply, solved, quiet },
    /** The own counts of all pupils from whom a cell must be protected. */
    knownTo: ({ cell }: Target): ReadonlySet<number> =>
      new Set(block.insiders.flatMap(({ known, alone }) => (alone.has(cell) ? [] : known))),
    insidersTouched: ({ cell, moves }: Proof): readonly number[] => [
      ...new Set(
        moves
          .flatMap((move) => move.cells.flatMap((touched) => insidersOf.get(touched) ?? []))
          .filter((insider) => block.insiders[insider]?.alone.has(cell) === false),
      ),
    ],
  }
}

/** Finds the cheapest products of differences that protect a target. */
function openCubeSearch(block: Block, checker: ReturnType<typeof openChecker>, hidden: Uint8Array) {
  /** Cells of a proof that is being put together, which cost nothing more. */
  const own = new Set<number>()
  const price = (cell: number) =>
    (block.cost[cell] ?? 0) / (hidden[cell] === 1 || own.has(cell) ? openCost : 1)
  const cubes = openCubes(block, price)
  /** A move by `by` as a sum of products of differences, in as few steps as possible. */
  const compose = (
    cell: number,
    by: number,
    still: ReadonlySet<number>,
    isStrict: boolean,
  ): Move | undefined => {
    let sum: Move = { cells: [], steps: [] }
    let rest = by
    for (let size = Math.abs(by); size > 0 && rest !== 0; ) {
      const step = Math.sign(by) * Math.min(size, Math.abs(rest))
      const search = (width: number) =>
        cubes
          .find(cell, step, still, { most: isStrict ? strictCandidatesMax : candidatesMax, width })
          .find((candidate) => checker.allows(addMoves(sum, candidate), isStrict))
      const next = search(widths[0]) ?? (isStrict ? undefined : search(widths[1]))
      if (next === undefined) {
        size = Math.floor(size / 2)
        continue
      }
      cubes.shift(next, 1)
      sum = addMoves(sum, next)
      rest -= step
    }
    cubes.shift(sum, -1)
    return rest === 0 ? sum : undefined
  }
  const findStrictly = (
    target: Target,
    locked: ReadonlySet<number>,
    isStrict: boolean,
  ): readonly Move[] | undefined => {
    let best: { cost: number; moves: readonly Move[] } | undefined
    for (const parts of splitsOf(block, target)) {
      // In two parts a target mostly moves as many cells again, so these are for what can't move far enough one way.
      if (best !== undefined && parts.length > 1) break
      own.clear()
      let cost = 0
      const moves: Move[] = []
      for (const by of parts) {
        const move = compose(target.cell, by, locked, isStrict)
        if (move === undefined) break
        for (const cell of move.cells) cost += price(cell)
        for (const cell of move.cells) own.add(cell)
        moves.push(move)
      }
      if (moves.length === parts.length && (best === undefined || cost < best.cost)) best = { cost, moves }
    }
    own.clear()
    return best?.moves
  }
  return (target: Target, locked: ReadonlySet<number>): readonly Move[] | undefined => {
    if (locked.has(target.cell)) return undefined
    return findStrictly(target, locked, true) ?? findStrictly(target, locked, false)
  }
}
