/**
 * An independent reader of bags, for the corpus: fflate unpacks, every CRC is looked at, every digest of a manifest is
 * computed again, and the description is read as plain JSON. It says what a bag that was taken must hold.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { unzipSync } from 'fflate'
import { OracleRefusal } from './oracle-csv.ts'

export interface OracleBag {
  readonly purpose: Readonly<Record<string, unknown>>
  /** Resources in their order. */
  readonly files: readonly OracleResource[]
}

export interface OracleResource {
  readonly path: string
  readonly bytes: Buffer
  readonly delimiter: string
  readonly encoding?: string
}

const refuse = (why: string): never => {
  throw new OracleRefusal(why)
}

/** The files of a ZIP, without their top folder. */
export function unpack(zip: Buffer): ReadonlyMap<string, Buffer> {
  const sums = sumsOf(zip)
  const files = new Map<string, Buffer>()
  for (const [latin, bytes] of Object.entries(unzipSync(zip))) {
    // fflate takes names without the flag as Latin-1; the bag's own are UTF-8 or GBK.
    const raw = Buffer.from(latin, 'latin1')
    const name = /[\u0100-\uffff]/.test(latin) ? latin : textOf(raw)
    if (name.endsWith('/') || name.startsWith('__MACOSX/')) continue
    const sum = sums.get(raw.toString('hex')) ?? sums.get(Buffer.from(latin).toString('hex'))
    if (sum !== crc32(bytes)) refuse(`the CRC of an entry is ${sum}, that of its bytes ${crc32(bytes)}`)
    if (files.has(name)) refuse('a name twice')
    files.set(name.normalize('NFC'), Buffer.from(bytes))
  }
  const names = [...files.keys()]
  const top = `${names[0]?.split('/')[0]}/`
  if (files.has('bagit.txt') || !names.every((name) => name.startsWith(top))) return files
  return new Map([...files].map(([name, bytes]) => [name.slice(top.length), bytes]))
}

function textOf(raw: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch {
    return new TextDecoder('gb18030').decode(raw)
  }
}

/** The CRC of each entry by the hexadecimal bytes of its name, as the central directory has it up to its very end. */
function sumsOf(zip: Buffer): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006'))
  let at = zip.readUInt32LE(end + 16)
  let entries = 0
  while (at < end) {
    if (zip.readUInt32LE(at) !== 0x0201_4b50) refuse('something else in the directory')
    const [nameBytes = 0, extraBytes = 0, commentBytes = 0] = [28, 30, 32].map((field) =>
      zip.readUInt16LE(at + field),
    )
    sums.set(zip.subarray(at + 46, at + 46 + nameBytes).toString('hex'), zip.readUInt32LE(at + 16))
    at += 46 + nameBytes + extraBytes + commentBytes
    entries += 1
  }
  for (const field of [8, 10])
    if (zip.readUInt16LE(end + field) !== entries) refuse('another count of entries')
  return sums
}

interface PlainDescriptor {
  readonly qingdan: Readonly<Record<string, unknown>>
  readonly resources: readonly {
    readonly path: string | readonly string[]
    readonly encoding?: string
    readonly dialect?: { readonly delimiter?: string }
    readonly bytes?: number
    readonly hash?: string
  }[]
}

/** Reads the files of a bag as BagIt and its description have them. Throws OracleRefusal where something does not fit. */
export function readOracleBag(files: ReadonlyMap<string, Buffer>): OracleBag {
  const text = (path: string) =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(files.get(path))
  if (files.has('fetch.txt')) refuse('fetch.txt')
  if (
    !/^BagIt-Version: (?:1\.0|0\.97)[\r\n]+Tag-File-Character-Encoding: UTF-8[\r\n]*$/.test(text('bagit.txt'))
  ) {
    refuse('bagit.txt')
  }
  const listed = digestsOf(text('manifest-sha256.txt'))
  const payload = [...files.keys()].filter((path) => path.startsWith('data/'))
  if ([...listed.keys()].sort().join('\n') !== payload.sort().join('\n'))
    refuse('manifest and payload differ')
  const tags = files.has('tagmanifest-sha256.txt') ? digestsOf(text('tagmanifest-sha256.txt')) : new Map()
  for (const [path, digest] of [...listed, ...tags]) {
    const bytes = files.get(path)
    if (bytes === undefined || sha256(bytes) !== digest) refuse(`the digest of ${path}`)
  }
  const { qingdan, resources } = JSON.parse(text('datapackage.json')) as PlainDescriptor
  const described = resources.map((resource): OracleResource => {
    const path = (typeof resource.path === 'string' ? resource.path : (resource.path[0] ?? '')).normalize(
      'NFC',
    )
    const bytes = files.get(path) ?? refuse(`no ${path}`)
    if (resource.bytes !== undefined && resource.bytes !== bytes.length) refuse(`the size of ${path}`)
    const hash = /^sha256:([0-9a-f]{64})$/i.exec(resource.hash ?? '')?.[1]?.toLowerCase()
    if (hash !== undefined && hash !== sha256(bytes)) refuse(`the hash of ${path}`)
    const { encoding, dialect } = resource
    const delimiter = dialect?.delimiter ?? ','
    return { path, bytes, delimiter, ...(encoding === undefined ? {} : { encoding }) }
  })
  const paths = described.map(({ path }) => path)
  if ([...paths].sort().join('\n') !== payload.join('\n')) refuse('resources and payload differ')
  return { purpose: qingdan, files: described }
}

function digestsOf(manifest: string): Map<string, string> {
  const lines = manifest.split(/\r\n|\n|\r/).filter((line, n, all) => line !== '' || n < all.length - 1)
  const digests = lines.map((line): [string, string] => {
    const match = /^([0-9a-fA-F]{64})[ \t]+\*?(.+)$/.exec(line)
    const path = (match?.[2] ?? refuse('a line of a manifest')).replace(/^\.\//, '')
    const decoded = path.replace(/%0A/gi, '\n').replace(/%0D/gi, '\r').replaceAll('%25', '%')
    return [decoded.normalize('NFC'), (match?.[1] ?? '').toLowerCase()]
  })
  if (new Set(digests.map(([path]) => path)).size < digests.length) refuse('a path twice in a manifest')
  return new Map(digests)
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
