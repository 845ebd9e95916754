/**
 * Whether a bundle looks complete, judged without reading it all: somebody may still be copying it. It checks
 * nothing else; `openBag` and `verifyBag` reject bundles that are complete but wrong.
 */
import { lstat } from 'node:fs/promises'
import { type Bag, readWhole } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { parseManifest } from '../../core/bag/manifest-file.ts'
import { BundleRefusal } from '../../core/findings/checks.ts'
import { openBag } from './open-bag.ts'

/** Manifests of the maximum number of files stay well below this; verification rejects longer ones. */
const manifestBytesMax = 64 << 20

/**
 * The name of what is missing: a file of a folder, or `central directory` of a ZIP, which is written last.
 * Undefined if nothing is missing. Throws the file system's error if the path cannot be read.
 */
export async function findMissing(path: string, limits: BundleLimits): Promise<string | undefined> {
  const isFolder = (await lstat(path)).isDirectory()
  let bag: Bag
  try {
    bag = await openBag(path, isFolder ? 'folder' : 'zip', limits)
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw error
    // A file being copied may have its final size already, but no content.
    const unread = error.findings.some(
      ({ check }) => check === 'zip-unreadable' || check === 'packing-unknown',
    )
    return unread ? 'central directory' : undefined
  }
  try {
    return isFolder ? await missingOf(bag) : undefined
  } finally {
    await bag.close()
  }
}

async function missingOf(bag: Bag): Promise<string | undefined> {
  const sizes = new Map(bag.entries.map(({ path, bytes }) => [path, bytes]))
  for (const name of ['bagit.txt', 'manifest-sha256.txt']) if (!sizes.has(name)) return name
  const declared = await readWhole(bag, 'bagit.txt', manifestBytesMax)
  const version = /^BagIt-Version: 0\./.test(declared?.toString() ?? '') ? 'former' : '1.0'
  for (const name of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
    const text = sizes.has(name) ? await readWhole(bag, name, manifestBytesMax) : undefined
    if (text === undefined) continue
    const { digests } = parseManifest(name, text.toString(), () => true, version)
    for (const path of digests.keys()) if (!sizes.has(path)) return path
  }
  const info = sizes.has('bag-info.txt') ? await readWhole(bag, 'bag-info.txt', manifestBytesMax) : undefined
  const oxum = /^Payload-Oxum:\s*(\d+)\.\d+\s*$/im.exec(info?.toString() ?? '')?.[1]
  const payload = bag.entries.filter(({ path }) => path.startsWith('data/'))
  const bytes = payload.reduce((sum, entry) => sum + entry.bytes, 0)
  return oxum !== undefined && bytes < Number(oxum) ? 'data/' : undefined
}
