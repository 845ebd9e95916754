/**
 * The embedded database of a data folder: the first process starts it, others join it, the last to leave
 * stops it. Rejects a folder that another clone uses, or that another major version of PostgreSQL has
 * written.
 */
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Observe } from '../../platform/log/events.ts'
import { packageRoot } from '../../platform/package-root.ts'
import { StorageError } from '../../platform/storage-fault.ts'
import { type Addresses, roleNames } from '../connections.ts'
import { passwordOf } from '../scram.ts'
import { bootstrapName, isLoginRefused, makeClusterRoles, ownerName } from './cluster-roles.ts'
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
  /** An attribute of the owner, for tests, which create databases. Applies when the roles are created. */
  readonly ownerAttribute?: 'SUPERUSER'
}

export interface Cluster {
  /** The addresses of its database; the port changes if the server is started again at another one. */
  readonly addresses: Addresses
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

/** The database of the service, which is named like the role that creates the cluster. */
const databaseName = bootstrapName
const joinAttemptsMax = 25
/** After a refusal because another process was faster, the next attempt succeeds. */
const refusalsMax = 3
const logCheckSeconds = 60
/** With their waits about a second, in which processes of a killed server end; then another program has its port. */
const samePortAttempts = 5
/** Between attempts to restart the server after all those of `takeLease` have failed, as on a full disk. */
const renewMilliseconds = 1_000

interface ClusterContext {
  readonly folder: string
  readonly cluster: string
  readonly log: string
  readonly location: ClusterLocation
  readonly programs: Programs
  /** The passwords of the roles are derived from it. */
  readonly secret: string
  readonly ownerAttribute: 'SUPERUSER' | undefined
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
      renewing = renew()
    })
  }
  // The server crashed, was killed or stopped. Without a new lease, others would think this process has ended. Another
  // process may have started the server again, at another port.
  const renew = async (): Promise<void> => {
    while (!isLeaving) {
      const renewed = await takeLease(context).catch(() => undefined)
      if (renewed !== undefined) {
        lease = renewed
        return watch(renewed)
      }
      await wait(renewMilliseconds)
    }
  }
  watch(lease)
  const timer = setInterval(() => void trimLog(context.log).catch(() => undefined), logCheckSeconds * 1000)
  timer.unref()
  return {
    addresses: addressesOf(context, () => lease.postmaster.port),
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
  await makeCluster({ folder, account: location.account, programs, bootstrap: bootstrapName })
  const cluster = join(folder, 'cluster')
  await readOwn(join(cluster, 'PG_VERSION'))
  await adoptCopiedCluster(cluster, location.account)
  const secret = await readOwn(join(folder, 'password'))
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
    secret: secret.trim(),
    ownerAttribute: options.ownerAttribute,
    clone: resolve(options.clone ?? packageRoot()),
    settings: { ...serverSettings, ...options.settings },
  }
}

async function readOwn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
      throw new Error(
        `${path} is missing, so the database there is not complete. ` +
          `Mount its volume, or restore it from a backup; an empty folder can be removed.`,
        { cause },
      )
    }
    if (cause.code !== 'EACCES') throw cause
    throw new Error(
      `${path} belongs to another account. ` +
        `Start as that account or as root, or set QINGDAN_DATA to another folder.`,
      { cause },
    )
  })
}

function urlOf(port: number, role: string, password: string, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`
}

function addressesOf({ secret }: ClusterContext, portOf: () => number): Addresses {
  const names = { owner: ownerName, ...roleNames }
  const passwords = {
    owner: passwordOf(secret, names.owner),
    work: passwordOf(secret, names.work),
    serve: passwordOf(secret, names.serve),
  }
  const addressOf = (role: keyof Addresses) => urlOf(portOf(), names[role], passwords[role], databaseName)
  return {
    get owner() {
      return addressOf('owner')
    },
    get work() {
      return addressOf('work')
    },
    get serve() {
      return addressOf('serve')
    },
  }
}

/**
 * The same for all clones: holders of the shared lock use the server; a process that gets the exclusive lock
 * may stop it.
 */
export const leaseKey = '7160941133914212717'
const leaseName = (clone: string): string =>
  `qingdan lease ${createHash('sha256').update(clone).digest('hex').slice(0, 16)}`

/** Starts the server if it does not run. */
async function takeLease(context: ClusterContext): Promise<Lease> {
  let cause: unknown
  // Earlier lines are about earlier processes.
  const logBytes = await sizeOf(context.log)
  let refusals = 0
  for (let failures = 0; failures < joinAttemptsMax; failures++) {
    // Waits grow with each failure: 0.1 s, then 0.2 s, about half a minute in all.
    if (failures > 0) await wait(100 * failures)
    const postmaster = await findOrStart(context, failures < samePortAttempts)
    if (postmaster === undefined) {
      await refuseFullDisk(context, logBytes)
      continue
    }
    const lease = await connect(context, postmaster).catch((error: unknown) => {
      cause = error
    })
    if (lease === undefined) {
      const refusal = isLoginRefused(cause) ? await makeRoles(context, postmaster) : undefined
      if (refusal !== undefined && ++refusals === refusalsMax) throw refusal
      continue
    }
    try {
      await refuseOtherClones(context, lease.client)
      return lease
    } catch (error) {
      const isStopping = !(await isOpen(lease.client))
      await releaseLease(context, lease)
      // Whoever stops the server loses its lock a moment before the others are disconnected, so a lease may be of no use.
      if (!isStopping) throw error
      cause = error
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

/** A server that cannot write will not be able to in a moment either: so this is an error at once. */
async function refuseFullDisk({ log }: ClusterContext, from: number): Promise<void> {
  const text = await readFile(log, 'utf8').catch(() => '')
  const [reason] =
    /No space left on device|Disk quota exceeded|Read-only file system/.exec(text.slice(from)) ?? []
  if (reason === undefined) return
  throw new StorageError(
    reason.startsWith('Read-only') ? 'read-only' : 'full',
    `The embedded database can't write to its disk, ${dirname(log)}: ${reason.toLowerCase()}.`,
  )
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

async function findOrStart(
  context: ClusterContext,
  isPortRequired: boolean,
): Promise<Postmaster | undefined> {
  const running = await findPostmaster(context.cluster)
  if (running?.stopping) await untilStopped(context.cluster, running)
  else if (running) return untilReady(context.cluster)
  return startPostmaster({
    programs: context.programs,
    account: context.location.account,
    cluster: context.cluster,
    log: context.log,
    portWanted: await findFormerPort(context.cluster),
    isPortRequired,
    settings: context.settings,
  })
}

/**
 * The owner can't log in: the cluster is new, or was created before it had an owner besides the superuser.
 * Creates the roles. Returns the error if nobody could log in, since another process may have been faster.
 */
async function makeRoles(context: ClusterContext, postmaster: Postmaster): Promise<Error | undefined> {
  const { secret, folder, ownerAttribute } = context
  const outcome = await makeClusterRoles({
    address: (database) => urlOf(postmaster.port, bootstrapName, secret, database),
    database: databaseName,
    secret,
    ownerAttribute,
  })
  if (outcome === 'in use by an earlier version') {
    throw new Error(
      `An earlier version of the service is using the database in ${folder}. ` +
        `Stop it, then start again: the roles of the database are converted once.`,
    )
  }
  if (outcome === 'made') return undefined
  return new Error(
    `The password in ${join(folder, 'password')} does not fit the database beside it. ` +
      `Restore both from the same backup.`,
  )
}

/** Opens the session that holds the lease. Throws also if the server is being stopped. */
async function connect(context: ClusterContext, postmaster: Postmaster): Promise<Lease> {
  const client = new pg.Client({
    connectionString: urlOf(postmaster.port, ownerName, passwordOf(context.secret, ownerName), 'postgres'),
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
