/**
 * A bag in a ZIP, read from the central directory by yauzl. Rejects truncated or encrypted ZIPs, links,
 * duplicates and unsafe names. Counts bytes while inflating, since a ZIP may state wrong sizes.
 */
import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { Finding } from '../../../platform/finding.ts'
import { type Bag, type BagEntry, noSuchEntry, refuseBag, sortEntries } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { buildPathBook, canonicalPath } from '../../core/bag/paths.ts'
import { BundleRefusal, faultAt } from '../../core/findings/checks.ts'
import { endsAsRead, withZipBytes, type ZipBytes } from './zip-directory.ts'

interface ZipEntry extends BagEntry {
  readonly entry: Entry
}

/** A small file of one letter inflates a thousandfold and is harmless; the ratio applies from this size. */
const inflationFreeBytes = 1 << 20

/** Size of a directory record without its name, extra field and comment (APPNOTE 4.3.12). */
const entryBytes = 46

/** Folder that macOS adds for itself; it is ignored. */
const foreignFolder = '__MACOSX/'

/** How a ZIP is opened, from any source of bytes. */
export const zipOptions = {
  // Entries are read after the directory has been.
  autoClose: false,
  // Names are decoded here: yauzl assumes CP437 unless a flag says otherwise.
  decodeStrings: false,
  // Sizes are checked here, so that the finding can name the entry.
  validateEntrySizes: false,
}

/** Opens a ZIP as a bag: its single top folder, or the whole ZIP if `bagit.txt` is at its root. */
export async function openZip(path: string, limits: BundleLimits): Promise<Bag> {
  const zip = await openPromise(path, zipOptions).catch((error: unknown) => notAZip(error))
  // An error of the file while no read is waiting would otherwise end the process.
  zip.on('error', () => {})
  try {
    const entries = underTopFolder(await withZipBytes(path, (held) => listEntries(zip, held, limits)))
    const byPath = new Map(entries.map((entry) => [entry.path, entry]))
    return {
      packing: 'zip',
      entries: entries.map(({ path, bytes }) => ({ path, bytes })),
      read: (path) => {
        const found = byPath.get(path)
        if (found === undefined) throw noSuchEntry(path)
        return readEntry(zip, found, limits)
      },
      close: async () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

/** Errors of yauzl, zlib and streams concern the file; only those of the file system are internal errors. */
export function notAZip(error: unknown, file?: string): never {
  if (error instanceof BundleRefusal) throw error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_'
  if (!/^(ERR|Z)_/.test(code)) throw error
  if (error instanceof Error && error.message.startsWith('Invalid comment length')) refuseBag('zip-trailing')
  return refuseBag('zip-unreadable', file === undefined ? {} : { file })
}

/** Lists the files of a ZIP by its central directory. Throws BundleRefusal with every reason to reject it. */
export async function listEntries(
  zip: ZipFile,
  held: ZipBytes,
  limits: BundleLimits,
): Promise<readonly ZipEntry[]> {
  if (zip.entryCount > limits.filesMax) refuseBag('too-many-files', { expected: `≤ ${limits.filesMax}` })
  const entries: ZipEntry[] = []
  const findings: Finding[] = []
  const book = buildPathBook()
  let bytes = 0
  let directoryBytes = 0
  const each = zip.eachEntry()
  for (;;) {
    const next = await each.next().catch((error: unknown) => notAZip(error))
    if (next.done === true) break
    const entry: Entry = next.value
    directoryBytes += entryBytes + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength
    const name = nameOf(entry)
    if (name?.startsWith(foreignFolder)) continue
    const folder = name?.endsWith('/') === true
    const path = name === undefined ? undefined : canonicalPath(folder ? name.slice(0, -1) : name)
    const fault = faultOf(entry, path) ?? (folder || path === undefined ? undefined : book.add(path))
    if (fault !== undefined) findings.push(fault)
    if (folder || path === undefined) continue
    bytes += entry.uncompressedSize
    entries.push({ path, bytes: entry.uncompressedSize, entry })
  }
  // Without decoding, the comment is bytes, despite its type.
  const directory = { entries: zip.entryCount, bytes: directoryBytes }
  if (!(await endsAsRead(held, Buffer.byteLength(zip.comment), directory))) refuseBag('zip-unreadable')
  if (bytes > limits.bytesMax) findings.push(faultAt('too-many-bytes', { expected: `≤ ${limits.bytesMax}` }))
  if (findings.length > 0) throw new BundleRefusal(findings)
  return entries
}

/** Checks an entry by itself, without regard to the others. */
function faultOf(entry: Entry, path: string | undefined): Finding | undefined {
  if (path === undefined) return faultAt('path-undecodable')
  // Folder names must be as safe as file names; a separate PathBook lets folders recur.
  const unsafe = buildPathBook().add(path)
  if (unsafe !== undefined) return unsafe
  if (entry.isEncrypted()) return faultAt('zip-encrypted', { file: path })
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    return faultAt('zip-method', { file: path })
  }
  // The upper half of the external attributes is st_mode if the ZIP was made under Unix or macOS.
  const type = (entry.externalFileAttributes >>> 16) & 0o170_000
  if (type === 0o120_000) return faultAt('link', { file: path })
  if (type !== 0 && type !== 0o100_000 && type !== 0o040_000) return faultAt('device', { file: path })
  return undefined
}

/**
 * The name of an entry. Bit 11 means UTF-8 (APPNOTE 4.4.4). Without it, Windows uses the machine's code page,
 * here GBK, while macOS and Linux use UTF-8. APPNOTE's own default, CP437, has no Chinese.
 */
function nameOf(entry: Entry): string | undefined {
  const raw = entry.fileNameRaw
  const hasFlag = (entry.generalPurposeBitFlag & 0x800) !== 0
  const stated = hasFlag ? undefined : unicodePath(entry)
  if (stated !== undefined) return stated
  if (isUtf8(raw)) return raw.toString('utf8')
  if (hasFlag) return undefined
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(raw)
  } catch {
    return undefined
  }
}

/**
 * The Info-ZIP Unicode path (APPNOTE 4.6.9): version 1, the CRC-32 of the original name, the name in UTF-8.
 * "If the CRC check fails, this Unicode Path Extra Field SHOULD be ignored", for the entry was renamed since.
 */
function unicodePath({ extraFields, fileNameRaw }: Entry): string | undefined {
  const data = extraFields.find(({ id }) => id === 0x7075)?.data
  if (data === undefined || data.length < 6 || data[0] !== 1) return undefined
  const name = data.subarray(5)
  return data.readUInt32LE(1) === crc32(fileNameRaw) && isUtf8(name) ? name.toString('utf8') : undefined
}

/** BagIt serialisations have one top-level folder; a bag at the root of the ZIP is accepted as well. */
function underTopFolder(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  const top = entries[0]?.path.split('/')[0] ?? ''
  const atRoot = entries.some((entry) => entry.path === 'bagit.txt')
  if (atRoot || !entries.every((entry) => entry.path.startsWith(`${top}/`))) return sortEntries(entries)
  return sortEntries(entries.map((entry) => ({ ...entry, path: entry.path.slice(top.length + 1) })))
}

/** Reads a file of a ZIP. Throws BundleRefusal if it inflates too far or does not match the directory. */
export async function* readEntry(
  zip: ZipFile,
  found: ZipEntry,
  limits: BundleLimits,
): AsyncGenerator<Uint8Array> {
  const { entry, path } = found
  const bytesMax = Math.min(
    entry.uncompressedSize,
    Math.max(inflationFreeBytes, entry.compressedSize * limits.inflationMax),
  )
  const stream = await zip.openReadStreamPromise(entry).catch((error: unknown) => notAZip(error, path))
  let bytes = 0
  let sum = 0
  try {
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).byteLength
      sum = crc32(chunk as Buffer, sum)
      if (bytes > bytesMax) refuseBag('inflation', { file: path, expected: `≤ ${bytesMax}` })
      yield chunk as Buffer
    }
  } catch (error) {
    notAZip(error, path)
  } finally {
    stream.destroy()
  }
  // Not every file of a bag has a digest, and other tools would not unpack this one.
  if (bytes !== entry.uncompressedSize || sum !== entry.crc32) refuseBag('zip-unreadable', { file: path })
}
