/**
 * Loads the records of a version from its plain file into its lineage's table, within the step's transaction.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from } from 'pg-copy-streams'
import { fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { nameOf } from '../ledger.ts'
import { PullRefusal } from '../problems.ts'
import type { FetchedVersion } from '../sink.ts'
import { editionColumn, recordsName, versionColumn } from './sql-tables.ts'

/**
 * Loads a version whose file digest was checked. Also checks that the header is the contract's, every value
 * fits its type, and the number of records is the announced one. Throws `wrong-facts`, and the server's
 * errors.
 */
export async function loadVersion(client: Client, schema: string, fetched: FetchedVersion): Promise<void> {
  const { contract, facts, lineage, files } = fetched
  const path = files.get('csv')
  if (path === undefined) throw new Error('Expected the plain file')
  await checkHeader(path, fetched)
  const names = contract.fields.map(({ name }) => quoteIdentifier(name))
  await client.query(
    `CREATE TEMPORARY TABLE _lines (${names.map((name) => `${name} text COLLATE "C"`).join(', ')}) ON COMMIT DROP`,
  )
  // During COPY the stream owns the connection and reports its errors.
  const copy = client.query(from('COPY pg_temp._lines FROM STDIN WITH (FORMAT csv, HEADER true)'))
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), copy)
  const table = `${schema}.${quoteIdentifier(recordsName(contract.dataset, lineage))}`
  const own = [quoteIdentifier(editionColumn), quoteIdentifier(versionColumn)]
  const typed = contract.fields.map(({ name, type }) => fieldType(type).cast(quoteIdentifier(name)))
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${[...own, ...names].join(', ')})
     SELECT $1, $2, ${typed.join(', ')} FROM pg_temp._lines`,
    [facts.edition, facts.version],
  )
  await client.query('DROP TABLE pg_temp._lines')
  if (rowCount !== facts.records) {
    throw new PullRefusal(
      'wrong-facts',
      `${nameOf(facts)}: ${rowCount} records found, ${facts.records} announced.`,
    )
  }
}

/** The longest header: a thousand fields of fifty characters. */
const headerBytesMax = 64 << 10

async function checkHeader(path: string, { contract, facts }: FetchedVersion): Promise<void> {
  const expected = `${contract.fields.map(({ name }) => name).join(',')}\n`
  let head = ''
  for await (const chunk of createReadStream(path, { end: headerBytesMax - 1 })) head += String(chunk)
  if (head.startsWith(expected)) return
  throw new PullRefusal('wrong-facts', `${nameOf(facts)}: its header differs from its contract.`)
}
