/** Descriptions of versions, the catalogue of packages, the API catalogue and Atom, as their readers need them. */
import { SaxesParser } from 'saxes'
import t from 'tap'
import { versionDocuments } from '../../src/protocols/version-documents/list.ts'
import { withdraw } from '../../src/publication/index.ts'
import { openTestContext, publishSample } from '../support/open-test-context.ts'

const testContext = await openTestContext(t, {
  contracts: [],
  shipped: ['school-calendar'],
  settings: { QINGDAN_PUBLIC_URL: 'https://data.example' },
})
const { get, context } = testContext
const dataset = 'school-calendar'
await publishSample(testContext, dataset, '2026')
const version = `/v1/datasets/${dataset}/editions/2026/versions/1`
const plain = `https://data.example${version}/files/${dataset}-2026-v1.csv`

t.test('each description names the plain CSV, its digest and its columns', async (t) => {
  const csv = await get(plain.slice('https://data.example'.length))
  const header = csv.text.split('\n', 1)[0]?.split(',') ?? []
  const digest = Buffer.from(
    String(csv.headers['repr-digest']).slice('sha-256=:'.length, -1),
    'base64',
  ).toString('hex')
  t.match(
    String(csv.headers['link']),
    `<https://data.example${version}/csv-metadata.json>; rel="describedby"; type="application/csvm+json"`,
  )
  for (const { name, mediaType } of versionDocuments) {
    const answer = await get(`${version}/${name}`)
    t.match(answer, { status: 200, headers: { 'cache-control': 'public, max-age=300' } }, name)
    t.match(String(answer.headers['content-type']), mediaType)
    t.match(answer.text, plain)
    const etag = String(answer.headers['etag'])
    t.equal((await get(`${version}/${name}`, { 'if-none-match': etag })).status, 304)
    t.match(await get(`${version.replace(/1$/, 'latest')}/${name}`), { status: 307 })
  }
  type Json = { readonly [name: string]: never }
  const of = async (name: string) => (await get(`${version}/${name}`)).json<Json>()
  t.match(await of('datapackage.json'), {
    resources: [
      { path: plain, hash: `sha256:${digest}`, schema: { fields: header.map((name) => ({ name })) } },
    ],
  })
  t.match(await of('csv-metadata.json'), {
    url: plain,
    tableSchema: { columns: header.map((name) => ({ name, titles: name })), primaryKey: ['entry', 'starts'] },
  })
  t.match(await of('croissant.json'), {
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    distribution: [{ '@id': `${dataset}-2026-v1.csv`, sha256: digest, contentUrl: plain }],
    recordSet: [{ field: header.map((column) => ({ source: { extract: { column } } })) }],
  })
})

t.test('catalogues list what is open', async (t) => {
  t.match((await get('/v1/datapackages.json')).json(), {
    datasets: [{ name: 'school-calendar-2026', package: `https://data.example${version}/datapackage.json` }],
  })
  const answer = await get('/.well-known/api-catalog')
  t.match(answer, {
    status: 200,
    headers: {
      'content-type': /^application\/linkset\+json; profile="https:\/\/www.rfc-editor.org\/info\/rfc9727"/,
      link: '<https://data.example/.well-known/api-catalog>; rel="api-catalog"',
    },
  })
  const { linkset } = answer.json<{ linkset: Record<string, { href: string }[]>[] }>()
  for (const { anchor: _anchor, item: _item, ...relations } of linkset) {
    for (const { href } of Object.values(relations).flat()) {
      t.equal((await get(href.slice('https://data.example'.length))).status, 200, href)
    }
  }
})

t.test('Atom has the newest changes first, each once', async (t) => {
  const answer = await get('/v1/changes.atom?limit=5')
  t.match(answer, { status: 200, headers: { 'content-type': /^application\/atom\+xml/ } })
  const parser = new SaxesParser({ xmlns: true })
  const names: string[] = []
  parser.on('opentag', ({ local, uri }) => names.push(`${uri === 'http://www.w3.org/2005/Atom'} ${local}`))
  parser.write(answer.text).close()
  t.equal(names[0], 'true feed')
  const entries = names.filter((name) => name === 'true entry').length
  t.equal(entries, 4, 'a dataset, its two later contracts, a version')
  const ids = [...answer.text.matchAll(/<id>(tag:qingdan,2026:[^<]+)<\/id>/g)].map(([, id]) => id)
  t.equal(new Set(ids).size, entries + 1)
  t.match(answer.text, /<entry>\s*<id>[^<]+<\/id>\s*<title>发布: 学校校历 2026 v1<\/title>/)
  t.match((await get('/v1/changes.atom?lang=en')).text, /<title>Published: School calendar 2026 v1<\/title>/)
  t.match((await get('/v1/changes.atom?type=nonsense')).json(), { code: 'parameter-invalid' })
  t.match((await get('/v1/changes.atom?dataset=nothing')).json(), { code: 'dataset-not-found' })
})

t.test('a withdrawn version has no descriptions', async (t) => {
  await withdraw(context, { dataset, edition: '2026', version: 1, actor: 'cli:test', reason: 'Wrong' })
  for (const { name } of versionDocuments) t.equal((await get(`${version}/${name}`)).status, 410, name)
  t.same((await get('/v1/datapackages.json')).json<{ datasets: unknown[] }>().datasets, [])
})
