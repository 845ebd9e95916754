/**
 * Locks of a folder of backups, which several services on several machines may share: what one has written and not yet
 * listed in a set must not be removed by another. A lock is a file that names its holder and is renewed while it works.
 * One that was not renewed for ten minutes, whose process on this machine has ended, or that a crash left empty, is
 * taken over.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive } from '../../platform/process-alive.ts'
import { fileMode, folderMode } from './atomic-file.ts'
import { BackupFault } from './fault.ts'

const renewMilliseconds = 30_000
/** Twenty renewals: a holder that was frozen for so long asks before it goes on. */
const staleMilliseconds = 600_000
/** A lock is written at once after it was created: one that names nobody for so long is left from a crash. */
const unwrittenMilliseconds = 10_000
const retryMilliseconds = 100

interface LockOrder {
  readonly folder: string
  readonly name: 'backup' | 'erasures'
  /** How long to wait for another holder. */
  readonly millisecondsMax: number
}

export interface FolderLock {
  /** Throws BackupFault `busy` if the lock was taken over: this process had not renewed it for too long. */
  readonly check: () => Promise<void>
}

/** Runs work under a lock of a folder, which is created if it is missing. Throws BackupFault `busy`. */
export async function withFolderLock<T>(
  { folder, name, millisecondsMax }: LockOrder,
  work: (lock: FolderLock) => Promise<T>,
): Promise<T> {
  const path = join(folder, `.${name}-lock`)
  const holder = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() })
  await mkdir(folder, { recursive: true, mode: folderMode })
  const end = Date.now() + millisecondsMax
  while (!(await tryLock(path, holder))) {
    if (Date.now() >= end) throw busy(`Another process is at work in ${folder}. Wait for its end.`)
    await wait(retryMilliseconds)
  }
  const check = async () => {
    if ((await readHolder(path)) === holder) return
    throw busy(`This process did not run for some minutes, and another one began in ${folder}. Repeat it.`)
  }
  const renewing = setInterval(() => void renew(path, holder), renewMilliseconds)
  renewing.unref()
  try {
    return await work({ check })
  } finally {
    clearInterval(renewing)
    if ((await readHolder(path)) === holder) await rm(path, { force: true })
  }
}

const busy = (message: string) => new BackupFault('busy', message)

async function tryLock(path: string, holder: string): Promise<boolean> {
  if (await writeLock(path, holder)) return true
  if (await isHeld(path)) return false
  // Two may do this at once and both go on; `check` stops one of them.
  await rm(path, { force: true })
  return writeLock(path, holder)
}

/** Whether the lock was free. */
async function writeLock(path: string, holder: string): Promise<boolean> {
  try {
    await writeFile(path, holder, { flag: 'wx', mode: fileMode })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

async function isHeld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return false
  const holder = parse(await readHolder(path))
  const age = Date.now() - found.mtimeMs
  if (holder === undefined) return age <= unwrittenMilliseconds
  return age <= staleMilliseconds && (holder.host !== hostname() || isAlive(holder.pid))
}

/** Undefined where the holder is just writing it, or a crash or a full disk has cut it off. */
function parse(holder: string | undefined): { readonly host: string; readonly pid: number } | undefined {
  try {
    return JSON.parse(holder ?? '') as { host: string; pid: number }
  } catch {
    return undefined
  }
}

const readHolder = (path: string) => readFile(path, 'utf8').catch(() => undefined)

async function renew(path: string, holder: string): Promise<void> {
  if ((await readHolder(path)) !== holder) return
  await utimes(path, new Date(), new Date()).catch(() => undefined)
}
