/**
 * Makes a change of a folder durable: a new, renamed or removed entry survives a power failure only once the
 * folder itself is synchronised (fsync(2)).
 */
import { open } from 'node:fs/promises'

/** Synchronises a folder with the disk. Throws the error of the file system, such as ENOENT. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
