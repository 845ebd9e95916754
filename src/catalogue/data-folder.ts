/**
 * Guard of the data folder: a folder of files and a database belong together, and each names the other. A
 * start with another database, or with none, over a folder that holds files is refused before anything is
 * changed; so is a database whose files are missing. A pair from before this guard is compared, then bound.
 */
import { randomUUID } from 'node:crypto'
import { lstat, readlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Database, Runner } from '../db/database.ts'
import { hasCluster } from '../db/embedded/location.ts'
import { readSetting, writeSetting, writeSettingOnce } from '../db/settings-store.ts'
import { holdsFile, readOwner, writeOwner } from '../files/binding.ts'
import type { Config } from '../platform/config.ts'
import { fileExists } from '../platform/file-exists.ts'
import type { AppContext } from './context.ts'
import { contradictionOf } from './data-folder-content.ts'
import { findOrigin, readMirror } from './origin.ts'

/** A folder of files, and the names of both sides for messages. */
export interface DataFolder {
  /** The data folder, which contains it. */
  readonly folder: string
  /** The folder of files. */
  readonly files: string
  /** What the database is called in a message; never its password. */
  readonly database: string
}

type Settings = Pick<Config, 'QINGDAN_DATA' | 'DATABASE_URL'>

/** The folder of files that the settings name, and their database. */
export function dataFolderOf(config: Settings): DataFolder {
  const folder = resolve(config.QINGDAN_DATA)
  const files = join(folder, 'files')
  if (config.DATABASE_URL === undefined)
    return { folder, files, database: `the embedded database of ${folder}` }
  const { host, pathname } = new URL(config.DATABASE_URL)
  return { folder, files, database: `the database ${pathname.slice(1)} at ${host} (DATABASE_URL)` }
}

/** Folders below a data folder. */
const subfolders = ['files', 'keys', 'contracts', 'database'] as const

/**
 * Refuses a start where a file or a broken link is in the place of a folder: a volume that is not mounted, or a
 * wrong QINGDAN_DATA. Call it before anything else looks into the data folder.
 */
export async function refuseBrokenFolders(config: Settings): Promise<void> {
  const { folder } = dataFolderOf(config)
  for (const path of [folder, ...subfolders.map((name) => join(folder, name))]) {
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || found.isDirectory()) continue
    if (found.isSymbolicLink()) {
      if (await fileExists(join(path, '.'))) continue
      throw new Error(
        `${path} is a link to ${await readlink(path)}, which is no folder. Nothing was changed.\n` +
          `  Mount the volume that it points to, or correct the link.`,
      )
    }
    throw new Error(
      `${path} is not a folder. Nothing was changed.\n` +
        `  Move it away and restore the folder from a backup, or set QINGDAN_DATA to another folder.`,
    )
  }
}

/** The setting with the database's id for its folder: that of the origin, but unlike it, kept by a mirror. */
const idSetting = 'data-folder'

/**
 * Refuses a start that would create an embedded database over files: the volume of the database is not
 * mounted, half of a backup was restored, or DATABASE_URL is missing. Call it before the database is opened.
 */
export async function refuseMissingDatabase(config: Settings): Promise<void> {
  if (config.DATABASE_URL !== undefined) return
  const { folder, files } = dataFolderOf(config)
  const holds = await remainsOf(folder, files)
  if (holds === undefined) return
  // Looked up last: if another process makes its first start now, its database is there before its files.
  if (await hasCluster(config.QINGDAN_DATA)) return
  throw new Error(
    `${holds}, but ${folder} holds no database, and none was created. Nothing was changed.\n` +
      `  If the database is on a volume, mount it. If it is on a server, set DATABASE_URL.\n` +
      `  If it is lost, restore database and files from the same backup (qingdan restore).\n` +
      `  To begin anew with an empty service, set QINGDAN_DATA to an empty folder.`,
  )
}

/** What a data folder holds of a service that had a database, as the beginning of a sentence. */
async function remainsOf(folder: string, files: string): Promise<string | undefined> {
  const owner = await readOwner(files)
  if (owner !== undefined) return `${files} holds files of the database ${owner}`
  if (await holdsFile(files)) return `${files} holds files of a database without a recorded id`
  if (await holdsServiceKey(folder)) return `${join(folder, 'keys')} holds the key of a service`
  const password = join(folder, 'database', 'password')
  if (await fileExists(password)) return `${password} is the password of a database`
  return undefined
}

/**
 * Refuses a database and a folder that do not belong together. Reads only, and works on a database that is
 * not migrated yet: call it before the migration.
 */
export async function checkDataFolder(runner: Runner, of: DataFolder): Promise<void> {
  const owner = await readOwner(of.files)
  const isOurs = await isMigrated(runner)
  const id = isOurs ? await readId(runner) : undefined
  if (owner !== undefined && owner !== id) throw mismatch(of, owner, id)
  const isKeyAlone = !isOurs && owner === undefined && (await holdsServiceKey(of.folder))
  const contradiction =
    (await contradictionOf(isOurs ? runner : undefined, of.files, owner !== undefined)) ??
    (isKeyAlone ? 'the data folder holds the key of a service, and the database is new.' : undefined)
  if (contradiction === undefined) return
  throw new Error(
    `${of.files} does not match ${of.database}: ${contradiction} Nothing was changed.\n` +
      `  folder:   ${owner ?? 'no recorded id'}\n  database: ${id ?? 'no recorded id'}\n` +
      `  Start with the database and the folder that belong together (DATABASE_URL, QINGDAN_DATA), mount a ` +
      `missing volume, or restore both from the same backup. To begin anew, set both to empty ones.`,
  )
}

/**
 * Binds a folder to its database, once: both keep the same id. Safe to repeat after a crash, and for several
 * services at once. Throws as `checkDataFolder` does.
 */
export async function bindDataFolder(
  database: Pick<Database, 'serve' | 'work' | 'lock'>,
  of: DataFolder,
): Promise<void> {
  await checkDataFolder(database.work, of)
  if ((await readOwner(of.files)) !== undefined) return
  await database.lock(idSetting, async () => {
    await checkDataFolder(database.work, of)
    const id = await makeId(database)
    const owner = await writeOwner(of.files, id)
    if (owner !== id) throw mismatch(of, owner, id)
  })
}

/**
 * Binds a restored folder of files to its restored database under a new id, so that neither is taken for the
 * ones that they were copied from. Call it when both are complete.
 */
export async function bindRestored(work: Runner, files: string): Promise<void> {
  const id = randomUUID()
  await writeSetting(work, idSetting, { id })
  await writeOwner(files, id, { replace: true })
}

/** Whether nothing was ever received or published: neither the database nor its folder holds anything. */
export async function isNew({ database, config }: Pick<AppContext, 'database' | 'config'>): Promise<boolean> {
  const [own] = await database.work<{ found: boolean }[]>`
    SELECT EXISTS (SELECT FROM qingdan.version) OR EXISTS (SELECT FROM qingdan.bundle) AS found`
  return own?.found === false && !(await holdsFile(dataFolderOf(config).files))
}

/** The key is made after the first start has bound both sides, so alone it is the rest of a lost data folder. */
function holdsServiceKey(folder: string): Promise<boolean> {
  return fileExists(join(folder, 'keys', 'service.asc'))
}

function mismatch({ files, database }: DataFolder, owner: string, id: string | undefined): Error {
  return new Error(
    `${files} belongs to another database. Nothing was changed.\n` +
      `  folder:   ${owner}\n  database: ${id ?? 'no recorded id'} (${database})\n` +
      `  Start with the database of this folder: set DATABASE_URL, or unset it for the embedded one; mount a ` +
      `missing volume; or restore database and files from the same backup.\n` +
      `  To begin anew with an empty service, set QINGDAN_DATA to an empty folder.`,
  )
}

async function isMigrated(runner: Runner): Promise<boolean> {
  const [row] = await runner<{ found: boolean }[]>`
    SELECT to_regclass('qingdan.note') IS NOT NULL AND to_regclass('qingdan.distribution') IS NOT NULL
      AND to_regclass('qingdan.bundle') IS NOT NULL AS found`
  return row?.found === true
}

async function readId(runner: Runner): Promise<string | undefined> {
  return ((await readSetting(runner, idSetting)) as { readonly id: string } | undefined)?.id
}

/** The database's id, created on first use. Two mirrors of one origin must differ, so theirs is random. */
async function makeId(database: Pick<Database, 'serve' | 'work'>): Promise<string> {
  const isMirror = (await readMirror(database.work)) !== undefined
  const id = isMirror ? randomUUID() : await findOrigin(database)
  await writeSettingOnce(database.work, idSetting, { id })
  return (await readId(database.work)) ?? id
}
