/** The checks of core on a whole bag, with the digests of Node. */
import { createHash } from 'node:crypto'
import type { Digest } from '../../../platform/digest.ts'
import type { Bag, BagEntry } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import * as core from '../../core/bag/verify.ts'

/** SHA-256 of an entry. Throws BundleRefusal if the entry cannot be read. */
export async function digestEntry(bag: Bag, { path }: BagEntry): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const chunk of bag.read(path)) hash.update(chunk)
  return hash.digest('hex') as Digest
}

/** Verifies a bundle's bag. Unreadable files are reported as findings too. */
export function verifyBag(bag: Bag, limits: BundleLimits): ReturnType<typeof core.verifyBag> {
  return core.verifyBag(bag, limits, digestEntry)
}

/** Verifies a bag of any purpose against BagIt alone: declaration, manifests both ways, all digests. */
export function verifyWhole(bag: Bag): ReturnType<typeof core.verifyWhole> {
  return core.verifyWhole(bag, digestEntry)
}
