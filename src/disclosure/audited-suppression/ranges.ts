/**
 * The interval of each withheld count, from what is public alone: each sum with a withheld count bounds it by the others,
 * until nothing changes. Readers can compute the same or, with a solver, a little less; nothing in it is new to them. An
 * interval proves nothing; only a move does.
 */
import type { Block } from './model.ts'

export type Range = readonly [low: number, high: number]

/** Lowest and highest value of a withheld cell by its status and the counts shown beside it. */
export type PublicRange = (cell: number) => Range

/** Rounds over all sums. Where sums chain, each round can tighten a little more; an earlier end is as true. */
const roundsMax = 50

/** Ranges of all withheld cells, by cell. */
export function rangesOf(
  block: Block,
  { hidden, quiet }: { readonly hidden: Uint8Array; readonly quiet: Uint8Array },
  publicRange: PublicRange,
): ReadonlyMap<number, Range> {
  const [low, high] = [Float64Array.from(block.values), Float64Array.from(block.values)]
  const cells = [...hidden.keys()].filter((cell) => hidden[cell] === 1)
  for (const cell of cells) [low[cell] = 0, high[cell] = 0] = publicRange(cell)
  const statements = statementsOf(block, hidden, quiet)
  for (let round = 0; round < roundsMax; round++) {
    let isChanged = false
    for (const statement of statements) isChanged = tighten(statement, low, high) || isChanged
    if (!isChanged) break
  }
  return new Map(cells.map((cell) => [cell, [low[cell] ?? 0, high[cell] ?? 0] as const]))
}

interface Statement {
  readonly cells: readonly number[]
  readonly factors: readonly number[]
  readonly low: number
  readonly high: number
}

/** The sums and figures that contain a withheld count. */
function statementsOf(block: Block, hidden: Uint8Array, quiet: Uint8Array): readonly Statement[] {
  const isOpen = (cell: number) => hidden[cell] === 1
  const sums = block.sums.map(({ total, parts }) => ({
    cells: [total, ...parts],
    factors: [-1, ...parts.map(() => 1)],
    ...{ low: 0, high: 0 },
  }))
  // The mean and quantiles of a withheld base are not shown.
  const isSilent = (group: number) => isOpen(group) || quiet[group] === 1
  const facts = block.facts.filter(({ cells }) => !cells.some((cell) => isSilent(block.group[cell] ?? 0)))
  return [...sums, ...facts].filter(({ cells }) => cells.some(isOpen))
}

/** Bounds each count of a statement by the bounds of the others. Gives whether one has changed. */
function tighten({ cells, factors, low, high }: Statement, lows: Float64Array, highs: Float64Array): boolean {
  let [least, most] = [0, 0]
  for (const [n, cell] of cells.entries()) {
    const factor = factors[n] ?? 0
    least += factor * ((factor > 0 ? lows : highs)[cell] ?? 0)
    most += factor * ((factor > 0 ? highs : lows)[cell] ?? 0)
  }
  let isChanged = false
  for (const [n, cell] of cells.entries()) {
    const factor = factors[n] ?? 0
    const [from, to] = [lows[cell] ?? 0, highs[cell] ?? 0]
    if (factor === 0 || from === to) continue
    const [own, other] = factor > 0 ? [from, to] : [to, from]
    // What the other counts leave: [low − most of them, high − least of them].
    const bounds = [(low - (most - factor * other)) / factor, (high - (least - factor * own)) / factor]
    const [next, last] = factor > 0 ? bounds : bounds.reverse()
    const tighter = [
      Math.max(from, Math.ceil((next ?? from) - 1e-6)),
      Math.min(to, Math.floor((last ?? to) + 1e-6)),
    ] as const
    if (tighter[0] === from && tighter[1] === to) continue
    isChanged = true
    least += factor > 0 ? factor * (tighter[0] - from) : factor * (tighter[1] - to)
    most += factor > 0 ? factor * (tighter[1] - to) : factor * (tighter[0] - from)
    ;[lows[cell], highs[cell]] = tighter
  }
  return isChanged
}
