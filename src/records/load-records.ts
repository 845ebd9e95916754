/** Loads a version's records. They are invisible until the publishing transaction refers to their table. */
import { type Contract, fieldType } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import { quoteIdentifier } from '../db/identifier.ts'
import { createIndexes, createTable, numberColumn, publishedTable, recordsTable } from './tables.ts'

interface Loaded {
  readonly table: string
  readonly records: number
}

/**
 * Loads records from a select that returns the contract's fields by name and type, and numbers them in the
 * order of the primary key. Safe to repeat: replaces a table left by a crash, refuses a published version's.
 */
export async function loadRecords(
  database: Database,
  contract: Contract,
  versionId: number,
  select: string,
): Promise<Loaded> {
  const table = recordsTable(versionId)
  const columns = contract.fields.map((field) => quoteIdentifier(field.name)).join(', ')
  const order = contract.primaryKey.map(quoteIdentifier).join(', ')
  const records = await database.work.begin(async (tx) => {
    const [published] = await tx`
      SELECT FROM qingdan.version WHERE id = ${versionId} AND published_at IS NOT NULL`
    if (published !== undefined) throw new Error('the records of a published version are never loaded again')
    await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(table)}`)
    await tx.unsafe(createTable(contract, table))
    const loaded = await tx.unsafe(
      `INSERT INTO ${publishedTable(table)} (${numberColumn}, ${columns})
       SELECT row_number() OVER (ORDER BY ${order}), ${columns} FROM (${select}) AS records ORDER BY ${order}`,
    )
    for (const statement of createIndexes(contract, table)) await tx.unsafe(statement)
    return loaded.count
  })
  await database.work.unsafe(`ANALYZE ${publishedTable(table)}`)
  return { table, records }
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
  csv: AsyncIterable<Uint8Array>,
): Promise<Loaded> {
  const lines = publishedTable(`${recordsTable(versionId)}_lines`)
  const names = contract.fields.map(({ name }) => quoteIdentifier(name))
  const drop = () => database.work.unsafe(`DROP TABLE IF EXISTS ${lines}`)
  await drop()
  await database.work.unsafe(
    `CREATE UNLOGGED TABLE ${lines} (${names.map((name) => `${name} text COLLATE "C"`).join(', ')})`,
  )
  await database.copyFrom(`COPY ${lines} FROM STDIN WITH (FORMAT csv, HEADER MATCH)`, csv)
  const typed = contract.fields.map(({ name, type }) => {
    const quoted = quoteIdentifier(name)
    return `${fieldType(type).cast(quoted)} AS ${quoted}`
  })
  const loaded = await loadRecords(database, contract, versionId, `SELECT ${typed.join(', ')} FROM ${lines}`)
  await drop()
  return loaded
}

/** Drops a draft's table of records, where there is one. Throws a plain Error for a published version. */
export async function dropRecords(database: Database, versionId: number): Promise<void> {
  await database.work.begin(async (tx) => {
    const [published] = await tx`
      SELECT FROM qingdan.version WHERE id = ${versionId} AND published_at IS NOT NULL`
    if (published !== undefined) throw new Error('the records of a published version are never dropped')
    await tx.unsafe(`DROP TABLE IF EXISTS ${publishedTable(recordsTable(versionId))}`)
  })
}
