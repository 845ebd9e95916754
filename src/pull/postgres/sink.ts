/**
 * A copy in a schema of a PostgreSQL database. A step is one transaction that includes the feed position, so
 * a crash anywhere leaves the records of exactly the changes recorded. Refuses a schema with other content,
 * and one that another pull is using.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pauseFor } from 'node:timers/promises'
import pg from 'pg'
import { asLibpq } from '../../db/connections.ts'
import { isDatabaseUnavailable, withoutValues } from '../../db/database-error.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { asTargetFault } from '../folder/file-errors.ts'
import type { VersionKey } from '../ledger.ts'
import { lockPatienceMilliseconds } from '../limits.ts'
import { PullRefusal } from '../problems.ts'
import type { SourceChange } from '../response-shapes.ts'
import type { CopyIdentity, CopyState, OnPoint, Sink, Step } from '../sink.ts'
import { ownTables } from './sql-tables.ts'
import { applyStep } from './step.ts'

/** Format version of the tables created here. */
const formatVersion = 1

/** Seconds until a server that does not respond counts as unavailable. */
const connectSeconds = 30

interface PostgresTarget {
  readonly url: string
  readonly schema: string
  /** A folder for files being fetched; by default one for this target in the system's temporary folder. */
  readonly scratch?: string | undefined
  readonly onPoint?: OnPoint
}

/**
 * Opens a schema as a sink and creates it if needed. Throws `target-foreign`, `target-busy`, `target-newer`,
 * `target-refused`.
 */
export async function openPostgresSink(target: PostgresTarget): Promise<Sink> {
  const { url, schema, onPoint = () => undefined } = target
  const scratch = await makeScratch(target).catch((error: unknown) => {
    throw asTargetFault(error)
  })
  const client = await connect(url).catch(rethrow)
  try {
    await lock(client, schema)
    const opened: Opened = { client, schema, onPoint, state: await readState(client, schema) }
    return {
      name: `${new URL(url).host}/${schema}`,
      get state() {
        return opened.state
      },
      scratch,
      formats: ['csv'],
      begin: (identity, source) => begin(opened, identity, source).catch(rethrow),
      changes: () => readChanges(client, schema),
      held: () => readHeld(opened).catch(rethrow),
      commit: (step) => commit(opened, step).catch(rethrow),
      close: () => client.end().catch(() => undefined),
    }
  } catch (error) {
    await client.end().catch(() => undefined)
    return rethrow(error)
  }
}

interface Opened {
  readonly client: pg.Client
  readonly schema: string
  readonly onPoint: OnPoint
  state: CopyState | undefined
}

/** Maps server errors, without the values they quote, to refusals; throws other errors unchanged. */
function rethrow(error: unknown): never {
  if (error instanceof PullRefusal) throw error
  if (isDatabaseUnavailable(error))
    throw new PullRefusal('target-refused', 'The database is unavailable or accepts no connections.', {
      cause: error,
    })
  const stripped = withoutValues(error)
  const { code = '', message } = Object(stripped) as { readonly code?: string; readonly message?: string }
  if (code === '53100') throw new PullRefusal('target-full', 'The database is full.', { cause: stripped })
  // Classes 28, 3D, 3F and 42501: authentication, unknown database or schema, missing privilege. 25006:
  // read-only.
  if (/^(28|3D|3F)|^42501$|^25006$/.test(code))
    throw new PullRefusal('target-refused', message ?? code, { cause: stripped })
  // Classes 22 and 23: a value does not fit its type, or a key is duplicate.
  if (/^2[23]/.test(code))
    throw new PullRefusal('wrong-facts', `The records violate their contract (SQLSTATE ${code}).`, {
      cause: stripped,
    })
  throw asTargetFault(stripped)
}

/** A private folder below the temporary folder, so that no other account can plant a file in it. */
async function makeScratch({ url, schema, scratch }: PostgresTarget): Promise<string> {
  const { host, pathname } = new URL(url)
  const name = createHash('sha256').update(`${host} ${pathname} ${schema}`).digest('hex').slice(0, 16)
  const folder = join(scratch ?? tmpdir(), `qingdan-pull-${name}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = await stat(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new PullRefusal(
      'target-refused',
      `${folder} belongs to another account: choose a folder with --scratch.`,
    )
  }
  await chmod(folder, 0o700)
  return folder
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: asLibpq(url),
    application_name: `qingdan pull ${process.pid} ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: connectSeconds * 1000,
    keepAlive: true,
  })
  // The statement that fails also rejects; without this listener the event would end the process.
  client.on('error', () => undefined)
  await client.connect()
  // Otherwise the session of a killed pull keeps its lock while its statement runs. Needs PostgreSQL 14.
  await client
    .query(`SELECT set_config('client_connection_check_interval', '1s', false)`)
    .catch(() => undefined)
  return client
}

/** The session's lock on the schema; it ends with the session in any case. */
async function lock(client: pg.Client, schema: string): Promise<void> {
  const key = createHash('sha256').update(`qingdan pull ${schema}`).digest().readBigInt64BE().toString()
  const ends = performance.now() + lockPatienceMilliseconds
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [key])
    if (rows[0]?.held === true) return
    if (performance.now() > ends) break
    await pauseFor(lockPatienceMilliseconds / 20)
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = $1
       -- Copies in other databases of the server take the same key.
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [key],
  )
  throw new PullRefusal(
    'target-busy',
    `The schema ${schema} is locked by ${rows[0]?.name ?? 'another session'}.`,
  )
}

interface Row extends CopyIdentity {
  readonly form: number
  readonly source: string
  readonly cursor: string | null
  readonly changes: number
}

async function readState(client: pg.Client, schema: string): Promise<CopyState | undefined> {
  const { rows: existing } = await client.query<{ name: string }>(
    'SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1',
    [schema],
  )
  if (existing.length === 0) return undefined
  if (!existing.some(({ name }) => name === '_copy')) {
    throw new PullRefusal('target-foreign', `The schema ${schema} contains ${existing[0]?.name ?? ''}.`)
  }
  const { rows } = await client.query<Row>(
    `SELECT form, origin, source, datasets, is_keyed AS "isKeyed", history, cursor, changes::float8 AS changes
     FROM ${quoteIdentifier(schema)}._copy`,
  )
  const [row] = rows
  if (row === undefined) throw new PullRefusal('target-foreign', `The table _copy of ${schema} is empty.`)
  const { form: found, ...state } = row
  if (found !== formatVersion)
    throw new PullRefusal('target-newer', `The schema ${schema} has format version ${found}.`)
  return { ...state, formats: null }
}

async function begin(opened: Opened, identity: CopyIdentity, source: string): Promise<void> {
  const { client, schema, state } = opened
  const name = quoteIdentifier(schema)
  if (state !== undefined) {
    await client.query(`UPDATE ${name}._copy SET source = $1`, [source])
    opened.state = { ...state, source }
    return
  }
  await inTransaction(client, async () => {
    // Uses an existing schema, as we may lack the privilege to create one.
    const { rows } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
    if (rows.length === 0) await client.query(`CREATE SCHEMA ${name}`)
    await client.query(ownTables(name))
    const { origin, datasets, isKeyed, history } = identity
    await client.query(
      `INSERT INTO ${name}._copy (form, origin, source, datasets, is_keyed, history) VALUES ($1, $2, $3, $4, $5, $6)`,
      [formatVersion, origin, source, datasets, isKeyed, history],
    )
  })
  opened.state = { ...identity, source, cursor: null, changes: 0 }
}

/** Changes read per query. */
const changesPerQuery = 1_000

async function* readChanges(client: pg.Client, schema: string): AsyncGenerator<SourceChange> {
  for (let after = 0; ; ) {
    const { rows } = await client
      .query<{ n: number; body: SourceChange }>(
        `SELECT n::float8 AS n, body FROM ${quoteIdentifier(schema)}._change WHERE n > $1 ORDER BY n LIMIT $2`,
        [after, changesPerQuery],
      )
      .catch((error: unknown) => {
        // The table does not exist yet.
        if ((error as { code?: string }).code === '42P01') return { rows: [] }
        return rethrow(error)
      })
    for (const { n, body } of rows) {
      after = n
      yield body
    }
    if (rows.length < changesPerQuery) return
  }
}

async function readHeld({ client, schema, state }: Opened): Promise<readonly VersionKey[]> {
  if (state === undefined) return []
  const { rows } = await client.query<VersionKey>(
    `SELECT dataset, edition, version FROM ${quoteIdentifier(schema)}._version WHERE held`,
  )
  return rows
}

async function commit(opened: Opened, step: Step): Promise<void> {
  const { client, schema, onPoint, state } = opened
  if (state === undefined) throw new Error('The copy must be started before a commit')
  const cursor = step.changes.at(-1)?.cursor ?? state.cursor
  const changes = state.changes + step.changes.length
  await inTransaction(client, async () => {
    await applyStep(client, schema, step, state.changes, onPoint)
    await client.query(
      `UPDATE ${quoteIdentifier(schema)}._copy SET cursor = $1, changes = $2, changed_at = now()`,
      [cursor, changes],
    )
    onPoint('in-transaction')
  })
  onPoint('visible')
  opened.state = { ...state, cursor, changes }
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
