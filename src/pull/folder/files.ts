/** Writes files atomically and durably: a half-written file never has its final name. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { incoming } from './paths.ts'

/**
 * Writes a text to a path below a copy's folder atomically; the old file stays until then. The temporary file
 * is in `incoming`, which the next pull clears after a crash.
 */
export async function writeInPlace(root: string, below: string, text: string): Promise<void> {
  const path = join(root, below)
  await mkdir(dirname(path), { recursive: true })
  await mkdir(join(root, incoming), { recursive: true })
  const part = join(root, incoming, `${randomBytes(8).toString('hex')}.part`)
  try {
    const file = await open(part, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Indented JSON. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Flushes the names in a folder to disk. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
