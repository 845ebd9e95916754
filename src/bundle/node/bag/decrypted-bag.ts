/**
 * A bag whose encrypted files read as plain ones. Each is decrypted once, as a whole, into scratch that is
 * encrypted under a key in memory, and is read from there. Closing the bag erases the scratch.
 */
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { PrivateKeyFile } from '../../core/openpgp/keys.ts'
import { isEncrypted } from '../../core/openpgp/paths.ts'
import { decryptInto } from '../openpgp/encryption.ts'
import { openSealedScratch, type SealedFile } from '../rows/encrypted-scratch.ts'

interface Decryption {
  readonly key: PrivateKeyFile
  /** A scratch folder for this bag only. */
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
 * Decrypts the encrypted files of the payload. Names stay unchanged; sizes are those of the plain files. If
 * it throws BundleRefusal, it has erased everything, and the caller still has to close the bag.
 */
export async function decryptBag(bag: Bag, { key, scratch: folder, limits }: Decryption): Promise<Bag> {
  const scratch = await openSealedScratch(folder)
  try {
    const plain = new Map<string, SealedFile>()
    // Plain files count as well: the limit applies to the bundle.
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
