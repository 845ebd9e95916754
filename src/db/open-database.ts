/**
 * Opens the database: the server of DATABASE_URL, else the embedded PostgreSQL of the data folder; both are
 * used the same way. Rejects servers older than 15.
 */
import type { Sql } from 'postgres'
import type { Config } from '../platform/config.ts'
import type { Observe } from '../platform/log/events.ts'
import { openChangeNotices } from './change-notices.ts'
import { openDrizzle, openSession, openSql } from './connections.ts'
import { copyFrom, copyTo } from './copy.ts'
import type { Database } from './database.ts'
import { withoutValues } from './database-error.ts'
import { joinCluster } from './embedded/cluster.ts'
import { withLock } from './lock.ts'
import { migrate } from './migrate.ts'
import { openResponsiveness } from './responsiveness.ts'

export interface DatabaseOptions {
  readonly config: Config
  readonly observe: Observe
  /** Whether to run migrations first; default true. */
  readonly migrate?: boolean
  /** Called before the migration with a session of the owner; throws if the database must not be used. */
  readonly check?: (session: Sql) => Promise<void>
}

/** PostgreSQL 15, as `server_version_num`. */
const oldest = 150_000
/** In addition to pools and streams of two processes: jobs, locks, COPYs, and a person with psql. */
const extraConnections = 40

/** Opens the database. If it cannot be reached, created or migrated, the error says what to do. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { config, observe } = options
  const began = performance.now()
  const { url, leave } = await findServer(config, observe)
  try {
    const serverVersion = await checkVersion(url)
    observe('database-started', {
      version: serverVersion,
      embedded: config.DATABASE_URL === undefined,
      seconds: (performance.now() - began) / 1000,
    })
    if (options.check !== undefined) await inSession(url, options.check)
    if (options.migrate !== false) observe('database-migrated', { migrations: await migrate(url) })
    return connect(url, serverVersion, config.QINGDAN_POOL_MAX, leave)
  } catch (error) {
    await leave()
    throw error
  }
}

async function findServer(
  config: Config,
  observe: Observe,
): Promise<{ readonly url: string; readonly leave: () => Promise<void> }> {
  if (config.DATABASE_URL !== undefined) return { url: config.DATABASE_URL, leave: async () => undefined }
  const wanted = 6 * config.QINGDAN_POOL_MAX + 2 * config.QINGDAN_STREAMS_MAX + extraConnections
  return joinCluster({
    dataFolder: config.QINGDAN_DATA,
    observe,
    settings: { max_connections: String(Math.max(100, wanted)) },
  })
}

async function checkVersion(url: string): Promise<string> {
  const session = openSession(url, 'owner')
  try {
    const [row] = await session<{ number: number; version: string }[]>`
      SELECT current_setting('server_version_num')::int AS number,
        current_setting('server_version') AS version`
    // Debian appends its package's name to the number.
    const version = row?.version.split(' ')[0] ?? ''
    if ((row?.number ?? 0) < oldest) {
      throw new Error(`The server of DATABASE_URL is PostgreSQL ${version}; 15 or newer is required.`)
    }
    return version
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    throw new Error(`The database at ${hostOf(url)} can't be reached or refuses the connection: ${code}.`, {
      cause: withoutValues(error),
    })
  } finally {
    await session.end({ timeout: 5 })
  }
}

async function inSession(url: string, work: (session: Sql) => Promise<void>): Promise<void> {
  const session = openSession(url, 'owner')
  try {
    await work(session)
  } finally {
    await session.end({ timeout: 5 })
  }
}

function hostOf(url: string): string {
  const { hostname, port } = new URL(url)
  return port === '' ? hostname : `${hostname}:${port}`
}

function connect(url: string, serverVersion: string, poolMax: number, leave: () => Promise<void>): Database {
  const serve = openSql(url, 'serve', poolMax)
  const forRead = openSql(url, 'serve', poolMax)
  const work = openSql(url, 'work', poolMax)
  const notices = openChangeNotices(url, work)
  const responsiveness = openResponsiveness(url)
  return {
    serverVersion,
    ownerUrl: url,
    serve,
    read: openDrizzle(forRead),
    work,
    copyFrom: (statement, source, options) => copyFrom(url, statement, source, options),
    copyTo: (statement, options) => copyTo(url, statement, options),
    subscribe: notices.subscribe,
    lock: (name, run, patience) => withLock(url, name, run, patience),
    responds: responsiveness.responds,
    close: async () => {
      await Promise.all([notices.close(), responsiveness.close()])
      await Promise.all([serve, forRead, work].map((client) => client.end({ timeout: 5 })))
      await leave()
    },
  }
}
