/**
 * What a row of the bench is: one figure of ours beside its reference, taken in interleaved pairs in the same run.
 * A row that can't be measured here throws LeftOut with the reason, and is told as left out.
 */
import type { BenchContext } from '../context.ts'
import type { ToolName } from '../tools.ts'

/** One measurement of each side, one right after the other, in the row's unit. */
export interface Pair {
  readonly ours: number
  readonly reference: number
}

export interface Row {
  /** As `--only` takes it. */
  readonly name: string
  readonly figure: string
  readonly reference: string
  /** Of both sides of a pair, such as `MB/s`. */
  readonly unit: string
  /** What of a pair is held to the floor: ours divided by the reference, or ours less the reference. */
  readonly compare: 'ratio' | 'difference'
  readonly direction: 'at least' | 'at most'
  /** What the median of the pairs is to reach; null where the figure is only told. */
  readonly floor: number | null
  readonly needs: readonly ToolName[]
  readonly measure: (context: BenchContext) => Promise<readonly Pair[]>
}

/** Says why a row can't be measured here. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut'
}
