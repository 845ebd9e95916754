import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import {
  BundleRefusal,
  createBag,
  identifyBundle,
  openBag,
  packBag,
  verifyManifest,
} from '../../src/bundle/index.ts'
import { digestOf, digestOfFile } from '../../src/platform/digest.ts'
import {
  clock,
  contract,
  contractsOf,
  goodCsv,
  goodFile,
  limits,
  refusalOf,
  renewTagManifest,
  sha256,
  verifyAt,
  writeBag,
} from '../support/bundle-fixture.ts'
import { runs } from '../support/runs.ts'

t.test('a created bag is valid, reproducible and described', async (t) => {
  const folder = t.testdir({ a: {}, b: {} })
  const files = [goodFile, { name: '第二.csv', source: Buffer.from(goodCsv) }]
  const [a, b] = [
    await writeBag(join(folder, 'a'), files),
    await writeBag(join(folder, 'b'), [...files].reverse()),
  ]
  const [one, two] = [await identifyBundle(a, limits), await identifyBundle(b, limits)]
  t.same(one, two)
  t.equal(one.packing, 'folder')
  const { manifest, findings } = await verifyAt(a, 'folder')
  t.same(findings, [])
  t.match(manifest, {
    dataset: 'garden-counts',
    edition: '2025',
    contractVersion: 2,
    provider: 'parks',
    mode: 'full',
  })
  t.same(
    manifest?.files.map(({ path, digest, bytes, delimiter }) => [path, digest, bytes, delimiter]),
    ['data/rows.csv', 'data/第二.csv'].map((path) => [
      path,
      sha256(Buffer.from(goodCsv)),
      goodCsv.length,
      ',',
    ]),
  )
  t.match(
    readFileSync(join(a, 'bag-info.txt'), 'utf8'),
    /^Bagging-Date: 2026-03-01\n.*\nPayload-Oxum: \d+\.2\n/m,
  )
})

t.test('sources are bytes, a path or a stream; bad names and non-empty folders are rejected', async (t) => {
  const folder = t.testdir({ 'x.csv': goodCsv })
  async function* stream() {
    yield Buffer.from(goodCsv.slice(0, 10))
    yield Buffer.from(goodCsv.slice(10))
  }
  const bag = await writeBag(join(folder, 'bag'), [
    { name: 'a.csv', source: join(folder, 'x.csv') },
    { name: 'b.csv', source: stream() },
  ])
  const { manifest } = await verifyAt(bag, 'folder')
  t.same(new Set(manifest?.files.map(({ digest }) => digest)), new Set([sha256(Buffer.from(goodCsv))]))
  await t.rejects(writeBag(bag, [goodFile]), /is not empty/)
  for (const name of ['../x.csv', '/x.csv', 'C:x.csv', 'a\\b.csv', 'x.xls', '']) {
    await t.rejects(writeBag(join(folder, 'bad'), [{ ...goodFile, name }]), /is not allowed/)
  }
  await t.rejects(
    writeBag(join(folder, 'bad'), [goodFile, { ...goodFile, name: 'ROWS.csv' }]),
    /is not allowed/,
  )
  await t.rejects(writeBag(join(folder, 'bad'), []), /at least one file/)
})

t.test('a packed bag is reproducible and reads like its folder', async (t) => {
  const folder = t.testdir({})
  const bag = await writeBag(join(folder, 'garden-2025'), [
    goodFile,
    { name: '中文 名.csv', source: Buffer.from(goodCsv) },
  ])
  const [one, two] = [join(folder, 'one.zip'), join(folder, 'two.zip')]
  await packBag(bag, one)
  const zone = process.env['TZ']
  process.env['TZ'] = 'Asia/Shanghai'
  await packBag(bag, two)
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
  t.equal(await digestOfFile(one), await digestOfFile(two))
  await t.rejects(packBag(bag, one), { code: 'EEXIST' })
  const identity = await identifyBundle(one, limits)
  t.same(identity, { packing: 'zip', id: await digestOfFile(one), bytes: readFileSync(one).length })
  t.same(await verifyAt(one, 'zip'), await verifyAt(bag, 'folder'))
  await t.rejects(packBag(join(folder, 'none'), join(folder, 'none.zip')), { code: 'ENOENT' })
})

t.test("a folder's identity depends on its sorted files only", async (t) => {
  const folder = t.testdir({ b: { 'y.txt': 'y' }, 'a.txt': 'x' })
  const id = digestOf(`${digestOf('x')}  a.txt\n${digestOf('y')}  b/y.txt\n`)
  t.same(await identifyBundle(folder, limits), { packing: 'folder', id, bytes: 2 })
})

type Tester = Pick<typeof t, 'testdir' | 'fail'>

/** Damages a good bag and returns the checks that find it. */
async function damaged(t: Tester, damage: (bag: string) => void, keepTags = false) {
  const bag = await writeBag(join(t.testdir({}), 'bag'), [goodFile])
  damage(bag)
  if (!keepTags) renewTagManifest(bag)
  const { manifest, findings } = await verifyAt(bag, 'folder')
  const errors = findings.filter(({ severity }) => severity === 'error')
  if ((manifest === undefined) !== errors.length > 0)
    t.fail('there is a manifest exactly if there is no error')
  return findings.map(({ check, file = '' }) => `${check} ${file}`.trim()).sort()
}

const edit = (name: string, from: string | RegExp, to: string) => (bag: string) => {
  const path = join(bag, name)
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
}

t.test('defects of a bag are reported with their file', async (t) => {
  const line = `${sha256(Buffer.from(goodCsv))}  data/rows.csv\n`
  const cases: [string, (bag: string) => void, string[]][] = [
    [
      'wrong digest',
      (bag) => appendFileSync(join(bag, 'data/rows.csv'), 'x'),
      ['bag-oxum bag-info.txt', 'digest-wrong data/rows.csv', 'resource-digest data/rows.csv'],
    ],
    [
      'file not in the manifest',
      (bag) => writeFileSync(join(bag, 'data/more.csv'), ''),
      ['bag-oxum bag-info.txt', 'file-unlisted data/more.csv', 'resource-undescribed data/more.csv'],
    ],
    [
      'manifest naming a missing file',
      edit('manifest-sha256.txt', /$/, `${'0'.repeat(64)}  data/none.csv\n`),
      ['file-missing data/none.csv'],
    ],
    [
      'payload missing',
      (bag) => rmSync(join(bag, 'data/rows.csv')),
      ['bag-oxum bag-info.txt', 'file-missing data/rows.csv', 'resource-missing data/rows.csv'],
    ],
    [
      'fetch.txt',
      (bag) => writeFileSync(join(bag, 'fetch.txt'), 'http://127.0.0.1/ - data/x.csv\n'),
      ['bag-fetch fetch.txt'],
    ],
    [
      'manifest path outside the bag',
      edit('manifest-sha256.txt', 'data/rows.csv', 'data/../../rows.csv'),
      ['file-unlisted data/rows.csv', 'path-unsafe manifest-sha256.txt'],
    ],
    [
      'manifest with an absolute path',
      edit('manifest-sha256.txt', 'data/rows.csv', '/etc/passwd'),
      ['file-unlisted data/rows.csv', 'path-unsafe manifest-sha256.txt'],
    ],
    ['duplicate line', edit('manifest-sha256.txt', /$/, line), ['manifest-doubled data/rows.csv']],
    [
      'invalid line',
      edit('manifest-sha256.txt', /$/, 'abc data/rows.csv\n'),
      ['manifest-line manifest-sha256.txt'],
    ],
    [
      'unknown escape',
      edit('manifest-sha256.txt', 'rows', 'rows%20'),
      ['file-unlisted data/rows.csv', 'manifest-line manifest-sha256.txt'],
    ],
    [
      'no manifest',
      (bag) => rmSync(join(bag, 'manifest-sha256.txt')),
      ['manifest-missing manifest-sha256.txt'],
    ],
    [
      'another manifest',
      (bag) => writeFileSync(join(bag, 'manifest-md5.txt'), ''),
      ['manifest-unchecked manifest-md5.txt'],
    ],
    ['no declaration', (bag) => rmSync(join(bag, 'bagit.txt')), ['bag-declaration bagit.txt']],
    ['another version', edit('bagit.txt', '1.0', '2.0'), ['bag-declaration bagit.txt']],
    ['the version of bagit-python', edit('bagit.txt', '1.0', '0.97'), ['bag-version bagit.txt']],
    ['BOM in bagit.txt', edit('bagit.txt', /^/, '\ufeff'), ['tag-file bagit.txt']],
    ['no bag-info', (bag) => rmSync(join(bag, 'bag-info.txt')), ['bag-info bag-info.txt']],
    [
      'bag-info in GBK',
      (bag) => writeFileSync(join(bag, 'bag-info.txt'), Buffer.from('d6d0', 'hex')),
      ['tag-file bag-info.txt'],
    ],
    ['no descriptor', (bag) => rmSync(join(bag, 'datapackage.json')), ['descriptor datapackage.json']],
    ['truncated descriptor', edit('datapackage.json', /\}\s*$/, ''), ['descriptor datapackage.json']],
    ['another mode', edit('datapackage.json', '"full"', '"part"'), ['descriptor datapackage.json']],
    [
      'unknown property',
      edit('datapackage.json', '"provider"', '"providers"'),
      ['descriptor datapackage.json', 'descriptor datapackage.json'],
    ],
    [
      'resource missing',
      edit('datapackage.json', 'data/rows.csv', 'data/row.csv'),
      ['resource-missing data/row.csv', 'resource-undescribed data/rows.csv'],
    ],
    [
      'resource outside',
      edit('datapackage.json', 'data/rows.csv', '../rows.csv'),
      ['resource-missing ../rows.csv', 'resource-undescribed data/rows.csv'],
    ],
    [
      'resource with another size',
      edit('datapackage.json', /"bytes": \d+/, '"bytes": 1'),
      ['resource-digest data/rows.csv'],
    ],
    [
      'dialect',
      edit('datapackage.json', '"format"', '"dialect": {"delimiter": "|"}, "format"'),
      ['dialect data/rows.csv'],
    ],
    ...['"constructor": 1', '"delimiter": "constructor"', '"toString": []'].map(
      (property): [string, (bag: string) => void, string[]] => [
        `a property of every object (${property})`,
        edit('datapackage.json', '"format"', `"dialect": {${property}}, "format"`),
        ['dialect data/rows.csv'],
      ],
    ),
    [
      'no header',
      edit('datapackage.json', '"format"', '"dialect": {"header": false}, "format"'),
      ['dialect data/rows.csv'],
    ],
    [
      'good dialect',
      edit('datapackage.json', '"format"', '"dialect": {"delimiter": ";", "header": true}, "format"'),
      [],
    ],
    ['untouched', () => {}, []],
  ]
  for (const [name, damage, expected] of cases) t.same(await damaged(t, damage), expected, name)
})

t.test('a tag manifest, if present, is checked', async (t) => {
  t.same(await damaged(t, edit('bag-info.txt', 'qingdan', 'other'), true), ['digest-wrong bag-info.txt'])
  t.same(await damaged(t, (bag) => rmSync(join(bag, 'tagmanifest-sha256.txt')), true), [])
  t.same(await damaged(t, edit('tagmanifest-sha256.txt', 'bagit.txt', 'none.txt'), true), [
    'file-missing none.txt',
  ])
})

t.test('all defects are reported together', async (t) => {
  const found = await damaged(t, (bag) => {
    appendFileSync(join(bag, 'data/rows.csv'), 'x')
    writeFileSync(join(bag, 'fetch.txt'), '')
    rmSync(join(bag, 'bagit.txt'))
    edit('datapackage.json', '"full"', '"part"')(bag)
  })
  t.same(found, [
    'bag-declaration bagit.txt',
    'bag-fetch fetch.txt',
    'bag-oxum bag-info.txt',
    'descriptor datapackage.json',
    'digest-wrong data/rows.csv',
  ])
})

t.test('percent, CR and LF in names are escaped in manifests and read back', async (t) => {
  const folder = t.testdir({})
  const bag = await writeBag(join(folder, 'bag'), [{ ...goodFile, name: '100%25.csv' }])
  t.match(readFileSync(join(bag, 'manifest-sha256.txt'), 'utf8'), /data\/100%2525\.csv\n$/)
  t.same((await verifyAt(bag, 'folder')).findings, [])
})

t.test('links, devices and exceeded limits in a folder are rejected', async (t) => {
  const folder = t.testdir({ bag: { data: {} }, 'secret.csv': 'x' })
  const bag = join(folder, 'bag')
  symlinkSync(join(folder, 'secret.csv'), join(bag, 'data/rows.csv'))
  t.same(await refusalOf(identifyBundle(bag, limits)), ['link'])
  t.same(await refusalOf(openBag(bag, 'folder', limits)), ['link'])
  symlinkSync(bag, join(folder, 'other'))
  t.same(await refusalOf(identifyBundle(join(folder, 'other'), limits)), ['link'])
  rmSync(join(bag, 'data/rows.csv'))
  execFileSync('mkfifo', [join(bag, 'data/pipe')])
  t.same(await refusalOf(identifyBundle(bag, limits)), ['device'])
  t.same(await refusalOf(identifyBundle('/dev/null', limits)), ['packing-unknown'])
  const good = await writeBag(join(folder, 'good'), [goodFile])
  t.same(await refusalOf(identifyBundle(good, { ...limits, filesMax: 6 })), [])
  t.same(await refusalOf(identifyBundle(good, { ...limits, filesMax: 5 })), ['too-many-files'])
  const { bytes } = await identifyBundle(good, limits)
  t.same(await refusalOf(identifyBundle(good, { ...limits, bytesMax: bytes })), [])
  t.same(await refusalOf(identifyBundle(good, { ...limits, bytesMax: bytes - 1 })), ['too-many-bytes'])
})

t.test('a link created after the folder was listed is not followed', async (t) => {
  const folder = t.testdir({ 'secret.csv': goodCsv })
  const path = await writeBag(join(folder, 'bag'), [goodFile])
  const bag = await openBag(path, 'folder', limits)
  rmSync(join(path, 'data/rows.csv'))
  symlinkSync(join(folder, 'secret.csv'), join(path, 'data/rows.csv'))
  const read = async () => {
    for await (const chunk of bag.read('data/rows.csv'))
      t.fail(`${chunk.byteLength} bytes were read through a link`)
  }
  t.same(await refusalOf(read()), ['link'])
  rmSync(join(path, 'data/rows.csv'))
  writeFileSync(join(path, 'data/rows.csv'), `${goodCsv}more`)
  t.same(await refusalOf(read()), ['digest-wrong'])
  await bag.close()
})

t.test(
  'names that differ only in case or Unicode form, or have forbidden characters, are rejected',
  async (t) => {
    for (const names of [
      ['a.csv', 'A.csv'],
      ['é.csv', 'e\u0301.csv'],
      ['Ａ.csv', 'A.csv'],
      ['a/x', 'A/y'],
      ['ß', 'ẞ'],
    ]) {
      const folder = t.testdir({})
      for (const name of names) {
        mkdirSync(join(folder, name, '..'), { recursive: true })
        writeFileSync(join(folder, name), '')
      }
      t.same(await refusalOf(identifyBundle(folder, limits)), ['path-doubled'], names.join(' '))
    }
    for (const name of ['a\\b.csv', 'C:x.csv', 'a\u0001.csv']) {
      const folder = t.testdir({})
      writeFileSync(join(folder, name), '')
      t.same(await refusalOf(identifyBundle(folder, limits)), [
        name.includes('\\') ? 'path-backslash' : 'path-unsafe',
      ])
    }
  },
)

t.test('the description of a bundle is checked against the contracts', async (t) => {
  const bag = await writeBag(join(t.testdir({}), 'bag'), [goodFile])
  const { manifest } = await verifyAt(bag, 'folder')
  if (manifest === undefined) throw new Error('The good bag has no manifest.')
  const contracts = contractsOf(contract)
  t.same(verifyManifest(manifest, contracts), [])
  t.match(verifyManifest({ ...manifest, dataset: 'none' }, contracts), [{ check: 'dataset-unknown' }])
  t.match(verifyManifest({ ...manifest, contractVersion: 3 }, contracts), [
    { check: 'contract-unknown', expected: '2' },
  ])
  t.match(verifyManifest({ ...manifest, edition: '2025-2026', provider: 'x' }, contracts), [
    { check: 'edition-unknown', expected: '2025' },
    { check: 'provider-unknown', expected: 'parks, north' },
  ])
})

t.test('a ZIP truncated anywhere is rejected', async (t) => {
  const folder = t.testdir({})
  const zip = join(folder, 'bag.zip')
  await packBag(await writeBag(join(folder, 'bag'), [goodFile]), zip)
  const whole = readFileSync(zip)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
      writeFileSync(zip, whole)
      truncateSync(zip, length)
      return (await refusalOf(identifyBundle(zip, limits)))[0] === 'zip-unreadable'
    }),
    runs(20, 60),
  )
  t.pass()
})

t.test('a ZIP with any byte changed never crashes and never reads as another bag', async (t) => {
  const folder = t.testdir({})
  const zip = join(folder, 'bag.zip')
  const bag = await writeBag(join(folder, 'bag'), [goodFile])
  await packBag(bag, zip)
  const whole = readFileSync(zip)
  const good = await verifyAt(bag, 'folder')
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ change
      writeFileSync(zip, bytes)
      try {
        const { manifest } = await verifyAt(zip, 'zip')
        return manifest === undefined || JSON.stringify(manifest) === JSON.stringify(good.manifest)
      } catch (error) {
        return error instanceof BundleRefusal && error.findings.length > 0
      }
    }),
    runs(80, 300),
  )
  t.pass()
})

t.test('a hard link is an ordinary file', async (t) => {
  const folder = t.testdir({ 'a.csv': goodCsv, bag: {} })
  linkSync(join(folder, 'a.csv'), join(folder, 'bag', 'a.csv'))
  t.equal((await identifyBundle(join(folder, 'bag'), limits)).bytes, goodCsv.length)
  await t.rejects(
    createBag({
      folder: join(folder, 'bag'),
      dataset: 'x',
      edition: '2025',
      contractVersion: 1,
      provider: 'x',
      files: [goodFile],
      clock,
    }),
    /is not empty/,
  )
})

t.test('manifests as other tools write them, by the version of the bag', async (t) => {
  const names = ['100%.csv', 'a%25.csv', 'c%zz.csv', '数 据.csv']
  const cases: readonly (readonly [string, string, (line: string) => string, readonly string[]])[] = [
    ['ours', '1.0', (line) => line, []],
    ['bagit-python', '0.97', (line) => line.replaceAll('%25', '%'), ['bag-version']],
    [
      'sha256sum',
      '0.97',
      (line) => line.replaceAll('%25', '%').replace('  ', ' *'),
      ['bag-version', 'manifest-asterisk'],
    ],
    ['sha256sum -b for 1.0', '1.0', (line) => line.replace('  ', ' *'), ['manifest-asterisk']],
    [
      'a tab and capitals',
      '1.0',
      (line) => line.replace('  ', '\t').replace(/^\w+/, (digest) => digest.toUpperCase()),
      [],
    ],
    ['./ before paths', '1.0', (line) => line.replace('  ', '  ./'), []],
    ['CRLF', '1.0', (line) => `${line}\r`, []],
    [
      '% not escaped in 1.0',
      '1.0',
      (line) => line.replace('100%25', '100%'),
      ['file-unlisted', 'manifest-line'],
    ],
    ['%25 in 0.97 is a name', '0.97', (line) => line, ['bag-version', 'file-missing', 'file-unlisted']],
  ]
  for (const [about, version, write, expected] of cases) {
    const bag = await writeBag(
      t.testdir(),
      names.map((name) => ({ name, source: Buffer.from(goodCsv) })),
    )
    const edited = (name: string, change: (text: string) => string) =>
      writeFileSync(join(bag, name), change(readFileSync(join(bag, name), 'utf8')))
    edited('bagit.txt', (text) => text.replace('1.0', version))
    edited('manifest-sha256.txt', (text) =>
      text
        .split('\n')
        .map((line) => (line === '' ? '' : write(line)))
        .join('\n'),
    )
    renewTagManifest(bag)
    const { findings } = await verifyAt(bag, 'folder')
    t.same([...new Set(findings.map(({ check }) => check))].sort(), expected, about)
  }
})
