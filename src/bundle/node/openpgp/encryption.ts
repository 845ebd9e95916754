/**
 * OpenPGP encryption of files, as streams. Encrypting gives bytes as they come; decrypting gives nothing to anyone before
 * the integrity of the whole file was proved: what comes before goes into sealed scratch alone, and is erased where the
 * proof fails. It refuses, as findings, what is encrypted to another key, damaged, cut off, or inflates without end.
 */
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import {
  CompressedDataPacket,
  createMessage,
  decrypt,
  encrypt,
  enums,
  type Message,
  type PartialConfig,
  readMessage,
} from 'openpgp'
import { refuseBag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { BundleRefusal } from '../../core/findings/checks.ts'
import type { PrivateKeyFile, PublicKeyFile } from '../../core/openpgp/keys.ts'
import type { SealedFile, SealedScratch } from '../rows/encrypted-scratch.ts'

/** A small file of one letter packs a thousandfold and does no harm; the ratio counts from this size on, as in a ZIP. */
const inflationFreeBytes = 1 << 20

/** Encrypts a stream to a public key, compressed before: afterwards nothing could be. */
export async function* encryptTo(
  source: AsyncIterable<Uint8Array>,
  { key }: PublicKeyFile,
): AsyncGenerator<Uint8Array> {
  const encrypted = await encrypt({
    message: await createMessage({ binary: webStream(source) }),
    encryptionKeys: key,
    format: 'binary',
    config: { preferredCompressionAlgorithm: enums.compression.zlib },
  })
  yield* encrypted as unknown as AsyncIterable<Uint8Array>
}

export interface Encrypted {
  /** In the bag, for findings. */
  readonly path: string
  readonly bytes: number
  readonly source: AsyncIterable<Uint8Array>
}

/**
 * Decrypts a file into sealed scratch and gives it once its integrity is proved. Throws BundleRefusal for what is wrong
 * with the file, and what the source throws.
 */
export async function decryptInto(
  scratch: SealedScratch,
  { path, bytes, source }: Encrypted,
  { key }: PrivateKeyFile,
  limits: Pick<BundleLimits, 'bytesMax' | 'inflationMax'>,
): Promise<SealedFile> {
  const watched = watch(source)
  /** Whatever the library throws concerns the file, unless the source had thrown it first. */
  const theirs = (error: unknown): never => {
    if (watched.error() !== undefined) throw watched.error()
    if (error instanceof BundleRefusal) throw error
    return refuseBag('encrypted-damaged', { file: path })
  }
  const bytesMax = Math.min(limits.bytesMax, Math.max(inflationFreeBytes, bytes * limits.inflationMax))
  const message = await readMessage({ binaryMessage: webStream(watched.chunks) }).catch(theirs)
  if (!isFor(message, key.getKeyIDs())) refuseBag('encrypted-other-key', { file: path })
  const { data } = await decrypt({
    message,
    decryptionKeys: key,
    format: 'binary',
    // The one place for which the library has this setting: by default it holds the whole file in memory until the proof.
    // What comes before the proof is sealed, and not looked at.
    config: {
      allowUnauthenticatedStream: true,
      maxDecompressedMessageSize: bytesMax + inflationFreeBytes,
      additionalAllowedPackets: [CompressedToTheEnd],
    },
  }).catch(theirs)
  const plain = data as unknown as ReadableStream<Uint8Array>
  return scratch.write(bounded(plain, bytesMax, path, theirs))
}

/**
 * Compressed data that is read to its end also where it can't be unpacked. The library's own stops reading there, and what
 * decrypts waits for room without end (from Node 24 on, which stops the stream that fed a broken decompression).
 */
class CompressedToTheEnd extends CompressedDataPacket {
  // The library's types leave out that a packet of a stream is read as one, and with the settings in force.
  override async read(bytes: unknown, config?: PartialConfig): Promise<void> {
    const reader = (bytes as ReadableStream<Uint8Array>).getReader()
    const passed = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
    try {
      // Allowed for the message; within itself it is not.
      const within = { ...config, additionalAllowedPackets: [] }
      await (super.read as CompressedToTheEnd['read']).call(this, passed, within)
    } catch (error) {
      while (!(await reader.read()).done);
      throw error
    }
  }
}

/** Whether one of the message's session keys is for one of these; a zero stands for a key that is not named. */
function isFor(
  message: Message<ReadableStream<Uint8Array>>,
  own: readonly { readonly toHex: () => string }[],
): boolean {
  const ids = new Set([...own.map((id) => id.toHex()), '0'.repeat(16)])
  return message.getEncryptionKeyIDs().some((id) => ids.has(id.toHex()))
}

/** Reads to the end, which is where the proof is; or stops where it would be too much. */
async function* bounded(
  plain: ReadableStream<Uint8Array>,
  bytesMax: number,
  file: string,
  theirs: (error: unknown) => never,
): AsyncGenerator<Uint8Array> {
  const reader = plain.getReader()
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(theirs)
      if (done) return
      bytes += value.byteLength
      if (bytes > bytesMax) refuseBag('inflation', { file, expected: `≤ ${bytesMax}` })
      yield value
    }
  } finally {
    // Where it ends early, whoever gives the bytes is told to stop.
    reader.cancel().catch(() => {})
  }
}

/** Passes a source on and remembers what it threw, for the library wraps it. */
function watch(source: AsyncIterable<Uint8Array>): {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly error: () => unknown
} {
  let thrown: unknown
  async function* chunks() {
    try {
      yield* source
    } catch (error) {
      thrown = error
      throw error
    }
  }
  return { chunks: chunks(), error: () => thrown }
}

/** As the library takes it, with one chunk at a time on its way. */
function webStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(source, { objectMode: false })) as ReadableStream<Uint8Array>
}
