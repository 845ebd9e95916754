/**
 * Checks that the end of a ZIP matches its directory (APPNOTE 4.3.12 to 4.3.16). With too small a count, some
 * readers would miss entries that others see; so count and size must be those of the entries that were read,
 * and the end record must follow them.
 */
import { open } from 'node:fs/promises'

/** Random access to the bytes of a ZIP. */
export interface ZipBytes {
  readonly size: number
  readonly take: (from: number, length: number) => Promise<Buffer>
}

/** Opens the bytes of a file for the duration of `use`. */
export async function withZipBytes<T>(path: string, use: (zip: ZipBytes) => Promise<T>): Promise<T> {
  const handle = await open(path)
  try {
    const take = async (from: number, length: number) =>
      (await handle.read(Buffer.alloc(length), 0, length, from)).buffer
    return await use({ size: (await handle.stat()).size, take })
  } finally {
    await handle.close()
  }
}

/** What was read of a directory. */
interface ReadDirectory {
  readonly entries: number
  readonly bytes: number
}

const endBytes = 22
const locatorBytes = 20
const end64Bytes = 56

/** Whether a ZIP ends as its directory says. yauzl has checked the length of its comment. */
export async function endsAsRead(
  { size, take }: ZipBytes,
  commentBytes: number,
  read: ReadDirectory,
): Promise<boolean> {
  const at = size - commentBytes - endBytes
  const end = await take(at, endBytes)
  const counts = [end.readUInt16LE(8), end.readUInt16LE(10)]
  const [bytes, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)]
  if (![...counts, bytes, offset].some((value) => value === 0xffff || value === 0xffff_ffff)) {
    return counts.every((count) => count === read.entries) && bytes === read.bytes && offset + bytes === at
  }
  // ZIP64: the numbers are in an earlier record, which a locator right before the end points to.
  const locator = at - locatorBytes
  if (locator < 0) return false
  const place = Number((await take(locator, locatorBytes)).readBigUInt64LE(8))
  if (!(place >= 0 && place + end64Bytes <= locator)) return false
  const end64 = await take(place, end64Bytes)
  const [first, second, bytes64, offset64] = [24, 32, 40, 48].map((field) =>
    Number(end64.readBigUInt64LE(field)),
  )
  const isSame = first === read.entries && second === read.entries && bytes64 === read.bytes
  return isSame && (offset64 ?? 0) + read.bytes === place
}
