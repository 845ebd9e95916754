/**
 * A bag whose encrypted files read as plain ones. Each is decrypted once, before anything of it is given, into scratch that
 * is sealed under a key in memory, and is read from there as often as asked. Closing the bag erases the scratch.
 */
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { PrivateKeyFile } from '../../core/openpgp/keys.ts'
import { isEncrypted } from '../../core/openpgp/paths.ts'
import { decryptInto } from '../openpgp/encryption.ts'
import { openSealedScratch, type SealedFile } from '../rows/encrypted-scratch.ts'

export interface Decryption {
  readonly key: PrivateKeyFile
  /** A folder for scratch, of this use alone. */
  readonly scratch: string
  readonly limits: BundleLimits
}

/** Whether any of the bag's payload is encrypted. */
export function holdsEncrypted(bag: Bag): boolean {
  return bag.entries.some(({ path }) => isEncryptedPayload(path))
}

function isEncryptedPayload(path: string): boolean {
  return path.startsWith('data/') && isEncrypted(path)
}

/**
 * Decrypts what is encrypted in the payload. Names stay as they are; sizes are those of the plain files. Throws
 * BundleRefusal, and has erased everything then; the bag itself stays its caller's until this one is given.
 */
export async function decryptBag(bag: Bag, { key, scratch: folder, limits }: Decryption): Promise<Bag> {
  const scratch = await openSealedScratch(folder)
  try {
    const plain = new Map<string, SealedFile>()
    // What is plain already counts as well: the limit is on the bundle.
    let left = limits.bytesMax
    for (const { path, bytes } of bag.entries) if (!isEncryptedPayload(path)) left -= bytes
    for (const { path, bytes } of bag.entries) {
      if (!isEncryptedPayload(path)) continue
      const file = { path, bytes, source: bag.read(path) }
      const sealed = await decryptInto(scratch, file, key, { ...limits, bytesMax: Math.max(0, left) })
      plain.set(path, sealed)
      left -= sealed.bytes
    }
    return {
      packing: bag.packing,
      entries: bag.entries.map((entry) => ({ ...entry, bytes: plain.get(entry.path)?.bytes ?? entry.bytes })),
      read: (path) => plain.get(path)?.read() ?? bag.read(path),
      close: async () => {
        await scratch.erase()
        await bag.close()
      },
    }
  } catch (error) {
    await scratch.erase()
    throw error
  }
}
