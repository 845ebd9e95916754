/** Writes files of a backup or of a restored data folder: whole, on the disk, and for their owner only. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Private files and folders: a backup holds keys, and so does a data folder. */
export const fileMode = 0o600
export const folderMode = 0o700

/**
 * Writes a file under a temporary name, then renames it to a path that may depend on what was written; without
 * a path the file is not wanted any more.
 */
export async function writeStreamWhole<T>(
  temporary: string,
  source: AsyncIterable<Uint8Array>,
  pathOf: () =>
    | { readonly path: string | undefined; readonly result: T }
    | Promise<{ readonly path: string | undefined; readonly result: T }>,
): Promise<T> {
  await mkdir(dirname(temporary), { recursive: true, mode: folderMode })
  const handle = await open(temporary, 'wx', fileMode)
  try {
    for await (const chunk of source) await writeAll(handle, chunk)
    await handle.sync()
    await handle.close()
    const { path, result } = await pathOf()
    if (path === undefined) {
      await rm(temporary, { force: true })
      return result
    }
    await mkdir(dirname(path), { recursive: true, mode: folderMode })
    await rename(temporary, path)
    await syncFolder(dirname(path))
    return result
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/** Writes a small file; an existing one is replaced. */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  async function* once() {
    yield bytes
  }
  const temporary = `${path}.${process.pid}.${randomUUID()}`
  await writeStreamWhole(temporary, once(), () => ({ path, result: undefined }))
}

/** A write may be partial, for example on a disk that fills up. */
async function writeAll(handle: FileHandle, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length; ) at += (await handle.write(data, at)).bytesWritten
}

/** Some network shares can't flush a folder; the files themselves are flushed. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EPERM') throw error
  } finally {
    await handle.close()
  }
}
