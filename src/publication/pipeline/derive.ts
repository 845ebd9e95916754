/**
 * Derive: turns what the parts delivered into the dataset's rows. Without a derivation they are the same fields,
 * typed by the contract, with those that control fills still empty: a SELECT, so nothing is copied. Else the
 * derivation computes the rows from the statistics of all parts.
 */
import { encodeCopy } from '../../bundle/index.ts'
import { type AppContext, advanceDraft } from '../../catalogue/index.ts'
import { type Contract, fieldType, intakeFields } from '../../contract/index.ts'
import type { Database } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { type DerivedRow, getDerivation } from '../../derivations/index.ts'
import { readDirectories, readStatistics, type StagedPart, stagingTable } from '../../ingest/index.ts'
import type { Finding } from '../../platform/finding.ts'
import type { Assembled } from './assemble.ts'
import { listWarnings, openReview, reviewed } from './review.ts'

export interface Derived extends Assembled {
  /** SQL that selects the dataset's typed rows. It reads staging, so only this module may run it. */
  readonly select: string
  /** How many rows it selects. */
  readonly rows: number
  /** What is implausible: the publication waits until a person has approved it. */
  readonly warnings: readonly Finding[]
}

export async function derive(context: AppContext, assembled: Assembled): Promise<Derived> {
  const { draft, loaded, parts } = assembled
  const derived =
    loaded.contract.derivation === undefined
      ? {
          select: parts.map((part) => selectPart(loaded.contract, part)).join(' UNION ALL '),
          rows: parts.reduce((sum, part) => sum + part.rows, 0),
          warnings: [],
        }
      : await compute(context, assembled)
  await advanceDraft(context.database.work, draft.id, { state: 'derived' })
  context.observe('checkpoint-reached', { step: 'derive', point: 'written' })
  return { ...assembled, ...derived }
}

function selectPart(contract: Contract, part: StagedPart): string {
  const delivered = new Set(intakeFields(contract).map((field) => field.name))
  const columns = contract.fields.map((field) => {
    const name = quoteIdentifier(field.name)
    const type = fieldType(field.type)
    return delivered.has(field.name) ? `${type.cast(name)} AS ${name}` : `NULL::${type.column} AS ${name}`
  })
  return `SELECT ${columns.join(', ')} FROM ${stagingTable(part.bundleId)}`
}

/** Computes the rows into a table of their own, which is replaced when the step runs again. */
async function compute(
  context: AppContext,
  assembled: Assembled,
): Promise<Pick<Derived, 'select' | 'rows' | 'warnings'>> {
  const { database } = context
  const { draft, loaded, parts, directories } = assembled
  const { contract } = loaded
  const use = contract.derivation
  if (use === undefined) throw new Error('compute is for contracts with a derivation')
  const of = {
    contract,
    use,
    edition: draft.edition,
    directories: await readDirectories(context, directories),
  }
  const ids = parts.map(({ bundleId }) => bundleId)
  const aggregated = getDerivation(use.name).aggregate(of, readStatistics(database, contract, ids))
  const table = derivedTable(draft.id)
  const columns = contract.fields.map(({ name }) => `${quoteIdentifier(name)} text COLLATE "C"`)
  await dropDerived(database, draft.id)
  await database.work.unsafe(`CREATE UNLOGGED TABLE ${table} (${columns.join(', ')})`)
  const review = await openReview(context, assembled)
  const rows = await database.copyFrom(`COPY ${table} FROM STDIN`, encode(reviewed(aggregated, review)))
  const warnings = await listWarnings(context, assembled, review)
  context.observe('checkpoint-reached', { step: 'derive', point: 'rows-computed' })
  return { select: `SELECT ${typedColumns(contract)} FROM ${table}`, rows, warnings }
}

async function* encode(batches: AsyncIterable<readonly DerivedRow[]>): AsyncGenerator<string> {
  for await (const batch of batches) yield encodeCopy(batch)
}

/** The fields of a contract, typed from columns of texts. */
export function typedColumns(contract: Contract): string {
  return contract.fields
    .map(({ name, type }) => `${fieldType(type).cast(quoteIdentifier(name))} AS ${quoteIdentifier(name)}`)
    .join(', ')
}

function derivedTable(versionId: number): string {
  return `staging.${quoteIdentifier(`r_${versionId}`)}`
}

/** Drops the rows that a derivation has computed for a version. */
export async function dropDerived(database: Database, versionId: number): Promise<void> {
  await database.work.unsafe(`DROP TABLE IF EXISTS ${derivedTable(versionId)}`)
}
