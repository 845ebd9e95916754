/**
 * Opens the database: the server of DATABASE_URL, else the embedded PostgreSQL of the data folder; both are
 * used the same way, each role with its own login. Rejects servers older than 15.
 */
import type { Sql } from 'postgres'
import type { Config } from '../platform/config.ts'
import type { Observe } from '../platform/log/events.ts'
import { openChangeNotices } from './change-notices.ts'
import {
  type Addresses,
  inSession,
  openConnection,
  openDrizzle,
  openSql,
  reuseConnections,
} from './connections.ts'
import { copyFrom, copyTo } from './copy.ts'
import type { Database } from './database.ts'
import { joinCluster } from './embedded/cluster.ts'
import { withLock } from './lock.ts'
import { findLogins } from './logins.ts'
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
  const { addresses, serverVersion, leave } = await findServer(config, observe)
  try {
    observe('database-started', {
      version: serverVersion,
      embedded: config.DATABASE_URL === undefined,
      seconds: (performance.now() - began) / 1000,
    })
    if (options.check !== undefined) await inSession(addresses.owner, 'owner', options.check)
    if (options.migrate !== false) observe('database-migrated', { migrations: await migrate(addresses) })
    return connect(addresses, serverVersion, config.QINGDAN_POOL_MAX, leave)
  } catch (error) {
    await leave()
    throw error
  }
}

interface Server {
  readonly addresses: Addresses
  readonly serverVersion: string
  readonly leave: () => Promise<void>
}

async function findServer(config: Config, observe: Observe): Promise<Server> {
  const url = config.DATABASE_URL
  if (url !== undefined) {
    const serverVersion = await checkVersion(url)
    return { addresses: await findLogins(url, config), serverVersion, leave: async () => undefined }
  }
  const wanted = 6 * config.QINGDAN_POOL_MAX + 2 * config.QINGDAN_STREAMS_MAX + extraConnections
  const { addresses, leave } = await joinCluster({
    dataFolder: config.QINGDAN_DATA,
    observe,
    settings: { max_connections: String(Math.max(100, wanted)) },
  })
  try {
    return { addresses, serverVersion: await checkVersion(addresses.owner), leave }
  } catch (error) {
    await leave()
    throw error
  }
}

async function checkVersion(url: string): Promise<string> {
  try {
    return await inSession(url, 'owner', async (session) => {
      const [row] = await session<{ number: number; version: string }[]>`
        SELECT current_setting('server_version_num')::int AS number,
          current_setting('server_version') AS version`
      // Debian appends its package's name to the number.
      const version = row?.version.split(' ')[0] ?? ''
      if ((row?.number ?? 0) < oldest) {
        throw new Error(`The server of DATABASE_URL is PostgreSQL ${version}; 15 or newer is required.`)
      }
      return version
    })
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    // Without the cause, which would be reported in place of this text.
    throw new Error(`The database at ${hostOf(url)} can't be reached or refuses the connection: ${code}.`)
  }
}

function hostOf(url: string): string {
  const { hostname, port } = new URL(url)
  return port === '' ? hostname : `${hostname}:${port}`
}

function connect(
  addresses: Addresses,
  serverVersion: string,
  poolMax: number,
  leave: () => Promise<void>,
): Database {
  const serveAddress = () => addresses.serve
  const serve = openSql(serveAddress, 'serve', poolMax)
  const forRead = openSql(serveAddress, 'serve', poolMax)
  const work = openSql(() => addresses.work, 'work', poolMax)
  const notices = openChangeNotices(serveAddress, work)
  const responsiveness = openResponsiveness(serveAddress)
  const copies = reuseConnections(() => openConnection(addresses.work, 'work', 'copy'))
  const locks = reuseConnections(() => openConnection(addresses.work, 'work', 'lock'))
  return {
    serverVersion,
    get ownerUrl() {
      return addresses.owner
    },
    get workUrl() {
      return addresses.work
    },
    serve,
    read: openDrizzle(forRead),
    work,
    copyFrom: (statement, source, options) => copyFrom(copies, statement, source, options),
    copyTo: (statement, options) => copyTo(addresses, statement, options),
    subscribe: notices.subscribe,
    lock: (name, run, patience) => withLock(locks, name, run, patience),
    responds: responsiveness.responds,
    migrate: (options) => migrate(addresses, options),
    close: async () => {
      await Promise.all([notices.close(), responsiveness.close(), copies.close(), locks.close()])
      await Promise.all([serve, forRead, work].map((client) => client.end({ timeout: 5 })))
      await leave()
    },
  }
}
