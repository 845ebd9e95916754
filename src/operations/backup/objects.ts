/**
 * The encrypted objects of a backup folder. An object is named by a keyed digest of its content, so that equal
 * content is stored once and its name reveals nothing; the key is derived from the service's private key. An
 * object is encrypted to the recipient and never changes.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGunzip, createGzip } from 'node:zlib'
import { decryptUnverified, encryptTo, type PrivateKeyFile, type PublicKeyFile } from '../../bundle/index.ts'
import { digestOfFile } from '../../platform/digest.ts'
import { isAlive } from '../../platform/process-alive.ts'
import { writeStreamWhole } from './atomic-file.ts'
import { BackupFault } from './fault.ts'
import type { Content, StoredObject } from './set.ts'

export const objectsFolder = 'objects'
const unfinished = '.unfinished'

/** Fast rather than small: the text of a table shrinks to a fifth, and encrypting is still the slower half. */
const gzipLevel = 3
const chunkBytes = 1 << 20

/** Reads content from its beginning, as often as needed. */
export type Read = () => AsyncIterable<Uint8Array>

interface Written {
  readonly content: Content
  readonly isNew: boolean
}

export interface ObjectWriter {
  /** Stores content unless it is stored already: reads it for its digest, and again if it must be written. */
  readonly put: (read: Read, options: { readonly compress: boolean }) => Promise<Written>
  /** All objects that were put, each once, sorted by name. */
  readonly stored: () => readonly StoredObject[]
  /** Objects of former sets that were damaged and are written again; those sets remain damaged. */
  readonly replaced: () => readonly string[]
}

interface WriterOptions {
  readonly folder: string
  readonly recipient: PublicKeyFile
  /** The service's private key in armour. */
  readonly secret: string
  /** Objects of former sets, whose digests are known. */
  readonly known: ReadonlyMap<string, StoredObject>
}

export async function openObjectWriter(options: WriterOptions): Promise<ObjectWriter> {
  const { folder, recipient, known } = options
  await clearUnfinished(folder)
  const nameKey = createHash('sha256').update('qingdan backup names\n').update(options.secret).digest()
  const put = new Map<string, StoredObject>()
  const nameOf = (encoding: Content['encoding'], sha256: string) =>
    createHmac('sha256', nameKey).update(`${recipient.fingerprint} ${encoding} ${sha256}`).digest('hex')

  const replaced = new Set<string>()
  const find = async (name: string): Promise<StoredObject | undefined> => {
    if (put.has(name)) return put.get(name)
    const found = await findStored(folder, name)
    const former = known.get(name)
    if (found !== undefined && former !== undefined && found.sha256 !== former.sha256) {
      replaced.add(name)
      return undefined
    }
    if (found !== undefined) put.set(name, found)
    return found
  }
  return {
    put: async (read, { compress }) => {
      const encoding = compress ? 'gzip' : 'identity'
      const { bytes, sha256 } = await digestOfStream(read())
      const object = nameOf(encoding, sha256)
      if ((await find(object)) !== undefined)
        return { content: { object, encoding, bytes, sha256 }, isNew: false }
      const plain = measure(read())
      const sealed = measure(
        encryptTo(compress ? gzip(plain.chunks) : plain.chunks, recipient, { compress: false }),
      )
      const temporary = join(folder, objectsFolder, unfinished, `${process.pid}.${randomUUID()}`)
      // The name follows from the bytes that were encrypted: a file may have been replaced meanwhile.
      return writeStreamWhole(temporary, sealed.chunks, async () => {
        const content = { ...plain.done(), encoding } as const
        const name = nameOf(encoding, content.sha256)
        const result = (isNew: boolean) => ({ content: { object: name, ...content }, isNew })
        // A stored object is never replaced unless it is damaged, since sets note the digest of its bytes. Equal
        // content may have been put at the same time.
        if ((await find(name)) !== undefined || put.has(name))
          return { path: undefined, result: result(false) }
        put.set(name, { name, ...sealed.done() })
        return { path: objectPath(folder, name), result: result(true) }
      })
    },
    stored: () => [...put.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    replaced: () => [...replaced].sort(),
  }
}

/** Removes what killed backups left. */
async function clearUnfinished(folder: string): Promise<void> {
  const place = join(folder, objectsFolder, unfinished)
  for (const name of await readdir(place).catch(() => [])) {
    if (!isAlive(Number(name.split('.')[0]))) await rm(join(place, name), { force: true })
  }
}

/**
 * An object in the folder, read for its digest: a disk may have altered it since a former set was written, and an
 * interrupted backup has written no set.
 */
async function findStored(folder: string, name: string): Promise<StoredObject | undefined> {
  const path = objectPath(folder, name)
  const bytes = await sizeOf(path)
  return bytes === undefined ? undefined : { name, bytes, sha256: await digestOfFile(path) }
}

export function objectPath(folder: string, name: string): string {
  return join(folder, objectsFolder, name.slice(0, 2), `${name}.pgp`)
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return undefined
    },
  )
}

/** Verifies an encrypted object against its set. Throws BackupFault if it is missing or altered. */
export async function verifyObject(folder: string, { name, bytes, sha256 }: StoredObject): Promise<void> {
  const path = objectPath(folder, name)
  const found = await sizeOf(path)
  if (found === undefined)
    throw new BackupFault('incomplete', `The backup is incomplete: ${path} is missing.`)
  if (found !== bytes || (await digestOfFile(path)) !== sha256)
    throw new BackupFault('damaged', `${path} was altered or truncated: its digest is not that of the set.`)
}

/**
 * Decrypts an object; after the last byte, throws BackupFault if digest or size differ from the manifest. Call
 * `verifyObject` before, so that no altered bytes reach the decryption.
 */
export async function* readObject(
  folder: string,
  { object, encoding, bytes, sha256 }: Content,
  key: PrivateKeyFile,
): AsyncGenerator<Uint8Array> {
  const sealed = createReadStream(objectPath(folder, object), { highWaterMark: chunkBytes })
  const opened = decryptUnverified(sealed, key)
  const plain = measure(encoding === 'gzip' ? gunzip(opened) : opened, bytes)
  yield* plain.chunks
  const found = plain.done()
  if (found.bytes !== bytes || found.sha256 !== sha256)
    throw new BackupFault('damaged', `The object ${object} has other content than the manifest says.`)
}

/** Reads a small object whole. */
export async function readObjectWhole(
  folder: string,
  content: Content,
  key: PrivateKeyFile,
): Promise<Buffer> {
  return buffer(readObject(folder, content, key))
}

async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* through(source, createGzip({ level: gzipLevel, chunkSize: chunkBytes }))
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* through(source, createGunzip({ chunkSize: chunkBytes }))
}

async function* through(
  source: AsyncIterable<Uint8Array>,
  step: ReturnType<typeof createGzip>,
): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false })
  input.once('error', (error) => step.destroy(error))
  input.pipe(step)
  try {
    for await (const chunk of step as AsyncIterable<Uint8Array>) yield chunk
  } finally {
    input.destroy()
    step.destroy()
  }
}

async function digestOfStream(source: AsyncIterable<Uint8Array>) {
  const { chunks, done } = measure(source)
  for await (const _chunk of chunks);
  return done()
}

/** Passes bytes on and computes their number and SHA-256; stops above `bytesMax`. */
function measure(source: AsyncIterable<Uint8Array>, bytesMax = Number.POSITIVE_INFINITY) {
  const hash = createHash('sha256')
  let bytes = 0
  async function* pass() {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > bytesMax)
        throw new BackupFault('damaged', 'An object has more content than the manifest says.')
      hash.update(chunk)
      yield chunk
    }
  }
  return { chunks: pass(), done: () => ({ bytes, sha256: hash.digest('hex') }) }
}
