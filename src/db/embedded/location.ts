/**
 * The folder of the embedded database: in the data folder or, if root's helper account cannot access that,
 * outside it, with a file in the data folder that records where. Rejects a database of another account.
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
const outsideFolder = '/var/lib/qingdan'

/** Finds the location of a data folder's database and creates both folders if they are new. */
export async function findClusterLocation(dataFolder: string, observe: Observe): Promise<ClusterLocation> {
  const folder = await makeFolder(resolve(dataFolder))
  if (!isRoot()) return { home: folder, account: undefined }
  const recorded = await readRecordedHome(folder)
  if (recorded !== undefined) return reportMoved(folder, recorded, observe)
  const account = await accountFor(folder)
  if (await canReach(account, folder, traversable)) return { home: folder, account }
  if (await fileExists(join(folder, 'database'))) {
    throw new Error(
      `The account that PostgreSQL runs under for root can no longer reach the database in ${folder}: ` +
        `allow it to traverse every folder on the path (chmod o+x), or start as the owner of the database.`,
    )
  }
  return reportMoved(folder, await recordOutsideHome(folder), observe)
}

/** Whether a data folder has its embedded database: complete, here or where the record says. Changes nothing. */
export async function hasCluster(dataFolder: string): Promise<boolean> {
  const folder = resolve(dataFolder)
  const recorded = await readFile(join(folder, recordName), 'utf8').catch(() => undefined)
  const home = isRoot() && recorded !== undefined ? recorded.trim() : folder
  const parts = ['password', 'cluster'].map((name) => fileExists(join(home, 'database', name)))
  return (await Promise.all(parts)).every(Boolean)
}

/** Logged at each start: whoever copies or deletes the data folder must know what is outside it. */
async function reportMoved(folder: string, home: string, observe: Observe): Promise<ClusterLocation> {
  observe('database-moved', { reason: `root's helper account could not reach ${folder}`, path: home })
  return { home, account: await accountFor(home) }
}

/** A database that an ordinary user created keeps that account, so that the user can continue to use it. */
async function accountFor(home: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(join(home, 'database', 'cluster')).catch(() => ({ uid: 0, gid: 0 }))
  return uid === 0 ? findNobody() : { uid, gid }
}

/** Creates the data folder if it is missing, so that PostgreSQL, which may run as another account, can reach it. */
export async function makeFolder(folder: string): Promise<string> {
  const created = await mkdir(folder, { recursive: true })
  // Others may traverse but not list: PostgreSQL runs as another account, and a strict umask would bar it.
  if (created !== undefined) await chmod(folder, 0o711)
  return realpath(folder)
}

/** File in the data folder that records where a database outside it is. */
const recordName = 'database-place'

async function readRecordedHome(folder: string): Promise<string | undefined> {
  const path = await readFile(join(folder, recordName), 'utf8').catch(() => undefined)
  if (path === undefined) return undefined
  if (await fileExists(path.trim())) {
    await refuseCopy(folder, path.trim())
    return path.trim()
  }
  throw new Error(
    `The database of ${folder} is in ${path.trim()}, which is missing. Restore that folder; ` +
      `or, to start with an empty database, delete ${join(folder, recordName)}.`,
  )
}

/** File beside a database outside its data folder that records whose it is. */
const ownerName = 'data-folder'

/** A copied data folder names the database of the original, and two services would write to it. */
async function refuseCopy(folder: string, home: string): Promise<void> {
  const record = join(home, ownerName)
  const owner = (await readFile(record, 'utf8').catch(() => '')).trim()
  if (owner === folder) return
  const named = owner === '' ? '' : await readFile(join(owner, recordName), 'utf8').catch(() => '')
  // The original is gone, so this is the folder itself, which was moved.
  if (named.trim() !== home) return writeFile(record, `${folder}\n`)
  const copy = `${home}-copy`
  throw new Error(
    `${folder} is a copy of ${owner}: both name the database in ${home}. Stop the service there and copy the ` +
      `database too: cp -a ${home} ${copy} && echo ${folder} > ${copy}/${ownerName} && ` +
      `echo ${copy} > ${join(folder, recordName)}. Or use qingdan backup and qingdan restore.`,
  )
}

/**
 * Chooses a location outside and records it. Its name is random rather than made from the data folder's
 * path: a clone deleted and created again at that path must not find the old database.
 */
async function recordOutsideHome(folder: string): Promise<string> {
  const name = randomBytes(8).toString('hex')
  const home = join(outsideFolder, name)
  await mkdir(home, { recursive: true })
  await chmod(outsideFolder, 0o711)
  await chmod(home, 0o711)
  await writeFile(join(home, ownerName), `${folder}\n`)
  const temporary = join(folder, `${recordName}.${name}`)
  await writeFile(temporary, `${home}\n`)
  try {
    // If two processes start at once, one wins: creating a link never replaces a file.
    await link(temporary, join(folder, recordName))
    return home
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await rm(home, { recursive: true })
    return (await readFile(join(folder, recordName), 'utf8')).trim()
  } finally {
    await rm(temporary)
  }
}
