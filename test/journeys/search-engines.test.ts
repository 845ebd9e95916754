/**
 * Search engines: pages that describe their content in the terms of schema.org, as data that no browser runs,
 * and a sitemap whose every address responds. Neither mentions restricted data.
 */
import { SaxesParser } from 'saxes'
import t from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { sitemapPagesMax, writeSitemap } from '../../src/protocols/sitemap/routes.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const tree = field('tree', 'string', { role: 'key', unit: 'm', constraints: { required: true } })
const evil = '</script><script>alert(1)</script><!-- "&'
const contract = (dataset: string, more = {}) =>
  contractOf([tree], ['tree'], {
    dataset,
    themes: ['education'],
    licence: {
      name: 'CC-BY-4.0',
      title: { zh: '署名', en: 'Attribution' },
      url: 'https://licence.example/by',
    },
    formats: ['csv', 'xlsx'],
    ...more,
  })
const base = 'https://data.example'
const testContext = await openTestContext(t, {
  contracts: [
    contract('tree-register', { title: { zh: evil, en: `Trees ${evil}` } }),
    contract('empty-register'),
    contract('secret-trees', { openClass: 'not-open' }),
  ],
  at: '2026-01-10T04:00:00Z',
  settings: { QINGDAN_PUBLIC_URL: base },
})
const { get, context } = testContext
for (const [dataset, edition] of [
  ['tree-register', '2024'],
  ['tree-register', '2025'],
  ['secret-trees', '2025'],
] as const) {
  await testContext.take({ dataset, edition, rows: 'tree\noak\n' })
  await testContext.publish(dataset, edition)
}
testContext.moveTo('2026-02-10T04:00:00Z')
await withdraw(context, {
  ...{ dataset: 'tree-register', edition: '2024', version: 1, actor: 'cli:test' },
  reason: 'No register at all',
})

interface SchemaDataset extends Readonly<Record<string, unknown>> {
  readonly distribution?: readonly { contentUrl: string; sha256: string; contentSize: string }[]
}

/** The structured data of a page; its scripts are found as a browser finds them. */
function dataOf(page: string): SchemaDataset {
  const scripts = [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script/gi)]
  const data = scripts.filter(([, attributes]) => attributes === ' type="application/ld+json"')
  if (scripts.length !== 1 || data.length !== 1) throw new Error(`${scripts.length} scripts`)
  return JSON.parse(data[0]?.[2] ?? '') as SchemaDataset
}

t.test("a dataset's page describes its content with schema.org", async (t) => {
  for (const lang of ['zh', 'en'] as const) {
    const page = await get(`/datasets/tree-register?lang=${lang}`)
    t.match(page, {
      status: 200,
      headers: { 'content-type': /^text\/html/, 'content-language': RegExp(lang) },
    })
    const data = dataOf(page.text)
    t.match(data, {
      '@context': 'https://schema.org',
      '@type': 'Dataset',
      '@id': `${base}/datasets/tree-register`,
      name: lang === 'zh' ? evil : `Trees ${evil}`,
      license: 'https://licence.example/by',
      temporalCoverage: '2025-01-01/2025-12-31',
      version: '2025 v1',
      creator: [{ '@type': 'GovernmentOrganization', name: lang === 'zh' ? '市教育委员会' : /Commission/ }],
      variableMeasured: [{ alternateName: 'tree', unitText: 'm' }],
    })
    t.equal(data.distribution?.length, 2)
    for (const { contentUrl, sha256, contentSize } of data.distribution ?? []) {
      const { bytes } = await get(contentUrl.slice(base.length))
      t.same([sha256, contentSize], [digestOf(bytes), `${bytes.length} B`])
    }
    t.match(page.text, lang === 'zh' ? /已撤回/ : /withdrawn/)
    t.notMatch(page.text, /<script>|undefined|NaN|\[object/)
  }
  t.equal(dataOf((await get('/datasets/empty-register')).text).distribution, undefined)
})

t.test('each link of the page works', async (t) => {
  const { text } = await get('/datasets/tree-register?lang=en')
  const main = text.slice(text.indexOf('<main'))
  const links = [...main.matchAll(/href="([^"]+)"/g)].map(([, href = '']) =>
    href.replace(base, '').replaceAll('&amp;', '&'),
  )
  t.ok(links.length > 8)
  for (const link of links.filter((href) => href.startsWith('/')))
    t.equal((await get(link)).status, 200, link)
})

t.test('the start page is the catalogue of all open datasets', async (t) => {
  const { text, headers } = await get('/')
  t.match(dataOf(text), {
    '@type': 'DataCatalog',
    dataset: [{ url: `${base}/datasets/empty-register` }, { url: `${base}/datasets/tree-register` }],
  })
  t.notMatch(text, /secret-trees/)
  const policy = String(headers['content-security-policy'])
  t.match(policy, /script-src 'self'/)
  t.notMatch(policy, /unsafe|nonce|sha256/, 'data need no permission')
  t.match(text, /<link rel="sitemap" href="\/sitemap.xml"/)
})

/** Every address in a sitemap, read with an XML parser. */
function addressesOf(xml: string): readonly string[] {
  const found: string[] = []
  let text = ''
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    text = ''
    if (name === 'xhtml:link') found.push(String(attributes['href']?.value))
  })
  parser.on('text', (piece) => {
    text += piece
  })
  parser.on('closetag', ({ name }) => {
    if (name === 'loc') found.push(text)
  })
  parser.write(xml).close()
  return found
}

t.test('every address of the sitemap responds', async (t) => {
  const sitemap = await get('/sitemap.xml')
  t.match(sitemap.headers, { 'content-type': /^application\/xml/ })
  const addresses = addressesOf(sitemap.text)
  t.equal(addresses.length, 3 * 3, 'three pages, each also in two languages')
  for (const address of addresses) {
    t.ok(address.startsWith(`${base}/`))
    t.match(await get(address.slice(base.length)), { status: 200, headers: { 'content-type': /text\/html/ } })
  }
  t.match(sitemap.text, /tree-register<\/loc><lastmod>2026-02-10T04:00:00.000Z/, 'a withdrawal is a change')
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  t.notMatch((await get('/sitemap.xml', { authorization })).text, /secret-trees/)
  t.equal((await get('/sitemap.xml', { 'if-none-match': String(sitemap.headers['etag']) })).status, 304)
  t.match((await get('/sitemap.xml?page=2')).json(), { status: 400, code: 'parameter-unknown' })
})

t.test('a restricted dataset has no page, even with a key', async (t) => {
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  for (const headers of [{}, { authorization }]) {
    t.match((await get('/datasets/secret-trees', headers)).json(), { status: 404, code: 'dataset-not-found' })
  }
  t.equal((await get('/datasets/no-such')).status, 404)
  t.equal((await get('/datasets/tree-register?lang=fr')).status, 400)
})

t.test('a sitemap has at most the addresses that the protocol allows', async (t) => {
  const pages = (count: number) => Array.from({ length: count }, (_, n) => ({ address: `${base}/${n}` }))
  const locs = (count: number) => writeSitemap(pages(count)).match(/<loc>/g)?.length
  t.equal(locs(sitemapPagesMax), sitemapPagesMax)
  t.equal(locs(sitemapPagesMax + 1), sitemapPagesMax)
})
