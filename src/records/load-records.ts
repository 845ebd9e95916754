/** Loads a version's records. They are invisible until the publishing transaction refers to their table. */
import { createHash } from 'node:crypto'
import { type Contract, fieldType } from '../contract/index.ts'
import type { Database, Transaction } from '../db/database.ts'
import { quoteIdentifier } from '../db/identifier.ts'
import { csv } from '../formats/index.ts'
import { copyAll } from './read/read-records.ts'
import { createIndexes, createTable, numberColumn, publishedTable, recordsTable } from './tables.ts'

interface Loaded {
  readonly table: string
  readonly records: number
}

/**
 * Loads records from a select that returns the contract's fields by name and type, and numbers them in the
 * order of the primary key; `onStatement` receives the progress in SQL statements. Safe to repeat: replaces a table left by a crash, refuses a published version's.
 */
export async function loadRecords(
  database: Database,
  contract: Contract,
  versionId: number,
  select: string,
  onStatement: (done: number, total: number) => void = () => {},
): Promise<Loaded> {
  const table = recordsTable(versionId)
  const records = await database.work.begin(async (tx) => {
    await refuseOfPublished(tx, versionId, 'loaded again')
    return fillTable(tx, contract, table, select, onStatement)
  })
  await database.work.unsafe(`ANALYZE ${publishedTable(table)}`)
  return { table, records }
}

async function refuseOfPublished(tx: Transaction, versionId: number, what: string): Promise<void> {
  const [published] = await tx`
    SELECT FROM qingdan.version WHERE id = ${versionId} AND published_at IS NOT NULL`
  if (published !== undefined) throw new Error(`the records of a published version are never ${what}`)
}

/** Replaces a table by the records of a select, with indexes. Returns their number. */
async function fillTable(
  tx: Transaction,
  contract: Contract,
  table: string,
  select: string,
  onStatement: (done: number, total: number) => void = () => {},
) {
  const indexes = createIndexes(contract, table)
  onStatement(0, indexes.length + 1)
  const columns = contract.fields.map((field) => quoteIdentifier(field.name)).join(', ')
  const order = contract.primaryKey.map(quoteIdentifier).join(', ')
  await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(table)}`)
  await tx.unsafe(createTable(contract, table))
  const loaded = await tx.unsafe(
    `INSERT INTO ${publishedTable(table)} (${numberColumn}, ${columns})
     SELECT row_number() OVER (ORDER BY ${order}), ${columns} FROM (${select}) AS records ORDER BY ${order}`,
  )
  for (const [index, statement] of indexes.entries()) {
    onStatement(index + 1, indexes.length + 1)
    await tx.unsafe(statement)
  }
  return loaded.count
}

/**
 * Loads records from the plain CSV of a version that was published elsewhere: the header must be the
 * contract's fields, and an empty cell is null. Safe to repeat. Throws ServerError for a file that does not
 * fit the contract.
 */
export async function loadPlainFile(
  database: Database,
  contract: Contract,
  versionId: number,
  file: AsyncIterable<Uint8Array>,
): Promise<Loaded> {
  return withPlainFile(database, contract, recordsTable(versionId), file, (select) =>
    loadRecords(database, contract, versionId, select),
  )
}

/** Loads the lines of a plain CSV as texts, and passes a select of their typed values to `use`. */
async function withPlainFile<T>(
  database: Database,
  contract: Contract,
  table: string,
  file: AsyncIterable<Uint8Array>,
  use: (select: string) => Promise<T>,
): Promise<T> {
  const lines = publishedTable(`${table}_lines`)
  const names = contract.fields.map(({ name }) => quoteIdentifier(name))
  const drop = () => database.work.unsafe(`DROP TABLE IF EXISTS ${lines}`)
  await drop()
  await database.work.unsafe(
    `CREATE UNLOGGED TABLE ${lines} (${names.map((name) => `${name} text COLLATE "C"`).join(', ')})`,
  )
  await database.copyFrom(`COPY ${lines} FROM STDIN WITH (FORMAT csv, HEADER MATCH)`, file)
  const typed = contract.fields.map(({ name, type }) => {
    const quoted = quoteIdentifier(name)
    return `${fieldType(type).cast(quoted)} AS ${quoted}`
  })
  const result = await use(`SELECT ${typed.join(', ')} FROM ${lines}`)
  await drop()
  return result
}

/**
 * Replaces the damaged or missing table of a published version by the records of its plain CSV, if they give
 * the recorded digest. The damaged table is renamed, never dropped. Returns its new name, null if there was
 * no table, and undefined if nothing was replaced.
 */
export async function restoreRecords(
  database: Database,
  contract: Contract,
  of: { readonly table: string; readonly digest: string; readonly at: Date },
  file: AsyncIterable<Uint8Array>,
): Promise<string | null | undefined> {
  const { table, digest, at } = of
  const restored = `${table}_restored`
  await withPlainFile(database, contract, restored, file, (select) =>
    database.work.begin((tx) => fillTable(tx, contract, restored, select)),
  )
  await database.work.unsafe(`ANALYZE ${publishedTable(restored)}`)
  if ((await digestOfTable(database, contract, restored)) !== digest) {
    await database.work.unsafe(`DROP TABLE ${publishedTable(restored)}`)
    return undefined
  }
  const aside = `${table}_aside_${at.getTime()}`
  return database.work.begin(async (tx) => {
    const [existing] = await tx`SELECT FROM pg_tables WHERE schemaname = 'published' AND tablename = ${table}`
    const rename = (from: string, to: string) =>
      tx.unsafe(`ALTER TABLE ${publishedTable(from)} RENAME TO ${quoteIdentifier(to)}`)
    if (existing !== undefined) await rename(table, aside)
    await rename(restored, table)
    return existing === undefined ? null : aside
  })
}

/** SHA-256 of the plain file rendered from a table. */
export async function digestOfTable(
  database: Pick<Database, 'copyTo'>,
  contract: Contract,
  table: string,
): Promise<string> {
  const copied = csv.copied?.(contract)
  if (copied === undefined) throw new Error('the plain file is written by COPY')
  const hash = createHash('sha256')
  for await (const piece of copied.complete(copyAll(database, table, copied))) hash.update(piece)
  return hash.digest('hex')
}

/** Drops a draft's table of records, where there is one. Throws a plain Error for a published version. */
export async function dropRecords(database: Database, versionId: number): Promise<void> {
  await database.work.begin(async (tx) => {
    await refuseOfPublished(tx, versionId, 'dropped')
    await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(recordsTable(versionId))}`)
  })
}
