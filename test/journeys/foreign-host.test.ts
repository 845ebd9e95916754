/**
 * What a caller claims about the host never gets into an answer that others may be given from a cache: home,
 * DCAT, sitemap, CKAN and the datasets, with and without a public address.
 */
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { serving } from '../support/two-contexts.ts'

const dataset = 'kite-register'
const key = field('kite', 'string', { role: 'key', constraints: { required: true } })
const contract = contractOf([key], ['kite'], { dataset, themes: ['education'] })
const { context, take, publish } = await openTestContext(t, { contracts: [contract] })
await take({ dataset, edition: '2025', rows: 'kite\nred\n' })
await publish(dataset, '2025')

const foreign = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'gopher',
  'x-forwarded-port': '666',
  forwarded: 'host=evil.example;proto=gopher',
}
const urls = [
  ...['/', '/sitemap.xml', '/catalog.ttl', '/catalog.jsonld', '/catalog.rdf'],
  ...['/api/3/action/package_search', '/v1/datasets', `/v1/datasets/${dataset}.ttl`, `/datasets/${dataset}`],
]

for (const base of ['', 'https://data.example.org']) {
  t.test(base === '' ? 'without a public address' : 'with a public address', async (t) => {
    const app = await serving(t, { ...context, config: { ...context.config, QINGDAN_PUBLIC_URL: base } })
    for (const url of urls) {
      const asked = () => app.inject({ url, headers: foreign, remoteAddress: '127.0.0.1' })
      const first = await asked()
      const known = await app.inject({ url, headers: { host: '127.0.0.1:8080' } })
      t.equal(first.statusCode, 200, url)
      t.notMatch(first.body + JSON.stringify(first.headers), /evil|gopher|:666/, url)
      t.equal(known.body, first.body, 'the same for everyone')
    }
    const sitemap = await app.inject({ url: '/sitemap.xml', headers: foreign })
    t.match(sitemap.body, `<loc>${base === '' ? 'http://127.0.0.1:8080' : base}/`)
  })
}
