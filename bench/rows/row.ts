/**
 * A row of the bench: one figure of the service beside its reference, measured in interleaved pairs in one
 * run. A row that can't be measured here throws LeftOut with the reason, and is reported as left out.
 */
import type { BenchContext } from '../context.ts'
import type { ToolName } from '../tools.ts'

/** One measurement of each side, one right after the other, in the row's unit. */
export interface Pair {
  readonly ours: number
  readonly reference: number
}

export interface Row {
  /** The name for `--only`. */
  readonly name: string
  readonly figure: string
  readonly reference: string
  /** The unit of both sides, such as `MB/s`. */
  readonly unit: string
  /** The figure compared with the floor: the service's value divided by, or minus, the reference. */
  readonly compare: 'ratio' | 'difference'
  readonly direction: 'at least' | 'at most'
  /** What the median of the pairs should reach; null if the figure is only reported. */
  readonly floor: number | null
  readonly needs: readonly ToolName[]
  readonly measure: (context: BenchContext) => Promise<readonly Pair[]>
}

/** Carries the reason why a row can't be measured here. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut'
}
