/**
 * Holds the end of a ZIP to its directory (APPNOTE 4.3.12 to 4.3.16). A count that is too small would hide entries
 * from whoever trusts it, and show them to whoever reads on; so count and size must be those of the entries that were
 * read, and the end must follow them.
 */
import { open } from 'node:fs/promises'

/** What was read of a directory. */
export interface ReadDirectory {
  readonly entries: number
  readonly bytes: number
}

const endBytes = 22
const locatorBytes = 20
const end64Bytes = 56

/** Whether the ZIP at a path ends as its directory says. The length of its comment has been looked at by yauzl. */
export async function endsAsRead(path: string, commentBytes: number, read: ReadDirectory): Promise<boolean> {
  const handle = await open(path)
  try {
    const at = (await handle.stat()).size - commentBytes - endBytes
    const take = async (from: number, length: number) =>
      (await handle.read(Buffer.alloc(length), 0, length, Math.max(0, from))).buffer
    const end = await take(at, endBytes)
    const counts = [end.readUInt16LE(8), end.readUInt16LE(10)]
    const [bytes, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)]
    if (![...counts, bytes, offset].some((value) => value === 0xffff || value === 0xffff_ffff)) {
      return counts.every((count) => count === read.entries) && bytes === read.bytes && offset + bytes === at
    }
    // ZIP64: the numbers stand in a record before, which a locator right before the end points to.
    const place = Number((await take(at - locatorBytes, locatorBytes)).readBigUInt64LE(8))
    const end64 = await take(place, end64Bytes)
    const [first, second, bytes64, offset64] = [24, 32, 40, 48].map((field) =>
      Number(end64.readBigUInt64LE(field)),
    )
    const isSame = first === read.entries && second === read.entries && bytes64 === read.bytes
    return isSame && (offset64 ?? 0) + read.bytes === place
  } finally {
    await handle.close()
  }
}
