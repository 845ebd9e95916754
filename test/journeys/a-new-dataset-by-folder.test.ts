/**
 * A folder with new fields becomes a dataset: API, CSV, OpenAPI, Table Schema and the state in the annual
 * list follow from its contract alone, with every field type and a code list of its own.
 */
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, sampleRows } from '../support/open-test-context.ts'

const dataset = 'school-bell-register'
const required = { constraints: { required: true } }

const contract = contractOf(
  [
    field('bell', 'string', { role: 'key', constraints: { required: true, pattern: '^B-\\d{3}$' } }),
    field('tone', 'string', { role: 'dimension', codes: 'bell-tones', ...required }),
    field('strokes', 'integer', {
      role: 'measure',
      constraints: { minimum: 1, maximum: 999_999_999_999_999 },
    }),
    field('weight', 'number', { role: 'measure', scale: 2, unit: 'kg', aliases: ['重量(公斤)'] }),
    field('in_use', 'boolean'),
    field('cast_on', 'date', { constraints: { minimum: '1900-01-01' } }),
    field('rings_at', 'time'),
    field('heard_at', 'datetime'),
    field('rings_for', 'list', { separators: ['、'] }),
  ],
  ['bell'],
  {
    dataset,
    themes: ['education'],
    missingValues: ['', '无'],
    indexes: [['tone'], ['rings_for']],
    formats: ['csv', 'csv.gz', 'ndjson'],
  },
)

const rows = `bell,tone,strokes,重量(公斤),in_use,cast_on,rings_at,heard_at,rings_for
B-002,低音,3,"1,120.5",否,1931/5/4,24:00,2026-01-02T08:00:00+08:00,上课、下课
B-001,high,900719925474099,85.40,是,2000-02-29,08:05,2026-01-01T00:00:00Z,上课
B-003,high,无,,,,,,
`

const csv = `bell,tone,strokes,weight,in_use,cast_on,rings_at,heard_at,rings_for
B-001,high,900719925474099,85.40,true,2000-02-29,08:05,2026-01-01T00:00:00Z,上课
B-002,low,3,1120.50,false,1931-05-04,24:00,2026-01-02T00:00:00Z,上课;下课
B-003,high,,,,,,,
`

const testContext = await openTestContext(t, {
  contracts: [contract],
  shipped: ['annual-open-data-list'],
  files: { [`${dataset}/codes/bell-tones.csv`]: 'code,zh,en\nhigh,高音,High\nlow,低音,Low\n' },
  at: '2026-02-01T04:00:00Z',
})
const { get, moveTo } = testContext
const base = `/v1/datasets/${dataset}`

t.test('the dataset exists before any bundle arrives', async (t) => {
  const found = (await get('/v1/datasets')).json<{ data: readonly { slug: string; latest: unknown }[] }>()
  t.same(
    found.data.map(({ slug, latest }) => [slug, latest]),
    [
      ['annual-open-data-list', null],
      [dataset, null],
    ],
  )
  t.equal((await get(`${base}/records`)).status, 404)
})

t.test('the annual list names it, and its state follows what is published', async (t) => {
  const [sample] = await sampleRows('annual-open-data-list', '2026', 0)
  const promise =
    '1,市教育委员会,校铃登记,每只校铃,编号、音高,教育科技,2026-03-01,yearly,general,unconditional,file,' +
    `${dataset},2026\n`
  const list = { dataset: 'annual-open-data-list', edition: '2026', rows: `${sample?.rows}${promise}` }
  await testContext.take(list)
  t.equal((await testContext.publish(list.dataset, '2026')).state, 'done')
  const state = async () => (await get('/v1/lists/2026')).json<{ items: readonly object[] }>().items[0]
  // The edition has no address before it is published.
  t.match(await state(), { state: 'planned', dataset: base, firstPublished: null })
  moveTo('2026-03-01T16:00:00Z')
  t.match(await state(), { state: 'overdue' })
  moveTo('2026-03-01T15:59:59Z')
  await testContext.take({ dataset, edition: '2026', rows })
  t.equal((await testContext.publish(dataset, '2026')).state, 'done')
  moveTo('2026-06-01T00:00:00Z')
  t.match(await state(), {
    ...{ state: 'published', firstPublished: '2026-03-01' },
    dataset: `${base}/editions/2026`,
  })
})

t.test('its records and files have the canonical form of each type', async (t) => {
  const file = await get(`${base}/editions/2026/versions/1/files/${dataset}-2026-v1.csv`)
  t.equal(file.text, csv)
  const records =
    '{"bell":"B-001","tone":"high","strokes":900719925474099,"weight":85.40,"in_use":true,' +
    '"cast_on":"2000-02-29","rings_at":"08:05","heard_at":"2026-01-01T00:00:00Z","rings_for":["上课"]}'
  const answer = await get(`${base}/records`)
  t.ok(
    answer.text.startsWith(`{"data":[${records},`),
    'numbers keep the digits with which they were published',
  )
  const ndjson = await get(`${base}/editions/2026/versions/1/files/${dataset}-2026-v1.ndjson`)
  t.equal(ndjson.text.split('\n')[0], records)
  t.same(JSON.parse(ndjson.text.split('\n')[2] ?? ''), {
    ...{ bell: 'B-003', tone: 'high', strokes: null, weight: null, in_use: null },
    ...{ cast_on: null, rings_at: null, heard_at: null, rings_for: null },
  })
})

t.test('each field filters by its type', async (t) => {
  const bells = async (query: string) =>
    (await get(`${base}/records?${query}`))
      .json<{ data: readonly { bell: string }[] }>()
      .data.map((r) => r.bell)
  const filters: readonly (readonly [query: string, bells: readonly string[]])[] = [
    ['bell=B-003', ['B-003']],
    ['tone=high', ['B-001', 'B-003']],
    ['strokes=900719925474099', ['B-001']],
    ['strokes=%2B3', ['B-002']],
    ['weight=1120.5', ['B-002']],
    ['weight=85.4', ['B-001']],
    ['in_use=false', ['B-002']],
    ['cast_on=2000-02-29', ['B-001']],
    ['rings_at=24:00', ['B-002']],
    ['heard_at=2026-01-02T01:00:00%2B01:00', ['B-002']],
    [`rings_for=${encodeURIComponent('上课')}`, ['B-001', 'B-002']],
    [`rings_for=${encodeURIComponent('上课')}&tone=low`, ['B-002']],
  ]
  for (const [query, expected] of filters) t.same(await bells(query), expected, query)
  for (const query of ['tone=medium', 'strokes=x', 'weight=1.234', 'in_use=maybe', 'cast_on=2001-02-29']) {
    const answer = await get(`${base}/records?${query}`)
    t.equal(answer.status, 400, query)
    t.match(answer.json(), { code: 'parameter-invalid', path: query.split('=')[0] })
  }
  t.match((await get(`${base}/records?strike=3`)).json(), { code: 'parameter-unknown', nearest: 'strokes' })
})

interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly schema: object
}

interface Openapi {
  readonly paths: Record<string, { get: { parameters: readonly Parameter[] } }>
  readonly components: {
    readonly schemas: Record<string, { properties: Record<string, object>; enum?: readonly string[] }>
    readonly parameters: Record<string, Parameter>
  }
}

t.test('the OpenAPI document has operations of its own, with its fields', async (t) => {
  const { paths, components } = (await get(`${base}/openapi.json`)).json<Openapi>()
  const operation = paths[`${base}/records`]?.get
  const parameters = (operation?.parameters ?? []).map((one) =>
    one.$ref === undefined ? one : components.parameters[one.$ref.split('/').at(-1) ?? ''],
  )
  const fields = contract.fields.map(({ name }) => name)
  t.same(
    parameters.map((one) => one?.name).filter((name) => fields.includes(name ?? '')),
    fields,
  )
  t.match(
    parameters.find((one) => one?.name === 'tone'),
    { schema: { $ref: '#/components/schemas/codes.bell-tones' } },
  )
  t.same(components.schemas['codes.bell-tones']?.enum, ['high', 'low'])
  const record = components.schemas[`${dataset}.record`]
  t.same(Object.keys(record?.properties ?? {}), ['edition', ...fields])
  t.ok(paths[`${base}/editions/{edition}/versions/{version}/records`])
})

t.test('its contract is served as it is, and as Table Schema', async (t) => {
  t.same((await get(`${base}/contracts/1`)).json(), contract)
  const schema = (await get(`${base}/contracts/1/table-schema`)).json<{
    fields: readonly { name: string; type: string }[]
    primaryKey: readonly string[]
  }>()
  t.same(
    schema.fields.map(({ name, type }) => `${name} ${type}`),
    [
      ...['bell string', 'tone string', 'strokes integer', 'weight number', 'in_use boolean', 'cast_on date'],
      ...['rings_at string', 'heard_at datetime', 'rings_for list'],
    ],
  )
  t.same(schema.primaryKey, ['bell'])
  t.match(schema.fields[1], { constraints: { required: true, enum: ['high', 'low'] } })
})

t.test('the first page names it', async (t) => {
  const page = await get('/?lang=en')
  t.match(page.text, new RegExp(`/v1/datasets/${dataset}`))
})
