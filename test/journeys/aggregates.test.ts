/**
 * Aggregates over HTTP: groups and measures of published records with their exact digits, over editions and
 * contracts, as JSON and as CSV; withheld and missing values are counted, and no group is silently left out.
 */
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { groupsMax } from '../../src/records/aggregate/query.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const count = { role: 'count', constraints: { minimum: 0 } } as const
const themes = ['education']
const trees = 'tree-register'
const v1 = contractOf(
  [
    field('yard', 'string', { role: 'key', ...required }),
    field('area', 'string', { role: 'dimension', codes: 'districts' }),
    field('oaks', 'integer', { unit: '棵', ...count }),
    field('height', 'number', { role: 'measure', scale: 1, unit: 'm' }),
    field('drift', 'integer', { role: 'measure' }),
    field('status', 'string', { role: 'status' }),
  ],
  ['yard'],
  {
    dataset: trees,
    themes,
    disclosure: {
      rule: 'minimum-count',
      count: 'oaks',
      minimum: 3,
      withhold: ['oaks', 'height'],
      status: 'status',
    },
  },
)
const offer = {
  groupBy: ['yard', 'area', 'fenced'],
  measures: [
    { field: 'oaks', functions: ['sum'] },
    { field: 'height', functions: ['mean', 'min', 'max'], weight: 'oaks' },
    { field: 'drift', functions: ['sum', 'mean'], weight: 'visits' },
  ],
} as const
const v2 = {
  ...v1,
  contractVersion: 2,
  fields: [...v1.fields, field('fenced', 'boolean'), field('visits', 'integer', count)],
  aggregate: offer,
}
const bare = contractOf([field('hedge', 'string', { role: 'key', ...required })], ['hedge'], {
  dataset: 'hedge-register',
  themes,
})
const ponds = contractOf([field('pond', 'string', { role: 'key', ...required })], ['pond'], {
  dataset: 'pond-register',
  themes,
  aggregate: { groupBy: ['pond'] },
})
const pondsBroken = {
  ...ponds,
  contractVersion: 2,
  fields: [...ponds.fields, field('depth', 'string', { role: 'dimension', ...required })],
  aggregate: { groupBy: ['depth'] },
}
const secret = {
  ...ponds,
  dataset: 'shelter-register',
  contractVersion: 1,
  shareClass: 'on-demand',
  openClass: 'not-open',
}

const testContext = await openTestContext(t, { contracts: [v1, v2, bare, ponds, pondsBroken, secret] })
const { get, take, publish } = testContext

await take({
  dataset: trees,
  edition: '2024',
  contractVersion: 1,
  rows: 'yard,area,oaks,height,drift\na,310101,10,4.0,1\nb,310101,5,7.5,2\n',
})
await publish(trees, '2024')
await take({
  dataset: trees,
  edition: '2025',
  contractVersion: 2,
  rows: `yard,area,oaks,height,drift,fenced,visits
a,310101,10,4.0,1,true,1
b,310101,5,7.5,0,false,7
c,310104,3,2.0,-1,true,1
d,310104,2,9.9,0,true,7
e,310105,8,,5,,
f,310105,4,3.3,,true,0
g,,6,1.0,900719925474099,false,0
`,
})
await publish(trees, '2025')

const base = `/v1/datasets/${trees}/aggregate`
const group = async (parameters: string) => {
  const answer = await get(`${base}?${parameters}`)
  t.equal(answer.status, 200, answer.text)
  return answer.json<{
    data: readonly unknown[]
    meta: Record<string, unknown>
    links: Record<string, string>
  }>()
}
const refused = async (url: string, headers = {}) => {
  const { status, json } = await get(url, headers)
  const { code, path } = json<{ code: string; path?: string }>()
  return `${status} ${code} ${path ?? ''}`.trim()
}

t.test('groups with their measures, and counts of withheld and missing values', async (t) => {
  const { text } = await get(`${base}?group_by=area&measures=count,sum:oaks,mean:height,max:height`)
  const rows = [
    '{"area":"310101","count":2,"sum_oaks":15,"sum_oaks_missing":0,"mean_height":5.167,"mean_height_weight":15,' +
      '"mean_height_missing":0,"max_height":7.5,"max_height_missing":0,"suppressed":[]}',
    '{"area":"310104","count":2,"sum_oaks":null,"sum_oaks_missing":0,"mean_height":null,"mean_height_weight":null,' +
      '"mean_height_missing":0,"max_height":null,"max_height_missing":0,' +
      '"suppressed":["sum_oaks","mean_height","max_height"]}',
    '{"area":"310105","count":2,"sum_oaks":12,"sum_oaks_missing":0,"mean_height":3.300,"mean_height_weight":4,' +
      '"mean_height_missing":1,"max_height":3.3,"max_height_missing":1,"suppressed":[]}',
    '{"area":null,"count":1,"sum_oaks":6,"sum_oaks_missing":0,"mean_height":1.000,"mean_height_weight":6,' +
      '"mean_height_missing":0,"max_height":1.0,"max_height_missing":0,"suppressed":[]}',
  ]
  t.equal(text.slice(0, text.indexOf(',"meta"')), `{"data":[${rows.join(',')}]`, 'the digits as published')
})

t.test('the versions that the groups are computed from', async (t) => {
  const {
    meta: { withheld, ...meta },
    links,
  } = await group('group_by=area&measures=count,mean:height')
  t.match(withheld, { zh: /不公布/, en: /is withheld/ }, 'why 310104 has no mean, in words')
  t.equal((await group('group_by=area&measures=count')).meta['withheld'], null)
  t.strictSame(meta, {
    dataset: trees,
    edition: '2025',
    version: 1,
    contractVersion: 2,
    publishedAt: '2026-03-01T04:00:00.000Z',
    records: 7,
    synthetic: false,
    offeredBy: 2,
    groupBy: ['area'],
    measures: [
      { name: 'count', function: 'count', field: null, unit: null, weight: null, digits: 0 },
      { name: 'mean_height', function: 'mean', field: 'height', unit: 'm', weight: 'oaks', digits: 3 },
    ],
    pinned: [],
    groups: 4,
  })
  t.equal(links['self'], `${base}?group_by=area&measures=count,mean:height`)
  for (const href of Object.values(links)) t.equal((await get(href)).status, 200, href)
})

t.test('a mean is exact, and a tie is rounded away from zero', async (t) => {
  const { data } = await group('group_by=area&measures=mean:drift&area__in=310101,310104')
  t.match(data, [
    { mean_drift: 0.13, mean_drift_weight: 8 },
    { mean_drift: -0.13, mean_drift_weight: 8 },
  ])
  const none = { mean_drift: null, mean_drift_weight: 0, mean_drift_missing: 0, suppressed: [] }
  t.match((await group('measures=mean:drift&yard=g')).data, [none], 'weights of zero give no mean')
  t.match((await get(`${base}?measures=sum:drift`)).text, /"sum_drift":900719925474104,"sum_drift_missing":1/)
})

t.test('without group_by all records are one group; no records give no group', async (t) => {
  t.strictSame((await group('')).data, [{ count: 7, suppressed: [] }])
  const empty = { count: 0, sum_oaks: null, sum_oaks_missing: 0, suppressed: [] }
  t.strictSame((await group('yard=z&measures=count,sum:oaks')).data, [empty])
  t.match(await group('yard=z&group_by=area'), { data: [], meta: { groups: 0 } })
})

t.test('filters, order and limit', async (t) => {
  const areas = async (parameters: string) =>
    (await group(parameters)).data.map((row) => (row as { area: string | null }).area)
  const all = 'group_by=area&measures=count,sum:oaks'
  t.same(await areas(`${all}&sort=-sum_oaks`), ['310101', '310105', null, '310104'], 'null is last')
  t.same(await areas(`${all}&sort=sum_oaks`), [null, '310105', '310101', '310104'])
  t.same(await areas(`${all}&sort=-count,-area`), ['310105', '310104', '310101', null])
  t.same(await areas(`${all}&sort=-area&area__ne=310101`), ['310105', '310104', null])
  t.same(await areas(`${all}&area__label=${encodeURIComponent('黄浦区')}`), ['310101'])
  t.match(await group(`${all}&limit=1`), { data: { length: 1 }, meta: { groups: 4 } }, 'the total of groups')
  t.same(await areas('group_by=area,fenced&fenced=true&measures=count'), ['310101', '310104', '310105'])
})

t.test('editions side by side, under the newest contract', async (t) => {
  const { data, meta } = await group(
    'edition=all&group_by=edition,fenced&measures=count,mean:height,sum:drift&sort=edition',
  )
  t.match(data[0], {
    edition: '2024',
    fenced: null,
    count: 2,
    mean_height: 5.167,
    sum_drift: 3,
    suppressed: [],
  })
  t.match(data.slice(1), [{ fenced: false }, { fenced: true, suppressed: ['mean_height'] }, { fenced: null }])
  t.match(meta, {
    records: 9,
    contractVersion: 2,
    editions: [{ edition: '2024', contractVersion: 1 }, { edition: '2025' }],
    groups: 4,
  })
  t.match((await group('edition=2024')).meta, { edition: '2024', contractVersion: 1, offeredBy: 2 })
  t.match((await group('edition=2024&measures=mean:height')).data, [{ mean_height: 5.167 }])
  t.match((await group('edition=2024,2025&group_by=edition')).data, [{ count: 2 }, { count: 7 }])
  const v = `/v1/datasets/${trees}/editions/2024/versions/1/aggregate`
  t.match((await get(`${v}?measures=count,sum:drift&fenced__isnull=true`)).json(), { data: [{ count: 2 }] })
  t.equal(await refused(`${base}?edition=all`), '400 parameter-invalid group_by')
  t.equal(await refused(`${base}?edition=2023`), '404 edition-not-found edition')
  t.equal(await refused(`${v}?edition=2024`), '400 parameter-invalid edition')
  t.equal(await refused(v.replace('versions/1', 'versions/2')), '404 version-not-found version')
})

t.test('as CSV, by extension and by Accept', async (t) => {
  const question = 'group_by=area&measures=count,mean:height'
  const expected =
    'area,count,mean_height,mean_height_weight,mean_height_missing,suppressed\n310101,2,5.167,15,0,\n' +
    '310104,2,,,0,mean_height\n310105,2,3.300,4,1,\n,1,1.000,6,0,\n'
  const csv = await get(`${base}.csv?${question}`)
  t.equal(csv.text, expected)
  t.equal(csv.headers['content-type'], 'text/csv; charset=utf-8')
  t.equal((await get(`${base}?${question}`, { accept: 'text/csv' })).text, expected)
  const version = `/v1/datasets/${trees}/editions/2025/versions/1/aggregate`
  t.equal((await get(`${version}.csv?${question}`)).text, expected)
  for (const url of [`${base}.json`, `${version}.json`, version])
    t.match((await get(url, { accept: '*/*' })).headers, {
      'content-type': 'application/json; charset=utf-8',
    })
  t.match((await get(`${base}.json`, { accept: 'text/csv' })).json(), { data: [{ count: 7 }] })
  t.equal(await refused(base, { accept: 'image/png' }), '406 not-acceptable Accept')
})

t.test('a current copy is not sent again', async (t) => {
  const url = `${base}?group_by=area`
  const { etag } = (await get(url)).headers
  t.equal((await get(url, { 'if-none-match': String(etag) })).status, 304)
  t.equal((await get(`${base}?measures=count&group_by=area`)).headers['etag'], etag, 'an equivalent query')
  t.not((await get(`${url}&limit=1`)).headers['etag'], etag)
  t.not((await get(url, { accept: 'text/csv' })).headers['etag'], etag)
})

t.test('the OpenAPI has the addresses of each dataset that offers them', async (t) => {
  // Each response in this file is checked against it by the context.
  const pathsOf = async (url: string) => (await get(url)).json<{ paths: Record<string, object> }>().paths
  const paths = {
    ...(await pathsOf('/openapi.json')),
    ...(await pathsOf(`/v1/datasets/${trees}/openapi.json`)),
  }
  const version = 'editions/{edition}/versions/{version}/'
  for (const slug of ['{slug}', trees]) {
    for (const below of ['', version]) {
      for (const extension of ['', '.json', '.csv']) {
        const path = `/v1/datasets/${slug}/${below}aggregate${extension}`
        t.ok(paths[path], path)
      }
    }
  }
  const url = '?group_by=edition,area,fenced&measures=count,mean:height,sum:drift&sort=-count'
  t.equal((await get(`${base}${url}`)).status, 200)
})

t.test('more groups than the limit are refused, never cut', async (t) => {
  const yards = Array.from({ length: groupsMax + 1 }, (_, index) => `y${String(index).padStart(5, '0')}`)
  const rows = `yard,area,oaks,height,drift,fenced,visits\n${yards.map((yard) => `${yard},,,,,,\n`).join('')}`
  await take({
    dataset: trees,
    edition: '2026',
    contractVersion: 2,
    rows: rows.replaceAll(',,,,,,', ',,3,,,,'),
  })
  await publish(trees, '2026')
  t.equal(await refused(`${base}?group_by=yard`), '422 groups-too-many group_by')
  t.equal(await refused(`${base}.csv?group_by=yard`), '422 groups-too-many group_by')
  t.match(await group('group_by=yard&yard__ne=y00000'), {
    data: { length: groupsMax },
    meta: { groups: groupsMax },
  })
  t.match(await group('group_by=yard&limit=2'), { data: { length: 2 }, meta: { groups: groupsMax + 1 } })
})

t.test('a withdrawn version is reported and not counted', async (t) => {
  await withdraw(testContext.context, {
    dataset: trees,
    edition: '2026',
    version: 1,
    reason: '演示',
    actor: 'cli:test',
  })
  t.equal(await refused(base), '410 version-withdrawn')
  t.match((await group('edition=all&group_by=edition')).data, [{ edition: '2024' }, { edition: '2025' }])
})

t.test('datasets without aggregates, breaking contracts and restricted datasets', async (t) => {
  await take({ dataset: 'hedge-register', edition: '2025', rows: 'hedge\na\n' })
  await publish('hedge-register', '2025')
  t.equal(await refused('/v1/datasets/hedge-register/aggregate'), '404 aggregate-not-offered slug')
  await take({ dataset: 'pond-register', edition: '2024', contractVersion: 1, rows: 'pond\na\nb\n' })
  await publish('pond-register', '2024')
  await take({ dataset: 'pond-register', edition: '2025', contractVersion: 2, rows: 'pond,depth\na,deep\n' })
  await publish('pond-register', '2025')
  const pond = '/v1/datasets/pond-register/aggregate'
  t.match((await get(`${pond}?group_by=depth`)).json(), { data: [{ depth: 'deep', count: 1 }] })
  t.match(
    (await get(`${pond}?edition=2024&group_by=pond`)).json(),
    { data: { length: 2 } },
    'its own contract',
  )
  t.equal(await refused(`${pond}?edition=2024&group_by=depth`), '400 parameter-invalid group_by')
  t.equal(await refused(`${pond}?edition=all&group_by=edition`), '409 contract-breaking edition')
  await take({ dataset: 'shelter-register', edition: '2025', rows: 'pond\na\n' })
  await publish('shelter-register', '2025')
  const shelter = '/v1/datasets/shelter-register/aggregate'
  t.equal(await refused(shelter), '404 dataset-not-found slug')
  const { authorization } = await testContext.key({
    scopes: ['read-restricted'],
    datasets: ['shelter-register'],
  })
  const answer = await get(shelter, { authorization })
  t.match(answer.json(), { data: [{ count: 1 }] })
  t.match(answer.headers, { 'cache-control': /private/ })
})
