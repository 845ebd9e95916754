/**
 * Files that hold a secret: written once and completely, readable by the service's account only. A file that
 * others can read is refused.
 */

import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './sync-folder.ts'

/** The text of a secret file, or undefined if there is none. Throws where other accounts can read it. */
export async function readSecretFile(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  // Windows has no such permission bits and reports 0o666 for every file.
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    throw new Error(`Other accounts can read the secret ${path}. Correct its permissions: chmod 600 ${path}`)
  }
  return text
}

/** Writes a file atomically if it does not exist; if two processes write, the first file stays. */
export async function writeSecretFileOnce(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.${randomUUID()}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await link(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
  }
}
