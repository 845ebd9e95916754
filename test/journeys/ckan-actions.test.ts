/**
 * Every supported action of CKAN, by GET and POST, under both addresses; unsupported actions and invalid
 * requests are refused in CKAN's shape, naming the fault.
 */
import t from 'tap'
import { nestingMax, queryLengthMax } from '../../src/protocols/ckan/solr.ts'
import { contractOf, field } from '../support/fields.ts'
import { type Answer, openTestContext } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const fields = [
  field('well', 'string', { role: 'key', ...required }),
  field('depth', 'integer', { role: 'measure' }),
  field('flow', 'number', { role: 'measure', scale: 2 }),
  field('clean', 'boolean'),
  field('uses', 'list', { separators: [';'] }),
  field('since', 'date'),
  field('tested', 'datetime'),
  field('opens', 'time'),
]
const wells = contractOf(fields, ['well'], {
  dataset: 'well-register',
  title: { zh: '水井名录', en: 'Wells' },
  themes: ['public-service'],
  keywords: [{ zh: '水井', en: 'well' }],
  indexes: [['depth']],
  formats: ['csv', 'csv.gz'],
})
const bridges = contractOf([field('bridge', 'string', { role: 'key', ...required })], ['bridge'], {
  dataset: 'bridge-register',
  title: { zh: '桥梁名录', en: 'Bridges' },
  themes: ['education', 'public-service'],
  providers: ['sports-bureau', 'edu-commission'],
  formats: ['csv'],
})
const testContext = await openTestContext(t, { contracts: [wells, bridges], at: '2026-02-01T04:00:00Z' })
const { app, moveTo } = testContext
const rows = [
  'a,5,1.50,true,water;fire,2020-01-02,2024-01-01T00:00:00Z,08:00',
  'B well,12,,false,,,,24:00',
  '"c, deep",12,0.10,,water,2021-05-06,,',
  'd,,3.00,true,,,,',
]
await testContext.take({
  dataset: 'well-register',
  edition: '2025',
  rows: `${fields.map(({ name }) => name).join()}\n${rows.join('\n')}\n`,
})
moveTo('2026-02-03T04:00:00.123Z')
await testContext.publish('well-register', '2025')

const get = (url: string) => testContext.get(url)
const getAction = (name: string, parameters: Readonly<Record<string, string>> = {}) =>
  get(`/api/3/action/${name}?${new URLSearchParams(parameters)}`)
const result = async (name: string, parameters: Readonly<Record<string, string>> = {}) => {
  const answer = await getAction(name, parameters)
  if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`)
  return answer.json<{ result: never }>().result
}
const post = async (url: string, payload: string, type = 'application/json') =>
  app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })

interface Shown {
  readonly id: string
  readonly resources: readonly { id: string; version_id: string; datastore_active: boolean }[]
}
const shown = (await result('package_show', { id: 'well-register' })) as Shown
const table = shown.resources.find((one) => one.datastore_active)?.id ?? ''
const file = shown.resources.find((one) => !one.datastore_active)?.id ?? ''

t.test('packages, resources, organizations, groups, tags and licences', async (t) => {
  t.same(await result('package_list'), ['bridge-register', 'well-register'])
  t.same(await result('package_list', { limit: '1', offset: '1' }), ['well-register'])
  t.match(shown, {
    name: 'well-register',
    title: '水井名录',
    private: false,
    license_id: 'CC-BY-4.0',
    metadata_created: '2026-02-01T04:00:00.000000',
    metadata_modified: '2026-02-03T04:00:00.123000',
    organization: { name: 'edu-commission', title: '市教育委员会' },
    groups: [{ name: 'public-service' }],
    tags: [{ name: 'well' }, { name: '水井' }],
    num_resources: 2,
  })
  t.match(await result('package_show', { id: 'bridge-register' }), { num_resources: 0, resources: [] })
  t.equal(
    (await testContext.get('/api/3/action/package_show?id=well-register', { 'accept-language': 'en' })).json<{
      result: { title: string }
    }>().result.title,
    'Wells',
  )
  t.match(await result('resource_show', { id: table }), { id: table, format: 'CSV', edition_version: 1 })
  const pinned = shown.resources[0]?.version_id ?? ''
  t.match(await result('resource_show', { id: pinned }), { id: pinned })
  const all = (await result('current_package_list_with_resources')) as { name: string }[]
  t.same(
    all.map(({ name }) => name),
    ['well-register', 'bridge-register'],
    'the latest changed first',
  )
  t.match(await result('current_package_list_with_resources', { limit: '1', page: '2' }), [
    { name: 'bridge-register' },
  ])
  t.same(await result('organization_list'), ['edu-commission', 'sports-bureau'])
  t.match(await result('organization_list', { all_fields: 'true', sort: 'name desc', limit: '1' }), [
    { name: 'sports-bureau', package_count: 1 },
  ])
  t.match(await result('organization_show', { id: 'sports-bureau', include_datasets: 'true' }), {
    package_count: 1,
    packages: [{ name: 'bridge-register' }],
  })
  t.same(await result('group_list', { sort: 'package_count desc' }), ['public-service', 'education'])
  t.match(await result('group_show', { id: 'education' }), { title: '教育科技', package_count: 1 })
  t.same(await result('tag_list', { query: 'WEL' }), ['well'])
  t.match(await result('license_list'), [{ id: 'CC-BY-4.0' }])
  t.match(await result('help_show', { name: 'package_search' }), /:param fq: /)
  t.match(await result('status_show'), { ckan_version: /^2\.\d+\.\d+$/, extensions: ['datastore'] })
  t.equal(await result('site_read'), true)
})

const found = async (parameters: Readonly<Record<string, string>>) =>
  ((await result('package_search', parameters)) as { results: { name: string }[] }).results.map(
    ({ name }) => name,
  )

t.test('package_search: words, filters, facets, order, pages', async (t) => {
  const both = ['well-register', 'bridge-register']
  for (const q of ['', '*:*', '*']) t.same(await found({ q }), both)
  const cases: readonly (readonly [fq: string, found: readonly string[]])[] = [
    ['metadata_modified:[2026-02-01T04:00:00Z TO 2026-02-03T04:00:00Z]', ['bridge-register']],
    ['metadata_modified:[2026-02-03T04:00:00.123Z TO *]', ['well-register']],
    ['metadata_modified:{2026-02-03T04:00:00.123Z TO *]', []],
    ['metadata_modified:[* TO 2026-02-03T04:00:00.123000Z}', ['bridge-register']],
    ['metadata_modified:[2026-02-03 TO 2026-02-03]', ['well-register']],
    ['metadata_modified:"2026-02-03T04:00:00.123Z"', ['well-register']],
    [
      'organization:sports-bureau OR organization:edu-commission metadata_modified:[2026-02-02T00:00:00Z TO *]',
      ['well-register'],
    ],
    ['-organization:sports-bureau', ['well-register']],
    ['NOT organization:sports-bureau AND groups:public-service', ['well-register']],
    ['organization:(sports-bureau OR edu-commission) +dataset_type:dataset', both],
    ['groups:(education public-service)', ['bridge-register']],
    ['(name:well-register || name:bridge-register) && !res_format:CSV', ['bridge-register']],
    ['res_format:*', ['well-register']],
    ['tags:"水井"', ['well-register']],
    ['state:active private:false license_id:CC-BY-4.0', both],
    [`id:${shown.id}`, ['well-register']],
    ['title:bridge', ['bridge-register']],
  ]
  for (const [fq, names] of cases) t.same(await found({ fq }), names, fq)
  t.same(await found({ q: '水井' }), ['well-register'])
  t.same(await found({ q: 'bridge-register organization:sports-bureau' }), ['bridge-register'])
  t.same(await found({ fq_list: '["groups:public-service","-name:well-register"]' }), ['bridge-register'])
  const combined = await get('/api/3/action/package_search?fq=groups:public-service&fq=name:well-register')
  t.match(combined.json(), { result: { count: 1, results: [{ name: 'well-register' }] } })
  t.same(await found({ sort: 'name asc' }), ['bridge-register', 'well-register'])
  t.same(await found({ sort: 'title_string desc, name asc', rows: '1', start: '1' }), ['bridge-register'])
  t.match(
    await result('package_search', {
      rows: '0',
      'facet.field': '["organization","groups","res_format"]',
      'facet.limit': '1',
    }),
    {
      count: 2,
      results: [],
      facets: {
        organization: { 'edu-commission': 1 },
        groups: { 'public-service': 2 },
        res_format: { CSV: 1 },
      },
      search_facets: { groups: { items: [{ name: 'public-service', display_name: '公共服务', count: 2 }] } },
    },
  )
  const deep = (depth: number) => `${'('.repeat(depth)}name:well-register${')'.repeat(depth)}`
  t.same(await found({ fq: deep(nestingMax) }), ['well-register'])
  t.equal((await getAction('package_search', { fq: deep(nestingMax + 1) })).status, 400)
  const long = (length: number) => 'name:well-register'.padEnd(length)
  const searchBy = (fq: string) => post('/api/3/action/package_search', JSON.stringify({ fq }))
  t.equal((await searchBy(long(queryLengthMax))).statusCode, 200)
  t.equal((await searchBy(long(queryLengthMax + 1))).statusCode, 409)
})

t.test('unsupported Solr syntax is refused with its name', async (t) => {
  const cases: readonly (readonly [fq: string, detail: RegExp])[] = [
    ['organisation:x', /Unknown field `organisation`\. The nearest is `organization`/],
    ['metadata_modified:2026*', /Wildcards in an instant/],
    ['name:well~1', /Fuzzy/],
    ['name:"a b"~2', /Fuzzy/],
    ['name:well^2', /Boosts/],
    ['(name:well)^2', /Boosts/],
    ['{!join from=a to=b}name:x', /Local parameters/],
    ['/wel+/', /Regular expressions|Words/],
    ['metadata_modified:[NOW-1DAY TO NOW]', /Date math/],
    ['metadata_modified:[2026-01-01T00:00:00Z TO', /A range/],
    ['metadata_modified:[yesterday TO *]', /Expected an instant/],
    ['metadata_modified:[2026-02-31 TO *]', /Expected an instant/],
    ['well', /Words without a field/],
    ['(name:x', /no closing/],
    ['name:x)', /no opening/],
    ['name:"x', /double quote/],
    ['name:', /cannot be parsed/],
  ]
  for (const [fq, detail] of cases) {
    const answer = await getAction('package_search', { fq })
    t.equal(answer.status, 400, fq)
    t.match(answer.json(), { success: false, error: { __type: 'Search Query Error', message: detail } }, fq)
  }
  t.match((await getAction('package_search', { q: 'well OR bridge' })).json(), {
    error: { message: /`OR` between words/ },
  })
  t.match((await getAction('package_search', { q: '-well' })).json(), {
    error: { message: /`NOT` between words/ },
  })
  for (const sort of ['__proto__', 'constructor desc', 'toString', 'hasOwnProperty asc']) {
    const answer = await getAction('package_search', { sort })
    t.match(answer.json(), { error: { message: `Cannot sort by \`${sort}\`; ` } }, sort)
    t.equal(answer.status, 400)
  }
  t.match((await getAction('package_search', { sort: 'views_recent desc' })).json(), {
    error: { message: /Cannot sort by `views_recent desc`/ },
  })
})

const search = async (parameters: Readonly<Record<string, string>>) =>
  (await result('datastore_search', { resource_id: table, ...parameters })) as {
    records: readonly Readonly<Record<string, unknown>>[]
    total?: number
    limit: number
    fields: unknown
  }
const ids = async (parameters: Readonly<Record<string, string>>) =>
  (await search(parameters)).records.map(({ _id }) => _id)

t.test('datastore_search and datastore_info', async (t) => {
  const { records, total, fields: columns } = await search({})
  t.equal(total, 4)
  t.same(records[1], {
    _id: 2,
    well: 'a',
    depth: 5,
    flow: 1.5,
    clean: true,
    uses: ['water', 'fire'],
    since: '2020-01-02',
    tested: '2024-01-01T00:00:00Z',
    opens: '08:00',
  })
  t.match(columns, [
    { id: '_id', type: 'int' },
    { id: 'well', type: 'text' },
    { id: 'depth', type: 'int8' },
    { id: 'flow', type: 'numeric' },
  ])
  t.same(await ids({ filters: '{"depth":12}' }), [1, 3])
  t.same(await ids({ filters: '{"well":["a","c, deep"],"clean":"true"}' }), [2])
  t.same(await ids({ filters: '{"depth":null}' }), [4])
  t.same(await ids({ filters: '{"uses":"fire"}' }), [2])
  t.same(await ids({ q: 'WELL b' }), [1])
  t.same(await ids({ q: '{"well":"deep"}' }), [3])
  t.equal((await search({ q: 'deep', limit: '0' })).total, 1)
  t.same(await ids({ sort: 'depth desc, well asc' }), [1, 3, 2, 4])
  t.same(await ids({ sort: '_id desc', offset: '1', limit: '2' }), [3, 2])
  t.same(await ids({ sort: '"depth"', offset: '1', limit: '2' }), [1, 3])
  t.same(await ids({ offset: '4' }), [])
  t.same(await ids({ filters: '{"depth":12}', offset: '1' }), [3])
  t.same((await search({ fields: 'well,_id', limit: '1' })).records, [{ well: 'B well', _id: 1 }])
  t.same((await search({ fields: '["_id"]', limit: '2' })).records, [{ _id: 1 }, { _id: 2 }])
  t.notOk('total' in (await search({ include_total: 'false' })))
  const forms = { fields: 'flow,well,_id', sort: '_id desc' }
  t.same(
    (await search({ ...forms, records_format: 'csv' })).records,
    '3.00,d,4\n0.10,"c, deep",3\n1.50,a,2\n,B well,1\n',
  )
  t.same(
    (await search({ ...forms, records_format: 'tsv' })).records,
    '3.00\td\t4\n0.10\tc, deep\t3\n1.50\ta\t2\n\tB well\t1\n',
  )
  const lists = await getAction('datastore_search', { resource_id: table, ...forms, records_format: 'lists' })
  t.ok(
    lists.text.includes('"records":[[3.00,"d",4],[0.10,"c, deep",3],[1.50,"a",2],[null,"B well",1]]'),
    'digits as published',
  )
  t.equal(
    (await search({ limit: '32000' })).limit,
    10_000,
    'more rows than the limit are cut, and the total says so',
  )
  t.match(await result('datastore_info', { id: table }), {
    meta: { count: 4 },
    fields: [{ id: 'well', type: 'text' }],
  })
})

t.test('the dump, with and without a byte order mark', async (t) => {
  const plain = await get(`/datastore/dump/${table}`)
  t.match(plain.headers['content-disposition'], /well-register-2025-v1-dump\.csv/)
  t.ok(
    plain.text.startsWith('_id,well,depth,flow,clean,uses,since,tested,opens\n1,B well,12,,false,,,,24:00\n'),
  )
  const marked = await get(`/datastore/dump/${table}?bom=true`)
  t.same(marked.bytes, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain.bytes]))
  const some = await get(
    `/datastore/dump/${table}?fields=well,_id&filters=%7B%22depth%22%3A12%7D&sort=_id%20desc`,
  )
  t.equal(some.text, 'well,_id\n"c, deep",3\nB well,1\n')
  t.equal(
    (await get(`/datastore/dump/${table}?q=nothing`)).text,
    '_id,well,depth,flow,clean,uses,since,tested,opens\n',
  )
  t.match((await get(`/datastore/dump/${table}?format=xml`)).json(), { error: { format: [/csv/] } })
  t.match((await get(`/datastore/dump/${table}?limit=1`)).json(), { error: { limit: [/datastore_search/] } })
  t.equal((await get('/datastore/dump/nothing')).status, 404)
  t.equal((await app.inject({ method: 'HEAD', url: `/datastore/dump/${table}` })).statusCode, 200)
})

t.test('by POST: JSON under any media type, and forms', async (t) => {
  const searchBy = {
    resource_id: table,
    filters: { depth: 12 },
    fields: ['_id'],
    limit: 1,
    include_total: true,
  }
  const expected = { success: true, result: { records: [{ _id: 1 }], total: 2 } }
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    for (const base of ['/api/3/action', '/api/action']) {
      const answer = await post(`${base}/datastore_search`, JSON.stringify(searchBy), type)
      t.match(answer.json(), expected, `${base} as ${type}`)
    }
  }
  const form = `resource_id=${table}&fields=_id&limit=1`
  const answer = await post('/api/3/action/datastore_search', form, 'application/x-www-form-urlencoded')
  t.match(answer.json(), { result: { records: [{ _id: 1 }], total: 4 } })
  t.match((await get('/api/action/site_read')).json(), { success: true, result: true })
})

t.test("unknown parameters are ignored, as CKAN's clients of any version expect", async (t) => {
  const all = { _: '1700000000', include_extras: 'maybe', row: '1', __proto__: 'x', constructor: '{}' }
  t.match(await result('package_search', { ...all, include_private: 'false' }), { count: 2 })
  t.same(
    await result('organization_list', { ...all, include_users: 'true' }),
    await result('organization_list'),
  )
  t.match((await post('/api/3/action/package_show', '{"id":"well-register","x":[{}]}')).json(), {
    success: true,
  })
})

t.test('wildcards, fields, suggestions and files by their fields', async (t) => {
  const count = async (q: string) => ((await result('package_search', { q })) as { count: number }).count
  for (const [q, expected] of [
    ['name:well*', 1],
    ['name:*-register', 2],
    ['name:wel?-register', 1],
    ['name:we?-register', 0],
    ['title:水*', 1],
    ['title:*井名', 1],
    ['well*', 1],
    ['*井*', 1],
    ['w*er*', 1],
    ['-name:well*', 1],
    ['name:(well* OR bridge*)', 2],
    ['name:well\\*', 0],
    ['tags:*', 1],
    [`name:${'*a'.repeat(1_000)}b`, 0],
  ] as const)
    t.equal(await count(q), expected, q.slice(0, 40))
  const some = (parameters: Readonly<Record<string, string>>) =>
    result('package_search', { fq: 'name:well-register', ...parameters })
  t.same(((await some({ fl: 'name,title,organization,res_format,nothing,__proto__' })) as Found).results, [
    {
      name: 'well-register',
      title: '水井名录',
      organization: 'edu-commission',
      res_format: ['CSV', 'CSV.GZ'],
    },
  ])
  t.same(((await some({ fl: '*' })) as Found).results, ((await some({})) as Found).results)
  const suggested = {
    name: 'well-register',
    title: '水井名录',
    match_field: 'title',
    match_displayed: '水井名录 (well-register)',
  }
  t.same(await result('package_autocomplete', { q: '水井' }), [suggested])
  t.match(await result('package_autocomplete', { q: 'REGISTER', limit: '1' }), [{ name: 'bridge-register' }])
  t.match(await result('resource_search', { query: 'format:csv', order_by: 'name' }), {
    count: 2,
    results: [{ format: 'CSV' }, { format: 'CSV.GZ' }],
  })
  t.match(
    (await get('/api/3/action/resource_search?query=format:csv&query=name:gz&limit=1')).json<object>(),
    { result: { count: 1, results: [{ format: 'CSV.GZ' }] } },
  )
  t.match((await getAction('resource_search', { query: 'size:1' })).json(), {
    error: { query: [/field:text/] },
  })
  t.match((await getAction('resource_search', { query: 'name' })).json(), {
    error: { query: [/field:text/] },
  })
  t.same(await result('resource_view_list', { id: table }), [])
  t.equal((await getAction('resource_view_list', { id: 'nothing' })).status, 404)
  t.match(await result('tag_show', { id: '水井', include_datasets: 'true' }), {
    name: '水井',
    packages: [{ name: 'well-register' }],
  })
  t.equal((await getAction('tag_show', { id: 'nothing' })).status, 404)
  t.match(await result('organization_list', { order_by: 'packages', all_fields: 'true' }), [
    { package_count: 1 },
    {},
  ])
})

interface Found {
  readonly results: readonly object[]
}

t.test('a callback for pages of other sites', async (t) => {
  const called = await get('/api/3/action/site_read?callback=jQuery1.read&_=1')
  t.match(called.text, /^\/\*\*\/jQuery1\.read\(\{.*"result":true\}\);$/)
  t.match(called.headers['content-type'], /^application\/javascript/)
  for (const name of ['alert(1)//', '', '<script>', 'a'.repeat(101), 'a&callback=b'])
    t.match((await get(`/api/3/action/site_read?callback=${name}`)).headers['content-type'], /json/, name)
})

t.test("invalid requests are refused in CKAN's shape", async (t) => {
  const refused = async (answer: Promise<Answer>, status: number, error: object) => {
    const { status: actual, json, headers } = await answer
    t.equal(actual, status)
    t.match(json(), { success: false, help: String, error })
    t.match(headers['content-type'], /^application\/json/)
    t.equal(headers['cache-control'], 'no-store')
  }
  const wrong = (parameter: string, message: RegExp) => ({
    __type: 'Validation Error',
    [parameter]: [message],
  })
  await refused(getAction('package_search', { rows: '-1' }), 409, wrong('rows', /natural number/))
  await refused(getAction('package_search', { start: '1.5' }), 409, wrong('start', /natural number/))
  await refused(getAction('package_search', { facet: 'maybe' }), 409, wrong('facet', /true or false/))
  await refused(
    getAction('package_search', { 'facet.field': '["views"]' }),
    409,
    wrong('facet.field', /known fields/),
  )
  await refused(getAction('package_search', { fq_list: '{}' }), 409, wrong('fq_list', /list of strings/))
  await refused(getAction('package_show'), 409, wrong('id', /Missing value/))
  await refused(getAction('package_show', { id: 'nothing' }), 404, {
    __type: 'Not Found Error',
    message: /nothing/,
  })
  await refused(getAction('resource_show', { id: shown.id }), 404, { __type: 'Not Found Error' })
  await refused(getAction('organization_show', { id: 'nobody' }), 404, { __type: 'Not Found Error' })
  await refused(getAction('datastore_search', { resource_id: file }), 404, {
    message: /without queryable records/,
  })
  const rows = (parameters: Readonly<Record<string, string>>) =>
    getAction('datastore_search', { resource_id: table, ...parameters })
  await refused(rows({ filters: '{"dept":1}' }), 409, wrong('filters', /nearest is `depth`/))
  await refused(rows({ filters: '{"depth":"deep"}' }), 409, wrong('filters', /whole number/))
  await refused(rows({ filters: '[1]' }), 409, wrong('filters', /dictionary/))
  await refused(rows({ filters: '{' }), 409, wrong('filters', /Cannot parse JSON/))
  await refused(rows({ filters: '{"depth":[]}' }), 409, wrong('filters', /empty/))
  await refused(rows({ filters: '{"depth":{"gte":1}}' }), 409, wrong('filters', /A value must be/))
  await refused(rows({ fields: 'well,dept' }), 409, wrong('fields', /nearest is `depth`/))
  await refused(rows({ fields: 'well,well' }), 409, wrong('fields', /Duplicate field/))
  await refused(rows({ sort: 'flow asc' }), 409, wrong('sort', /indexes/))
  await refused(rows({ sort: '_id asc, depth asc' }), 409, wrong('sort', /_id/))
  await refused(rows({ limit: '-1' }), 409, wrong('limit', /natural number/))
  await refused(rows({ offset: '-1' }), 409, wrong('offset', /natural number/))
  await refused(rows({ q: '{"dept":"a"}' }), 409, wrong('q', /dept/))
  await refused(rows({ q: 'a b c d e f g h i j k' }), 409, wrong('q', /At most 10 words/))
  await refused(rows({ distinct: 'true' }), 409, wrong('distinct', /Only false/))
  await refused(rows({ plain: 'false' }), 409, wrong('plain', /Only true/))
  await refused(rows({ records_format: 'xml' }), 409, wrong('records_format', /objects/))

  const bad = async (answer: Promise<{ statusCode: number; json: () => unknown }>, detail: RegExp) => {
    const { statusCode, json } = await answer
    t.equal(statusCode, 400)
    t.match(json(), detail)
  }
  const action = '/api/3/action/package_search'
  await bad(
    app.inject('/api/3/action/package_lst'),
    /^Bad request - Action name not known: package_lst\. .*nearest is `package_list`/,
  )
  await bad(post('/api/action/package_create', '{}'), /^Bad request - Action name not known: package_create/)
  await bad(
    app.inject('/api/3/action/datastore_search_sql?sql=select'),
    /Action name not known: datastore_search_sql/,
  )
  await bad(post(action, '{"rows":'), /^Bad request - JSON Error/)
  await bad(post(action, '[1]'), /needs to be a dictionary/)
  await bad(post(action, '"text"'), /needs to be a dictionary/)
  for (const rows of [-1, 'many', [], {}, true, 1.5]) {
    const answer = await post(action, JSON.stringify({ rows }))
    t.match(answer.json(), { success: false, error: wrong('rows', /natural number/) }, JSON.stringify(rows))
  }
  t.match((await post(action, JSON.stringify({ q: 7 }))).json(), { error: wrong('q', /Must be a string/) })
  t.match((await post('/api/3/action/datastore_search', JSON.stringify({ resource_id: [table] }))).json(), {
    error: wrong('resource_id', /string/),
  })
  t.equal((await post(action, `{"q":"${'x'.repeat(70_000)}"}`)).statusCode, 413)
  t.equal((await app.inject({ method: 'DELETE', url: action })).statusCode, 405)
})
