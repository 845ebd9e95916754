/**
 * Names of files that are still being written, and their removal after a crash. A folder may be shared by
 * several machines or containers, so a name says where its process runs: a process id means nothing elsewhere.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readlink, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../platform/process-alive.ts'

/** Folder for files that are still being written; no name may begin with it. */
export const unfinished = '.unfinished'

/** A write of another machine that made no progress for a week has ended, even if a clock is a day ahead. */
const abandonedMilliseconds = 7 * 86_400_000

/** A new name: process, machine, and a random part. */
export async function unfinishedName(): Promise<string> {
  return `${process.pid}.${await findMachine()}.${randomUUID()}`
}

/** Removes what killed processes of this machine left, and what others have abandoned. */
export async function clearUnfinished(folder: string): Promise<void> {
  const own = await findMachine()
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const [pid, machine, random] = name.split('.')
    // Names of earlier versions have two parts and belong to this machine.
    const isOwn = random === undefined || machine === own
    const isOver = isOwn ? !isAlive(Number(pid)) : await isAbandoned(path)
    if (isOver) await rm(path, { force: true })
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const changed = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  )
  return Date.now() - changed > abandonedMilliseconds
}

let machine: Promise<string> | undefined

/** Identifies the host and the container: each container numbers its processes separately. */
function findMachine(): Promise<string> {
  machine ??= readlink('/proc/self/ns/pid')
    .catch(() => '')
    .then((numbering) => createHash('sha256').update(`${hostname()} ${numbering}`).digest('hex').slice(0, 12))
  return machine
}
