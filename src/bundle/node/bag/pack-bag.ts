/**
 * Packs a bag's folder into a ZIP with one top folder (serialisation of RFC 8493, section 4). Equal files
 * give equal bytes; ZIP64 is used if sizes need it. Never overwrites a file.
 */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { openFolder } from './folder.ts'

/** The bag was made here, so only the ZIP format limits it. */
const unlimited: BundleLimits = {
  filesMax: Number.MAX_SAFE_INTEGER,
  bytesMax: Number.MAX_SAFE_INTEGER,
  inflationMax: Number.MAX_SAFE_INTEGER,
  rowsMax: Number.MAX_SAFE_INTEGER,
  fieldBytesMax: Number.MAX_SAFE_INTEGER,
  findingsMax: Number.MAX_SAFE_INTEGER,
  findingsCountedMax: Number.MAX_SAFE_INTEGER,
  bagsMax: Number.MAX_SAFE_INTEGER,
}

/** Packs a folder. Throws the file system's error if the ZIP exists, BundleRefusal for a bad folder. */
export async function packBag(folder: string, zipPath: string): Promise<void> {
  const bag = await openFolder(folder, unlimited)
  const top = basename(resolve(folder))
  const zip = new ZipFile()
  const target = createWriteStream(zipPath, { flags: 'wx' })
  // yazl reports an unreadable file by an event of its own, not on its stream.
  const written = pipeline(zip.outputStream, target)
  zip.on('error', (error: Error) => target.destroy(error))
  // A fixed time makes the bytes reproducible. ZIP stores local time, so this is a local one.
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
