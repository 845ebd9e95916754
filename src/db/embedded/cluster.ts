/**
 * The embedded database of a data folder: the first process starts it, others join it, the last to leave
 * stops it. Rejects a folder that another clone uses, or that another major version of PostgreSQL has
 * written.
 */
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Observe } from '../../platform/log/events.ts'
import { packageRoot } from '../../platform/package-root.ts'
import { adoptCopiedCluster } from './copied-cluster.ts'
import { type ClusterLocation, findClusterLocation } from './location.ts'
import { makeCluster } from './make-cluster.ts'
import {
  findFormerPort,
  findPostmaster,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
  trimLog,
  untilReady,
  untilStopped,
} from './postmaster.ts'
import { findPrograms, type Programs } from './programs.ts'

interface ClusterOptions {
  readonly dataFolder: string
  readonly observe: Observe
  /** More server settings, such as `max_connections`; only those of the process that starts it apply. */
  readonly settings?: Readonly<Record<string, string>>
  /** The clone that uses the folder; by default the one that contains this file. */
  readonly clone?: string
}

export interface Cluster {
  /** The address of its database for the modules, with the owner's name and password. */
  readonly url: string
  /** Leaves the database. The last process to leave stops it and waits until it has ended. */
  readonly leave: () => Promise<void>
}

/** Settings for `postgres -c`. Errors of statements are never logged: their message may quote a row. */
const serverSettings = {
  listen_addresses: '127.0.0.1',
  // Connections use loopback and a password: a socket's path is limited to about 100 bytes, a folder's is
  // not.
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
  // Above `error` in the server's order of log levels: only starts, stops and fatal errors.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
} as const

const owner = 'qingdan'
const joinAttemptsMax = 25
const logCheckSeconds = 60

interface ClusterContext {
  readonly folder: string
  readonly cluster: string
  readonly log: string
  readonly location: ClusterLocation
  readonly programs: Programs
  readonly password: string
  readonly clone: string
  readonly settings: Readonly<Record<string, string>>
}

/** A session that counts as one user of a running server. It ends with the process, even after a crash. */
interface Lease {
  readonly client: pg.Client
  readonly postmaster: Postmaster
}

/** Joins the embedded database of a data folder; creates and starts it first if needed. */
export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const context = await prepare(options)
  let lease = await takeLease(context)
  let isLeaving = false
  let renewing: Promise<void> = Promise.resolve()
  const watch = ({ client }: Lease): void => {
    client.once('end', () => {
      if (isLeaving) return
      // The server crashed or was killed. Without a new lease, others would think this process has ended.
      renewing = takeLease(context).then(
        (renewed) => {
          lease = renewed
          watch(renewed)
        },
        () => undefined,
      )
    })
  }
  watch(lease)
  const timer = setInterval(() => void trimLog(context.log).catch(() => undefined), logCheckSeconds * 1000)
  timer.unref()
  return {
    url: urlOf(context, lease.postmaster.port, owner),
    leave: async () => {
      isLeaving = true
      clearInterval(timer)
      await renewing
      await releaseLease(context, lease)
    },
  }
}

async function prepare(options: ClusterOptions): Promise<ClusterContext> {
  const location = await findClusterLocation(options.dataFolder, options.observe)
  const programs = await findPrograms(location.account, location.home)
  const folder = join(location.home, 'database')
  await makeCluster({ folder, account: location.account, programs, owner })
  const cluster = join(folder, 'cluster')
  await adoptCopiedCluster(cluster, location.account)
  const password = await readOwn(join(folder, 'password'))
  const major = (await readOwn(join(folder, 'version'))).trim()
  if (Number(major) !== programs.major) {
    throw new Error(
      `The database in ${folder} was written by PostgreSQL ${major}, ` +
        `but this clone contains ${programs.version}. ` +
        `Run the version of the service that wrote it, publish from there into a new data folder, ` +
        `or set QINGDAN_DATA to another folder.`,
    )
  }
  return {
    folder,
    cluster,
    log: join(folder, 'database.log'),
    location,
    programs,
    password: password.trim(),
    clone: resolve(options.clone ?? packageRoot()),
    settings: { ...serverSettings, ...options.settings },
  }
}

async function readOwn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EACCES') throw cause
    throw new Error(
      `${path} belongs to another account. ` +
        `Start as that account or as root, or set QINGDAN_DATA to another folder.`,
      { cause },
    )
  })
}

function urlOf(context: ClusterContext, port: number, database: string): string {
  return `postgres://${owner}:${context.password}@127.0.0.1:${port}/${database}`
}

/**
 * The same for all clones: holders of the shared lock use the server; a process that gets the exclusive lock
 * may stop it.
 */
const leaseKey = '7160941133914212717'
const leaseName = (clone: string): string =>
  `qingdan lease ${createHash('sha256').update(clone).digest('hex').slice(0, 16)}`

async function takeLease(context: ClusterContext): Promise<Lease> {
  let cause: unknown
  // Earlier lines are about earlier processes.
  const logBytes = await stat(context.log).then(
    ({ size }) => size,
    () => 0,
  )
  for (let failures = 0; failures < joinAttemptsMax; failures++) {
    // Waits grow with each failure: 0.1 s, then 0.2 s, about half a minute in all.
    if (failures > 0) await wait(100 * failures)
    const postmaster = await findOrStart(context)
    if (postmaster === undefined) continue
    const lease = await connect(context, postmaster).catch((error: unknown) => {
      cause = error
    })
    if (lease === undefined) continue
    try {
      await refuseOtherClones(context, lease.client)
      await makeDatabase(lease.client)
      return lease
    } catch (error) {
      await releaseLease(context, lease)
      throw error
    }
  }
  const lines = (await readFile(context.log).catch(() => Buffer.alloc(0))).subarray(logBytes).toString('utf8')
  const lastError = lines.match(/(?:FATAL|postgres): .*/g)?.at(-1)
  throw new Error(
    `The embedded database did not start (${lastError ?? 'its log has no fatal error'}); see ${context.log}.`,
    {
      cause,
    },
  )
}

async function findOrStart(context: ClusterContext): Promise<Postmaster | undefined> {
  const running = await findPostmaster(context.cluster)
  if (running?.stopping) await untilStopped(context.cluster, running)
  else if (running) return untilReady(context.cluster)
  return startPostmaster({
    programs: context.programs,
    account: context.location.account,
    cluster: context.cluster,
    log: context.log,
    portWanted: await findFormerPort(context.cluster),
    settings: context.settings,
  })
}

/** Opens the session that holds the lease. Throws also if the server is being stopped. */
async function connect(context: ClusterContext, postmaster: Postmaster): Promise<Lease> {
  const client = new pg.Client({
    connectionString: urlOf(context, postmaster.port, 'postgres'),
    application_name: leaseName(context.clone),
    keepAlive: true,
  })
  // Its end is handled elsewhere; an error without a listener would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock_shared($1)', [leaseKey])
    return { client, postmaster }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

async function releaseLease(context: ClusterContext, { client, postmaster }: Lease): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [leaseKey])
    const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
      leaseKey,
    ])
    // A process that starts now waits for the lock, sees that the server has ended, and starts it again.
    if (rows[0]?.last) await stopPostmaster(context.cluster, postmaster)
  } catch (error) {
    // A closed connection has no lease to release.
    if (await isOpen(client)) throw error
  } finally {
    await client.end().catch(() => undefined)
  }
}

function isOpen(client: pg.Client): Promise<boolean> {
  return client.query('SELECT 1').then(
    () => true,
    () => false,
  )
}

/** Two clones on one folder would mix migrations and files; they may use it one after the other. */
async function refuseOtherClones(context: ClusterContext, client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_stat_activity other, pg_stat_activity own
     WHERE own.pid = pg_backend_pid() AND other.application_name LIKE 'qingdan lease %'
       AND other.application_name <> own.application_name
       AND (other.backend_start, other.pid) < (own.backend_start, own.pid)`,
  )
  const record = join(context.folder, 'clone')
  if (rowCount === 0) return writeFile(record, `${context.clone}\n`)
  const other = (await readFile(record, 'utf8').catch(() => 'another clone')).trim()
  throw new Error(
    `The data folder of ${context.folder} is in use by ${other}. ` +
      `Stop the service there, or set QINGDAN_DATA to a folder of this clone's own.`,
  )
}

async function makeDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [owner])
  if (rowCount !== 0) return
  await client.query(`CREATE DATABASE ${owner}`).catch((error: { code?: string }) => {
    // If two processes start at once, one of them gets an error for a duplicate, sooner or later.
    if (error.code !== '42P04' && error.code !== '23505') throw error
  })
}
