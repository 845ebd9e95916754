/**
 * Files on the local disk. A file appears whole or not at all, under a name that cannot leave the folder:
 * names with `..`, a leading `/`, a backslash or a control character are rejected. A write never replaces other
 * bytes unless its caller says so, and never those of a sealed file. Nothing is written or removed while another
 * folder is in the place of the one that was opened, as after the loss of a mounted disk.
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, type FileHandle, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Digest } from '../platform/digest.ts'
import { problem } from '../platform/problem.ts'
import { syncFolder } from '../platform/sync-folder.ts'
import { folderGuard, ownerName } from './binding.ts'
import { buildFileChecks } from './file-checks.ts'
import { FileStream } from './file-stream.ts'
import type { Files, StoredFile, WriteOptions } from './files.ts'
import { place, refuseSealed, sealedMode } from './place-file.ts'
import { probeStorage } from './probe-storage.ts'
import { clearUnfinished, unfinished, unfinishedName } from './unfinished.ts'

/** Few system calls for large files, and little memory. */
const chunkBytes = 1 << 20
const nameBytesMax = 1024

/**
 * Opens a folder of files; creates it if it is new and removes files that killed processes left unfinished. If the
 * folder has an owner, what changes it throws StorageError once it has not.
 */
export async function openFiles({ folder }: { readonly folder: string }): Promise<Files> {
  const root = await makeRoot(resolve(folder))
  await clearUnfinished(join(root, unfinished))
  const pathOf = (name: string): string => join(root, checkName(name))
  const check = buildFileChecks()
  const requireFolder = await folderGuard(root)
  return {
    write: async (name, source, options = {}) => {
      await requireFolder()
      const pathFor =
        typeof name === 'string' ? constant(pathOf(name)) : (stored: StoredFile) => pathOf(name(stored))
      return write(root, pathFor, source, options)
    },
    seal: async (name) => {
      const path = pathOf(name)
      await requireFolder()
      const found = await stat(path).catch(unlessMissing)
      if (found === undefined || (found.mode & 0o777) === sealedMode) return found !== undefined
      await chmod(path, sealedMode)
      return true
    },
    read: (name, range) => read(pathOf(name), range),
    stream: (name, range) => new FileStream(pathOf(name), range),
    find: async (name) => {
      const found = await stat(pathOf(name)).catch(unlessMissing)
      return found?.isFile() ? { bytes: found.size } : undefined
    },
    check: (name, expected, options) => check(pathOf(name), expected, options),
    move: async (from, to) => {
      await requireFolder()
      await move(pathOf(from), pathOf(to))
    },
    list: async (name) => list(root, name),
    remove: async (name, options = {}) => {
      const path = pathOf(name)
      await requireFolder()
      if (options.sealed !== true) await refuseSealed(path, name)
      await rm(path, { recursive: true, force: true })
      await syncFolder(dirname(path)).catch(unlessMissing)
    },
    findFault: () => probeStorage(root, requireFolder),
    localPath: async (name) => pathOf(name),
  }
}

/** Returns a valid name. Throws if it is invalid: names come from code, so that is an internal error. */
function checkName(name: string): string {
  const parts = name.split('/')
  const isAllowed =
    Buffer.byteLength(name) <= nameBytesMax &&
    parts[0] !== unfinished &&
    parts[0] !== ownerName &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this rule rejects control characters.
    !/[\u0000-\u001f\\]/.test(name)
  if (!isAllowed) throw new Error('A stored file has a name that is not allowed.')
  return name
}

async function makeRoot(folder: string): Promise<string> {
  // The parent folders keep the usual mode, because another account may need to traverse them.
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(join(folder, unfinished), { recursive: true, mode: 0o700 })
  return realpath(folder)
}

/** A name known in advance is checked before anything is written. */
const constant = (path: string) => (): string => path

async function write(
  root: string,
  pathFor: (stored: StoredFile) => string,
  source: AsyncIterable<Uint8Array | string>,
  { bytesMax = Number.POSITIVE_INFINITY, replace = false }: WriteOptions,
): Promise<StoredFile> {
  const temporary = join(root, unfinished, await unfinishedName())
  const handle = await open(temporary, 'wx', 0o600)
  try {
    const stored = await writeAll(handle, source, bytesMax)
    await handle.sync()
    await handle.close()
    const path = pathFor(stored)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await place({ temporary, path, name: path.slice(root.length + 1), stored, replace })
    await syncFolder(dirname(path))
    return stored
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeAll(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array | string>,
  bytesMax: number,
): Promise<StoredFile> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of source) {
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    bytes += data.length
    if (bytes > bytesMax) {
      throw problem('body-too-large', { detail: `At most ${bytesMax} bytes are accepted.`, bytesMax })
    }
    hash.update(data)
    // A write may be partial, for example on a disk that fills up.
    for (let at = 0; at < data.length; ) at += (await handle.write(data, at)).bytesWritten
  }
  return { bytes, digest: hash.digest('hex') as Digest }
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  // A rename replaces a file silently. Only this process chooses the new names, so no other can be faster.
  if ((await stat(to).catch(unlessMissing)) !== undefined) throw new Error('A stored file is never replaced.')
  await rename(from, to)
  await syncFolder(dirname(to))
  await syncFolder(dirname(from))
}

async function* read(
  path: string,
  range?: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (range !== undefined && range.end < range.start) return
  const stream = createReadStream(path, { highWaterMark: chunkBytes, ...range })
  for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk
}

async function list(root: string, folder: string): Promise<readonly string[]> {
  const start = folder === '' ? root : join(root, checkName(folder))
  const entries = await readdir(start, { withFileTypes: true, recursive: true }).catch(unlessMissing)
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => !name.startsWith(`${unfinished}/`) && name !== ownerName)
    .sort()
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
