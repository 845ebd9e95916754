/** The digest of a file inside a bag. */
import { createHash } from 'node:crypto'
import type { Digest } from '../../../platform/digest.ts'
import type { Bag, BagEntry } from '../../core/bag/bag.ts'

/** SHA-256 of an entry. Throws BundleRefusal if the entry cannot be read. */
export async function digestEntry(bag: Bag, { path }: BagEntry): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const chunk of bag.read(path)) hash.update(chunk)
  return hash.digest('hex') as Digest
}
