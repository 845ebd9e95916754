/**
 * Replays witnesses: adds each move to the true table and looks, with whole numbers and without a solver, whether
 * everything published is as before and the target has moved as far as its protection asks.
 */
import { type Block, targetsOf } from './model.ts'
import { type Move, openChecker, type Proof } from './move.ts'

/** The proofs of a block with names in place of indexes. Confidential: a move and the truth are two tables. */
export interface BlockWitnesses {
  readonly block: string
  readonly proofs: readonly {
    readonly cell: string
    readonly width: number
    readonly moves: readonly NamedMove[]
    readonly insiders: readonly { readonly known: readonly string[]; readonly moves: readonly NamedMove[] }[]
  }[]
}

type NamedMove = readonly (readonly [cell: string, step: number])[]

/** Writes proofs with names. */
export function nameProofs(block: Block, proofs: readonly Proof[]): BlockWitnesses {
  const name = (cell: number) => block.names[cell] ?? ''
  const named = ({ cells, steps }: Move): NamedMove =>
    cells.map((cell, n) => [name(cell), steps[n] ?? 0] as const)
  return {
    block: block.name,
    proofs: proofs.map(({ cell, width, moves, insiders }) => ({
      ...{ cell: name(cell), width, moves: moves.map(named) },
      insiders: insiders.map(({ insider, moves: others }) => ({
        known: (block.insiders[insider]?.known ?? []).map(name),
        moves: others.map(named),
      })),
    })),
  }
}

/**
 * What is wrong with the witnesses of a block, as sentences; nothing if they prove it. `hidden` says of each cell whether
 * its count is withheld in what was published.
 */
export function verifyBlock(block: Block, hidden: Uint8Array, witnesses: BlockWitnesses): readonly string[] {
  const at = new Map(block.names.map((name, cell) => [name, cell]))
  const checker = openChecker(block, block.quiet)
  const widths = new Map(targetsOf(block, hidden).map(({ cell, width }) => [cell, width]))
  const faults: string[] = []
  const proven = new Map<
    number,
    { width: number; insiders: { known: ReadonlySet<number> }[]; touched: Set<number> }
  >()
  const reach = (target: number, moves: readonly NamedMove[], locked: ReadonlySet<number>, of: string) => {
    let [most, least] = [0, 0]
    const touched = new Set<number>()
    for (const named of moves) {
      const move = { cells: named.map(([cell]) => at.get(cell) ?? -1), steps: named.map(([, step]) => step) }
      if (move.cells.includes(-1) || new Set(move.cells).size < move.cells.length)
        faults.push(`${of}: unknown cells`)
      else if (move.steps.some((step) => !Number.isInteger(step)))
        faults.push(`${of}: a step is no whole number`)
      else if (move.cells.some((cell) => hidden[cell] !== 1)) faults.push(`${of}: a published count changes`)
      else if (move.cells.some((cell) => locked.has(cell))) faults.push(`${of}: a pupil's own count changes`)
      else if (checker.faultOf(move) !== undefined)
        faults.push(`${of}: the changed table contradicts what is published`)
      else {
        const by = move.steps[move.cells.indexOf(target)] ?? 0
        ;[most, least] = [Math.max(most, by), Math.min(least, by)]
        for (const cell of move.cells) touched.add(cell)
      }
    }
    return { width: most - least, touched }
  }
  for (const { cell, moves, insiders } of witnesses.proofs) {
    const target = at.get(cell)
    if (target === undefined) {
      faults.push(`${cell}: no such cell`)
      continue
    }
    const { width, touched } = reach(target, moves, new Set(), cell)
    const known = insiders.map((of) => {
      const set = new Set(of.known.map((name) => at.get(name) ?? -1))
      const inner = reach(target, of.moves, set, `${cell}, seen by a pupil`)
      return { known: set, width: inner.width }
    })
    proven.set(target, { width, insiders: known, touched })
    for (const of of known) {
      const wanted = widths.get(target) ?? 0
      if (of.width < wanted)
        faults.push(`${cell}: narrower than ${wanted} for a pupil who is alone in a cell`)
    }
  }
  for (const { cell, width } of targetsOf(block, hidden)) {
    const found = proven.get(cell)
    if (found === undefined || found.width < width)
      faults.push(`${block.names[cell]}: no proof of the width ${width}`)
    for (const { known, alone } of block.insiders) {
      if (found === undefined || alone.has(cell) || !known.some((own) => found.touched.has(own))) continue
      if (!found.insiders.some((of) => known.every((own) => of.known.has(own))))
        faults.push(`${block.names[cell]}: no proof for a pupil who is alone in a cell`)
    }
  }
  for (const [cell, name] of block.names.entries())
    if (block.hidden[cell] === 1 && hidden[cell] !== 1) faults.push(`${name}: is shown and must be withheld`)
  return faults
}
