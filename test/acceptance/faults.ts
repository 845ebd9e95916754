/**
 * What happens to a running journey at a point: its process is killed, the database server is killed, both are,
 * every process of the server is stopped for a while, the disk reports errors, or a disk is full.
 */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type FailingDisk, failingDisk } from '../support/failing-disk.ts'
import { disks, fillDisk } from './disks.ts'

/**
 * `eio`: from the point on, every operation on a file of the process fails; `eio-once`: one operation after it.
 * `files-full`, `database-full`: nothing more can be written to the disk of the folders, or of the databases.
 */
export const faults = [
  ...(['service', 'database', 'both', 'frozen'] as const),
  ...(['eio', 'eio-once', 'files-full', 'database-full'] as const),
] as const

export type Fault = (typeof faults)[number]

/** Faults that need disks of their own. */
export const diskFaults: readonly Fault[] = ['files-full', 'database-full']

/** Faults after which the journey must end with an error that says whether it can be repeated, or not notice. */
export const isRefusal = (fault: Fault): boolean => fault.startsWith('eio') || diskFaults.includes(fault)

interface StruckPlaces {
  readonly dataFolders: readonly string[]
  /** Operations on files between the point and the one that fails, for `eio-once`. */
  readonly skip: number
}

/** Longer than the two seconds after which a request for `/ready` reports a database that does not answer. */
const frozenMilliseconds = 2_500

/**
 * Lets a fault happen now, to this process and the servers of these data folders. `report` receives the number of
 * processes that are killed or stopped, before this one is; or 1 when a disk is full, or has failed first.
 */
export function strike(
  fault: Fault,
  { dataFolders, skip }: StruckPlaces,
  report: (processes: number) => void,
): void {
  if (fault === 'eio' || fault === 'eio-once') {
    failFiles(dataFolders, fault === 'eio' ? {} : { skip, count: 1 }, report)
  } else if (fault === 'files-full' || fault === 'database-full') {
    fillDisk(fault === 'files-full' ? dirname(dataFolders[0] ?? '') : disks.databases)
    report(1)
  } else {
    signalProcesses(fault, dataFolders, report)
  }
}

function signalProcesses(
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

let disk: FailingDisk | undefined

/** Prepares this process for a fault, before it opens a file. */
export async function prepareFault(fault: Fault): Promise<void> {
  if (fault === 'eio' || fault === 'eio-once') disk = await failingDisk()
}

/** The disk of the data folders and of what is carried fails; the server of the database has its own. */
function failFiles(
  [first = '']: readonly string[],
  which: { readonly skip?: number; readonly count?: number },
  report: (processes: number) => void,
): void {
  let isReported = false
  const onFailure = () => {
    if (!isReported) report(1)
    isReported = true
  }
  disk?.fail({ folders: [dirname(first)], operations: 'all', onFailure, ...which })
}

/**
 * Signals the postmasters, as a power cut or an administrator would; their children end by themselves. Returns how
 * many.
 */
export function signalPostmasters(dataFolders: readonly string[], signal: NodeJS.Signals): number {
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
