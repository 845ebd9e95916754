import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { ZipFile } from 'yazl'
import { type BundleLimits, identifyBundle, openBag } from '../../src/bundle/index.ts'
import { checksOf, goodFile, limits, refusalOf, verifyAt, writeBag } from '../support/bundle-fixture.ts'
import { type RawEntry, rawZip } from '../support/raw-zip.ts'

/** The findings of opening a ZIP, or else of verifying it. */
async function faultsOf(folder: string, entries: readonly RawEntry[], more: Partial<BundleLimits> = {}) {
  const path = join(folder, 'bag.zip')
  writeFileSync(path, rawZip(entries))
  let found: readonly string[] = []
  const refused = await refusalOf(
    verifyAt(path, 'zip', more).then(({ findings }) => {
      found = checksOf(findings)
    }),
  )
  return [...refused, ...found]
}

/** The entries of a good bag, under a prefix. */
async function goodEntries(
  folder: string,
  prefix: string,
  name = goodFile.name,
): Promise<readonly RawEntry[]> {
  const bag = await writeBag(join(folder, 'bag'), [{ ...goodFile, name }])
  return readdirSync(bag, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('.'))
    .map((path) => ({ name: `${prefix}${path}`, data: readFileSync(join(bag, path)) }))
}

t.test(
  'a bag is read at the root or below one top folder, with folder entries and macOS files ignored',
  async (t) => {
    for (const prefix of ['', 'garden-2025/']) {
      const folder = t.testdir({})
      const entries = await goodEntries(folder, prefix)
      t.same(await faultsOf(folder, entries), [])
      const extras = [
        { name: `${prefix}data/`, mode: 0o040_755 },
        { name: '__MACOSX/._bag', data: 'x' },
      ]
      t.same(await faultsOf(folder, [...extras, ...entries]), [])
    }
    const folder = t.testdir({})
    const two = [...(await goodEntries(folder, 'a/')), { name: 'b/x', data: '' }]
    t.match(await faultsOf(folder, two), ['bag-declaration'])
  },
)

t.test('names are UTF-8 with or without the flag, or GBK as Windows writes them', async (t) => {
  // 表.csv in GBK.
  const gbk = Buffer.concat([Buffer.from('b1ed', 'hex'), Buffer.from('.csv')])
  for (const [flags, encode] of [
    [0x800, (name: string) => Buffer.from(name)],
    [0, (name: string) => Buffer.from(name)],
    [
      0,
      (name: string) =>
        name.endsWith('表.csv') ? Buffer.concat([Buffer.from(name.slice(0, -5)), gbk]) : Buffer.from(name),
    ],
  ] as const) {
    const folder = t.testdir({})
    const entries = await goodEntries(folder, 'bag/', '表.csv')
    const named = entries.map((entry) => ({ ...entry, flags, name: encode(`${entry.name}`) }))
    t.same(await faultsOf(folder, named), [])
    const { manifest } = await verifyAt(join(folder, 'bag.zip'), 'zip')
    t.same(
      manifest?.files.map(({ path }) => path),
      ['data/表.csv'],
    )
  }
  const folder = t.testdir({})
  t.same(await faultsOf(folder, [{ name: gbk, flags: 0x800 }]), ['path-undecodable'])
  t.same(await faultsOf(folder, [{ name: Buffer.from('ff2e637376', 'hex') }]), ['path-undecodable'])
})

t.test('forbidden entries are rejected before anything is read', async (t) => {
  const folder = t.testdir({})
  const cases: [string, RawEntry[], string[]][] = [
    ['path outside the bag', [{ name: 'bag/../../x.csv' }], ['path-unsafe']],
    ['absolute', [{ name: '/etc/passwd' }], ['path-unsafe']],
    ['drive letter', [{ name: 'C:/x.csv' }], ['path-unsafe']],
    ['backslash', [{ name: 'bag\\data\\x.csv' }], ['path-backslash']],
    ['NUL in a name', [{ name: 'x.csv\u0000.txt' }], ['path-unsafe']],
    ['no name', [{ name: '' }], ['path-unsafe']],
    ['folder outside the bag', [{ name: '../' }], ['path-unsafe']],
    ['link', [{ name: 'bag/x.csv', data: '/etc/passwd', mode: 0o120_777 }], ['link']],
    ['device', [{ name: 'bag/x.csv', mode: 0o020_666 }], ['device']],
    ['encrypted', [{ name: 'bag/x.csv', data: 'x', flags: 1 }], ['zip-encrypted']],
    ['another method', [{ name: 'bag/x.csv', data: 'x', method: 12 }], ['zip-method']],
    ['the same name twice', [{ name: 'x.csv' }, { name: 'x.csv' }], ['path-doubled']],
    ['names that differ in case', [{ name: 'x.csv' }, { name: 'X.CSV' }], ['path-doubled']],
    ['names that differ in Unicode form', [{ name: 'é' }, { name: 'e\u0301' }], ['path-doubled']],
    ['a file and a folder with the same name', [{ name: 'a' }, { name: 'a/b' }], ['path-doubled']],
    ['several defects', [{ name: '../x' }, { name: 'y', mode: 0o120_777 }], ['link', 'path-unsafe']],
  ]
  for (const [name, entries, expected] of cases) t.same(await faultsOf(folder, entries), expected, name)
})

t.test('a ZIP bomb is rejected while it inflates, whatever size it declares', async (t) => {
  const folder = t.testdir({})
  const zeros = Buffer.alloc(8 << 20)
  const good = await goodEntries(folder, 'bag/')
  const bomb = (more: Partial<RawEntry>) => [...good, { name: 'bag/data/bomb.csv', data: zeros, ...more }]
  t.ok((await faultsOf(folder, bomb({}))).includes('inflation'))
  t.ok((await faultsOf(folder, bomb({ claimedBytes: 10 }))).includes('inflation'))
  t.notOk((await faultsOf(folder, bomb({}), { inflationMax: 2000 })).includes('inflation'))
  const short = await faultsOf(folder, bomb({ claimedBytes: (8 << 20) + 1 }), { inflationMax: 2000 })
  t.ok(short.includes('zip-unreadable'))
  t.same(await faultsOf(folder, bomb({}), { bytesMax: 8 << 20 }), ['too-many-bytes'])
  t.ok((await faultsOf(folder, bomb({ method: 0, claimedBytes: 5 }))).includes('inflation'))
})

t.test('limits hold on both sides, and other files are rejected', async (t) => {
  const folder = t.testdir({ 'x.zip': 'no zip', 'empty.zip': '' })
  const good = await goodEntries(folder, '')
  t.same(await faultsOf(folder, good, { filesMax: good.length }), [])
  t.same(await faultsOf(folder, good, { filesMax: good.length - 1 }), ['too-many-files'])
  t.same(await refusalOf(identifyBundle(join(folder, 'x.zip'), limits)), ['packing-unknown'])
  t.same(await refusalOf(identifyBundle(join(folder, 'empty.zip'), limits)), ['zip-unreadable'])
  const zip = join(folder, 'bag.zip')
  const { bytes } = await identifyBundle(zip, limits)
  t.same(await refusalOf(identifyBundle(zip, { ...limits, bytesMax: bytes - 1 })), ['too-many-bytes'])
})

t.test('damaged deflated bytes are reported with their file', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, 'bag.zip')
  const bytes = rawZip(await goodEntries(folder, ''))
  const at = bytes.indexOf('data/rows.csv') + 'data/rows.csv'.length
  bytes.fill(0xff, at, at + 8)
  writeFileSync(path, bytes)
  const { manifest, findings } = await verifyAt(path, 'zip')
  t.equal(manifest, undefined)
  t.match(findings, [{ check: 'zip-unreadable', file: 'data/rows.csv' }])
})

t.test(
  'the directory must have its declared length, in both forms, and each file its checksum',
  async (t) => {
    const folder = t.testdir({})
    const entries = await goodEntries(folder, 'b/')
    const path = join(folder, 'x.zip')
    const found = async (zip: Buffer) => {
      writeFileSync(path, zip)
      return refusalOf(verifyAt(path, 'zip').then(({ findings }) => t.same(findings, [])))
    }
    /** A ZIP with one of its numbers, at an offset from a signature, changed by one. */
    const off = (zip: Buffer, signature: string, at: number, by: number) => {
      const copy = Buffer.from(zip)
      const place = copy.lastIndexOf(signature, undefined, 'latin1') + at
      copy.writeUInt16LE(copy.readUInt16LE(place) + by, place)
      return copy
    }
    for (const forceZip64Format of [false, true]) {
      const file = new ZipFile()
      for (const { name, data = '' } of entries) file.addBuffer(Buffer.from(data), String(name))
      file.end({ forceZip64Format, comment: 'packed by hand' })
      const zip = await buffer(file.outputStream)
      t.same(await found(zip), [], 'sound')
      const [end, counts] = forceZip64Format
        ? (['PK\u0006\u0006', [24, 32, 40]] as const)
        : (['PK\u0005\u0006', [8, 10, 12]] as const)
      const changes = counts.flatMap((at) => [-1, 1].map((by) => ({ at, by })))
      const faults: object[] = []
      for (const { at, by } of changes) {
        faults.push({ at, by, found: await found(off(zip, end, at, by)) })
      }
      t.same(
        faults,
        changes.map((change) => ({ ...change, found: ['zip-unreadable'] })),
      )
      writeFileSync(path, off(zip, 'PK\u0001\u0002', 16, 1))
      t.match(checksOf((await verifyAt(path, 'zip')).findings), ['zip-unreadable'], 'a wrong checksum')
    }
  },
)

t.test('the Unicode path of Info-ZIP names an entry if its checksum matches the name', async (t) => {
  const folder = t.testdir({})
  const entries = await goodEntries(folder, 'bag/', '表.csv')
  const extraOf = (path: string, crc: number, version = 1) => {
    const name = Buffer.from(path)
    const head = Buffer.alloc(9)
    head.writeUInt16LE(0x7075, 0)
    head.writeUInt16LE(5 + name.length, 2)
    head.writeUInt8(version, 4)
    head.writeUInt32LE(crc >>> 0, 5)
    return Buffer.concat([head, name])
  }
  // Names from a program limited to CP437: question marks, or characters that are not GBK.
  const raw = Buffer.from('bag/data/?.csv')
  const named = (extra: Uint8Array) =>
    entries.map((entry) => (`${entry.name}`.endsWith('表.csv') ? { ...entry, name: raw, extra } : entry))
  t.same(await faultsOf(folder, named(extraOf('bag/data/表.csv', crc32(raw)))), [])
  for (const other of [
    extraOf('bag/data/表.csv', crc32(raw) ^ 1),
    extraOf('bag/data/表.csv', crc32(raw), 2),
    extraOf('bag/data/表.csv', crc32(raw)).subarray(0, 8),
  ]) {
    const faults = await faultsOf(folder, named(other))
    t.ok(faults.includes('file-missing') || faults.includes('zip-unreadable'), `${faults}`)
  }
  const leaving = extraOf('bag/../x.csv', crc32(raw))
  t.same(await faultsOf(folder, [{ name: raw, extra: leaving }]), ['path-unsafe'])
})

t.test('70,000 entries are accepted or rejected only by the limit', async (t) => {
  const path = join(t.testdir({}), 'bag.zip')
  const count = 70_000
  writeFileSync(path, rawZip(Array.from({ length: count }, (_, n) => ({ name: `more/${n}`, method: 0 }))))
  const open = (filesMax: number) => openBag(path, 'zip', { ...limits, filesMax })
  const bag = await open(count)
  t.equal(bag.entries.length, count)
  await bag.close()
  t.same(await refusalOf(open(count - 1)), ['too-many-files'])
})

t.test('data after the end, a wrong checksum and a nested bag are reported', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, 'bag.zip')
  const bytes = rawZip(await goodEntries(folder, ''))
  writeFileSync(path, Buffer.concat([bytes, Buffer.from('PK and more')]))
  t.same(await refusalOf(identifyBundle(path, limits)), ['zip-trailing'])
  const wrong = Buffer.from(bytes)
  const at = wrong.lastIndexOf('data/rows.csv') - 46 + 16
  wrong.writeUInt32LE((wrong.readUInt32LE(at) ^ 1) >>> 0, at)
  writeFileSync(path, wrong)
  const { findings } = await verifyAt(path, 'zip')
  t.match(findings, [{ check: 'zip-unreadable', file: 'data/rows.csv' }])
  const other = t.testdir({})
  const inner = await goodEntries(other, 'data/inner/')
  const nested = [...(await goodEntries(join(other, 'outer'), '')), ...inner]
  const stray = ['bag-oxum', 'file-unlisted', 'resource-undescribed']
  t.same([...new Set(await faultsOf(other, nested))], stray)
  const packed = [...(await goodEntries(join(other, 'third'), '')), { name: 'data/inner.zip', data: bytes }]
  t.same(await faultsOf(other, packed), stray)
})
