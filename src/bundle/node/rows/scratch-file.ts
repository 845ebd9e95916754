/**
 * A scratch file with random access for data that does not fit into memory. It is encrypted under a key that
 * exists only in memory, and unlinked once it is open, so it is unreadable after the process ends.
 */
import { type Cipher, createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface Scratch {
  /** Bytes written so far. */
  readonly bytes: () => number
  /** Appends; wait for one before the next. */
  readonly append: (chunk: Uint8Array) => Promise<void>
  /** Reads from one offset to another. */
  readonly read: (from: number, to: number) => AsyncGenerator<Buffer>
  readonly close: () => Promise<void>
}

/**
 * Counter mode allows random access. It does not detect changes to the file, but whoever could make them can
 * also write to the memory of the process.
 */
const algorithm = 'aes-256-ctr'
const blockBytes = 16
const pieceBytes = 256 * 1024

/** Opens an empty scratch file in a folder, creating the folder if needed. Close it when done. */
export async function openScratch(folder: string): Promise<Scratch> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `qingdan-${randomUUID()}.scratch`)
  const handle = await open(path, 'wx+', 0o600)
  // Windows cannot remove an open file; there it is removed on closing.
  await rm(path, { force: true }).catch(() => {})
  const key = randomBytes(32)
  const cipher = createCipheriv(algorithm, key, counter(0))
  let bytes = 0
  return {
    bytes: () => bytes,
    append: async (chunk) => {
      await writeAll(handle, cipher, chunk, bytes)
      bytes += chunk.byteLength
    },
    read: (from, to) => readRange(handle, key, from, Math.min(to, bytes)),
    close: async () => {
      await handle.close()
      await rm(path, { force: true })
    },
  }
}

/** The counter of a block for the cipher: 128 bits, big-endian. */
function counter(block: number): Buffer {
  const iv = Buffer.alloc(blockBytes)
  iv.writeBigUInt64BE(BigInt(block), blockBytes / 2)
  return iv
}

async function writeAll(handle: FileHandle, cipher: Cipher, chunk: Uint8Array, at: number): Promise<void> {
  const sealed = cipher.update(chunk)
  for (let done = 0; done < sealed.length; ) {
    const { bytesWritten } = await handle.write(sealed, done, sealed.length - done, at + done)
    done += bytesWritten
  }
}

async function* readRange(handle: FileHandle, key: Buffer, from: number, to: number): AsyncGenerator<Buffer> {
  const start = from - (from % blockBytes)
  const decipher = createDecipheriv(algorithm, key, counter(start / blockBytes))
  for (let at = start; at < to; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, to - at))
    const { bytesRead } = await handle.read(piece, 0, piece.length, at)
    if (bytesRead === 0) throw new Error('The scratch file is shorter than what was written to it.')
    const plain = decipher.update(piece.subarray(0, bytesRead))
    yield at < from ? plain.subarray(from - at) : plain
    at += bytesRead
  }
}
