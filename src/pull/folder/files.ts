/** Files that appear whole and are on the disk before the next step: what is half written is never under its name. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { incoming } from './paths.ts'

/**
 * Writes a text to a path below a copy's folder in one step; what stood there before is there until then. It is made where a
 * later pull clears away what a crash left.
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

/** JSON as people and programs read it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Has the names in a folder on the disk. Windows has no such thing, and keeps them by itself. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
