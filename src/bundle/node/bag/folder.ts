/**
 * A bag that is a folder. Rejects links, devices, unsafe names and anything above the limits; follows no
 * link, even one created after the folder was listed.
 */
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../../platform/finding.ts'
import { type Bag, type BagEntry, noSuchEntry, sortEntries } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { buildPathBook, canonicalPath } from '../../core/bag/paths.ts'
import { BundleRefusal, faultAt } from '../../core/findings/checks.ts'

interface FolderEntry extends BagEntry {
  /** As the file system spells it. */
  readonly location: string
}

/** Limit of findings about names; for a folder of a million links the first ones suffice. */
const walkFindingsMax = 100

const chunkBytes = 1 << 20

/** Opens a folder as a bag. Throws BundleRefusal. */
export async function openFolder(path: string, limits: BundleLimits): Promise<Bag> {
  const entries = await walk(path, limits)
  const byPath = new Map(entries.map((entry) => [entry.path, entry]))
  return {
    packing: 'folder',
    entries: entries.map(({ path, bytes }) => ({ path, bytes })),
    read: (path) => {
      const entry = byPath.get(path)
      if (entry === undefined) throw noSuchEntry(path)
      return readFolderFile(entry)
    },
    close: async () => {},
  }
}

async function walk(root: string, limits: BundleLimits): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = []
  const findings: Finding[] = []
  const book = buildPathBook()
  const folders = ['']
  let bytes = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const inside = folder === '' ? name : `${folder}/${name}`
      const location = join(root, inside)
      const found = await lstat(location)
      if (found.isDirectory()) {
        folders.push(inside)
        continue
      }
      const path = canonicalPath(inside)
      const fault = found.isSymbolicLink()
        ? faultAt('link', { file: path })
        : found.isFile()
          ? book.add(path)
          : faultAt('device', { file: path })
      if (fault !== undefined) findings.push(fault)
      entries.push({ path, bytes: found.size, location })
      bytes += found.size
      if (entries.length > limits.filesMax) {
        throw new BundleRefusal([faultAt('too-many-files', { expected: `≤ ${limits.filesMax}` })])
      }
      if (findings.length >= walkFindingsMax) throw new BundleRefusal(findings)
    }
  }
  if (bytes > limits.bytesMax) findings.push(faultAt('too-many-bytes', { expected: `≤ ${limits.bytesMax}` }))
  if (findings.length > 0) throw new BundleRefusal(findings)
  return sortEntries(entries)
}

async function* readFolderFile({ path, bytes, location }: FolderEntry): AsyncGenerator<Uint8Array> {
  const handle = await open(location, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (isCode(error, 'ELOOP')) throw new BundleRefusal([faultAt('link', { file: path })])
    throw error
  })
  try {
    for (let read = 0; ; ) {
      // A buffer of the needed size: a stream would allocate its maximum twice for each file.
      const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, bytes - read + 1))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length)
      if (bytesRead === 0) return
      read += bytesRead
      // A file that grows while being read is not the one that was measured.
      if (read > bytes) throw new BundleRefusal([faultAt('digest-wrong', { file: path })])
      yield chunk.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
