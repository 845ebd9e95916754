/**
 * The catalogue as DCAT-AP 3: three syntaxes of one graph, read by independent parsers and validated against
 * shapes; paged and selected by modification time as a harvester does; and nothing that its reader may not
 * see.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Quad } from 'oxigraph'
import SHACLValidator from 'rdf-validate-shacl'
import t, { type Test } from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { editionsMax } from '../../src/protocols/dcat/catalogue.ts'
import { syntaxes } from '../../src/protocols/rdf/syntaxes.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { linesOf, readRdf, storeOf, valuesOf } from '../support/rdf.ts'

t.setTimeout(180_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
/** Characters that each syntax escapes in its own way. */
const odd = '"一"\\\n<b>&amp;</b>\t’\u{1F333}'
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], {
    dataset,
    title: { zh: `${dataset} 名录`, en: `Register ${dataset}` },
    description: { zh: odd, en: `As it is: ${odd}` },
    themes: ['education', 'culture'],
    keywords: [{ zh: '树', en: 'trees' }],
    contact: {
      name: { zh: '树木办公室', en: 'Tree office' },
      email: 'trees@example.org',
      telephone: '+86 21 5555 0100',
    },
    area: { name: { zh: '上海市', en: 'Shanghai' }, url: 'https://sws.geonames.org/1796231/' },
    formats: ['csv', 'csv.gz', 'ndjson', 'json', 'xlsx', 'parquet', 'zip'],
    ...more,
  })
const joint = ['sports-bureau', 'edu-commission']
const testContext = await openTestContext(t, {
  contracts: [
    contract('tree-register', { providers: joint, parts: [{ provider: 'edu-commission' }] }),
    contract('bench-register', { openClass: 'conditional', updateFrequency: 'once', formats: ['csv'] }),
    contract('empty-register'),
    contract('secret-trees', { openClass: 'not-open' }),
  ],
  shipped: ['annual-open-data-list', 'school-calendar'],
  at: '2026-01-10T04:00:00Z',
  settings: { QINGDAN_PUBLIC_URL: 'https://data.example' },
})
const { get, context, moveTo } = testContext
const bring = async (dataset: string, edition: string, rows: string, reason?: string) => {
  await testContext.take({ dataset, edition, rows: `tree\n${rows}` })
  await testContext.publish(dataset, edition, reason === undefined ? {} : { reason })
}
await bring('tree-register', '2023', 'oak\n')
await bring('tree-register', '2024', 'oak\n')
await bring('tree-register', '2025', 'oak\n')
await bring('bench-register', '2025', 'green\n')
await bring('secret-trees', '2025', 'hidden-oak\n')
moveTo('2026-02-10T04:00:00Z')
await bring('tree-register', '2025', 'oak\nelm\n', 'An elm was forgotten')
moveTo('2026-03-10T04:00:00Z')
const withdrawal = { dataset: 'tree-register', edition: '2023', version: 1, actor: 'cli:test' }
await withdraw(context, { ...withdrawal, reason: 'No register at all' })

const base = 'https://data.example'
const at = `${base}/v1/datasets`
const dcat = (name: string) => `http://www.w3.org/ns/dcat#${name}`
const dct = (name: string) => `http://purl.org/dc/terms/${name}`
const checksumValue = 'http://spdx.org/rdf/terms#checksumValue'
const hydra = (name: string) => `http://www.w3.org/ns/hydra/core#${name}`

const graphOf = async (t: Test, url: string, headers = {}) => {
  const answer = await get(url, headers)
  t.equal(answer.status, 200, url)
  return readRdf(answer.text, String(answer.headers['content-type']))
}

t.test('independent parsers read the same graph from three syntaxes', async (t) => {
  for (const address of ['/catalog', '/v1/datasets/tree-register', '/v1/datasets/empty-register']) {
    const graphs = []
    for (const { extension, mediaType } of syntaxes) {
      const byName = await get(`${address}.${extension}`)
      const byAccept = await get(address, { accept: mediaType })
      t.match(byName, { status: 200, headers: { 'content-type': `${mediaType}; charset=utf-8` } })
      t.equal(byAccept.text, byName.text, 'by Accept as by extension')
      t.match(String(byAccept.headers['vary']), /Accept/)
      graphs.push(linesOf(readRdf(byName.text, mediaType)))
    }
    const [first = []] = graphs
    t.ok(first.length > 20, `${first.length} triples`)
    for (const other of graphs) t.same(other, first, address)
    t.ok(
      first.some((line) => line.includes('As it is')),
      'the graph contains the odd characters',
    )
  }
  const english = valuesOf(await graphOf(t, '/catalog.rdf'), `${at}/tree-register`, dct('description'))
  t.ok(english.includes(`As it is: ${odd}`), 'unchanged')
})

t.test('clients without RDF get JSON as before', async (t) => {
  t.match((await get('/v1/datasets/tree-register')).json(), { slug: 'tree-register' })
  t.match((await get('/v1/datasets/tree-register', { accept: '*/*' })).json(), { slug: 'tree-register' })
  t.match(await get('/catalog', { accept: '*/*' }), { headers: { 'content-type': /ld\+json/ } })
})

t.test('series, editions, versions and files', async (t) => {
  const quads = await graphOf(t, '/catalog.ttl')
  const of = (subject: string, property: string) => valuesOf(quads, subject, property)
  const series = `${at}/tree-register`
  const editions = ['2025', '2024', '2023'].map((name) => `${series}/editions/${name}`)
  const [newest = '', middle = '', withdrawn = ''] = editions
  t.same(of(series, dcat('seriesMember')), editions)
  t.same([of(series, dcat('first')), of(series, dcat('last'))], [[middle], [newest]])
  t.same(of(newest, dcat('inSeries')), [series])
  t.same([of(newest, dcat('prev')), of(newest, dcat('next'))], [[middle], []])
  t.same(
    [of(middle, dcat('prev')), of(middle, dcat('next'))],
    [[], [newest]],
    'withdrawn versions are skipped',
  )
  t.same(of(newest, dcat('version')), ['2'])
  t.same(of(newest, dcat('hasCurrentVersion')), [`${newest}/versions/2`])
  t.same(of(newest, dct('modified')), ['2026-02-10T04:00:00.000Z'])
  t.same(of(`${newest}/versions/2`, dcat('previousVersion')), [`${newest}/versions/1`])
  t.same(of(`${newest}/versions/1`, dcat('nextVersion')), [`${newest}/versions/2`])
  t.same(of(`${newest}/versions/2`, 'http://www.w3.org/ns/adms#versionNotes'), ['An elm was forgotten'])
  t.same(of(withdrawn, dcat('distribution')), [])
  t.match(of(withdrawn, 'http://www.w3.org/ns/adms#status').join(), /dataset-status\/WITHDRAWN$/)
  t.same(of(withdrawn, dct('modified')), ['2026-03-10T04:00:00.000Z'])
  t.same(of(series, dct('publisher')), [`${base}/catalog#provider-sports-bureau`])
  t.equal(of(series, dct('creator')).length, 2, 'joint providers')
  t.match(of(`${at}/bench-register`, dct('accessRights')), [/RESTRICTED$/])
  t.match(of(`${at}/bench-register`, dct('accrualPeriodicity')), [/NEVER$/])
  t.same(of(`${at}/tree-register/records#service`, dcat('servesDataset')), [middle, newest])
})

t.test('a harvester that imports every dataset gets each edition once, as corrected', async (t) => {
  const quads = await graphOf(t, '/catalog.ttl')
  const editions = valuesOf(quads, `${base}/catalog`, dcat('dataset'))
  const typed = quads
    .filter(({ object }) => object.value === dcat('Dataset'))
    .map(({ subject }) => subject.value)
  t.same([...typed].sort(), [...editions].sort(), 'no version is a dataset')
  const newest = `${at}/tree-register/editions/2025`
  const of = (property: string) => valuesOf(quads, newest, property)
  t.same(of('http://www.w3.org/ns/adms#versionNotes'), ['An elm was forgotten'])
  t.ok(
    of(dcat('distribution')).every((file) => file.includes('/versions/2/')),
    'the files of the correction',
  )
  const [contact = ''] = of(dcat('contactPoint'))
  t.same(valuesOf(quads, contact, 'http://www.w3.org/2006/vcard/ns#hasEmail'), ['mailto:trees@example.org'])
  t.same(valuesOf(quads, contact, 'http://www.w3.org/2006/vcard/ns#hasTelephone'), ['tel:+86-21-5555-0100'])
  t.same(of(dct('spatial')), ['https://sws.geonames.org/1796231/'])
  t.same(valuesOf(quads, `${base}/catalog`, dct('issued')), ['2026-01-10T04:00:00.000Z'])
  t.match(valuesOf(quads, `${base}/catalog`, dct('license')).join(), /^http/)
})

t.test('each file has the address, size and checksum of its description', async (t) => {
  const quads = await graphOf(t, '/v1/datasets/tree-register.jsonld')
  const files = quads.filter(
    ({ predicate, object }) => predicate.value.endsWith('#type') && object.value === dcat('Distribution'),
  )
  t.equal(files.length, 3 * 7, 'seven formats of each readable version')
  for (const { subject } of files) {
    const of = (property: string) => valuesOf(quads, subject.value, property)
    const [address = ''] = of(dcat('downloadURL'))
    const file = await get(address.slice(base.length))
    t.equal(file.status, 200, address)
    t.same(of(dcat('byteSize')), [String(file.bytes.length)])
    const [checksum = ''] = of('http://spdx.org/rdf/terms#checksum')
    t.same(valuesOf(quads, checksum, checksumValue), [digestOf(file.bytes)])
    t.equal((await get(of(dcat('accessURL'))[0]?.slice(base.length) ?? '')).status, 200)
  }
})

t.test('a harvester follows the pages and visits each edition once', async (t) => {
  const whole = await graphOf(t, '/catalog.ttl')
  const all = valuesOf(whole, `${base}/catalog`, dcat('dataset'))
  t.equal(all.length, 4)
  t.same(valuesOf(whole, `${base}/catalog`, hydra('view')), [], 'one page needs no links')
  for (const extension of ['ttl', 'rdf', 'jsonld']) {
    const seen: string[] = []
    const triples = new Set<string>()
    let next: string | undefined = `/catalog.${extension}?limit=1`
    for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
      const quads: readonly Quad[] = await graphOf(t, next)
      seen.push(...valuesOf(quads, `${base}/catalog`, dcat('dataset')))
      for (const line of linesOf(quads)) triples.add(line)
      const [view = ''] = valuesOf(quads, `${base}/catalog`, hydra('view'))
      t.same(valuesOf(quads, view, hydra('totalItems')), ['4'])
      const [address] = valuesOf(quads, view, hydra('next'))
      t.same(valuesOf(quads, view, hydra('nextPage')), [address].flat().filter(Boolean))
      next = address?.slice(base.length)
      if (next !== undefined)
        t.ok(next.startsWith(`/catalog.${extension}?`), 'in the syntax of the first page')
    }
    t.same(seen, [...all].sort(), 'each once, in one order')
    const missing = linesOf(whole).filter((line) => !triples.has(line))
    t.same(missing, [], 'the pages together contain everything')
  }
})

t.test('a walk misses nothing while others publish', async (t) => {
  const first = await graphOf(t, '/catalog.ttl?limit=2')
  const [view = ''] = valuesOf(first, `${base}/catalog`, hydra('view'))
  const [next = ''] = valuesOf(first, view, hydra('next'))
  await bring('bench-register', '2024', 'brown\n')
  const remaining = await graphOf(t, `${next.slice(base.length)}`)
  const seen = [first, remaining].flatMap((quads) => valuesOf(quads, `${base}/catalog`, dcat('dataset')))
  t.equal(new Set(seen).size, 4, 'entries from before the walk appear once')
  t.equal(seen.length, 4)
  await withdraw(context, { ...withdrawal, dataset: 'bench-register', edition: '2024', reason: 'Too early' })
})

t.test('modified_since selects changes, including withdrawals', async (t) => {
  const since = async (moment: string) =>
    valuesOf(await graphOf(t, `/catalog.rdf?modified_since=${moment}`), `${base}/catalog`, dcat('dataset'))
  t.equal((await since('2026-01-01')).length, 5)
  t.same(await since('2026-02-10T04:00:00Z'), [
    `${at}/bench-register/editions/2024`,
    `${at}/tree-register/editions/2023`,
    `${at}/tree-register/editions/2025`,
  ])
  t.same(await since('2026-02-10T04:00:00.001Z'), [
    `${at}/bench-register/editions/2024`,
    `${at}/tree-register/editions/2023`,
  ])
  t.same(await since('2026-03-11'), [])
  const cursor = /cursor=([\w-]+)/.exec((await get('/catalog.ttl?limit=1')).text)?.[1]
  t.match((await get(`/catalog.ttl?modified_since=2026-01-01&cursor=${cursor}`)).json(), {
    status: 400,
    code: 'cursor-invalid',
  })
})

t.test('invalid parameters are refused with their names', async (t) => {
  const refused: readonly (readonly [url: string, expected: object, headers?: Record<string, string>])[] = [
    ['/catalog.nt', { status: 404, code: 'not-found', offered: ['jsonld', 'ttl', 'rdf'] }],
    ['/catalog.xml', { status: 404, offered: ['jsonld', 'ttl', 'rdf'] }],
    ['/v1/datasets/tree-register.n3', { status: 404, code: 'not-found', offered: ['jsonld', 'ttl', 'rdf'] }],
    ['/v1/datasets/no-such-register.ttl', { status: 404, code: 'dataset-not-found' }],
    ['/v1/datasets/no-such-register.n3', { status: 404, code: 'dataset-not-found' }],
    [
      '/catalog',
      { status: 406, code: 'not-acceptable', offered: syntaxes.map(({ mediaType }) => mediaType) },
      { accept: 'application/n-triples' },
    ],
    [
      '/v1/datasets/tree-register',
      { status: 406, offered: ['application/json', ...syntaxes.map(({ mediaType }) => mediaType)] },
      { accept: 'text/n3' },
    ],
    ['/catalog?modified-since=2026', { status: 400, code: 'parameter-unknown', nearest: 'modified_since' }],
    [
      '/catalog?modified_since=2026-02-30',
      { status: 400, code: 'parameter-invalid', path: 'modified_since' },
    ],
    ['/catalog?modified_since=yesterday', { status: 400, path: 'modified_since' }],
    ['/catalog?limit=0', { status: 400, path: 'limit' }],
    [`/catalog?limit=${editionsMax + 1}`, { status: 400, path: 'limit' }],
    ['/catalog?cursor=nonsense', { status: 400, code: 'cursor-invalid' }],
    ['/catalog.ttl?page=2', { status: 400, code: 'parameter-unknown' }],
  ]
  for (const [url, expected, headers] of refused) t.match((await get(url, headers)).json(), expected, url)
  t.equal((await get(`/catalog?limit=${editionsMax}`)).status, 200)
})

t.test('restricted datasets are absent', async (t) => {
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  for (const { extension } of syntaxes) {
    const anyone = await get(`/catalog.${extension}`)
    t.notMatch(anyone.text, /secret-trees/)
    t.match(anyone.headers, { 'cache-control': 'public, max-age=300' })
    t.equal((await get(`/v1/datasets/secret-trees.${extension}`)).status, 404)
    const trusted = await get(`/catalog.${extension}`, { authorization })
    t.match(trusted.text, /secret-trees/)
    t.match(trusted.headers, { 'cache-control': 'private, no-cache' })
    t.match(await get(`/v1/datasets/secret-trees.${extension}`, { authorization }), {
      status: 200,
      headers: { 'cache-control': 'private, no-cache' },
    })
    t.notMatch((await get(`/catalog.${extension}`)).text, /secret-trees/, 'also after a request with a key')
    t.notMatch(trusted.text, /hidden-oak/)
  }
})

t.test('a current copy is not sent again', async (t) => {
  const first = await get('/catalog.ttl')
  const etag = String(first.headers['etag'])
  t.equal((await get('/catalog.ttl', { 'if-none-match': etag })).status, 304)
  t.equal((await get('/catalog.rdf', { 'if-none-match': etag })).status, 200, 'of another syntax')
  t.equal((await get('/catalog.ttl', { 'if-match': '"other"' })).status, 412)
})

/** The faults that a validator finds in each graph of the service. */
async function validate(t: Test, shapes: string): Promise<void> {
  const validator = new SHACLValidator(storeOf(shapes) as never)
  const addresses = ['/catalog.ttl', '/catalog.ttl?limit=1', '/catalog.ttl?modified_since=2026-02-10']
  for (const dataset of ['tree-register', 'bench-register', 'empty-register', 'school-calendar']) {
    addresses.push(`/v1/datasets/${dataset}.ttl`)
  }
  for (const address of addresses) {
    const { results } = await validator.validate(storeOf((await get(address)).text) as never)
    const faults = results.map(
      ({ focusNode, path, message }) =>
        `${focusNode?.value} ${path?.value} ${message.map(({ value }) => value)}`,
    )
    t.same(faults, [], `${address} has no violation`)
  }
  const { text } = await get('/catalog.ttl')
  for (const property of [dct('title'), dct('publisher'), dcat('accessURL'), checksumValue]) {
    const without = storeOf(text)
    without.removeQuads(without.getQuads(null, property, null, null))
    t.equal((await validator.validate(without as never)).conforms, false, `which misses ${property}`)
  }
}

const own = readFileSync('test/protocols/dcat-shapes.ttl', 'utf8')

t.test('the graphs pass our own SHACL shapes', async (t) => {
  await validate(t, own)
})

const trialFolder = process.env['TRIAL_DATA'] ?? ''
const official = join(trialFolder, 'dcat-ap-3.0.1', 'dcat-ap-SHACL.ttl')
const missing =
  trialFolder === ''
    ? 'TRIAL_DATA is not set: name the folder that holds dcat-ap-3.0.1'
    : existsSync(official)
      ? false
      : 'TRIAL_DATA names a folder that does not hold dcat-ap-3.0.1'

t.test('the graphs pass the shapes of DCAT-AP 3.0.1', { skip: missing }, async (t) => {
  await validate(t, readFileSync(official, 'utf8'))
})
