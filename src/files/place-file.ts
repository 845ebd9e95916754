/**
 * Gives a written file its name without ever replacing other bytes by accident: the link fails where the name
 * exists. A sealed file, which has no write permission, is neither replaced nor removed.
 */
import { link, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from '../platform/digest.ts'
import type { StoredFile } from './files.ts'

/** Published files: readable by the service's account, writable by nobody. */
export const sealedMode = 0o400

const writeBits = 0o222

/** Thrown instead of replacing or removing bytes that must stay. The message says what to do. */
export class FileConflict extends Error {
  override readonly name = 'FileConflict'
}

interface Placing {
  readonly temporary: string
  readonly path: string
  /** The name for messages. */
  readonly name: string
  readonly stored: StoredFile
  readonly replace: boolean
}

/** Moves a complete temporary file to its name. The same bytes stay as they are. Throws FileConflict. */
export async function place({ temporary, path, name, stored, replace }: Placing): Promise<void> {
  if (await linkNew(temporary, path)) return rm(temporary)
  const found = await stat(path)
  const isSame = found.size === stored.bytes && (await digestOfFile(path)) === stored.digest
  if (isSame) return rm(temporary)
  if (!replace || isSealed(found.mode)) {
    throw new FileConflict(
      `The stored file ${name} has other bytes than those to be written, and it was not replaced. ` +
        `Files of published versions never change. If the database was restored from an earlier backup, ` +
        `restore the files of the same backup; if the file is damaged, restore it.`,
    )
  }
  await rename(temporary, path)
}

/** Gives a file its name if that is new; false if it exists. Creating a link never replaces a file. */
async function linkNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!withoutLinks.has(code)) throw error
    // Some network and FAT file systems have no links: there the name is looked up first.
    const isNew = await stat(path).then(
      () => false,
      (missing: NodeJS.ErrnoException) => missing.code === 'ENOENT',
    )
    if (isNew) await rename(temporary, path)
    return isNew
  }
}

const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Whether a file of this mode is sealed. */
export function isSealed(mode: number): boolean {
  return (mode & writeBits) === 0
}

/** Throws FileConflict if a file, or a file below a folder, is sealed. */
export async function refuseSealed(path: string, name: string): Promise<void> {
  const found = await stat(path).catch(unlessMissing)
  if (found === undefined) return
  const inside = found.isDirectory() ? await readdir(path, { withFileTypes: true, recursive: true }) : []
  const files = found.isDirectory()
    ? inside.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    : [path]
  for (const file of files) {
    const mode = (await stat(file).catch(unlessMissing))?.mode
    if (mode === undefined || !isSealed(mode)) continue
    throw new FileConflict(
      `${name} belongs to a published version, so nothing of it was removed. ` +
        `If the database was restored from an earlier backup, restore the files of the same backup.`,
    )
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
