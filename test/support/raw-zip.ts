/** Writes ZIPs that no honest tool would: names, attributes, flags and sizes are used as passed. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface RawEntry {
  readonly name: string | Uint8Array
  readonly data?: string | Uint8Array
  /** 8 is deflate, 0 is stored. */
  readonly method?: number
  readonly flags?: number
  /** st_mode, for the upper half of the external attributes. */
  readonly mode?: number
  /** Extra fields of the central directory. */
  readonly extra?: Uint8Array
  /** The claimed size, if it is not the true one. */
  readonly claimedBytes?: number
}

/** The bytes of a ZIP with these entries. */
export function rawZip(entries: readonly RawEntry[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const data = Buffer.from(entry.data ?? '')
    const method = entry.method ?? 8
    const packed = method === 8 ? deflateRawSync(data) : data
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(entry.flags ?? 0, 2)
    shared.writeUInt16LE(method, 4)
    shared.writeUInt16LE(0x21, 8)
    shared.writeUInt32LE(crc32(data), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(entry.claimedBytes ?? data.length, 18)
    shared.writeUInt16LE(name.length, 22)
    bodies.push(Buffer.concat([Buffer.from('PK\u0003\u0004'), shared, name, packed]))
    const tail = Buffer.alloc(14)
    const extra = Buffer.from(entry.extra ?? '')
    const central = Buffer.from(shared)
    central.writeUInt16LE(extra.length, 24)
    tail.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    const head = [Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3]), central, tail]
    directory.push(Buffer.concat([...head, name, extra]))
    offset += bodies.at(-1)?.length ?? 0
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  // If the number of entries exceeds 16 bits, it is in the end record of ZIP64 (APPNOTE 4.3.14).
  const isLarge = entries.length > 0xffff
  end.writeUInt16LE(isLarge ? 0xffff : entries.length, 4)
  end.writeUInt16LE(isLarge ? 0xffff : entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  const large = isLarge ? zip64End(entries.length, central.length, offset) : Buffer.alloc(0)
  return Buffer.concat([...bodies, central, large, Buffer.from('PK\u0005\u0006'), end])
}

/** The end record of ZIP64 and its locator. */
function zip64End(entries: number, centralBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(56)
  record.write('PK\u0006\u0006', 0, 'latin1')
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(entries), 24)
  record.writeBigUInt64LE(BigInt(entries), 32)
  record.writeBigUInt64LE(BigInt(centralBytes), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  const locator = Buffer.alloc(20)
  locator.write('PK\u0006\u0007', 0, 'latin1')
  locator.writeBigUInt64LE(BigInt(offset + centralBytes), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator])
}
