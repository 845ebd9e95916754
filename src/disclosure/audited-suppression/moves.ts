/**
 * Secondary suppression by moves. For each target the cheapest change of the table that keeps everything published and
 * moves the target by the width of protection; the cells that it touches are withheld too. The change, in whole numbers,
 * is the proof: added to the true table it gives another one that an outsider can't tell from it. Elimination alone was
 * not safe: it ignores that counts are not negative and that withheld ones are known to be small.
 */
import type { Question, Solve, Solver } from '../solve.ts'
import { type Block, movesModel, type Target, targetsOf } from './model.ts'
import type { Move, Proof } from './move.ts'
import { openSearch } from './search.ts'

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
