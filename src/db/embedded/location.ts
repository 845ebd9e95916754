/**
 * The folder of the embedded database: in the data folder or, if root's helper account cannot access that,
 * outside with a note in the data folder. Rejects a database that belongs to another account.
 */

import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileExists } from '../../platform/file-exists.ts'
import type { Observe } from '../../platform/log/events.ts'
import { canReach, findNobody, isRoot, type OsAccount, traversable } from './os-account.ts'

export interface ClusterLocation {
  /** The folder with `database` and, if they had to be copied, the programs. */
  readonly home: string
  /** The account to run PostgreSQL under. */
  readonly account: OsAccount
}

/** Folder for databases that cannot be in their data folder. */
const elsewhere = '/var/lib/qingdan'

/** Finds the location of a data folder's database and creates both folders if they are new. */
export async function findClusterLocation(dataFolder: string, observe: Observe): Promise<ClusterLocation> {
  const folder = await makeFolder(resolve(dataFolder))
  if (!isRoot()) return { home: folder, account: undefined }
  const noted = await readNoteOfPlace(folder)
  if (noted !== undefined) return tellMoved(folder, noted, observe)
  const account = await accountFor(folder)
  if (await canReach(account, folder, traversable)) return { home: folder, account }
  if (await fileExists(join(folder, 'database'))) {
    throw new Error(
      `The account that PostgreSQL runs under for root can no longer reach the database in ${folder}: ` +
        `allow it to pass every folder on the way (chmod o+x), or start as the owner of the database.`,
    )
  }
  return tellMoved(folder, await noteAnotherPlace(folder), observe)
}

/** Logged at each start: whoever copies or deletes the data folder must know what is outside it. */
async function tellMoved(folder: string, home: string, observe: Observe): Promise<ClusterLocation> {
  observe('database-moved', { reason: `root's helper account could not reach ${folder}`, path: home })
  return { home, account: await accountFor(home) }
}

/** A database that an ordinary user created keeps that account, so that the user can continue to use it. */
async function accountFor(home: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(join(home, 'database', 'cluster')).catch(() => ({ uid: 0, gid: 0 }))
  return uid === 0 ? findNobody() : { uid, gid }
}

async function makeFolder(folder: string): Promise<string> {
  const created = await mkdir(folder, { recursive: true })
  // Others may traverse but not list: PostgreSQL runs as another account, and a strict umask would bar it.
  if (created !== undefined) await chmod(folder, 0o711)
  return realpath(folder)
}

const note = 'database-place'

async function readNoteOfPlace(folder: string): Promise<string | undefined> {
  const path = await readFile(join(folder, note), 'utf8').catch(() => undefined)
  if (path === undefined) return undefined
  if (await fileExists(path.trim())) return path.trim()
  throw new Error(
    `The database of ${folder} lies in ${path.trim()}, which is missing. Bring that folder back; ` +
      `or, to begin with an empty database, delete ${join(folder, note)}.`,
  )
}

/**
 * Chooses a location and writes it to the note. Its name is random rather than made from the data folder's
 * path: a clone deleted and created again at that path must not find the old database.
 */
async function noteAnotherPlace(folder: string): Promise<string> {
  const name = randomBytes(8).toString('hex')
  const home = join(elsewhere, name)
  await mkdir(home, { recursive: true })
  await chmod(elsewhere, 0o711)
  await chmod(home, 0o711)
  const aside = join(folder, `${note}.${name}`)
  await writeFile(aside, `${home}\n`)
  try {
    // If two processes start at once, one wins: creating a link never replaces a file.
    await link(aside, join(folder, note))
    return home
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await rm(home, { recursive: true })
    return (await readFile(join(folder, note), 'utf8')).trim()
  } finally {
    await rm(aside)
  }
}
