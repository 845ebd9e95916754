/**
 * Where the embedded database lies: in the data folder, or, where root's helper account can't get there,
 * outside of it with a note left in the data folder. Refuses a database that belongs to another account.
 */

import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileExists } from '../../platform/file-exists.ts'
import type { Observe } from '../../platform/log/events.ts'
import { canReach, findNobody, isRoot, type OsAccount, traversable } from './os-account.ts'

export interface ClusterLocation {
  /** The folder that holds `database` and, where they had to be copied, the programs. */
  readonly home: string
  /** The account to run PostgreSQL under. */
  readonly account: OsAccount
}

/** Where databases go that can't lie in their data folder. */
const elsewhere = '/var/lib/qingdan'

/** Finds the place of a data folder's database, making both where they are new. */
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

/** Said at each start: whoever copies or deletes the data folder must know what is not in it. */
async function tellMoved(folder: string, home: string, observe: Observe): Promise<ClusterLocation> {
  observe('database-moved', { reason: `root's helper account could not reach ${folder}`, path: home })
  return { home, account: await accountFor(home) }
}

/**
 * A database that an ordinary user began is continued under that account, so that the user can go on with it.
 */
async function accountFor(home: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(join(home, 'database', 'cluster')).catch(() => ({ uid: 0, gid: 0 }))
  return uid === 0 ? findNobody() : { uid, gid }
}

async function makeFolder(folder: string): Promise<string> {
  const created = await mkdir(folder, { recursive: true })
  // Others may pass, not list: PostgreSQL passes here under another account, and a strict umask would bar it.
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
 * Chooses a place and notes it. Its name is random, not made from the data folder's path: a clone that was
 * deleted and made again at the same path must not find the old one's database.
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
    // Of two starts at once one wins: a link never replaces.
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
