/** The results of a run as one value, which is printed as a table and written as JSON. */
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Scale } from './context.ts'
import { isMet, type Spread, spreadOf } from './measure.ts'
import type { Pair, Row } from './rows/index.ts'
import { type ToolName, versionOf } from './tools.ts'

export type Result =
  | { readonly row: Row; readonly pairs: readonly Pair[]; readonly spread: Spread }
  | { readonly row: Row; readonly leftOut: string }

/** One row as written. */
export interface Line {
  readonly name: string
  readonly figure: string
  readonly reference: string
  readonly unit: string
  readonly compare: Row['compare']
  readonly direction: Row['direction']
  readonly floor: number | null
  readonly leftOut?: string
  readonly median?: number
  readonly min?: number
  readonly max?: number
  readonly isMet?: boolean
  /** Medians of each side, in the row's unit. */
  readonly ours?: number
  readonly theirs?: number
  readonly pairs?: readonly Pair[]
}

export interface Report {
  readonly measuredAt: string
  readonly scale: Scale
  readonly machine: Readonly<Record<string, string | number>>
  readonly lines: readonly Line[]
}

/** Combines results with a description of the machine. */
export async function reportOf(
  scale: Scale,
  results: readonly Result[],
  found: ReadonlyMap<ToolName, string>,
): Promise<Report> {
  const processors = cpus()
  const versions = await Promise.all(
    [...found].map(async ([name, path]) => [name, await versionOf(path)] as const),
  )
  return {
    measuredAt: new Date().toISOString(),
    scale,
    machine: {
      processors: processors.length,
      model: processors[0]?.model ?? '',
      memoryBytes: totalmem(),
      system: `${process.platform} ${release()}`,
      node: process.version,
      loadOfLastMinute: loadavg()[0] ?? 0,
      ...Object.fromEntries(versions),
    },
    lines: results.map(lineOf),
  }
}

function lineOf(result: Result): Line {
  const { name, figure, reference, unit, compare, direction, floor } = result.row
  const about = { name, figure, reference, unit, compare, direction, floor }
  if ('leftOut' in result) return { ...about, leftOut: result.leftOut }
  const { spread, pairs } = result
  const met = isMet(result.row, spread.median)
  return {
    ...about,
    ...spread,
    ...(met === undefined ? {} : { isMet: met }),
    ours: spreadOf(pairs.map(({ ours }) => ours)).median,
    theirs: spreadOf(pairs.map((pair) => pair.reference)).median,
    pairs,
  }
}
