/**
 * Clients of the database under its three roles. Each purpose has its own: drizzle changes how its client
 * handles JSON, and a COPY or a lock that goes wrong must not come back to a pool.
 */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import pg from 'pg'
import postgres, { type Sql } from 'postgres'

export type Role = 'owner' | 'work' | 'serve'

/** Names of the roles in the server, where they are cluster-wide. */
export const roleNames = { work: 'qingdan_work', serve: 'qingdan_serve' } as const

/** A page takes milliseconds; a statement of a minute is a fault or an attack. */
const serveStatementMilliseconds = 60_000
/** A whole edition to a slow reader by COPY; a reader who needs longer takes the file. */
const serveCopyMilliseconds = 3_600_000
const serveIdleInTransactionMilliseconds = 60_000
const connectSeconds = 30

type Settings = Readonly<Record<string, string | number>>

function settingsOf(role: Role, isCopy = false): Settings {
  if (role === 'owner') return {}
  if (role === 'work') return { role: roleNames.work }
  return {
    role: roleNames.serve,
    default_transaction_read_only: 'on',
    statement_timeout: isCopy ? serveCopyMilliseconds : serveStatementMilliseconds,
    idle_in_transaction_session_timeout: serveIdleInTransactionMilliseconds,
    // As for disks without moving parts, or for memory. With the default of 4 a filtered page goes by the numbers of
    // all records rather than by the filter's index, and the last page reads on to the end of the table.
    random_page_cost: 1.1,
  }
}

/**
 * A pool for raw SQL. Values are as postgres.js gives them: `bigint` and `numeric` as text, since
 * JavaScript's numbers can't hold all of them; `jsonb` parsed; timestamps as Date.
 */
export function openSql(url: string, role: Role, connectionsMax: number): Sql {
  return postgres(url, {
    max: connectionsMax,
    connect_timeout: connectSeconds,
    // Connections of a burst go after a while; the default keeps them for half an hour and more.
    idle_timeout: 60,
    onnotice: () => undefined,
    connection: { application_name: `qingdan ${role}`, ...settingsOf(role) },
  })
}

/** A client of a single connection that stays the same, for what belongs to a session, such as a lock. */
export function openSession(url: string, role: Role): Sql {
  return postgres(url, {
    max: 1,
    connect_timeout: connectSeconds,
    idle_timeout: 0,
    max_lifetime: null,
    onnotice: () => undefined,
    connection: { application_name: `qingdan ${role} session`, ...settingsOf(role) },
  })
}

/** drizzle over a client that is its own from now on. */
export function openDrizzle(client: Sql): PostgresJsDatabase {
  return drizzle(client, { casing: 'snake_case' })
}

/**
 * A connection by `pg`, connected, for COPY and locks: it tells of each error, and can be cut at any moment.
 */
export async function openConnection(url: string, role: Role, purpose: string): Promise<pg.Client> {
  const settings = Object.entries(settingsOf(role, true)).map(([name, value]) => `-c ${name}=${value}`)
  const client = new pg.Client({
    connectionString: asLibpq(url),
    application_name: `qingdan ${role} ${purpose}`,
    connectionTimeoutMillis: connectSeconds * 1000,
    keepAlive: true,
    options: settings.join(' '),
  })
  // An error also reaches whoever waits for the statement; here it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    // Else a statement that sends nothing would not notice that we are gone. A server on Windows has no such
    // setting.
    await client
      .query(`SELECT set_config('client_connection_check_interval', '1s', false)`)
      .catch(() => undefined)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  return client
}

/** `pg` reads `sslmode` its own way unless told otherwise; both drivers must agree on the same address. */
export function asLibpq(url: string): string {
  const parsed = new URL(url)
  if (parsed.searchParams.has('sslmode')) parsed.searchParams.set('uselibpqcompat', 'true')
  return parsed.href
}
