/**
 * A copy in a schema of a Postgres database. A step is one transaction, the place in the feed with it, so that a crash anywhere
 * leaves the records of exactly the changes that are entered. Refuses a schema that holds anything else, and one that
 * another pull works in.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pauseFor } from 'node:timers/promises'
import pg from 'pg'
import { asLibpq } from '../../db/connections.ts'
import { isDatabaseAway, withoutValues } from '../../db/database-error.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { asTargetFault } from '../folder/file-errors.ts'
import type { VersionKey } from '../ledger.ts'
import { lockPatienceMilliseconds } from '../limits.ts'
import { PullRefusal } from '../problems.ts'
import type { SourceChange } from '../response-shapes.ts'
import type { CopyIdentity, CopyState, OnPoint, Sink, Step } from '../sink.ts'
import { ownTables } from './sql-tables.ts'
import { applyStep } from './step.ts'

/** Of the tables that are made here. */
const form = 1

/** Seconds until a server that does not answer counts as away. */
const connectSeconds = 30

export interface PostgresTarget {
  readonly url: string
  readonly schema: string
  /** A folder for what is on its way; by default one of the system's temporary folder, of this target. */
  readonly scratch?: string | undefined
  readonly onPoint?: OnPoint
}

/** Opens a schema as a sink, making it where it is not there. Throws `target-foreign`, `target-busy`, `target-newer`, `target-refused`. */
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
      told: () => readTold(client, schema),
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

/** What a server says, without the values that it quotes, as refusals where it is one. */
function rethrow(error: unknown): never {
  if (error instanceof PullRefusal) throw error
  if (isDatabaseAway(error))
    throw new PullRefusal('target-refused', 'The database is away or lets nobody in.', { cause: error })
  const told = withoutValues(error)
  const { code = '', message } = Object(told) as { readonly code?: string; readonly message?: string }
  if (code === '53100')
    throw new PullRefusal('target-full', 'The database has no room left.', { cause: told })
  // Classes 28, 3D, 3F and 42501: who we are, which database, which schema, what we may. 25006: it only reads.
  if (/^(28|3D|3F)|^42501$|^25006$/.test(code))
    throw new PullRefusal('target-refused', message ?? code, { cause: told })
  // Classes 22 and 23: the values are none of their types, or their key stands twice.
  if (/^2[23]/.test(code))
    throw new PullRefusal(
      'wrong-facts',
      `The records are not as their contract has them (SQLSTATE ${code}).`,
      { cause: told },
    )
  throw asTargetFault(told)
}

/** One of our own in the temporary folder: another account must not lay a file there for us. */
async function makeScratch({ url, schema, scratch }: PostgresTarget): Promise<string> {
  const { host, pathname } = new URL(url)
  const name = createHash('sha256').update(`${host} ${pathname} ${schema}`).digest('hex').slice(0, 16)
  const folder = join(scratch ?? tmpdir(), `qingdan-pull-${name}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = await stat(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new PullRefusal('target-refused', `${folder} is of another account: name a folder by --scratch.`)
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
  // An error also reaches whoever waits for the statement; here it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  // Else the session of a killed pull may hold its lock while a statement of it goes on. Not before version 14.
  await client
    .query(`SELECT set_config('client_connection_check_interval', '1s', false)`)
    .catch(() => undefined)
  return client
}

/** The session's lock on the schema: it ends with the session, however that ends. */
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
     WHERE l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = $1`,
    [key],
  )
  throw new PullRefusal(
    'target-busy',
    `The schema ${schema} is held by ${rows[0]?.name ?? 'another session'}.`,
  )
}

interface Row extends CopyIdentity {
  readonly form: number
  readonly source: string
  readonly cursor: string | null
  readonly changes: number
}

async function readState(client: pg.Client, schema: string): Promise<CopyState | undefined> {
  const { rows: there } = await client.query<{ name: string }>(
    'SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1',
    [schema],
  )
  if (there.length === 0) return undefined
  if (!there.some(({ name }) => name === '_copy')) {
    throw new PullRefusal('target-foreign', `The schema ${schema} holds ${there[0]?.name ?? ''}.`)
  }
  const { rows } = await client.query<Row>(
    `SELECT form, origin, source, datasets, is_keyed AS "isKeyed", history, cursor, changes::float8 AS changes
     FROM ${quoteIdentifier(schema)}._copy`,
  )
  const [row] = rows
  if (row === undefined) throw new PullRefusal('target-foreign', `The table _copy of ${schema} is empty.`)
  const { form: is, ...state } = row
  if (is !== form) throw new PullRefusal('target-newer', `The schema ${schema} is of form ${is}.`)
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
    // A schema that somebody has made for us, because we may make none, is used as it is.
    const { rows } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
    if (rows.length === 0) await client.query(`CREATE SCHEMA ${name}`)
    await client.query(ownTables(name))
    const { origin, datasets, isKeyed, history } = identity
    await client.query(
      `INSERT INTO ${name}._copy (form, origin, source, datasets, is_keyed, history) VALUES ($1, $2, $3, $4, $5, $6)`,
      [form, origin, source, datasets, isKeyed, history],
    )
  })
  opened.state = { ...identity, source, cursor: null, changes: 0 }
}

/** Changes that are read at once. */
const toldAtOnce = 1_000

async function* readTold(client: pg.Client, schema: string): AsyncGenerator<SourceChange> {
  for (let after = 0; ; ) {
    const { rows } = await client
      .query<{ n: number; body: SourceChange }>(
        `SELECT n::float8 AS n, body FROM ${quoteIdentifier(schema)}._change WHERE n > $1 ORDER BY n LIMIT $2`,
        [after, toldAtOnce],
      )
      .catch((error: unknown) => {
        // Nothing is there yet.
        if ((error as { code?: string }).code === '42P01') return { rows: [] }
        return rethrow(error)
      })
    for (const { n, body } of rows) {
      after = n
      yield body
    }
    if (rows.length < toldAtOnce) return
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
  if (state === undefined) throw new Error('a copy is begun before anything is committed')
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
