/**
 * One state of the database, read by several connections while others write: a REPEATABLE READ transaction
 * exports its snapshot, and each reader joins it. The tables are locked against being dropped, as pg_dump does.
 * Reads under the working role and writes nothing.
 */
import type pg from 'pg'
import { to } from 'pg-copy-streams'
import { openConnection } from './connections.ts'
import { withoutValues } from './database-error.ts'
import { quoteIdentifier } from './identifier.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface SnapshotTable extends TableName {
  /** In the order of the copied values. */
  readonly columns: readonly string[]
}

export type Query = <Row>(statement: string) => Promise<readonly Row[]>

export interface Snapshot {
  /** The tables of the schema `qingdan`, then the chosen ones. */
  readonly tables: readonly SnapshotTable[]
  /** Last values of the sequences of the schema `qingdan`, by name: never below an id in the snapshot. */
  readonly sequences: Readonly<Record<string, string>>
  /** Reads the snapshot. */
  readonly query: Query
  /**
   * The rows of a table as the text format of COPY, in the order in which they are stored: a table that did not
   * change gives the same bytes. `onRows` receives their number at the end.
   */
  readonly copy: (table: SnapshotTable, onRows: (rows: number) => void) => AsyncIterable<Uint8Array>
  readonly close: () => Promise<void>
}

/** Encrypting takes longer than reading, so more connections would wait for the caller. */
const readersMax = 3

/** A table may be dropped between the snapshot and its lock; the next snapshot no longer shows it. */
const attemptsMax = 5
const undefinedTable = '42P01'

/** Texts that do not depend on the server's settings, and no limit on a long read. */
const sessionSettings = `
  SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET extra_float_digits = 1;
  SET client_encoding = 'UTF8'; SET synchronize_seqscans = off; SET statement_timeout = 0;
  SET idle_in_transaction_session_timeout = 0`

/**
 * Opens a snapshot. `choose` names the tables besides those of the schema `qingdan`, by reading the snapshot.
 * Close it soon: tables that are dropped meanwhile wait for it.
 */
export async function openSnapshot(
  url: string,
  choose: (query: Query) => Promise<readonly TableName[]>,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryOpen(url, choose)
    } catch (error) {
      if (attempt === attemptsMax || (error as { code?: string }).code !== undefinedTable)
        throw withoutValues(error)
    }
  }
}

async function tryOpen(
  url: string,
  choose: (query: Query) => Promise<readonly TableName[]>,
): Promise<Snapshot> {
  const first = await begin(url)
  const readers: pg.Client[] = []
  try {
    const query: Query = async <Row>(statement: string) => (await first.query(statement)).rows as Row[]
    const [exported] = await query<{ id: string }>('SELECT pg_export_snapshot() AS id')
    const all = await listTables(query)
    const chosen = new Set((await choose(query)).map(keyOf))
    const tables = all.filter((table) => table.schema === 'qingdan' || chosen.has(keyOf(table)))
    await first.query(`LOCK TABLE ${tables.map(quoteTable).join(', ')} IN ACCESS SHARE MODE`)
    const sequences = await readSequences(query)
    for (let count = 0; count < readersMax; count++) readers.push(await begin(url, exported?.id))
    const take = buildPool(readers)
    return {
      tables,
      sequences,
      query,
      copy: (table, onRows) => copyTable(take, table, onRows),
      close: () => end([first, ...readers]),
    }
  } catch (error) {
    await end([first, ...readers])
    throw error
  }
}

async function begin(url: string, snapshot?: string): Promise<pg.Client> {
  const client = await openConnection(url, 'work', 'snapshot')
  try {
    await client.query(sessionSettings)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // The id comes from the server: digits, letters and dashes.
    if (snapshot !== undefined) await client.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`)
    return client
  } catch (error) {
    await end([client])
    throw error
  }
}

async function end(clients: readonly pg.Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
}

const keyOf = ({ schema, name }: TableName) => `${schema}.${name}`

function quoteTable({ schema, name }: TableName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/** Tables with the columns that hold data, as the snapshot sees them. */
async function listTables(query: Query): Promise<readonly SnapshotTable[]> {
  return query<SnapshotTable>(`
    SELECT n.nspname AS schema, c.relname AS name,
      array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname IN ('qingdan', 'published') AND c.relkind = 'r' AND c.relpersistence = 'p'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY n.nspname, c.relname
    ORDER BY n.nspname DESC, c.relname COLLATE "C"`)
}

/** Sequences belong to no snapshot: read after it, they have passed every id in it. */
async function readSequences(query: Query): Promise<Readonly<Record<string, string>>> {
  const rows = await query<{ name: string; value: string }>(`
    SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
    WHERE schemaname = 'qingdan' AND last_value IS NOT NULL ORDER BY 1`)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

type Take = () => Promise<{ readonly client: pg.Client; readonly release: () => void }>

/** Gives each client to one user at a time, in the order of the requests. */
function buildPool(clients: readonly pg.Client[]): Take {
  const free = [...clients]
  const waiting: ((client: pg.Client) => void)[] = []
  const release = (client: pg.Client) => {
    const next = waiting.shift()
    if (next === undefined) free.push(client)
    else next(client)
  }
  return async () => {
    const client = free.pop() ?? (await new Promise<pg.Client>((resolve) => waiting.push(resolve)))
    return { client, release: () => release(client) }
  }
}

async function* copyTable(
  take: Take,
  table: SnapshotTable,
  onRows: (rows: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { client, release } = await take()
  const copy = client.query(
    to(`COPY ${quoteTable(table)} (${table.columns.map(quoteIdentifier).join(', ')}) TO STDOUT`, {
      highWaterMark: 1 << 20,
    }),
  )
  let isWhole = false
  try {
    for await (const chunk of copy as AsyncIterable<Uint8Array>) yield chunk
    isWhole = true
    onRows((copy as unknown as { readonly rowCount?: number }).rowCount ?? 0)
  } catch (error) {
    throw withoutValues(error)
  } finally {
    copy.destroy()
    // A COPY that ended early leaves its connection unusable; the whole snapshot is then given up.
    if (!isWhole) await client.end().catch(() => undefined)
    release()
  }
}
