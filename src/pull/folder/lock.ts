/**
 * The lock of a folder: only one pull at a time writes a copy. The lock file names its holder, who renews it
 * while alive. A lock left by a killed pull is taken over at once on the same machine, and after a minute
 * from another.
 */
import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import Type from 'typebox'
import { isAlive } from '../../platform/process-alive.ts'
import { lockRenewMilliseconds, lockStaleMilliseconds } from '../limits.ts'
import { PullRefusal } from '../problems.ts'
import { isOf, parseJson } from '../response-shapes.ts'

const Holder = Type.Object({ host: Type.String(), pid: Type.Integer(), token: Type.String() })

export interface FolderLock {
  /**
   * Throws `target-busy` if another pull took it over, because this process was suspended for over a minute.
   */
  readonly check: () => Promise<void>
  readonly release: () => Promise<void>
}

/** Locks of this process: a lock with its process id but another token is left from an earlier process. */
const ownTokens = new Set<string>()

/** Takes the lock at a path. Throws `target-busy`, with the holder's name. */
export async function lockFolder(path: string): Promise<FolderLock> {
  const token = randomBytes(8).toString('hex')
  const own = JSON.stringify({ host: hostname(), pid: process.pid, token })
  while (!(await create(path, own))) {
    const held = await readHolder(path)
    if (held === undefined) continue
    if (isHeld(held)) throw busy(held.text)
    await takeOver(path, held.text)
  }
  const timer = setInterval(() => {
    const now = new Date()
    // If another pull took it over, that one renews it; a disk error appears at the next step.
    utimes(path, now, now).catch(() => undefined)
  }, lockRenewMilliseconds)
  timer.unref()
  ownTokens.add(token)
  return {
    check: async () => {
      const text = (await readHolder(path))?.text ?? ''
      if (text !== own) throw busy(text)
    },
    release: async () => {
      clearInterval(timer)
      ownTokens.delete(token)
      if ((await readHolder(path))?.text === own) await rm(path, { force: true })
    },
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    await file.writeFile(text)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

interface Held {
  readonly text: string
  readonly renewedAt: number
}

async function readHolder(path: string): Promise<Held | undefined> {
  try {
    return { text: await readFile(path, 'utf8'), renewedAt: (await stat(path)).mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether the holder of a lock is running, as far as this machine can tell. */
export function isHeld({ text, renewedAt }: Held, now = Date.now()): boolean {
  const holder = parseJson(text)
  const isLocal = isOf(Holder, holder) && holder.host === hostname()
  if (isLocal && !isAlive(holder.pid)) return false
  if (isLocal && holder.pid === process.pid) return ownTokens.has(holder.token)
  return now - renewedAt < lockStaleMilliseconds
}

function busy(text: string): PullRefusal {
  const holder = parseJson(text)
  const who = isOf(Holder, holder) ? `process ${holder.pid} on ${holder.host}` : 'another process'
  return new PullRefusal('target-busy', `Locked by ${who}.`)
}

/**
 * Moves a stale lock away. If two pulls do so at once, the slower one finds the other's lock and puts it
 * back.
 */
async function takeOver(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = await readFile(aside, 'utf8')
  if (moved !== text) await link(aside, path).catch(() => undefined)
  await rm(aside)
}
