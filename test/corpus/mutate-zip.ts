/** Damage to a ZIP: its bytes anywhere, and the fields of its headers by name (APPNOTE 4.3). */
import { between, oneOf, type Random } from '../support/samples/random.ts'
import { byteDamage } from './mutate-bytes.ts'

/** Offset and size of the fields after each signature. */
const fields = {
  local: {
    signature: 'PK\u0003\u0004',
    at: [4, 6, 8, 10, 14, 18, 22, 26, 28],
    bytes: [2, 2, 2, 4, 4, 4, 4, 2, 2],
  },
  central: {
    signature: 'PK\u0001\u0002',
    at: [4, 6, 8, 10, 12, 16, 20, 24, 28, 30, 32, 34, 36, 38, 42],
    bytes: [2, 2, 2, 2, 4, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4],
  },
  end: { signature: 'PK\u0005\u0006', at: [4, 6, 8, 10, 12, 16, 20], bytes: [2, 2, 2, 2, 4, 4, 2] },
} as const

function placesOf(zip: Buffer, signature: string): readonly number[] {
  const places: number[] = []
  for (let at = zip.indexOf(signature, 0, 'latin1'); at >= 0; at = zip.indexOf(signature, at + 4, 'latin1')) {
    places.push(at)
  }
  return places
}

function writeField(random: Random, zip: Buffer, kind: keyof typeof fields): Buffer {
  const { signature, at, bytes } = fields[kind]
  const places = placesOf(zip, signature)
  if (places.length === 0) return zip
  const index = between(random, 0, at.length - 1)
  const [offset, size] = [oneOf(random, places) + (at[index] ?? 0), bytes[index] ?? 2]
  const copy = Buffer.from(zip)
  if (offset + size > copy.length) return copy
  const former = copy.readUIntLE(offset, size)
  const most = 2 ** (8 * size) - 1
  const near = [
    former + 1,
    former - 1,
    former ^ (1 << between(random, 0, 8 * size - 2)),
    0,
    1,
    most,
    most - 1,
  ]
  const value = oneOf(random, [...near, between(random, 0, most)])
  copy.writeUIntLE(Math.min(most, Math.max(0, value)), offset, size)
  return copy
}

/** Overwrites names in headers, in one of the two places or both. */
function rename(random: Random, zip: Buffer): Buffer {
  const names = ['bag/data/a.csv', 'bag/bagit.txt', 'bag/datapackage.json', 'bag/manifest-sha256.txt']
  const from = oneOf(random, names)
  const odd = [
    '../',
    '..\\',
    '/etc',
    'C:\\',
    'BAG/',
    'a\u0000b/',
    '\u00ff\u00fe\u00fd/',
    '\u00b1\u00ed',
    './//',
  ]
  const to = (oneOf(random, odd) + from).slice(0, from.length)
  const copy = Buffer.from(zip)
  const places = placesOf(copy, from)
  const chosen = random() < 0.5 ? places : places.slice(between(random, 0, 1))
  for (const at of chosen) copy.write(to, at, 'latin1')
  return copy
}

export const zipDamage: Readonly<Record<string, (random: Random, zip: Buffer) => Buffer>> = {
  ...byteDamage,
  'local header changed': (random, zip) => writeField(random, zip, 'local'),
  'central header changed': (random, zip) => writeField(random, zip, 'central'),
  'end record changed': (random, zip) => writeField(random, zip, 'end'),
  'name written over': rename,
  'bytes after the end': (random, zip) =>
    Buffer.concat([zip, Buffer.alloc(between(random, 1, 70_000), random() < 0.5 ? 0 : 0x50)]),
  'bytes before the beginning': (random, zip) =>
    Buffer.concat([Buffer.alloc(between(random, 1, 4_000), 0x4d), zip]),
  'ZIP after ZIP': (_random, zip) => Buffer.concat([zip, zip]),
  'blocks exchanged': (random, zip) => {
    const at = between(random, 0, zip.length)
    return Buffer.concat([zip.subarray(at), zip.subarray(0, at)])
  },
  'block of a stick lost': (random, zip) => {
    const copy = Buffer.from(zip)
    const at = 512 * between(random, 0, Math.floor(zip.length / 512))
    return copy.fill(0, at, Math.min(zip.length, at + 512))
  },
}
