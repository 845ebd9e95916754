/**
 * The owner file of a folder of files: the id of the database that its files belong to. It is written once
 * and never replaced, except on purpose by a restore.
 */

import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError } from '../platform/storage-fault.ts'
import { syncFolder } from '../platform/sync-folder.ts'
import { unfinished } from './unfinished.ts'

/** Name of the owner file; no stored file may have it. */
export const ownerName = '.owner.json'

/**
 * Writes the owner file; with `replace`, over another. Returns the id that the folder has then: of several
 * processes at once, the first wins.
 */
export async function writeOwner(
  folder: string,
  id: string,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true })
  await mkdir(join(folder, unfinished), { recursive: true, mode: 0o700 })
  const temporary = join(folder, unfinished, `${process.pid}.${randomUUID()}`)
  const path = join(folder, ownerName)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ database: id })}\n`)
    await handle.sync()
    await handle.close()
    if (replace) await rename(temporary, path)
    else await link(temporary, path).catch((error) => renameIfNew(error, folder, temporary))
    await syncFolder(folder)
  } finally {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
  }
  return (await readOwner(folder)) ?? id
}

/** The file exists already, or the file system has no links, as some network shares. */
async function renameIfNew(error: NodeJS.ErrnoException, folder: string, temporary: string): Promise<void> {
  if (error.code === 'EEXIST') return
  if ((await readOwner(folder)) === undefined) await rename(temporary, join(folder, ownerName))
}

/** The id in the owner file; undefined if there is none. Throws an Error if the file can't be understood. */
export async function readOwner(folder: string): Promise<string | undefined> {
  const path = join(folder, ownerName)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
  })
  if (text === undefined) return undefined
  const id = /^\{"database":"([0-9a-f-]{36})"\}\s*$/.exec(text)?.[1]
  if (id !== undefined) return id
  throw new Error(`${path} does not name a database. Restore it from a backup of the folder.`)
}

/**
 * Returns a function that throws StorageError if the folder has no longer the owner that it has now, as after the
 * loss of a mounted disk: what was written then would be hidden when the disk is back. Without an owner it never throws.
 */
export async function folderGuard(folder: string): Promise<() => Promise<void>> {
  const owner = await readOwner(folder)
  return async () => {
    if (owner === undefined || (await readOwner(folder)) === owner) return
    throw new StorageError(
      'missing',
      `${folder} is not the folder that was opened: ${ownerName} is missing or differs.`,
    )
  }
}

/** Entries at the top that are nobody's data: those of a volume, and what is in use only while it is written. */
const bookkeeping = new Set([unfinished, ownerName, 'scratch', 'lost+found'])

/** Whether the folder of files holds one, at any depth; it may be missing. Bookkeeping does not count. */
export async function holdsFile(folder: string, isTop = true): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return []
  })
  for (const entry of entries) {
    if (isTop && bookkeeping.has(entry.name)) continue
    if (!entry.isDirectory() || (await holdsFile(join(folder, entry.name), false))) return true
  }
  return false
}
