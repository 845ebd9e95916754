/**
 * OpenPGP encryption of files, as streams. Encryption yields bytes as they come. Decryption yields nothing
 * before the integrity of the whole file is verified: until then it goes to encrypted scratch, which is
 * erased on failure; only `decryptUnverified` leaves that to its caller. Rejects files that have another
 * recipient, are damaged or truncated, or inflate too far.
 */
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Message } from 'openpgp'
import { refuseBag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { BundleRefusal } from '../../core/findings/checks.ts'
import type { PrivateKeyFile, PublicKeyFile } from '../../core/openpgp/keys.ts'
import type { SealedFile, SealedScratch } from '../rows/encrypted-scratch.ts'

/** A small file of one letter inflates a thousandfold and is harmless; the ratio applies from this size. */
const inflationFreeBytes = 1 << 20

/**
 * Encrypts a stream to a public key. Compresses it first, since encrypted bytes do not compress; a source that
 * is compressed already is encrypted nine times as fast without.
 */
export async function* encryptTo(
  source: AsyncIterable<Uint8Array>,
  { key }: PublicKeyFile,
  { compress = true }: { readonly compress?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const { createMessage, encrypt, enums } = await import('openpgp')
  const encrypted = await encrypt({
    message: await createMessage({ binary: webStream(source) }),
    encryptionKeys: key,
    format: 'binary',
    config: {
      preferredCompressionAlgorithm: compress ? enums.compression.zlib : enums.compression.uncompressed,
    },
  })
  yield* encrypted as unknown as AsyncIterable<Uint8Array>
}

interface Encrypted {
  /** In the bag, for findings. */
  readonly path: string
  readonly bytes: number
  readonly source: AsyncIterable<Uint8Array>
}

/**
 * Decrypts a file into encrypted scratch and yields it once its integrity is verified. Throws BundleRefusal
 * for a bad file, and whatever the source throws.
 */
export async function decryptInto(
  scratch: SealedScratch,
  { path, bytes, source }: Encrypted,
  { key }: PrivateKeyFile,
  limits: Pick<BundleLimits, 'bytesMax' | 'inflationMax'>,
): Promise<SealedFile> {
  const watched = watch(source)
  /** Errors of the library concern the file, unless the source threw first. */
  const theirs = (error: unknown): never => {
    if (watched.error() !== undefined) throw watched.error()
    if (error instanceof BundleRefusal) throw error
    return refuseBag('encrypted-damaged', { file: path })
  }
  const bytesMax = Math.min(limits.bytesMax, Math.max(inflationFreeBytes, bytes * limits.inflationMax))
  const { decrypt, readMessage } = await import('openpgp')
  const { CompressedToTheEnd } = await import('./compressed-packet.ts')
  const message = await readMessage({ binaryMessage: webStream(watched.chunks) }).catch(theirs)
  if (!isFor(message, key.getKeyIDs())) refuseBag('encrypted-other-key', { file: path })
  const { data } = await decrypt({
    message,
    decryptionKeys: key,
    format: 'binary',
    // The only place for this setting: by default the library holds the whole file in memory until it is
    // verified. Bytes written before that are encrypted, and not read.
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
 * Decrypts a stream and yields bytes before the integrity of the whole is verified: the caller must compare
 * their digest with a signed one before it uses them. Throws for another recipient or damaged bytes.
 */
export async function* decryptUnverified(
  source: AsyncIterable<Uint8Array>,
  { key }: PrivateKeyFile,
): AsyncGenerator<Uint8Array> {
  const { decrypt, readMessage } = await import('openpgp')
  const { CompressedToTheEnd } = await import('./compressed-packet.ts')
  const message = await readMessage({ binaryMessage: webStream(source) })
  const { data } = await decrypt({
    message,
    decryptionKeys: key,
    format: 'binary',
    config: { allowUnauthenticatedStream: true, additionalAllowedPackets: [CompressedToTheEnd] },
  })
  yield* data as unknown as AsyncIterable<Uint8Array>
}

/** Whether a session key of the message is for one of these keys; zero is an unnamed recipient. */
function isFor(
  message: Message<ReadableStream<Uint8Array>>,
  own: readonly { readonly toHex: () => string }[],
): boolean {
  const ids = new Set([...own.map((id) => id.toHex()), '0'.repeat(16)])
  return message.getEncryptionKeyIDs().some((id) => ids.has(id.toHex()))
}

/** Reads to the end, where the integrity check is, or stops above the limit. */
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
    // If it ends early, cancel the source.
    reader.cancel().catch(() => {})
  }
}

/** Passes a source on and remembers what it threw, since the library wraps errors. */
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

/** Adapts the source to the library, with one chunk in flight. */
function webStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(source, { objectMode: false })) as ReadableStream<Uint8Array>
}
