/**
 * Encrypted scratch files: bytes are written under a random key that exists only in memory, in pieces that
 * are each authenticated (AES-256-GCM). Where the system allows, the file is unlinked once open, so that it
 * disappears with the process; what a crash leaves is unreadable. Modified pieces are rejected.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface SealedFile {
  /** Bytes as they were written. */
  readonly bytes: number
  /** Reads them from the beginning, in pieces, any number of times. */
  readonly read: () => AsyncIterable<Uint8Array>
}

export interface SealedScratch {
  /** Writes bytes and returns them for reading. If the source throws, nothing it gave is ever read. */
  readonly write: (source: AsyncIterable<Uint8Array>) => Promise<SealedFile>
  /** Drops the keys and closes the files, which makes them unreadable. */
  readonly erase: () => Promise<void>
}

/** Large enough for few system calls, small enough to hold many; GCM allows 64 GiB under one nonce. */
const pieceBytes = 64 << 10
const tagBytes = 16
const algorithm = 'aes-256-gcm'
const prefix = 'sealed-'

/** Opens scratch in a folder, and removes what crashes left there. */
export async function openSealedScratch(folder: string): Promise<SealedScratch> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await clear(folder)
  const sealed: { readonly handle: FileHandle; readonly key: Buffer; readonly path: string }[] = []
  return {
    write: async (source) => {
      const path = join(folder, `${prefix}${process.pid}-${randomUUID()}`)
      const handle = await open(path, 'wx+', 0o600)
      // One key per file, so that no nonce is used twice under a key.
      const key = randomBytes(32)
      sealed.push({ handle, key, path })
      await unname(path)
      const bytes = await writePieces(handle, key, source)
      return { bytes, read: () => readPieces(handle, key, bytes) }
    },
    erase: async () => {
      for (const { handle, key, path } of sealed.splice(0)) {
        key.fill(0)
        await handle.close()
        await rm(path, { force: true })
      }
    },
  }
}

/** Unlinks an open file. Windows cannot: there the file goes when it is erased, or at the next start. */
async function unname(path: string): Promise<void> {
  if (process.platform !== 'win32') await rm(path)
}

/** A file that still has a name was left by a crash, or is open on Windows, where it cannot be removed. */
async function clear(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { force: true }).catch(unlessBusy)
  }
}

function unlessBusy(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EBUSY' && error.code !== 'EPERM') throw error
}

/** The nonce of a piece is its number; a bit marks the last one, so that truncation is detected. */
function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt8(isLast ? 1 : 0, 0)
  nonce.writeBigUInt64BE(BigInt(index), 4)
  return nonce
}

async function writePieces(
  handle: FileHandle,
  key: Buffer,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const piece = Buffer.alloc(pieceBytes)
  let [held, index, bytes] = [0, 0, 0]
  const seal = async (isLast: boolean) => {
    const cipher = createCipheriv(algorithm, key, nonceOf(index, isLast))
    const sealed = Buffer.concat([
      cipher.update(piece.subarray(0, held)),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    await writeAll(handle, sealed, index * (pieceBytes + tagBytes))
    index += 1
    held = 0
  }
  try {
    for await (const chunk of source) {
      bytes += chunk.byteLength
      for (let at = 0; at < chunk.byteLength; ) {
        if (held === pieceBytes) await seal(false)
        const taken = Math.min(pieceBytes - held, chunk.byteLength - at)
        piece.set(chunk.subarray(at, at + taken), held)
        held += taken
        at += taken
      }
    }
    await seal(true)
  } finally {
    piece.fill(0)
  }
  return bytes
}

/** A write may be partial, for example on a disk that is filling up. */
async function writeAll(handle: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let at = 0; at < data.length; ) {
    at += (await handle.write(data, at, data.length - at, position + at)).bytesWritten
  }
}

async function* readPieces(handle: FileHandle, key: Buffer, bytes: number): AsyncGenerator<Uint8Array> {
  const sealed = Buffer.alloc(pieceBytes + tagBytes)
  const last = Math.max(0, Math.ceil(bytes / pieceBytes) - 1)
  for (let index = 0; index <= last; index += 1) {
    const length = (index === last ? bytes - index * pieceBytes : pieceBytes) + tagBytes
    const { bytesRead } = await handle.read(sealed, 0, length, index * (pieceBytes + tagBytes))
    if (bytesRead !== length) throw new Error('The scratch file was truncated while in use.')
    const opened = createDecipheriv(algorithm, key, nonceOf(index, index === last))
    opened.setAuthTag(sealed.subarray(length - tagBytes, length))
    const plain = opened.update(sealed.subarray(0, length - tagBytes))
    opened.final()
    if (plain.length > 0) yield plain
  }
}
