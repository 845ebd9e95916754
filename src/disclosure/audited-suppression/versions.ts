/**
 * One block for all versions of an edition, because two versions that are safe by themselves are not safe together. Every
 * version has cells of its own, except where its part has not changed. What was shown stays known, and what was withheld
 * once stays withheld. A count that changes by little is held at its former value: the difference would show the
 * few pupils who were corrected. An outsider can't tell a held count from an unchanged one.
 */

import type { BandsOf, ConfidentialRow } from '../edition.ts'
import { factsOf } from './facts.ts'
import { type Block, blockOf, type Fact, type Insider, type Target } from './model.ts'
import type { Columns, Parameters } from './parameters.ts'
import type { CellTable, Sum } from './table.ts'

/** One version of a block: its true cells, and for a former version which counts it shows. */
export interface BlockVersion {
  readonly table: CellTable
  readonly rows: readonly ConfidentialRow[]
  /** By cell: 1 where the count is shown; undefined for the version that is to be published. */
  readonly shown?: Uint8Array
  /** By cell, of a former version: the value that it shows, held from an earlier one or its own. */
  readonly displayed?: Int32Array
  /** By cell, of a former version: 1 for a base whose mean, deviation or quantiles are withheld. */
  readonly quiet?: Uint8Array
}

export interface Joint {
  readonly block: Block
  /** By version and cell: the cell of the block. */
  readonly cells: readonly Int32Array[]
  /** By cell of the new version: 1 where a small change is held whatever else is withheld. */
  readonly held: Uint8Array
}

/** Joins the versions of a block, the oldest first and the one to be published last. */
export function joinVersions(
  versions: readonly BlockVersion[],
  parameters: Parameters,
  columns: Columns,
  bandsOf: BandsOf,
): Joint {
  const singles = versions.map(({ table, rows }) => {
    const { facts, contradicts } = factsOf(table, rows, columns, parameters, bandsOf)
    return blockOf(table, parameters, facts, contradicts)
  })
  const cells: Int32Array[] = []
  const owner: { version: number; cell: number }[] = []
  for (const [version, { table }] of versions.entries()) {
    const former = versions[version - 1]?.table
    const changed = former === undefined ? undefined : changedParts(former, table)
    const before = new Map(former?.names.map((name, cell) => [name, cell]))
    cells.push(
      Int32Array.from(table.names, (name, cell) => {
        const twin = before.get(name)
        const part = table.parts[cell] ?? ''
        if (twin !== undefined && changed?.has(part) === false) return cells[version - 1]?.[twin] ?? 0
        return owner.push({ version, cell }) - 1
      }),
    )
  }
  const last = versions.length - 1
  const held = new Uint8Array(versions[last]?.table.names.length ?? 0)
  const block = combine(versions, singles, cells, owner, held, parameters)
  return { block, cells, held }
}

/** Parts with at least one other count, and every margin over parts. */
function changedParts(former: CellTable, table: CellTable): ReadonlySet<string> {
  const before = new Map(former.names.map((name, cell) => [name, former.values[cell]]))
  const changed = new Set<string>()
  for (const [cell, name] of table.names.entries())
    if (before.get(name) !== table.values[cell]) changed.add(table.parts[cell] ?? '')
  const names = new Set(table.names)
  for (const [cell, name] of former.names.entries())
    if (!names.has(name)) changed.add(former.parts[cell] ?? '')
  return changed
}

function combine(
  versions: readonly BlockVersion[],
  singles: readonly Block[],
  cells: readonly Int32Array[],
  owner: readonly { readonly version: number; readonly cell: number }[],
  held: Uint8Array,
  parameters: Parameters,
): Block {
  const size = owner.length
  const take = (from: (block: Block) => ArrayLike<number>) =>
    owner.map(({ version, cell }) => from(singles[version] as Block)[cell] ?? 0)
  const [low, high] = [Int32Array.from(take((of) => of.low)), Int32Array.from(take((of) => of.high))]
  const [fixed, hidden] = [new Uint8Array(size), Uint8Array.from(take((of) => of.hidden))]
  const cost = Float64Array.from(take((of) => of.cost))
  const widths = Uint16Array.from(take((of) => of.widths))
  /** Cells whose status says nothing: held ones, and those withheld because they were before. */
  const open = new Uint8Array(size)
  const targets = new Map<number, Target>()
  const last = versions.length - 1
  for (const [version, single] of singles.entries()) {
    const at = cells[version] as Int32Array
    for (const target of single.targets)
      targets.set(at[target.cell] ?? 0, { ...target, cell: at[target.cell] ?? 0 })
  }
  const everHidden = new Set<string>()
  const everQuiet = new Set<string>()
  const quiet = new Uint8Array(size)
  const displayed = new Map<string, number>()
  for (const [version, { table, shown, displayed: values, quiet: before }] of versions.entries()) {
    const at = cells[version] as Int32Array
    for (const [cell, name] of table.names.entries()) {
      const joint = at[cell] ?? 0
      if (before?.[cell] === 1) everQuiet.add(name)
      if (everQuiet.has(name)) quiet[joint] = 1
      if (shown !== undefined) {
        const value = values?.[cell] ?? table.values[cell] ?? 0
        if (shown[cell] !== 1) {
          everHidden.add(name)
          hidden[joint] = 1
          continue
        }
        displayed.set(name, value)
        if (value === table.values[cell]) fixed[joint] = 1
        else {
          // A version that shows a held value says nothing about its own.
          hidden[joint] = open[joint] = 1
          targets.set(joint, { cell: joint, width: parameters.protection.width })
        }
        continue
      }
      if (owner[joint]?.version !== last || last === 0) continue
      const former = displayed.get(name)
      if (everHidden.has(name)) hidden[joint] = open[joint] = 1
      else if (former !== undefined) {
        const change = Math.abs((table.values[cell] ?? 0) - former)
        if (change >= (parameters.versions?.heldBelow ?? 10)) continue
        held[cell] = hidden[joint] = open[joint] = 1
        // It is shown as before, and so has no status of a small count.
        widths[joint] = 0
        if (change === 0) targets.delete(joint)
        else targets.set(joint, { cell: joint, width: parameters.protection.width })
      }
    }
  }
  for (let joint = 0; joint < size; joint++) {
    if (open[joint] !== 1) continue
    low[joint] = 0
    high[joint] = 2 ** 31 - 1
  }
  const statements = statementsOf(singles, cells, owner, open)
  const values = Int32Array.from(take((of) => of.values))
  return {
    ...{ name: versions[last]?.table.block ?? '', values, low, high, fixed, hidden, cost, ...statements },
    shapes: versions.map(({ table }, version) => ({
      grid: table.grid,
      cells: cells[version] as Int32Array,
    })),
    names: owner.map(({ version, cell }) => `${version + 1}: ${versions[version]?.table.names[cell]}`),
    widths,
    targets: [...targets.values()].filter(({ cell }) => fixed[cell] !== 1),
    group: Int32Array.from(owner, ({ version, cell }) => {
      const base = singles[version]?.group[cell] ?? 0
      return cells[version]?.[base] ?? 0
    }),
    quiet,
    contradictions: (moved, groups, silent) =>
      contradictionsOf(singles, cells, owner, open, moved, groups, silent),
  }
}

/** Sums, facts and insiders of all versions, each once, in the cells of the joint block. */
function statementsOf(
  singles: readonly Block[],
  cells: readonly Int32Array[],
  owner: readonly { readonly version: number; readonly cell: number }[],
  open: Uint8Array,
): Pick<Block, 'sums' | 'defining' | 'facts' | 'insiders'> {
  const sums = new Map<string, Sum>()
  const defining = new Set<string>()
  const facts: Fact[] = []
  const insiders: Insider[] = []
  for (const [version, single] of singles.entries()) {
    const at = (cell: number) => cells[version]?.[cell] ?? 0
    const isDefining = new Set(single.defining)
    for (const [index, { total, parts }] of single.sums.entries()) {
      const sum = { total: at(total), parts: parts.map(at) }
      const key = `${sum.total}=${sum.parts.join('+')}`
      sums.set(key, sum)
      if (isDefining.has(index)) defining.add(key)
    }
    const owned = (cell: number) => owner[at(cell)]?.version === version
    for (const fact of single.facts)
      if (owned(fact.cells[0] ?? 0) && !fact.cells.some((cell) => open[at(cell)] === 1))
        facts.push({ ...fact, cells: fact.cells.map(at) })
    for (const { known, alone } of single.insiders)
      if (owned(known[0] ?? 0)) insiders.push({ known: known.map(at), alone: new Set([...alone].map(at)) })
  }
  const keys = [...sums.keys()]
  return {
    ...{ facts, insiders, sums: [...sums.values()] },
    defining: keys.flatMap((key, index) => (defining.has(key) ? [index] : [])),
  }
}

/** Asks each version about its own groups, with the true values where a cell's status says nothing. */
function contradictionsOf(
  singles: readonly Block[],
  cells: readonly Int32Array[],
  owner: readonly { readonly version: number; readonly cell: number }[],
  open: Uint8Array,
  moved: Int32Array,
  groups: ReadonlySet<number>,
  quiet: Uint8Array,
): readonly number[] {
  // One version has the cells of the block, none of them open.
  if (singles.length === 1) return singles[0]?.contradictions(moved, groups, quiet) ?? []
  const found: number[] = []
  for (const [version, single] of singles.entries()) {
    const own = [...groups].filter((group) => owner[group]?.version === version)
    if (own.length === 0) continue
    const at = cells[version] as Int32Array
    const values = Int32Array.from(at, (joint, cell) =>
      open[joint] === 1 ? (single.values[cell] ?? 0) : (moved[joint] ?? 0),
    )
    const current = new Set(own.map((group) => owner[group]?.cell ?? 0))
    const silent = Uint8Array.from(at, (joint) => quiet[joint] ?? 0)
    for (const group of single.contradictions(values, current, silent)) found.push(at[group] ?? 0)
  }
  return found
}
