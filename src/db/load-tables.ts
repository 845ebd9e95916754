/**
 * Loads whole tables into an empty database: one transaction under the working role, so that a crash leaves
 * nothing. Rejects a database that holds anything.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from } from 'pg-copy-streams'
import { openConnection, openSession } from './connections.ts'
import { withoutValues } from './database-error.ts'
import { quoteIdentifier } from './identifier.ts'
import { readSetting } from './settings-store.ts'
import type { SnapshotTable } from './snapshot.ts'

export interface TableLoader {
  /** Names of the tables of the schema `qingdan`; one that another refers to comes first. */
  readonly tables: readonly string[]
  /** Runs a statement, such as CREATE TABLE in the schema `published`. */
  readonly run: (statement: string) => Promise<void>
  /** Copies rows, as the text format of COPY has them, and returns their number. */
  readonly copy: (table: SnapshotTable, rows: AsyncIterable<Uint8Array>) => Promise<number>
  /** Sets a sequence of the schema `qingdan` to its last value. */
  readonly setSequence: (name: string, value: string) => Promise<void>
}

/** The stored setting with the label of what was loaded. */
const labelSetting = 'loaded-from'

/**
 * Empties the tables of the schema `qingdan`, runs `load`, and commits with a label. Call it after `hasContent` has
 * returned false and the migrations have run, since they may have written rows of their own.
 */
export async function loadTables(
  url: string,
  label: string,
  load: (loader: TableLoader) => Promise<void>,
): Promise<void> {
  const client = await openConnection(url, 'work', 'load')
  try {
    await client.query(`SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET client_encoding = 'UTF8'`)
    await client.query('SET statement_timeout = 0')
    await client.query('BEGIN')
    const tables = await listInOrder(client)
    await client.query(`TRUNCATE ${tables.map(ownTable).join(', ')}`)
    await load({
      tables,
      run: async (statement) => {
        await client.query(statement)
      },
      copy: (table, rows) => copyInto(client, table, rows),
      setSequence: async (name, value) => {
        await client.query('SELECT setval($1::regclass, $2::bigint)', [ownTable(name), value])
      },
    })
    await client.query(
      `INSERT INTO qingdan.note (name, value) VALUES ($1, to_jsonb($2::text))
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [labelSetting, label],
    )
    await client.query('COMMIT')
  } catch (error) {
    throw withoutValues(error)
  } finally {
    // Without a COMMIT this rolls back.
    await client.end().catch(() => undefined)
  }
}

const ownTable = (name: string) => `qingdan.${quoteIdentifier(name)}`

/** Sorts the tables by their foreign keys, of which there is no circle. */
async function listInOrder(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; needs: readonly string[] }>(`
    SELECT c.relname AS name, coalesce(array_agg(r.relname::text) FILTER (WHERE r.oid <> c.oid), '{}') AS needs
    FROM pg_class c
    LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
    LEFT JOIN pg_class r ON r.oid = f.confrelid
    WHERE c.relnamespace = 'qingdan'::regnamespace AND c.relkind = 'r'
    GROUP BY c.oid, c.relname ORDER BY c.relname COLLATE "C"`)
  const sorted: string[] = []
  const left = new Map(rows.map(({ name, needs }) => [name, needs]))
  while (left.size > 0) {
    const ready = [...left].filter(([, needs]) => needs.every((need) => !left.has(need)))
    if (ready.length === 0) throw new Error('the foreign keys of the tables form a circle')
    for (const [name] of ready) {
      left.delete(name)
      sorted.push(name)
    }
  }
  return sorted
}

async function copyInto(
  client: pg.Client,
  { schema, name, columns }: SnapshotTable,
  rows: AsyncIterable<Uint8Array>,
): Promise<number> {
  const target = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  const copy = client.query(
    from(`COPY ${target} (${columns.map(quoteIdentifier).join(', ')}) FROM STDIN`, {
      highWaterMark: 1 << 20,
    }),
  )
  await pipeline(Readable.from(rows, { objectMode: false }), copy)
  return copy.rowCount
}

/** Whether this is what a database was loaded with; a crash may hide that its transaction was committed. */
export async function isLoadedWith(url: string, label: string): Promise<boolean> {
  const owner = openSession(url, 'owner')
  try {
    const [table] = await owner`SELECT to_regclass('qingdan.note') AS name`
    return table?.['name'] !== null && (await readSetting(owner, labelSetting)) === label
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/**
 * Whether a database holds anything of a service: a row of its own, or published records. A schema that was
 * only migrated holds nothing.
 */
export async function hasContent(url: string): Promise<boolean> {
  const owner = openSession(url, 'owner')
  try {
    const tables = await owner<{ name: string }[]>`
      SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'qingdan'`
    for (const { name } of tables) {
      const found = await owner.unsafe(`SELECT FROM ${name} LIMIT 1`)
      if (found.length > 0) return true
    }
    const [records] = await owner`SELECT FROM pg_tables WHERE schemaname = 'published' LIMIT 1`
    return records !== undefined
  } catch (error) {
    throw withoutValues(error)
  } finally {
    await owner.end({ timeout: 5 })
  }
}
