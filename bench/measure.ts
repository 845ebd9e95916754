/** Pairs and their statistics: both sides run right after each other, so that noise affects both alike. */
import type { Pair, Row } from './rows/row.ts'

/** The median of all values (usually nine), with the least and the greatest. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * Measures the given number of pairs. Every second pair begins with the reference, so that neither side
 * always has the warmer caches or the cooler processor.
 */
export async function interleave(
  count: number,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  for (let n = 0; n < count; n += 1) {
    if (n % 2 === 0) {
      const first = await ours()
      pairs.push({ ours: first, reference: await reference() })
    } else {
      const first = await reference()
      pairs.push({ ours: await ours(), reference: first })
    }
  }
  return pairs
}

/** The median, least and greatest of some numbers. Throws a plain Error for an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const [upper, lower] = [sorted[sorted.length >> 1], sorted[(sorted.length - 1) >> 1]]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (upper === undefined || lower === undefined || min === undefined || max === undefined)
    throw new Error('nothing was measured')
  return { median: (upper + lower) / 2, min, max }
}

/** The figure of each pair that is compared with the floor. */
export function compared(row: Pick<Row, 'compare'>, pairs: readonly Pair[]): readonly number[] {
  return pairs.map(({ ours, reference }) => (row.compare === 'ratio' ? ours / reference : ours - reference))
}

/** Whether a figure reaches its floor; undefined if it has none. */
export function isMet(
  { floor, direction }: Pick<Row, 'floor' | 'direction'>,
  figure: number,
): boolean | undefined {
  if (floor === null) return undefined
  return direction === 'at least' ? figure >= floor : figure <= floor
}
