/**
 * Packs a bag's folder into a ZIP with one top folder, as BagIt is serialised (RFC 8493, section 4). Equal files
 * give equal bytes; ZIP64 is used where sizes need it. Writes over nothing.
 */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { openFolder } from './folder.ts'

/** What we pack is ours, so only what a ZIP can hold limits it. */
const unlimited: BundleLimits = {
  filesMax: Number.MAX_SAFE_INTEGER,
  bytesMax: Number.MAX_SAFE_INTEGER,
  inflationMax: Number.MAX_SAFE_INTEGER,
  rowsMax: Number.MAX_SAFE_INTEGER,
  fieldBytesMax: Number.MAX_SAFE_INTEGER,
  findingsMax: Number.MAX_SAFE_INTEGER,
  bagsMax: Number.MAX_SAFE_INTEGER,
}

/** Packs a folder. Throws the file system's error where the ZIP exists, BundleRefusal where the folder is no bag. */
export async function packBag(folder: string, zipPath: string): Promise<void> {
  const bag = await openFolder(folder, unlimited)
  const top = basename(resolve(folder))
  const zip = new ZipFile()
  const target = createWriteStream(zipPath, { flags: 'wx' })
  // yazl tells a file that can't be read by an event beside its stream.
  const written = pipeline(zip.outputStream, target)
  zip.on('error', (error: Error) => target.destroy(error))
  // One time for all, or the bytes would tell when they were packed. A ZIP keeps local time, so it is a local one.
  const mtime = new Date(2000, 0, 1)
  const entryOptions = { mtime, mode: 0o100_644, forceDosTimestamp: true, compress: true }
  for (const { path } of bag.entries) zip.addFile(join(folder, path), `${top}/${path}`, entryOptions)
  zip.end()
  try {
    await written
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      await rm(zipPath, { force: true })
    throw error
  }
}
