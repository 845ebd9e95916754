/**
 * A block of cells as suppression sees it, and the linear model of its moves: two columns a cell, up and down, and one row
 * a defining sum. A move keeps every row; what it costs is what it would hide.
 */
import type { LinearModel } from '../solve.ts'
import type { Shape } from './axes.ts'
import type { Parameters } from './parameters.ts'
import { movableRange, primaryReasons, type Reason, reasonOf, sensitiveCells } from './primary.ts'
import type { CellTable, Sum } from './table.ts'

/** A linear statement that published figures make about the counts: low ≤ Σ factor × count ≤ high. */
export interface Fact {
  readonly cells: readonly number[]
  readonly factors: readonly number[]
  readonly low: number
  readonly high: number
}

export interface Target {
  readonly cell: number
  readonly width: number
}

/** A pupil who is alone in a finest cell, and knows its own result. */
export interface Insider {
  /** Cells whose counts the pupil knows: all levels of a base of one, or a level of one. */
  readonly known: readonly number[]
  /** Cells in which this pupil is alone: there is nobody else to protect from it. */
  readonly alone: ReadonlySet<number>
}

/** Cells with everything that an outsider knows about them. Versions of an edition are one block. */
export interface Block {
  readonly name: string
  readonly values: Int32Array
  readonly names: readonly string[]
  readonly sums: readonly Sum[]
  readonly defining: readonly number[]
  /** The versions of the edition. */
  readonly shapes: readonly Shape[]
  /** Lowest and highest value of a cell once it is withheld. */
  readonly low: Int32Array
  readonly high: Int32Array
  /** Cells whose value is known for ever: shown in a former version, or of an unchanged part. */
  readonly fixed: Uint8Array
  /** Cells withheld from the start: by the primary rule, or in a former version. */
  readonly hidden: Uint8Array
  readonly targets: readonly Target[]
  /** By cell: the width that is protected once the cell is withheld, because its status is that of a small one; or 0. */
  readonly widths: Uint16Array
  readonly cost: Float64Array
  readonly facts: readonly Fact[]
  readonly insiders: readonly Insider[]
  /** The cells that are moved together or not at all where the exact check fails. */
  readonly group: Int32Array
  /** Groups in which the values contradict a status or a published figure. Exact, unlike the linear rows. */
  readonly contradictions: (
    values: Int32Array,
    groups: ReadonlySet<number>,
    quiet: Uint8Array,
  ) => readonly number[]
  /** By group: 1 where its mean, deviation and quantiles are withheld from the start, so that they say nothing. */
  readonly quiet: Uint8Array
}

/** Dearer cells: bases carry mean and rates, and headline levels carry the headline rate. */
const baseWeight = 4
const headlineWeight = 8

/** Builds the block of one version by itself. `facts` are handed in because they depend on what is shown. */
export function blockOf(
  table: CellTable,
  parameters: Parameters,
  facts: readonly Fact[] = [],
  contradictsFacts: (values: Int32Array, group: number) => boolean = () => false,
  limits: { readonly atLeast?: Int32Array; readonly atMost?: Int32Array } = {},
): Block {
  const sensitive = sensitiveCells(table, parameters)
  const reasonsFound = primaryReasons(table, parameters, sensitive)
  const zeros = shownZeros(table, sensitive, reasonsFound, parameters)
  const primary = reasonsFound.map((reason, cell) => (zeros.has(cell) ? 0 : reason))
  const size = table.values.length
  const low = new Int32Array(size)
  const high = new Int32Array(size)
  const cost = new Float64Array(size)
  const targets: Target[] = []
  const headline = new Set(parameters.levels.keep)
  for (let cell = 0; cell < size; cell++) {
    const [value, base] = [table.values[cell] ?? 0, table.base[cell] ?? 0]
    const kind = base === cell ? 'base' : sensitive[cell] === 1 ? 'sensitive' : 'other'
    const reason = (primary[cell] ?? 0) as Reason
    const range: readonly [number, number] = zeros.has(cell)
      ? [0, 0]
      : movableRange(value, table.values[base] ?? 0, kind, reason, parameters)
    low[cell] = Math.max(range[0], limits.atLeast?.[cell] ?? 0)
    high[cell] = Math.min(range[1], limits.atMost?.[cell] ?? range[1])
    const level = table.levels[table.level[cell] ?? -1]
    const weight =
      kind === 'base' ? baseWeight : level !== undefined && headline.has(level) ? headlineWeight : 1
    cost[cell] = (1 + Math.log10(1 + value)) * (1 + (table.margins[cell] ?? 0)) * weight
    if (reason === 0) continue
    targets.push({ cell, width: parameters.protection.width })
  }
  const members = groupsOf(table)
  return {
    ...{ name: table.block, values: table.values, names: table.names, sums: table.sums },
    ...{ defining: table.defining, low, high, targets, cost, facts, group: table.base },
    shapes: [{ grid: table.grid, cells: Int32Array.from(table.values.keys()) }],
    fixed: new Uint8Array(size),
    widths: Uint16Array.from(sensitive, (of) => (of === 1 ? parameters.protection.width : 0)),
    hidden: Uint8Array.from(primary, (reason) => (reason === 0 ? 0 : 1)),
    insiders: insidersOf(table, members),
    quiet: new Uint8Array(size),
    contradictions: (values, groups, quiet) => {
      const changed = [...groups].filter((group) =>
        (members.get(group) ?? []).some((cell) => {
          const isWithheld = reasonsFound[cell] !== 0
          const kind = group === cell ? 'base' : sensitive[cell] === 1 ? 'sensitive' : 'other'
          const isSmall = reasonOf(values[cell] ?? 0, values[group] ?? 0, kind, parameters) !== 0
          // A sensitive count that moves is withheld whatever its size, in a group that stays large or small.
          if (kind !== 'sensitive' || reasonsFound[cell] === 1) return isSmall !== isWithheld
          return isSmall && !isWithheld && values[cell] === table.values[cell]
        }),
      )
      if (changed.length > 0) return changed
      return [...groups].filter((group) => quiet[group] !== 1 && contradictsFacts(values, group))
    },
  }
}

/**
 * Sensitive counts of zero that are shown, and all their parts: where zeros are published, a zero of a large group tells
 * those of the small groups in it, so that hiding them would protect nothing.
 */
function shownZeros(
  { values, sums }: CellTable,
  sensitive: Uint8Array,
  primary: Uint8Array,
  { levels }: Parameters,
): ReadonlySet<number> {
  const zeros = new Set<number>()
  if (levels.zero === 'protect') return zeros
  for (const [cell, value] of values.entries())
    if (value === 0 && sensitive[cell] === 1 && primary[cell] === 0) zeros.add(cell)
  for (let size = -1; size < zeros.size; ) {
    size = zeros.size
    for (const { total, parts } of sums) {
      if (zeros.has(total)) for (const part of parts) zeros.add(part)
      else if (parts.every((part) => zeros.has(part))) zeros.add(total)
    }
  }
  return zeros
}

/** Cells by their base. */
export function groupsOf({ base }: Pick<CellTable, 'base'>): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>()
  for (const [cell, of] of base.entries()) {
    const group = groups.get(of)
    if (group === undefined) groups.set(of, [cell])
    else group.push(cell)
  }
  return groups
}

function insidersOf(
  { values, base, margins, sums }: CellTable,
  groups: ReadonlyMap<number, readonly number[]>,
): readonly Insider[] {
  const totals = new Map<number, number[]>()
  for (const { total, parts } of sums) {
    if (values[total] !== 1) continue
    for (const part of parts) if (values[part] === 1) totals.set(part, [...(totals.get(part) ?? []), total])
  }
  const insiders: Insider[] = []
  for (const [cell, value] of values.entries()) {
    const of = base[cell] ?? 0
    if (value !== 1 || margins[of] !== 0 || (of !== cell && values[of] === 1)) continue
    const known = of === cell ? (groups.get(cell) ?? [cell]) : [cell]
    const alone = new Set(known)
    // A set grows while it is walked: totals of totals are reached too.
    for (const reached of alone) for (const total of totals.get(reached) ?? []) alone.add(total)
    insiders.push({ known, alone })
  }
  return insiders
}

/** A cell that is not withheld yet costs this many times more than one that is. */
export const openCost = 1000

/** Builds the model of moves: column 2 × cell is up, the next one down. */
export function movesModel(block: Block): LinearModel {
  const size = block.values.length
  const cost = new Float64Array(2 * size)
  const upper = new Float64Array(2 * size)
  for (let cell = 0; cell < size; cell++) {
    cost[2 * cell] = cost[2 * cell + 1] = columnCost(block, cell, block.hidden[cell] === 1)
    const [up, down] = reachOf(block, cell)
    upper[2 * cell] = up
    upper[2 * cell + 1] = down
  }
  const rows: { cells: readonly number[]; factors: readonly number[]; low: number; high: number }[] = []
  for (const index of block.defining) {
    const { total, parts } = block.sums[index] as Sum
    rows.push({ cells: [total, ...parts], factors: [-1, ...parts.map(() => 1)], low: 0, high: 0 })
  }
  const starts = new Int32Array(rows.length + 1)
  for (const [n, { cells }] of rows.entries()) starts[n + 1] = (starts[n] ?? 0) + 2 * cells.length
  const indices = new Int32Array(starts[rows.length] ?? 0)
  const factors = new Float64Array(indices.length)
  for (const [n, row] of rows.entries()) {
    let at = starts[n] ?? 0
    for (const [m, cell] of row.cells.entries()) {
      indices[at] = 2 * cell
      factors[at++] = row.factors[m] ?? 0
      indices[at] = 2 * cell + 1
      factors[at++] = -(row.factors[m] ?? 0)
    }
  }
  return {
    ...{ cost, upper, starts, indices, factors },
    lower: new Float64Array(2 * size),
    rowLower: Float64Array.from(rows, ({ low }) => low),
    rowUpper: Float64Array.from(rows, ({ high }) => high),
  }
}

/** How far a cell may move up and down. */
export function reachOf(block: Block, cell: number): readonly [up: number, down: number] {
  if (block.fixed[cell] === 1) return [0, 0]
  const value = block.values[cell] ?? 0
  return [Math.max(0, (block.high[cell] ?? 0) - value), Math.max(0, value - (block.low[cell] ?? 0))]
}

/** Cost of moving a cell by one. */
export function columnCost(block: Block, cell: number, isHidden: boolean): number {
  return (block.cost[cell] ?? 0) / (isHidden ? openCost : 1)
}

/** The cells that need a proof: small ones, and every other withheld one with the same status. */
export function targetsOf(block: Block, hidden: Uint8Array): readonly Target[] {
  const named = new Set(block.targets.map(({ cell }) => cell))
  const others = [...block.widths.entries()].flatMap(([cell, width]) =>
    width > 0 && hidden[cell] === 1 && block.fixed[cell] !== 1 && !named.has(cell) ? [{ cell, width }] : [],
  )
  return [...block.targets, ...others]
}
