/**
 * What happens to a running journey at a point: its process is killed, the database server is killed, both are,
 * or every process of the server is stopped for a while.
 */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

export const faults = ['service', 'database', 'both', 'frozen'] as const

export type Fault = (typeof faults)[number]

/** Longer than the two seconds after which a request for `/ready` reports a database that does not answer. */
const frozenMilliseconds = 2_500

/**
 * Lets a fault happen now, to this process and the servers of these data folders. `report` receives the number of
 * processes that are killed or stopped, before this one is.
 */
export function strike(
  fault: Fault,
  dataFolders: readonly string[],
  report: (processes: number) => void,
): void {
  const killed = fault === 'database' || fault === 'both' ? signalPostmasters(dataFolders, 'SIGKILL') : 0
  const stopped = fault === 'frozen' ? signalServers(dataFolders, 'SIGSTOP') : 0
  report(killed + stopped)
  if (fault === 'service' || fault === 'both') process.kill(process.pid, 'SIGKILL')
  if (stopped > 0) setTimeout(() => signalServers(dataFolders, 'SIGCONT'), frozenMilliseconds)
}

/**
 * Signals the postmasters, as a power cut or an administrator would; their children end by themselves. Returns how
 * many.
 */
function signalPostmasters(dataFolders: readonly string[], signal: NodeJS.Signals): number {
  const pids = dataFolders.flatMap((folder) => postmasterOf(folder) ?? [])
  for (const pid of pids) send(pid, signal)
  return pids.length
}

/**
 * Signals every process of the servers, the postmaster first, so that it forks no other meanwhile. Returns how
 * many.
 */
export function signalServers(dataFolders: readonly string[], signal: NodeJS.Signals): number {
  let count = 0
  for (const pid of dataFolders.flatMap((folder) => postmasterOf(folder) ?? [])) {
    send(pid, signal)
    const children = textOf(`/proc/${pid}/task/${pid}/children`).trim()
    const pids = children === '' ? [] : children.split(' ').map(Number)
    for (const child of pids) send(child, signal)
    count += 1 + pids.length
  }
  return count
}

/** Kills the servers of data folders that are no longer needed, and removes them with their databases. */
export async function removeDataFolders(dataFolders: readonly string[]): Promise<void> {
  signalServers(dataFolders, 'SIGKILL')
  // Its processes may still write for a moment.
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 200 } as const
  for (const folder of dataFolders) {
    const home = homeOf(folder)
    if (home !== folder) await rm(home, options)
    await rm(folder, options)
  }
}

/** Where the database is: for root it may be outside the data folder, which then says where. */
function homeOf(dataFolder: string): string {
  return textOf(join(dataFolder, 'database-place')).trim() || dataFolder
}

/** Synchronous, because the fault belongs to the point that was just reached. */
function postmasterOf(dataFolder: string): number | undefined {
  const pidFile = join(homeOf(dataFolder), 'database', 'cluster', 'postmaster.pid')
  const pid = Number(textOf(pidFile).split('\n')[0])
  if (!Number.isSafeInteger(pid) || pid < 2) return undefined
  return /(^|\/)postgres(\0|$)/.test(textOf(`/proc/${pid}/cmdline`)) ? pid : undefined
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
