/** Opens a received bag. Rejects what is neither a folder nor a ZIP, or cannot be read safely. */
import { lstat, open } from 'node:fs/promises'
import { type Digest, digestOf, digestOfFile } from '../../../platform/digest.ts'
import { type Bag, type Packing, refuseBag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { openFolder } from './folder.ts'
import { digestEntry } from './verify-bag.ts'
import { openZip } from './zip.ts'

/** Opens a bag. Throws BundleRefusal with every reason. Close it when done. */
export async function openBag(path: string, packing: Packing, limits: BundleLimits): Promise<Bag> {
  if (packing === 'folder') return await openFolder(path, limits)
  if (!(await beginsAsZip(path))) refuseBag('packing-unknown')
  return await openZip(path, limits)
}

export interface BundleIdentity {
  readonly packing: Packing
  /** SHA-256 of the ZIP's bytes; of a folder, that of the sorted lines `sha256  path\n`. */
  readonly id: Digest
  /** Bytes as received: the size of the ZIP, or of the folder's files together. */
  readonly bytes: number
}

/**
 * Identifies what a path holds and computes its digest, before anything in it is trusted. Throws
 * BundleRefusal if it is no bundle, holds links or devices, or exceeds the limits.
 */
export async function identifyBundle(path: string, limits: BundleLimits): Promise<BundleIdentity> {
  const found = await lstat(path)
  if (found.isSymbolicLink()) refuseBag('link')
  if (found.isDirectory()) return await identifyFolder(path, limits)
  if (!found.isFile()) refuseBag('packing-unknown')
  if (found.size > limits.bytesMax) refuseBag('too-many-bytes', { expected: `≤ ${limits.bytesMax}` })
  // Opening reads only the central directory, so its errors are reported at once.
  const bag = await openBag(path, 'zip', limits)
  await bag.close()
  return { packing: 'zip', id: await digestOfFile(path), bytes: found.size }
}

/**
 * Every ZIP begins with `PK` (APPNOTE 4.3), so a CSV or a PDF should not be reported as a truncated ZIP. A
 * file of fewer than two bytes may be one.
 */
async function beginsAsZip(path: string): Promise<boolean> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return 'PK'.startsWith(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

async function identifyFolder(path: string, limits: BundleLimits): Promise<BundleIdentity> {
  const bag = await openFolder(path, limits)
  let lines = ''
  let bytes = 0
  for (const entry of bag.entries) {
    lines += `${await digestEntry(bag, entry)}  ${entry.path}\n`
    bytes += entry.bytes
  }
  return { packing: 'folder', id: digestOf(lines), bytes }
}
