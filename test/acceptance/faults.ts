/**
 * What happens to a running journey at a point: its process is killed, the database server is killed, both are,
 * or every process of the server is stopped for a while.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const faults = ['service', 'database', 'both', 'frozen'] as const

export type Fault = (typeof faults)[number]

/** Longer than the two seconds after which a request for `/ready` reports a database that does not answer. */
const frozenMilliseconds = 2_500

/** Lets a fault happen now, to this process and the servers of these data folders. */
export function strike(fault: Fault, dataFolders: readonly string[]): void {
  if (fault === 'database' || fault === 'both') signalPostmasters(dataFolders, 'SIGKILL')
  if (fault === 'service' || fault === 'both') process.kill(process.pid, 'SIGKILL')
  if (fault !== 'frozen') return
  signalServers(dataFolders, 'SIGSTOP')
  setTimeout(() => signalServers(dataFolders, 'SIGCONT'), frozenMilliseconds)
}

/** Signals the postmasters, as a power cut or an administrator would; their children end by themselves. */
export function signalPostmasters(dataFolders: readonly string[], signal: NodeJS.Signals): void {
  for (const folder of dataFolders) {
    const pid = postmasterOf(folder)
    if (pid !== undefined) send(pid, signal)
  }
}

/** Signals every process of the servers, the postmaster first, so that it forks no other meanwhile. */
export function signalServers(dataFolders: readonly string[], signal: NodeJS.Signals): void {
  for (const folder of dataFolders) {
    const pid = postmasterOf(folder)
    if (pid === undefined) continue
    send(pid, signal)
    const children = textOf(`/proc/${pid}/task/${pid}/children`).trim()
    for (const child of children === '' ? [] : children.split(' ')) send(Number(child), signal)
  }
}

/** Synchronous, because the fault belongs to the point that was just reached. */
function postmasterOf(dataFolder: string): number | undefined {
  const pid = Number(textOf(join(dataFolder, 'database', 'cluster', 'postmaster.pid')).split('\n')[0])
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
