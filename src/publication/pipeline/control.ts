/**
 * Control: the contract's disclosure rule suppresses values that could identify a child, and the summary
 * counts them. Only what may be public passes this step; a contract without a rule passes unchanged.
 */
import { encodeCopy } from '../../bundle/index.ts'
import { type AppContext, advanceDraft } from '../../catalogue/index.ts'
import type { Contract } from '../../contract/index.ts'
import type { Database, Runner } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { getDisclosureRule } from '../../disclosure/index.ts'
import type { RecordValues } from '../../formats/index.ts'
import type { Progress } from '../../ingest/index.ts'
import { selectTexts } from '../../records/index.ts'
import { controlWhole } from './control-whole.ts'
import { type Derived, dropDerived, typedColumns } from './derive.ts'

export interface Controlled extends Derived {
  /** SQL that selects the rows as they may be published. */
  readonly safe: string
}

/** Rows read per batch while a rule processes an edition. */
const batchSize = 5_000

export async function control(
  context: AppContext,
  derived: Derived,
  progress: Progress,
): Promise<Controlled> {
  const { draft, loaded } = derived
  const { contract } = loaded
  const total = derived.parts.reduce((sum, part) => sum + part.rows, 0)
  progress('control', 0, total)
  const outcome =
    contract.disclosure === undefined
      ? publishUnchanged(derived)
      : await withhold(
          context,
          derived,
          contract,
          (rows) => progress('control', Math.min(rows, total), total),
          progress,
        )
  context.observe('checkpoint-reached', { step: 'control', point: 'decided' })
  const { safe, suppressions } = outcome
  await advanceDraft(context.database.work, draft.id, { state: 'controlled', suppressions })
  context.observe('edition-state-changed', {
    dataset: draft.dataset,
    edition: draft.edition,
    state: 'controlled',
  })
  return { ...derived, safe }
}

/** Drops the tables that derive and control have made, once the version is published. */
export async function dropControlled(database: Database, versionId: number): Promise<void> {
  await dropDerived(database, versionId)
  await database.work.unsafe(`DROP TABLE IF EXISTS ${controlledTable(versionId)}`)
}

/** Ids of versions that do not exist any more, and whose table of controlled rows does. */
export async function listOrphanControlled(runner: Runner): Promise<readonly number[]> {
  const rows = await runner<{ id: number }[]>`
    SELECT substr(t.tablename, 3)::float8 AS id FROM pg_tables t
    WHERE t.schemaname = 'staging' AND t.tablename ~ '^c_[0-9]{1,15}$'
      AND NOT EXISTS (SELECT FROM qingdan.version v WHERE v.id = substr(t.tablename, 3)::bigint)
    ORDER BY 1`
  return rows.map(({ id }) => id)
}

function publishUnchanged(derived: Derived) {
  return { safe: derived.select, suppressions: {} }
}

async function withhold(
  context: AppContext,
  derived: Derived,
  contract: Contract,
  onRows: (rows: number) => void,
  progress: Progress,
) {
  const { disclosure } = contract
  if (disclosure === undefined) throw new Error('withhold is for contracts with a rule')
  const table = controlledTable(derived.draft.id)
  const columns = contract.fields.map((field) => quoteIdentifier(field.name))
  await context.database.work.unsafe(`DROP TABLE IF EXISTS ${table}`)
  await context.database.work.unsafe(
    `CREATE UNLOGGED TABLE ${table} (${columns.map((column) => `${column} text COLLATE "C"`).join(', ')})`,
  )
  const rule = getDisclosureRule(disclosure.rule)
  const rows = countRows(readTexts(context.database, contract, derived.select), onRows)
  const controlled =
    'control' in rule
      ? rule.control(rows, contract, disclosure)
      : await controlWhole(context, derived, contract, { rows, progress })
  const copied = await context.database.copyFrom(`COPY ${table} FROM STDIN`, encode(controlled.rows))
  const summary = controlled.summary()
  if (copied !== summary.records) throw new Error(`${copied} rows controlled of ${summary.records}`)
  return { safe: `SELECT ${typedColumns(contract)} FROM ${table}`, suppressions: summary }
}

async function* readTexts(
  database: Database,
  contract: Contract,
  select: string,
): AsyncGenerator<readonly RecordValues[]> {
  const cursor = database.work
    .unsafe(`SELECT ${selectTexts(contract.fields)} FROM (${select}) AS derived`)
    .values()
    .cursor(batchSize)
  for await (const rows of cursor) yield rows as unknown as RecordValues[]
}

/** Passes batches on and reports the rows so far. */
async function* countRows<T>(
  batches: AsyncIterable<readonly T[]>,
  onRows: (rows: number) => void,
): AsyncGenerator<readonly T[]> {
  let rows = 0
  for await (const batch of batches) {
    rows += batch.length
    onRows(rows)
    yield batch
  }
}

async function* encode(batches: AsyncIterable<readonly RecordValues[]>): AsyncGenerator<string> {
  for await (const batch of batches) yield encodeCopy(batch)
}

function controlledTable(versionId: number): string {
  return `staging.${quoteIdentifier(`c_${versionId}`)}`
}
