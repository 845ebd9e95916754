/**
 * Merge: applies a delta to its base. The base rows, minus deleted ones and with new and changed ones, become
 * the staged rows of the provider's whole part. The base consists of rows as delivered, not as published. A
 * delta that does not fit its base is refused as a whole, since its sender assumed other rows.
 */

import {
  copyPaths,
  type FileCount,
  faultAt,
  keyConflict,
  type RowPass,
  rowPassesOf,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { type Contract, intakeFields, intakeKey } from '../../contract/index.ts'
import type { Database } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import type { Finding } from '../../platform/finding.ts'
import {
  baseFile,
  copyStaged,
  deltaTable,
  dropDelta,
  fileColumn,
  rowColumn,
  type StagedPart,
  stagingTable,
} from '../pipeline/parts.ts'
import type { Changes } from '../receipts/schemas.ts'

interface MergeInput {
  readonly context: AppContext
  readonly bundleId: string
  readonly contract: Contract
  readonly base: StagedPart
  readonly rowsMax: number
  readonly report: (finding: Finding) => void
  readonly errors: () => number
}

interface Merged {
  /** Rows of the whole part. */
  readonly rows: number
  readonly changes: Changes
}

type Options = Parameters<typeof rowPassesOf>[0]

/** Copies a delta's rows into separate tables. Returns row counts in the manifest's file order. */
export async function copyDelta(
  { database }: AppContext,
  bundleId: string,
  options: Options,
): Promise<readonly FileCount[]> {
  const counts = new Map<string, FileCount>()
  const readings = rowPassesOf(options)
  for (const operation of ['upsert', 'delete'] as const) {
    const reading = readings.find((one) => one.operation === operation)
    const table = deltaTable(operation, bundleId)
    const files = reading === undefined ? [] : await copyReading(database, table, reading)
    if (reading === undefined) await copyStaged(database, options.contract, table, noRows())
    for (const file of files) counts.set(file.file, file)
  }
  return options.manifest.files.flatMap(({ path }) => counts.get(path) ?? [])
}

async function copyReading(database: Database, table: string, { options }: RowPass) {
  for (const read of copyPaths) {
    const reading = read(options)
    const copied = await copyStaged(database, options.contract, table, reading.chunks)
    const files = reading.files()
    if (files === undefined) continue
    const rows = files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0)
    if (copied !== rows) throw new Error(`${copied} rows copied of ${rows}`)
    return files
  }
  throw new Error('the strict path always reads to the end')
}

async function* noRows(): AsyncGenerator<string> {}

/**
 * Merges what `copyDelta` has copied with the base. The base must be staged and stay so: call it under the
 * edition's lock. Returns undefined if the delta does not fit; its findings have been reported by then.
 */
export async function mergeDelta(merging: MergeInput, options: Options): Promise<Merged | undefined> {
  const { context, bundleId, base, rowsMax, report } = merging
  const { work } = context.database
  const before = merging.errors()
  await reportMisfits(merging, options)
  if (merging.errors() > before) return undefined
  const sql = statementsOf(merging)
  const [changes] = await work.unsafe<Changes[]>(sql.changes)
  if (changes === undefined) throw new Error('a count has one row')
  const rows = base.rows + changes.added - changes.deleted
  if (rows > rowsMax) report(faultAt('too-many-rows', { expected: `≤ ${rowsMax}` }))
  if (rows === 0) report(faultAt('delta-nothing-left'))
  if (merging.errors() > before) return undefined
  await work.begin(async (tx) => {
    await tx.unsafe(`DROP TABLE IF EXISTS ${stagingTable(bundleId)}`)
    const merged = await tx.unsafe(sql.merge)
    if (merged.count !== rows) throw new Error(`${merged.count} rows merged of ${rows}`)
  })
  await dropDelta(context.database, bundleId)
  return { rows, changes }
}

/** Batch size for reading rows that don't fit; usually there are none. */
const misfitBatch = 1_000

async function reportMisfits(merging: MergeInput, options: Options): Promise<void> {
  const { context, contract, report } = merging
  const paths =
    rowPassesOf(options).find(({ operation }) => operation === 'delete')?.options.manifest.files ?? []
  const sql = statementsOf(merging)
  const field = intakeKey(contract).join(',')
  const cursor = context.database.work
    .unsafe<{ file: number; row: number; both: boolean }[]>(sql.misfits)
    .cursor(misfitBatch)
  for await (const rows of cursor) {
    for (const { file, row, both } of rows) {
      const path = paths[file]?.path ?? ''
      report(
        both ? keyConflict(path, row, contract) : faultAt('delta-key-absent', { file: path, row, field }),
      )
    }
  }
}

/** The SQL of a merge. All columns are text in one collation, so equal values are equal texts. */
function statementsOf({ bundleId, base, contract }: MergeInput) {
  const [from, upserts, deletes] = [
    stagingTable(base.bundleId),
    deltaTable('upsert', bundleId),
    deltaTable('delete', bundleId),
  ]
  const key = intakeKey(contract)
  const columns = intakeFields(contract).map(({ name }) => name)
  const list = columns.map(quoteIdentifier).join(', ')
  const same = (a: string, b: string) =>
    key.map((name) => `${a}.${quoteIdentifier(name)} = ${b}.${quoteIdentifier(name)}`).join(' AND ')
  const others = columns.filter((name) => !key.includes(name))
  const row = (table: string) =>
    `ROW(${others.map((name) => `${table}.${quoteIdentifier(name)}`).join(', ')})`
  // Rows without columns can't be compared.
  const differs = others.length === 0 ? 'false' : `${row('u')} IS DISTINCT FROM ${row('b')}`
  return {
    /** Rows to be deleted that are also delivered, or that do not exist. */
    misfits: `
      SELECT d.${fileColumn} AS file, d.${rowColumn}::float8 AS row, u.${rowColumn} IS NOT NULL AS both
      FROM ${deletes} d LEFT JOIN ${upserts} u ON ${same('u', 'd')} LEFT JOIN ${from} b ON ${same('b', 'd')}
      WHERE u.${rowColumn} IS NOT NULL OR b.${rowColumn} IS NULL
      ORDER BY d.${fileColumn}, d.${rowColumn}`,
    changes: `
      SELECT (SELECT count(*) FROM ${deletes})::float8 AS deleted,
        count(*) FILTER (WHERE b.${rowColumn} IS NULL)::float8 AS added,
        count(*) FILTER (WHERE b.${rowColumn} IS NOT NULL AND ${differs})::float8 AS changed,
        count(*) FILTER (WHERE b.${rowColumn} IS NOT NULL AND NOT (${differs}))::float8
          AS unchanged
      FROM ${upserts} u LEFT JOIN ${from} b ON ${same('b', 'u')}`,
    merge: `
      CREATE UNLOGGED TABLE ${stagingTable(bundleId)} AS
      SELECT ${baseFile} AS ${fileColumn}, b.${rowColumn}, ${list} FROM ${from} b
      WHERE NOT EXISTS (SELECT FROM ${deletes} d WHERE ${same('d', 'b')})
        AND NOT EXISTS (SELECT FROM ${upserts} u WHERE ${same('u', 'b')})
      UNION ALL SELECT ${fileColumn}, ${rowColumn}, ${list} FROM ${upserts}`,
  }
}
