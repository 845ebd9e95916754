/**
 * Secondary suppression by moves. For each target the cheapest change of the table that keeps everything published and
 * moves the target by the width of protection; the cells that it touches are withheld too. The change, in whole numbers,
 * is the proof: added to the true table it gives another one that an outsider can't tell from it. Elimination alone was
 * not safe: it ignores that counts are not negative and that withheld ones are known to be small.
 */
import type { Question, Solve, Solver } from '../solve.ts'
import { openCubes } from './cubes.ts'
import { type Block, columnCost, movesModel, openCost, reachOf, type Target, targetsOf } from './model.ts'

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

export interface Protected {
  /** By cell: 1 where the count is withheld. */
  readonly hidden: Uint8Array
  /** By group: 1 where its mean, deviation and quantiles are withheld. */
  readonly quiet: Uint8Array
  readonly proofs: readonly Proof[]
  /** Targets without a proof: nothing may be published. */
  readonly unproven: readonly number[]
  readonly solved: { readonly linear: number; readonly integer: number }
}

/** How many targets are done, for progress and cancellation: throws to stop. */
export type Step = (done: number, all: number) => void

/** Products of differences that are checked for a part of a proof. */
const candidatesMax = 30

/** The same where figures are kept: each takes longer, and figures that contradict most products contradict more. */
const strictCandidatesMax = 8

/** Differences tried in a dimension: few at first. */
const widths = [8, 40] as const

/** Attempts to repair a move that contradicts a status or a figure, by not moving that group of cells. */
const repairsMax = 4

/** Protects the targets of a block. Throws what `step` and the solver throw. */
export async function protect(block: Block, solve: Solve, step: Step = () => {}): Promise<Protected> {
  // Most blocks need no solver.
  let opened: Promise<Solver> | undefined
  const ask = async (question: Question) => {
    opened ??= solve(movesModel(block))
    return (await opened).ask(question)
  }
  try {
    return await protectWith(block, ask, step)
  } finally {
    await (await opened)?.close()
  }
}

async function protectWith(block: Block, ask: Solver['ask'], step: Step): Promise<Protected> {
  const search = openSearch(block, ask)
  const proofs = new Map<number, Proof>()
  const unproven: number[] = []
  const proveAll = async (targets: readonly Target[]) => {
    // Dear cells first: their moves touch many cells, and the cheap ones are then often moved far enough already.
    const sorted = [...targets].sort(
      (a, b) => (block.cost[b.cell] ?? 0) - (block.cost[a.cell] ?? 0) || a.cell - b.cell,
    )
    for (const [n, target] of sorted.entries()) {
      step(n, sorted.length)
      // One proof that leaves all pupils' own counts alone serves them all.
      const moves =
        search.proveCheaply(target, search.knownTo(target)) ?? (await search.prove(target, new Set()))
      if (moves === undefined) unproven.push(target.cell)
      else proofs.set(target.cell, { ...target, moves, insiders: [] })
    }
    for (const target of sorted) {
      step(sorted.length, sorted.length)
      const proof = proofs.get(target.cell)
      if (proof === undefined) continue
      const insiders: { insider: number; moves: readonly Move[] }[] = []
      for (const insider of search.insidersTouched(proof)) {
        const moves = await search.prove(target, new Set(block.insiders[insider]?.known))
        if (moves === undefined) unproven.push(target.cell)
        else insiders.push({ insider, moves })
      }
      proofs.set(target.cell, { cell: proof.cell, width: proof.width, moves: proof.moves, insiders })
    }
  }
  const hidden = Uint8Array.from(block.hidden)
  // Sensitive counts that protect others are protected as they are, since their status is the same.
  for (let targets = targetsOf(block, hidden); targets.length > 0; ) {
    await proveAll(targets)
    for (const { moves, insiders } of proofs.values())
      for (const move of [...moves, ...insiders.flatMap((of) => of.moves)])
        for (const cell of move.cells) hidden[cell] = 1
    targets = targetsOf(block, hidden).filter(({ cell }) => !proofs.has(cell) && !unproven.includes(cell))
  }
  return {
    hidden,
    quiet: search.quiet,
    proofs: [...proofs.values()],
    unproven: [...new Set(unproven)],
    solved: search.solved,
  }
}

function openSearch(block: Block, ask: Solver['ask']) {
  const solved = { linear: 0, integer: 0 }
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
  /** Cells of a proof that is being put together, which cost nothing more. */
  const own = new Set<number>()
  const price = (cell: number) =>
    (block.cost[cell] ?? 0) / (pool.hidden[cell] === 1 || own.has(cell) ? openCost : 1)
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
  /** The cheapest products of differences that protect a target. */
  const findCubes = (target: Target, locked: ReadonlySet<number>): readonly Move[] | undefined => {
    if (locked.has(target.cell)) return undefined
    return findStrictly(target, locked, true) ?? findStrictly(target, locked, false)
  }
  const findStrictly = (
    target: Target,
    locked: ReadonlySet<number>,
    isStrict: boolean,
  ): readonly Move[] | undefined => {
    let best: { cost: number; moves: readonly Move[] } | undefined
    for (const parts of splitsOf(block, target)) {
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
  /** Cells withheld since the last question, whose cost falls. */
  const waiting: number[] = []
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

/** The moves found so far, which often protect further targets. */
function openPool(block: Block, checker: ReturnType<typeof openChecker>) {
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
function splitsOf(block: Block, { cell, width }: Target): readonly (readonly number[])[] {
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

/** Two moves as one. */
function addMoves(one: Move, other: Move): Move {
  const steps = new Map(one.cells.map((cell, n) => [cell, one.steps[n] ?? 0]))
  for (const [n, cell] of other.cells.entries())
    steps.set(cell, (steps.get(cell) ?? 0) + (other.steps[n] ?? 0))
  const moved = [...steps].filter(([, by]) => by !== 0)
  return { cells: moved.map(([cell]) => cell), steps: moved.map(([, by]) => by) }
}

const stepOf = ({ cells, steps }: Move, cell: number) => steps[cells.indexOf(cell)] ?? 0

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
