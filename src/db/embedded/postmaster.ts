/**
 * One PostgreSQL server process on one cluster folder: read its pid file, start it, wait until it is ready,
 * stop it. PostgreSQL's own pid file is the only state, and PostgreSQL itself rejects a second server.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, readlink, realpath, rm, stat, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defined } from '../../platform/defined.ts'
import { isAlive } from '../../platform/process-alive.ts'
import type { OsAccount } from './os-account.ts'
import { explainSpawnError, type Programs } from './programs.ts'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
  readonly stopping: boolean
}

/** Replaying the log after a crash may take minutes on a slow disk; longer than this is an error. */
const readySecondsMax = 300
const stopSecondsMax = 60
const pollMilliseconds = 20
/** Only starts, stops and fatal errors are logged, some hundred bytes a day; nobody reads more than this. */
const logBytesMax = 4 * 1024 * 1024

interface StartOptions {
  readonly programs: Programs
  readonly account: OsAccount
  readonly cluster: string
  readonly log: string
  /** Used if it is free, so that connections of other processes to this address work again after a crash. */
  readonly portWanted?: number | undefined
  /** Whether not to start at another port than the wanted one, if there is one. */
  readonly isPortRequired: boolean
  readonly settings: Readonly<Record<string, string>>
}

/**
 * The server that runs on the cluster, or undefined. A pid file is ignored if its process has ended, is now
 * another program, or serves the folder that this one was copied from.
 */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const lines = await readPidFile(cluster)
  const pid = Number(lines[0])
  if (!isAlive(pid)) return undefined
  if (!(await isPostgresOn(pid, cluster, lines[1] ?? ''))) return undefined
  const status = lines[7]?.trim()
  return { pid, port: Number(lines[3]), ready: status === 'ready', stopping: status === 'stopping' }
}

/** The port in the pid file of a server that is or was running. */
export async function findFormerPort(cluster: string): Promise<number | undefined> {
  // An orderly stop removes the first file and leaves the second. Processes that use the server keep its address.
  const options = await readFile(join(cluster, 'postmaster.opts'), 'utf8').catch(() => '')
  const port = Number((await readPidFile(cluster))[3] ?? /"port=(\d+)"/.exec(options)?.[1])
  return Number.isSafeInteger(port) && port > 0 ? port : undefined
}

/**
 * Starts a server and waits until it is ready. Returns undefined if it ended instead: another process was
 * faster, or the port was taken meanwhile. Throws if the program cannot be run.
 */
export async function startPostmaster(options: StartOptions): Promise<Postmaster | undefined> {
  const { programs, account, cluster, settings } = options
  await removeForeignPidFile(cluster)
  await trimLog(options.log)
  const log = await open(options.log, 'a', 0o600)
  try {
    const port = await freePort(options.portWanted)
    const { portWanted = port } = options
    if (options.isPortRequired && port !== portWanted) return undefined
    const settingArguments = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    const child = spawn(programs.postgres, ['-D', cluster, ...settingArguments], {
      ...account,
      cwd: '/',
      env: cleanEnvironment(),
      // Its own session: it must not receive Ctrl-C of this terminal, and it outlives this process if shared.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    child.unref()
    await spawned(child, programs.postgres)
    return await untilReady(cluster, () => child.exitCode === null && child.signalCode === null)
  } finally {
    await log.close()
  }
}

/** Waits until the server on the cluster is ready; undefined if it ends instead. */
export async function untilReady(
  cluster: string,
  isExpected: () => boolean = () => false,
): Promise<Postmaster | undefined> {
  const end = Date.now() + readySecondsMax * 1000
  while (Date.now() < end) {
    const postmaster = await findPostmaster(cluster)
    if (postmaster?.ready) return postmaster
    if (postmaster === undefined && !isExpected()) return undefined
    await wait(pollMilliseconds)
  }
  throw new Error(
    `The embedded database was not ready after ${readySecondsMax} s; see the log beside ${cluster}.`,
  )
}

/**
 * Stops a server and waits until it has ended: open transactions are rolled back, committed data is written.
 */
export async function stopPostmaster(cluster: string, postmaster: Postmaster): Promise<void> {
  signal(postmaster.pid, 'SIGINT')
  await untilStopped(cluster, postmaster)
}

/** Waits until this server has ended. */
export async function untilStopped(cluster: string, postmaster: Postmaster): Promise<void> {
  const end = Date.now() + stopSecondsMax * 1000
  while ((await findPostmaster(cluster))?.pid === postmaster.pid) {
    if (Date.now() > end) throw new Error(`The embedded database did not stop within ${stopSecondsMax} s.`)
    await wait(pollMilliseconds)
  }
}

/** Empties the server's log if it is too long. This is safe because the server appends. */
export async function trimLog(log: string): Promise<void> {
  const bytes = await stat(log).then(
    (found) => found.size,
    () => 0,
  )
  if (bytes > logBytesMax) await truncate(log)
}

/** The environment without the locale, libraries and PG* variables of the calling process. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env
  return {
    PATH: '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...defined({ SystemRoot }),
  }
}

/** Waits until a child process has started. Throws an error that says what to do if it cannot. */
export async function spawned(child: ChildProcess, program: string): Promise<void> {
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw explainSpawnError(program, error as NodeJS.ErrnoException)
  }
}

async function readPidFile(cluster: string): Promise<readonly string[]> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')
}

/**
 * PostgreSQL treats any live process with the recorded pid as a server, so after a restart of the machine or
 * container an unrelated program could block the start for ever.
 */
async function removeForeignPidFile(cluster: string): Promise<void> {
  const pid = Number((await readPidFile(cluster))[0])
  if (isAlive(pid) && (await findPostmaster(cluster)) === undefined) {
    await rm(join(cluster, 'postmaster.pid'), { force: true })
  }
}

/**
 * Whether a live process is the server of this cluster: Linux shows its command line and its folder, which
 * stays correct if the cluster is moved. Elsewhere the folder in the pid file is used.
 */
async function isPostgresOn(pid: number, cluster: string, folder: string): Promise<boolean> {
  const real = await realpath(cluster)
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  // A zombie, which has ended but was not waited for, has an empty command line.
  if (command === undefined ? process.platform === 'linux' : !/(^|\/)postgres(\0|$)/.test(command))
    return false
  const current = await readlink(`/proc/${pid}/cwd`).catch(() => realpath(folder).catch(() => folder))
  // The server changes to its folder in its first milliseconds, before it writes the pid file.
  return current === real
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function freePort(wanted: number | undefined): Promise<number> {
  for (const port of wanted === undefined ? [0] : [wanted, 0]) {
    const server = createServer()
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.listen(port, '127.0.0.1')
    if (!(await listening)) continue
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (address !== null && typeof address === 'object') return address.port
  }
  throw new Error('No port is free on 127.0.0.1 for the embedded database.')
}
