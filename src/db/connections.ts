/**
 * Clients of the database, which log in as one of its three roles, one per purpose: drizzle changes how its client handles
 * JSON, and a failed COPY or lock must not return its connection to a pool.
 */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import pg from 'pg'
import postgres, { type Sql } from 'postgres'

type Role = 'owner' | 'work' | 'serve'

/**
 * The address under which each role logs in now: the embedded server may come back at another port, so read it for each
 * connection. They contain passwords: never log them.
 */
export type Addresses = Readonly<Record<Role, string>>

/** Reads one of these addresses, for a client that opens connections later. */
export type CurrentAddress = () => string

/** Names of the roles that the service creates, which belong to the whole server. */
export const roleNames = { work: 'qingdan_work', serve: 'qingdan_serve' } as const

/** Names of the two login roles besides the owner. */
export type RoleNames = Readonly<Record<keyof typeof roleNames, string>>

/** A page takes milliseconds; a statement that runs a minute is a defect or an attack. */
const serveStatementMilliseconds = 60_000
/** Time for a whole edition by COPY to a slow reader; slower readers download the file. */
const serveCopyMilliseconds = 3_600_000
const serveIdleInTransactionMilliseconds = 60_000
const connectSeconds = 30

/** How clients of postgres.js connect, and connect again. */
export const connecting = {
  connect_timeout: connectSeconds,
  // The driver counts the failures of all connections of a pool together, and would wait 20 seconds after a
  // handful: long after a server that was restarted is back.
  backoff: (failures: number) => Math.min(0.05 * 2 ** failures, 1),
  onnotice: () => undefined,
}

type Settings = Readonly<Record<string, string | number>>

function settingsOf(role: Role, isCopy = false): Settings {
  if (role !== 'serve') return {}
  return {
    default_transaction_read_only: 'on',
    statement_timeout: isCopy ? serveCopyMilliseconds : serveStatementMilliseconds,
    idle_in_transaction_session_timeout: serveIdleInTransactionMilliseconds,
    // Cost for SSDs or cached data. With the default of 4, a filtered page scans by record number instead of
    // the filter's index, and the last page reads to the end of the table.
    random_page_cost: 1.1,
  }
}

/**
 * A pool for raw SQL. Values are as postgres.js returns them: `bigint` and `numeric` as text, since
 * JavaScript numbers cannot hold all of them; `jsonb` parsed; timestamps as Date.
 */
export function openSql(address: CurrentAddress, role: Role, connectionsMax: number): Sql {
  const sql = postgres(address(), {
    max: connectionsMax,
    ...connecting,
    // Closes connections after a burst; the default keeps them for half an hour and more.
    idle_timeout: 60,
    connection: { application_name: `qingdan ${role}`, ...settingsOf(role) },
  })
  followPort(sql, address)
  return sql
}

/** The driver reads its list of ports for each connection: lets it find the port of the address at that moment. */
export function followPort(sql: Pick<Sql, 'options'>, address: CurrentAddress): void {
  if (new URL(address()).port === '') return
  Object.defineProperty(sql.options.port, 0, { get: () => Number(new URL(address()).port) })
}

/** A client with a single, fixed connection, for what belongs to a session, such as a lock. */
export function openSession(url: string, role: Role): Sql {
  return postgres(url, {
    max: 1,
    ...connecting,
    idle_timeout: 0,
    max_lifetime: null,
    connection: { application_name: `qingdan ${role} session`, ...settingsOf(role) },
  })
}

/** Runs work on a session of its own, which is closed afterwards. */
export async function inSession<T>(url: string, role: Role, work: (session: Sql) => Promise<T>): Promise<T> {
  const session = openSession(url, role)
  try {
    return await work(session)
  } finally {
    await session.end({ timeout: 5 })
  }
}

/** drizzle over a client that is used by nothing else afterwards. */
export function openDrizzle(client: Sql): PostgresJsDatabase {
  return drizzle(client, { casing: 'snake_case' })
}

/** An open connection by `pg`, for COPY and locks: it reports each error and can be closed at any moment. */
export async function openConnection(url: string, role: Role, purpose: string): Promise<pg.Client> {
  const settings = Object.entries(settingsOf(role, true)).map(([name, value]) => `-c ${name}=${value}`)
  const client = new pg.Client({
    connectionString: asLibpq(url),
    application_name: `qingdan ${role} ${purpose}`,
    connectionTimeoutMillis: connectSeconds * 1000,
    keepAlive: true,
    options: settings.join(' '),
  })
  // The error also reaches whoever awaits the statement; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    // Otherwise a statement that sends nothing would not notice that this process has ended. A server on
    // Windows has no such setting.
    await client
      .query(`SELECT set_config('client_connection_check_interval', '1s', false)`)
      .catch(() => undefined)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  return client
}

/** `pg` interprets `sslmode` differently by default; both drivers must treat one address the same way. */
export function asLibpq(url: string): string {
  const parsed = new URL(url)
  if (parsed.searchParams.has('sslmode')) parsed.searchParams.set('uselibpqcompat', 'true')
  return parsed.href
}

/**
 * Connections that stay open for some seconds after their use: a new one costs the server a process and both sides a
 * login, ten milliseconds in all, and a bundle takes three. One that was not returned in order is closed.
 */
export interface ReusableConnections {
  /**
   * Runs work on an open connection, or on a new one, after `prepare`, which shows whether the server still has the open
   * one. It is kept afterwards only if the work ends without error.
   */
  readonly use: <T>(
    prepare: (client: pg.Client) => Promise<unknown>,
    work: (client: pg.Client) => Promise<T>,
  ) => Promise<T>
  readonly close: () => Promise<void>
}

/** As many as bundles are usually processed at once. */
const idleMax = 4
const idleMilliseconds = 5_000

/** Keeps connections of one kind. None is opened before it is needed. */
export function reuseConnections(open: () => Promise<pg.Client>): ReusableConnections {
  const idle = new Map<pg.Client, NodeJS.Timeout>()
  let isClosed = false
  const end = async (client: pg.Client) => {
    clearTimeout(idle.get(client))
    idle.delete(client)
    await client.end().catch(() => undefined)
  }
  const keep = async (client: pg.Client) => {
    if (isClosed || idle.size >= idleMax) await end(client)
    else idle.set(client, setTimeout(() => void end(client), idleMilliseconds).unref())
  }
  const takeReady = async (prepare: (client: pg.Client) => Promise<unknown>) => {
    for (;;) {
      const client = [...idle.keys()].at(-1)
      if (client === undefined) return undefined
      clearTimeout(idle.get(client))
      idle.delete(client)
      const isReady = await prepare(client).then(
        () => true,
        () => false,
      )
      if (isReady) return client
      await end(client)
    }
  }
  const openReady = async (prepare: (client: pg.Client) => Promise<unknown>) => {
    const client = await open()
    // The server may end a connection that is kept, as at its restart.
    client.once('end', () => void end(client))
    try {
      await prepare(client)
      return client
    } catch (error) {
      await end(client)
      throw error
    }
  }
  return {
    use: async (prepare, work) => {
      const client = (await takeReady(prepare)) ?? (await openReady(prepare))
      try {
        const result = await work(client)
        await keep(client)
        return result
      } catch (error) {
        await end(client)
        throw error
      }
    },
    close: async () => {
      isClosed = true
      await Promise.all([...idle.keys()].map(end))
    },
  }
}
