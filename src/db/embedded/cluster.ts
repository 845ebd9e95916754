/**
 * The embedded database of a data folder: the first process to come starts it, others join it, the last one
 * to leave stops it. Refuses a folder that another clone works on, or that another major version of
 * PostgreSQL has written.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Observe } from '../../platform/log/events.ts'
import { packageRoot } from '../../platform/package-root.ts'
import { type ClusterLocation, findClusterLocation } from './location.ts'
import { makeCluster } from './make-cluster.ts'
import {
  findFormerPort,
  findPostmaster,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
  trimLog,
  untilGone,
  untilReady,
} from './postmaster.ts'
import { findPrograms, type Programs } from './programs.ts'

export interface ClusterOptions {
  readonly dataFolder: string
  readonly observe: Observe
  /**
   * Settings of the server beyond ours, such as `max_connections`; they count for the process that starts it.
   */
  readonly settings?: Readonly<Record<string, string>>
  /** The clone that uses the folder; by default the one that this file belongs to. */
  readonly clone?: string
}

export interface Cluster {
  /** The address of its database for our rooms, with the owner's name and password. */
  readonly url: string
  /** Leaves the database. Whoever leaves last stops it, and waits until it has ended. */
  readonly leave: () => Promise<void>
}

/** What `postgres -c` is given. Errors of statements are never logged: their message may quote a row. */
const settingsOfOurs = {
  listen_addresses: '127.0.0.1',
  // Connections go by loopback and password: a socket's path is limited to some hundred bytes, a folder's
  // isn't.
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
  // Above `error` in the order of the server's log: starts, stops and fatal errors alone.
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
  readonly place: ClusterLocation
  readonly programs: Programs
  readonly password: string
  readonly clone: string
  readonly settings: Readonly<Record<string, string>>
}

/**
 * A place among the users of a running server, held by a session: it ends with the process, however it ends.
 */
interface Lease {
  readonly client: pg.Client
  readonly postmaster: Postmaster
}

/** Joins the embedded database of a data folder, making and starting it first where that is needed. */
export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const context = await prepare(options)
  let lease = await takeLease(context)
  let isLeaving = false
  let retaking: Promise<void> = Promise.resolve()
  const watch = ({ client }: Lease): void => {
    client.once('end', () => {
      if (isLeaving) return
      // The server has crashed or was killed. Others must not take us for gone, and our pools find it again.
      retaking = takeLease(context).then(
        (taken) => {
          lease = taken
          watch(taken)
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
      await retaking
      await giveLease(context, lease)
    },
  }
}

async function prepare(options: ClusterOptions): Promise<ClusterContext> {
  const place = await findClusterLocation(options.dataFolder, options.observe)
  const programs = await findPrograms(place.account, place.home)
  const folder = join(place.home, 'database')
  await makeCluster({ folder, account: place.account, programs, owner })
  const cluster = join(folder, 'cluster')
  const password = await readOwn(join(folder, 'password'))
  const major = (await readOwn(join(folder, 'version'))).trim()
  if (Number(major) !== programs.major) {
    throw new Error(
      `The database in ${folder} was written by PostgreSQL ${major}, ` +
        `and this clone brings ${programs.version}. ` +
        `Run the version of the service that wrote it, publish from there into a new data folder, ` +
        `or set QINGDAN_DATA to another folder.`,
    )
  }
  return {
    folder,
    cluster,
    log: join(folder, 'database.log'),
    place,
    programs,
    password: password.trim(),
    clone: resolve(options.clone ?? packageRoot()),
    settings: { ...settingsOfOurs, ...options.settings },
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
 * One number for all clones: whoever holds it shared uses the server, whoever gets it alone may stop the
 * server.
 */
const leaseKey = '7160941133914212717'
const leaseName = (clone: string): string =>
  `qingdan lease ${createHash('sha256').update(clone).digest('hex').slice(0, 16)}`

async function takeLease(context: ClusterContext): Promise<Lease> {
  let cause: unknown
  for (let failures = 0; failures < joinAttemptsMax; failures++) {
    // Each failure waits longer: 0.1 s, then 0.2 s, in all about half a minute.
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
      await giveLease(context, lease)
      throw error
    }
  }
  const said = (await readFile(context.log, 'utf8').catch(() => '')).match(/FATAL: .*/g)?.at(-1)
  throw new Error(`The embedded database did not start (${said ?? 'it says nothing'}); see ${context.log}.`, {
    cause,
  })
}

async function findOrStart(context: ClusterContext): Promise<Postmaster | undefined> {
  const running = await findPostmaster(context.cluster)
  if (running?.stopping) await untilGone(context.cluster, running)
  else if (running) return untilReady(context.cluster)
  return startPostmaster({
    programs: context.programs,
    account: context.place.account,
    cluster: context.cluster,
    log: context.log,
    portWanted: await findFormerPort(context.cluster),
    settings: context.settings,
  })
}

/** Opens the session that holds the lease. Throws where the server was just stopping, too. */
async function connect(context: ClusterContext, postmaster: Postmaster): Promise<Lease> {
  const client = new pg.Client({
    connectionString: urlOf(context, postmaster.port, 'postgres'),
    application_name: leaseName(context.clone),
    keepAlive: true,
  })
  // Its end is heard elsewhere; unheard, an error would end the process.
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

async function giveLease(context: ClusterContext, { client, postmaster }: Lease): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [leaseKey])
    const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
      leaseKey,
    ])
    // A process that comes now waits for the lock, sees the server end, and starts it anew.
    if (rows[0]?.last) await stopPostmaster(context.cluster, postmaster)
  } catch (error) {
    // A connection that is gone has no lease to give back.
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

/** Two clones on one folder would run each other's migrations and files; one after the other is fine. */
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
    // Of two starts at once one is faster: a duplicate, seen early or late.
    if (error.code !== '42P04' && error.code !== '23505') throw error
  })
}
