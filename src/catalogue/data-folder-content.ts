/**
 * Compares a folder of files with what a database says is in it, to find out whether they belong together.
 * Damage to single files is no reason: most files there, and no version that the database does not know.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runner } from '../db/database.ts'
import { holdsFile } from '../files/binding.ts'
import { isSealed } from '../files/place-file.ts'
import { versionFolder } from './addresses.ts'
import { readMirror } from './origin.ts'

/** How many files are looked up at the same time. */
const lookupsAtOnce = 32

interface Listed {
  /** Name of a file or folder below the folder of files. */
  readonly name: string
  /** Size of the file; undefined for a folder. */
  readonly bytes?: number
}

/**
 * Why a folder cannot be that of a database, as a sentence; undefined if it can. Without a runner the
 * database has no tables of the service. A folder that is bound to the database already is compared only for
 * versions published after the state of the database, which is then an old one.
 */
export async function contradictionOf(
  runner: Runner | undefined,
  files: string,
  isBound: boolean,
): Promise<string | undefined> {
  const unknown = await findUnknown(runner, files, isBound)
  if (isBound) {
    if (unknown === undefined) return undefined
    return `the folder holds the published version ${unknown}, which the database does not know, so the database is older than the folder.`
  }
  const listed = runner === undefined ? [] : await listExpected(runner)
  const isEmpty = !(await holdsFile(files))
  if (listed.length === 0) return isEmpty ? undefined : 'the folder holds files, and the database knows none.'
  if (isEmpty) return 'the database knows published files or bundles, and the folder is empty.'
  if (unknown !== undefined)
    return `the folder holds the version ${unknown}, which the database does not know.`
  const found = await countFound(files, listed)
  if (found * 2 >= listed.length) return undefined
  return `of ${listed.length} files and bundles of the database the folder holds ${found}.`
}

/** A version with a folder that the database does not know; of a bound folder, one with sealed files. */
async function findUnknown(
  runner: Runner | undefined,
  files: string,
  isBound: boolean,
): Promise<string | undefined> {
  // Folders first: a version has a row before it has a folder.
  const folders = await listVersionFolders(files)
  if (folders.length === 0) return undefined
  const rows =
    runner === undefined
      ? []
      : await runner<{ dataset: string; edition: string; number: number }[]>`
          SELECT e.dataset, e.edition, v.number
          FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id`
  const known = new Set(rows.map(versionFolder))
  for (const folder of folders) {
    if (known.has(folder)) continue
    if (!isBound || (await holdsSealed(join(files, folder)))) return folder.split('/').slice(1).join(' ')
  }
  return undefined
}

async function listVersionFolders(files: string): Promise<readonly string[]> {
  let folders = ['editions']
  for (const _level of ['dataset', 'edition', 'version']) {
    const below = folders.map(async (folder) => {
      const entries = await readdir(join(files, folder), { withFileTypes: true }).catch(() => [])
      return entries.filter((entry) => entry.isDirectory()).map((entry) => `${folder}/${entry.name}`)
    })
    folders = (await Promise.all(below)).flat()
  }
  return folders.sort()
}

async function holdsSealed(folder: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found?.isFile() && isSealed(found.mode)) return true
  }
  return false
}

/** What the database says is in the folder: files of published versions, bundles, the contracts of a mirror. */
async function listExpected(runner: Runner): Promise<readonly Listed[]> {
  const files = await runner<
    { dataset: string; edition: string; number: number; name: string; bytes: number }[]
  >`
    SELECT e.dataset, e.edition, v.number, d.name, d.bytes::float8 AS bytes
    FROM qingdan.distribution d JOIN qingdan.version v ON v.id = d.version_id
      JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.published_at IS NOT NULL AND v.withdrawn_at IS NULL`
  // A folder that could not be read was never stored and has no bytes; a dropped bundle's were deleted.
  const bundles = await runner<{ id: string }[]>`
    SELECT id FROM qingdan.bundle WHERE bytes > 0 AND state <> 'dropped'`
  const contracts = (await readMirror(runner))?.contracts
  return [
    ...files.map(({ name, bytes, ...of }) => ({ name: `${versionFolder(of)}/${name}`, bytes })),
    ...bundles.map(({ id }) => ({ name: `bundles/${id}` })),
    ...(contracts === undefined ? [] : [{ name: contracts }]),
  ]
}

async function countFound(files: string, listed: readonly Listed[]): Promise<number> {
  let found = 0
  for (let at = 0; at < listed.length; at += lookupsAtOnce) {
    const lookups = listed.slice(at, at + lookupsAtOnce).map(async ({ name, bytes }) => {
      const stats = await stat(join(files, name)).catch(() => undefined)
      return bytes === undefined ? stats?.isDirectory() : stats?.isFile() && stats.size === bytes
    })
    found += (await Promise.all(lookups)).filter(Boolean).length
  }
  return found
}
