/**
 * UUIDs for CKAN, which numbers things at random: derived from names after RFC 9562 section 5.5 (version 5),
 * so that they are the same on every read, process and mirror.
 */
import { createHash } from 'node:crypto'

/** Drawn once for this software. Changing it would change every dataset's id for all harvesters. */
const namespace = Buffer.from('6f1d0c2e8b3a5e47a9d47d0a5be0c1f3', 'hex')

/** The UUID for a kind and names, such as `idOf('dataset', slug)`. */
export function idOf(kind: string, ...names: readonly string[]): string {
  const text = [kind, ...names].join('/')
  const bytes = createHash('sha1').update(namespace).update(text).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
