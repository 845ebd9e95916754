/**
 * Finds a text in the bytes of every file of a folder: as UTF-8, GB18030 and UTF-16, and inside ZIP archives,
 * workbooks and gzip files. What can't be searched, such as encrypted files, is named.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import iconv from 'iconv-lite'
import { fromBufferPromise, openPromise, type ZipFile } from 'yauzl'

export interface FileTraces {
  /** Paths with the text; `archive.zip!entry` for one inside an archive. */
  readonly found: readonly string[]
  /** Paths that can't be searched, and why. */
  readonly unsearched: readonly { readonly path: string; readonly reason: string }[]
  /** Files searched. */
  readonly files: number
}

/** Read at a time. One buffer serves all files: one each would keep the garbage collector busy. */
const chunkBytes = 4 << 20

/** An archive inside an archive is read into memory up to this size: a workbook in a bag. */
const innerBytesMax = 256 << 20

/** Bags hold workbooks, which are archives themselves; nothing of ours is nested deeper. */
const depthMax = 3

const encrypted = /\.(gpg|pgp)$/i

/** The text as the bytes that it may be stored in. */
export function formsOf(text: string): readonly Buffer[] {
  const all = ['utf8', 'gb18030', 'utf-16le', 'utf-16be'].map((encoding) => iconv.encode(text, encoding))
  return [...new Map(all.map((bytes) => [bytes.toString('hex'), bytes])).values()]
}

type Progress = (step: string, done: number, total: number) => void

/** Searches every file below these folders; a missing folder has none. */
export async function findInFiles(
  folders: readonly string[],
  text: string,
  progress: Progress,
): Promise<FileTraces> {
  const forms = formsOf(text)
  const overlap = Math.max(...forms.map(({ length }) => length)) - 1
  const held = Buffer.allocUnsafe(overlap + chunkBytes)
  const search: Search = { forms, overlap, held, found: [], unsearched: [] }
  const paths = (await Promise.all(folders.map(listFiles))).flat()
  for (const [index, path] of paths.entries()) {
    progress('files', index, paths.length)
    await searchFile(search, path).catch((error: NodeJS.ErrnoException) => {
      // Others write and remove files meanwhile.
      if (error.code !== 'ENOENT') search.unsearched.push({ path, reason: error.code ?? error.message })
    })
  }
  return { found: search.found, unsearched: search.unsearched, files: paths.length }
}

interface Search {
  readonly forms: readonly Buffer[]
  /** Bytes that a form may have in the chunk before the one it ends in. */
  readonly overlap: number
  /** Space for a chunk of a file and the overlap before it. */
  readonly held: Buffer
  readonly found: string[]
  readonly unsearched: { path: string; reason: string }[]
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function searchFile(search: Search, path: string): Promise<void> {
  const file = await open(path)
  const { start, hasIt } = await searchBytes(search, file).finally(() => file.close())
  if (hasIt) search.found.push(path)
  await searchPacked(search, path, start, {
    zip: () => openPromise(path, { lazyEntries: true, autoClose: false }),
    gzip: () => createReadStream(path),
  })
}

/** Whether a file has the text as it stands, and its first bytes. */
async function searchBytes(search: Search, file: FileHandle): Promise<{ start: Buffer; hasIt: boolean }> {
  const { forms, overlap, held } = search
  let start = Buffer.alloc(0)
  for (let carried = 0; ; ) {
    const { bytesRead } = await file.read(held, carried, chunkBytes)
    if (carried === 0) start = Buffer.from(held.subarray(0, Math.min(4, bytesRead)))
    if (bytesRead === 0) return { start, hasIt: false }
    const bytes = held.subarray(0, carried + bytesRead)
    if (forms.some((form) => bytes.includes(form))) return { start, hasIt: true }
    carried = Math.min(overlap, bytes.length)
    held.copyWithin(0, bytes.length - carried, bytes.length)
  }
}

interface Packed {
  readonly zip: () => Promise<ZipFile>
  readonly gzip: () => Readable
}

/** Searches what is packed in a file, by its first bytes. */
async function searchPacked(
  search: Search,
  path: string,
  start: Buffer,
  packed: Packed,
  depth = 1,
): Promise<void> {
  const reject = (reason: string) => search.unsearched.push({ path, reason })
  try {
    if (start.toString('latin1').startsWith('PK\u0003\u0004')) {
      if (depth > depthMax) reject('nested too deeply')
      else await searchZip(search, path, await packed.zip(), depth)
    } else if (start[0] === 0x1f && start[1] === 0x8b) {
      if (await hasText(search, packed.gzip().pipe(createGunzip()))) search.found.push(`${path}!`)
    } else if (start.toString('latin1') === 'PAR1') reject('Parquet: compressed columns')
    else if (encrypted.test(path)) reject('encrypted')
  } catch {
    reject('a damaged archive')
  }
}

async function searchZip(search: Search, path: string, zip: ZipFile, depth: number): Promise<void> {
  try {
    for await (const entry of zip.eachEntry()) {
      const inside = `${path}!${entry.fileName}`
      if (entry.uncompressedSize > innerBytesMax) {
        // Too large to be an inner archive that is worth opening.
        if (await hasText(search, await zip.openReadStreamPromise(entry))) search.found.push(inside)
        continue
      }
      const bytes = await buffer(await zip.openReadStreamPromise(entry))
      if (search.forms.some((form) => bytes.includes(form))) search.found.push(inside)
      const inner: Packed = {
        zip: () => fromBufferPromise(bytes, { lazyEntries: true }),
        gzip: () => Readable.from([bytes]),
      }
      await searchPacked(search, inside, bytes.subarray(0, 4), inner, depth + 1)
    }
  } finally {
    zip.close()
  }
}

/** Whether a stream has the text in any form; a form may lie across two chunks. */
async function hasText({ forms, overlap }: Search, source: AsyncIterable<Uint8Array>): Promise<boolean> {
  let end = Buffer.alloc(0)
  for await (const chunk of source) {
    const bytes = Buffer.concat([end, chunk])
    if (forms.some((form) => bytes.includes(form))) return true
    end = bytes.subarray(Math.max(0, bytes.length - overlap))
  }
  return false
}
