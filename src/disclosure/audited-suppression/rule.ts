/**
 * `audited-suppression`: withholds small counts and those that protect them, and publishes only with a proof for each. Refuses
 * editions that contradict themselves, that can't be proven, and corrections so small that nothing new could be shown.
 */
import type { Contract, DisclosureUse } from '../../contract/index.ts'
import type { ConfidentialRow, EditionCells, FormerVersion } from '../edition.ts'
import type { ControlledEdition, EditionTools, WholeEditionRule } from '../rule.ts'
import { targetsOf } from './model.ts'
import { type Protected, protect } from './moves.ts'
import {
  type Columns,
  type Parameters,
  parameterComplaints,
  parametersOf,
  parametersSchema,
  resolveColumns,
} from './parameters.ts'
import { type Decision, figureColumns, publicRangeOf, publishRows, type Statuses } from './publish.ts'
import { type Range, rangesOf } from './ranges.ts'
import { summariseBlock, summariseEdition } from './summary.ts'
import { buildTables, type CellTable, EditionFault } from './table.ts'
import { type BlockWitnesses, nameProofs, verifyBlock } from './verify.ts'
import { type BlockVersion, type Joint, joinVersions } from './versions.ts'

export const auditedSuppression: WholeEditionRule = {
  name: 'audited-suppression',
  parameters: parametersSchema,
  complaints: parameterComplaints,
  async controlEdition(edition, contract, use, tools) {
    const parameters = parametersOf(use)
    const columns = resolveColumns(contract, parameters)
    try {
      const blocks = blocksOf(edition, columns)
      return await controlBlocks(edition, blocks, { parameters, columns, tools })
    } catch (error) {
      if (!(error instanceof EditionFault)) throw error
      const advice =
        'Correct the data: every margin must be the sum of its parts, and every level must be there.'
      return { outcome: 'refused', reason: 'contradiction', cells: [error.message], advice }
    }
  },
}

/** Checks the witnesses of a published edition without a solver. Gives what is wrong, as sentences. */
export function verifyEdition(
  edition: EditionCells & { readonly published: readonly ConfidentialRow[] },
  contract: Contract,
  use: DisclosureUse,
  witnesses: readonly BlockWitnesses[],
): readonly string[] {
  const parameters = parametersOf(use)
  const columns = resolveColumns(contract, parameters)
  const ofBlock = new Map(witnesses.map((of) => [of.block, of]))
  return blocksOf(edition, columns).flatMap((all) => {
    const versions = all.map((of) =>
      of.shown === undefined
        ? { ...of, quiet: quietBases(of.table, edition.rows, edition.published, columns) }
        : of,
    )
    const joint = joinVersions(versions, parameters, columns, edition.bandsOf ?? (() => undefined))
    const { table } = versions.at(-1) as BlockVersion
    const hidden = new Uint8Array(joint.block.names.length)
    for (const [version, { shown, displayed, table: former }] of versions.entries()) {
      const at = joint.cells[version] as Int32Array
      for (const [cell, of] of at.entries()) {
        const count = edition.published[former.rows[cell] ?? 0]?.[columns.count] ?? null
        const value = shown === undefined ? count : shown[cell] === 1 ? (displayed?.[cell] ?? null) : null
        const isTrue = value !== null && Number(value) === former.values[cell]
        // A held count is open even where it is unchanged: an outsider can't tell.
        if (!isTrue || (shown === undefined && joint.held[cell] === 1)) hidden[of] = 1
      }
    }
    return verifyBlock(joint.block, hidden, ofBlock.get(table.block) ?? { block: table.block, proofs: [] })
  })
}

interface Work {
  readonly parameters: Parameters
  readonly columns: Columns
  readonly tools: EditionTools
}

/** The versions of every block, the new one last. */
function blocksOf(edition: EditionCells, columns: Columns): readonly (readonly BlockVersion[])[] {
  const former = (edition.former ?? []).map((version) => formerBlocks(version, columns))
  return buildTables(edition.rows, columns).map((table) => [
    ...former.flatMap((blocks) => blocks.filter((of) => of.table.block === table.block)),
    { table, rows: edition.rows },
  ])
}

function formerBlocks({ confidential, published }: FormerVersion, columns: Columns): readonly BlockVersion[] {
  return buildTables(confidential, columns).map((table) => {
    const shown = new Uint8Array(table.names.length)
    const displayed = Int32Array.from(table.values)
    const quiet = quietBases(table, confidential, published, columns)
    for (const [cell, row] of table.rows.entries()) {
      const count = published[row]?.[columns.count]
      if (count === null || count === undefined) continue
      shown[cell] = 1
      displayed[cell] = Number(count)
    }
    return { table, rows: confidential, shown, displayed, quiet }
  })
}

/** Bases of which the published rows show neither mean nor deviation nor quantiles. */
function quietBases(
  table: CellTable,
  rows: readonly ConfidentialRow[],
  published: readonly ConfidentialRow[],
  columns: Columns,
): Uint8Array {
  const figures = figureColumns(columns)
  return Uint8Array.from(table.rows, (row, cell) =>
    table.base[cell] === cell &&
    figures.some((column) => isThere(rows[row]?.[column])) &&
    !figures.some((column) => isThere(published[row]?.[column]))
      ? 1
      : 0,
  )
}

const isThere = (value: string | null | undefined) => value !== null && value !== undefined

interface Done {
  readonly table: CellTable
  readonly joint: Joint
  readonly result: Protected
  readonly statuses: Statuses
  readonly ranges: ReadonlyMap<number, Range>
}

async function controlBlocks(
  edition: EditionCells,
  blocks: readonly (readonly BlockVersion[])[],
  work: Work,
): Promise<ControlledEdition> {
  const done: Done[] = []
  let next = 0
  const workers = Array.from({ length: Math.max(1, work.tools.parallel ?? 1) }, async () => {
    for (let index = next++; index < blocks.length; index = next++)
      done[index] = await controlBlock(edition, blocks[index] as readonly BlockVersion[], work)
  })
  await Promise.all(workers)
  const unproven = done.flatMap(({ joint, result }) =>
    result.unproven.map((cell) => `${joint.block.name} ${joint.block.names[cell]}`),
  )
  if (unproven.length > 0) {
    const advice =
      'Publish coarser cells (for instance stages in place of grades), raise levels.smallShare, or leave a level out.'
    return { outcome: 'refused', reason: 'unproven', cells: unproven, advice }
  }
  const former = edition.former?.at(-1)
  if (
    former !== undefined &&
    !done.some(({ statuses, table }) => showsNews(statuses, table, former, work.columns))
  ) {
    const advice =
      'The corrections change no count by enough to be shown. Publish them with the next edition.'
    return { outcome: 'refused', reason: 'nothing-new', cells: [], advice }
  }
  const { rows, recordsWithheld, valuesWithheld } = publishRows(edition, done, work.columns, work.parameters)
  const witnesses = done.map(({ joint, result }) => nameProofs(joint.block, result.proofs))
  const summaries = done.map(({ table, statuses, ranges, result }) =>
    summariseBlock(
      table.block,
      statuses.decisions,
      [...ranges].filter(([cell]) => statuses.decisions[cell] === 'C').map(([, range]) => range),
      result.proofs.length,
    ),
  )
  const summary = summariseEdition(summaries, witnesses, {
    ...{ solver: work.tools.solver, safeAgainst: (edition.former ?? []).map(({ version }) => version) },
    ...{ records: rows.length, recordsWithheld, valuesWithheld },
  })
  return { outcome: 'proven', rows, summary, witnesses }
}

async function controlBlock(
  edition: EditionCells,
  versions: readonly BlockVersion[],
  { parameters, columns, tools }: Work,
): Promise<Done> {
  const { table } = versions.at(-1) as BlockVersion
  const joint = joinVersions(versions, parameters, columns, edition.bandsOf ?? (() => undefined))
  const { block } = joint
  const at = joint.cells.at(-1) as Int32Array
  const { step } = tools
  const result = await protect(block, tools.solve, (n, all) => step?.(block.name, n, all))
  const statuses = statusesOf(versions, joint, result, columns, edition)
  const ranges = new Map<number, Range>()
  if (parameters.ranges !== undefined && result.unproven.length === 0) {
    const found = rangesOf(block, result, publicRangeOf(versions, joint, statuses, parameters))
    for (const [cell, decision] of statuses.decisions.entries()) {
      const range = found.get(at[cell] ?? 0)
      if (range !== undefined && (decision === 'C' || decision === 'D')) ranges.set(cell, range)
    }
  }
  return { table, joint, result, statuses, ranges }
}

/** What becomes of every cell of the new version. */
function statusesOf(
  versions: readonly BlockVersion[],
  { block, cells, held }: Joint,
  { hidden, quiet }: Protected,
  columns: Columns,
  edition: EditionCells,
): Statuses {
  const { table } = versions.at(-1) as BlockVersion
  const at = cells.at(-1) as Int32Array
  const former = edition.former?.at(-1)
  const formerTable = versions.at(-2)
  const before = new Map(formerTable?.table.names.map((name, cell) => [name, cell]))
  const formerRow = (cell: number): ConfidentialRow | undefined => {
    const twin = before.get(table.names[cell] ?? '')
    return twin === undefined ? undefined : former?.published[formerTable?.table.rows[twin] ?? -1]
  }
  const targets = new Set(targetsOf(block, hidden).map(({ cell }) => cell))
  const decisions = table.names.map((_, cell): Decision => {
    const old = formerRow(cell)
    const wasShown = old !== undefined && old[columns.count] !== null
    if (held[cell] === 1) return 'held'
    if (hidden[at[cell] ?? 0] !== 1) return 'F'
    if (wasShown && !targets.has(at[cell] ?? 0)) return 'held'
    if (old?.[columns.status] === 'C') return 'C'
    return targets.has(at[cell] ?? 0) ? 'C' : 'D'
  })
  const isQuiet = (cell: number) => quiet[at[cell] ?? 0] === 1
  return { decisions, formerRow, isQuiet }
}

/** Whether a shown count differs from what the former version shows. */
function showsNews(
  { decisions, formerRow }: Statuses,
  { rows, values }: CellTable,
  former: FormerVersion,
  columns: Columns,
): boolean {
  const known = former.published.length > 0
  return decisions.some((decision, cell) => {
    if (decision !== 'F' || rows[cell] === undefined) return false
    const old = formerRow(cell)?.[columns.count]
    return !known || old === undefined || (old !== null && Number(old) !== values[cell])
  })
}
