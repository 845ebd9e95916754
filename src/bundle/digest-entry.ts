/** The digest of a file inside a bag. */
import { createHash, webcrypto } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import { type Bag, type BagEntry, readWhole } from './bag.ts'

/** Up to here a file of a folder is held whole, so that its digest is made beside other work and not between. */
const heldBytesMax = 4 << 20

/**
 * SHA-256 of an entry. A ZIP is read as a stream whatever it says of its files' sizes. Throws BundleRefusal where the entry
 * can't be read.
 */
export async function digestEntry(bag: Bag, { path, bytes }: BagEntry): Promise<Digest> {
  const isHeld = bag.packing === 'folder' && bytes <= heldBytesMax
  const whole = isHeld ? await readWhole(bag, path, heldBytesMax) : undefined
  if (whole !== undefined) {
    return Buffer.from(await webcrypto.subtle.digest('SHA-256', whole)).toString('hex') as Digest
  }
  const hash = createHash('sha256')
  for await (const chunk of bag.read(path)) hash.update(chunk)
  return hash.digest('hex') as Digest
}
