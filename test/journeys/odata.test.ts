/**
 * OData 4.0 as a generic client reads it: service document, metadata, pages by nextLink that equal the CSV, filters that
 * equal those of the records API, and refusals: 400 for what is wrong, 501 for what is not supported.
 */
import { SaxesParser } from 'saxes'
import t, { type Test } from 'tap'
import { conditionsMax } from '../../src/protocols/odata/filter.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { rowsOfCsv, rowsOfJson } from '../support/read-back.ts'

const fields = [
  field('tree', 'string', { role: 'key', constraints: { required: true } }),
  field('district', 'string', { role: 'dimension', codes: 'districts' }),
  field('height', 'number', { scale: 2 }),
  field('rings', 'integer'),
  field('planted', 'date'),
  field('seen', 'datetime'),
  field('from', 'time'),
  field('native', 'boolean'),
  field('uses', 'list'),
]
const contract = contractOf(fields, ['tree'], {
  ...{ dataset: 'tree-register', themes: ['education'], indexes: [['height']] },
})
const secret = contractOf(
  [fields[0] ?? fields[1]].flatMap((one) => one ?? []),
  ['tree'],
  {
    ...{ dataset: 'secret-trees', themes: ['education'], openClass: 'not-open' },
  },
)
const testContext = await openTestContext(t, {
  contracts: [contract, secret],
  settings: { QINGDAN_PUBLIC_URL: 'https://data.example' },
})
const { get, take, publish } = testContext
const count = 57
const rowOf = (n: number) =>
  [
    ...[`树'${String(n).padStart(3, '0')}`, n % 2 === 0 ? '310115' : '310101', n % 5 === 0 ? '' : `${n}.50`],
    ...[String(9_007_199_254_740_001 + 10 * n), `19${String(10 + (n % 80)).padStart(2, '0')}-03-01`],
    ...[
      `2025-01-01T00:00:${String(n % 60).padStart(2, '0')}Z`,
      '24:00',
      n % 3 === 0 ? 'true' : 'false',
      'a;b',
    ],
  ].join(',')
const rows = Array.from({ length: count }, (_, n) => rowOf(n))
const header = fields.map(({ name }) => name).join(',')
await take({ dataset: 'tree-register', edition: '2025', rows: `${header}\n${rows.join('\n')}\n` })
await publish('tree-register', '2025')
await take({ dataset: 'secret-trees', edition: '2025', rows: 'tree\nhidden\n' })
await publish('secret-trees', '2025')

interface Page {
  readonly value: readonly Record<string, unknown>[]
  readonly '@odata.count'?: number
  readonly '@odata.nextLink'?: string
  readonly '@odata.context'?: string
}

const urlOf = (options: Readonly<Record<string, string>>, set = 'tree_register') =>
  `/odata/${set}?${Object.entries(options)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`

async function pageOf(t: Test, options: Readonly<Record<string, string>>): Promise<Page> {
  const answer = await get(urlOf(options))
  t.equal(answer.status, 200, answer.text.slice(0, 300))
  return answer.json<Page>()
}

async function walk(t: Test, options: Readonly<Record<string, string>>, size: number) {
  const found: Record<string, unknown>[] = []
  let next: string | undefined = urlOf(options)
  for (let pages = 0; next !== undefined && pages < 100; pages += 1) {
    const answer = await get(next, { prefer: `odata.maxpagesize=${size}` })
    t.equal(answer.headers['preference-applied'], `odata.maxpagesize=${size}`)
    const page: Page = answer.json()
    t.ok(page.value.length <= size)
    found.push(...page.value)
    next = page['@odata.nextLink']?.replace('https://data.example', '')
  }
  return found
}

t.test('service document and metadata name what may be read', async (t) => {
  for (const path of ['/odata', '/odata/']) {
    const answer = await get(path)
    t.match(answer, { status: 200, headers: { 'odata-version': '4.0' } })
    t.match(answer.json(), {
      '@odata.context': 'https://data.example/odata/$metadata',
      value: [{ name: 'tree_register', kind: 'EntitySet', url: 'tree_register' }],
    })
    t.notMatch(answer.text, /secret/)
  }
  t.match(await get('/odata?$top=1'), { status: 400, text: /entity set/ }, 'an option of an entity set')
  t.match(await get('/odata?$format=json'), { status: 200 })
  const { text, headers } = await get('/odata/$metadata')
  t.match(String(headers['content-type']), /^application\/xml/)
  const parser = new SaxesParser({ xmlns: true })
  const types: string[] = []
  parser.on('opentag', ({ local, attributes }) => {
    const of = (name: string) => attributes[name]?.value
    if (local === 'Property') types.push(`${of('Name')} ${of('Type')} ${of('Scale') ?? ''}`.trim())
  })
  parser.write(text).close()
  t.same(types, [
    ...[
      'tree Edm.String',
      'district Edm.String',
      'height Edm.Decimal 2',
      'rings Edm.Int64',
      'planted Edm.Date',
    ],
    ...['seen Edm.DateTimeOffset', 'from Edm.String', 'native Edm.Boolean', 'uses Collection(Edm.String)'],
  ])
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  t.match((await get('/odata/', { authorization })).text, /secret_trees/)
  t.match(await get('/odata/secret_trees', { authorization }), {
    status: 200,
    headers: { 'cache-control': 'private, no-cache' },
  })
  t.match(await get('/odata/secret_trees'), { status: 404 })
})

t.test('a walk along nextLink equals the CSV, in key order and sorted', async (t) => {
  const csv = await get('/v1/datasets/tree-register/records.csv')
  const all = await walk(t, {}, 10)
  t.same(rowsOfJson(all, fields), rowsOfCsv(csv.bytes, fields))
  const sorted = await get('/v1/datasets/tree-register/records.csv?sort=-height&select=tree,height')
  const chosen = fields.filter(({ name }) => ['tree', 'height'].includes(name))
  const bySize = await walk(t, { $orderby: 'height desc', $select: 'height,tree' }, 7)
  t.same(rowsOfJson(bySize, chosen), rowsOfCsv(sorted.bytes, chosen))
  t.equal((await walk(t, { $top: '23' }, 10)).length, 23, '$top counts over pages')
  const page = await pageOf(t, { $top: '0', $count: 'true' })
  t.same([page.value, page['@odata.count'], page['@odata.nextLink']], [[], count, undefined])
  t.equal((await get('/odata/tree_register/$count')).text, String(count))
  const none = await get(urlOf({ $top: '1', $format: 'application/json;odata.metadata=none' }))
  t.equal(none.json<Page>()['@odata.context'], undefined)
  t.equal((await get(urlOf({ $top: '1' }), { 'if-none-match': `${none.headers['etag']}x` })).status, 200)
  t.equal(
    (await get(urlOf({}), { 'if-none-match': String((await get(urlOf({}))).headers['etag']) })).status,
    304,
  )
})

t.test('each comparison selects what the records API selects', async (t) => {
  const cases: readonly (readonly [filter: string, query: string])[] = [
    ["tree eq '树''007'", "tree=树'007"],
    ["district ne '310115'", 'district__ne=310115'],
    ['height gt 12.5 and height le 20.5', 'height__gt=12.5&height__lte=20.5'],
    ['(height ge 12.5) and ((height lt 20.5))', 'height__gte=12.5&height__lt=20.5'],
    ['height eq null', 'height__isnull=true'],
    ['height ne null', 'height__isnull=false'],
    ["district in ('310115', '310101')", 'district__in=310115,310101'],
    ['rings in (9007199254740031,9007199254740041)', 'rings__in=9007199254740031,9007199254740041'],
    ['planted ge 1950-03-01', 'planted__gte=1950-03-01'],
    ['seen lt 2025-01-01T00:00:05.000Z', 'seen__lt=2025-01-01T00:00:05Z'],
    ["from eq '24:00'", 'from=24:00'],
    ['native eq true', 'native=true'],
    ["contains(tree,'05')", 'tree__contains=05'],
    ["startswith(tree,'树''01')", "tree__startswith=树'01"],
  ]
  for (const [filter, query] of cases) {
    const expected = await get(`/v1/datasets/tree-register/records.csv?${encodeURI(query)}`)
    const page = await pageOf(t, { $filter: filter, $count: 'true' })
    t.same(rowsOfJson(page.value, fields), rowsOfCsv(expected.bytes, fields), filter)
    t.equal(page['@odata.count'], page.value.length)
  }
})

t.test('what is wrong is 400, what is not supported 501, both in the shape of OData', async (t) => {
  const { '@odata.nextLink': next = '' } = (
    await get(urlOf({ $filter: 'height gt 1' }), { prefer: 'odata.maxpagesize=5' })
  ).json<Page>()
  const token = new URL(next).searchParams.get('$skiptoken') ?? ''
  const terms = (count: number) => Array.from({ length: count }, () => 'height gt 1').join(' and ')
  const wrong: readonly (readonly [options: Record<string, string>, target: string])[] = [
    [{ $filter: terms(conditionsMax + 1) }, '$filter'],
    [{ $filter: terms(1000) }, '$filter'],
    [{ $filter: "starts eq '2026'" }, '$filter'],
    [{ $filter: 'tree eq 5' }, '$filter'],
    [{ $filter: "height eq '5'" }, '$filter'],
    [{ $filter: "district eq 'nowhere'" }, 'district'],
    [{ $filter: "tree eq 'x" }, '$filter'],
    [{ $filter: 'height gt' }, '$filter'],
    [{ $filter: 'height gt 1)' }, '$filter'],
    [{ $filter: 'height gt null' }, '$filter'],
    [{ $filter: "tree eq ''" }, '$filter'],
    [{ $filter: "tree eq 'a\0'" }, '$filter'],
    [{ $filter: `${'('.repeat(3000)}height gt 1` }, '$filter'],
    [{ $filter: `tree eq '${'x'.repeat(1001)}'` }, '$filter'],
    [{ $filter: "height__gt=1;DROP TABLE x--'" }, '$filter'],
    [{ $select: 'nothing' }, '$select'],
    [{ $select: 'tree,,height' }, '$select'],
    [{ $orderby: 'nothing desc' }, '$orderby'],
    [{ $orderby: 'planted' }, '$orderby'],
    [{ $orderby: 'height,height desc' }, '$orderby'],
    [{ $top: '-1' }, '$top'],
    [{ $top: 'ten' }, '$top'],
    [{ $count: 'yes' }, '$count'],
    [{ $skiptoken: 'nonsense' }, '$skiptoken'],
    [{ $skiptoken: token }, '$skiptoken'],
    [{ $filter: 'height gt 1', $skiptoken: `${token.slice(0, -2)}xx` }, '$skiptoken'],
    [{ filter: 'height gt 1' }, 'filter'],
  ]
  for (const [options, target] of wrong) {
    const answer = await get(urlOf(options))
    t.match(
      answer,
      { status: 400, headers: { 'odata-version': '4.0' } },
      JSON.stringify(options).slice(0, 80),
    )
    t.match(answer.json(), { error: { code: /^(parameter|cursor)-/, message: /\w/, target } })
  }
  t.equal(
    (await get(urlOf({ $filter: 'height gt 1', $skiptoken: token }))).status,
    200,
    'unchanged it is taken',
  )
  t.equal((await get(urlOf({ $filter: terms(conditionsMax) }))).status, 200, 'as many conditions as allowed')
  t.equal((await get('/odata/tree_register?$top=1&$top=2')).status, 400)
  t.equal((await get(urlOf({ $format: 'xml' }))).status, 406)
  const unsupported: readonly Record<string, string>[] = [
    ...[
      { $skip: '1' },
      { $expand: 'x' },
      { $apply: 'groupby((tree))' },
      { $search: 'x' },
      { $compute: 'x' },
      { '@p': '1' },
    ],
    ...[
      "tree eq 'a' or tree eq 'b'",
      "not contains(tree,'a')",
      "endswith(tree,'a')",
      "tolower(tree) eq 'a'",
    ].map(($filter) => ({ $filter })),
    ...[
      "contains(tolower(tree),'a')",
      "'a' eq tree",
      "uses/any(u:u eq 'a')",
      "uses eq 'a'",
      'height add 1 gt 2',
    ].map(($filter) => ({ $filter })),
    { $orderby: 'length(tree)' },
    { $select: 'tree/x' },
  ]
  for (const options of unsupported) {
    const answer = await get(urlOf(options))
    t.match(answer, { status: 501 }, JSON.stringify(options))
    t.match(answer.json(), { error: { code: 'odata-unsupported' } })
  }
  for (const path of ["tree_register('x')", 'tree_register/tree', '$batch', 'a/b/c'])
    t.equal((await get(`/odata/${path}`)).status, 501, path)
  t.equal((await get('/odata/tree-register')).status, 404, 'the slug is no second name')
  t.equal((await get('/odata/nothing')).status, 404)
})

t.test('a walk stays on its version, and ends with its withdrawal', async (t) => {
  const first = (await get(urlOf({}), { prefer: 'odata.maxpagesize=5' })).json<Page>()
  await take({ dataset: 'tree-register', edition: '2025', rows: `${header}\n${rowOf(3)}\n` })
  await publish('tree-register', '2025', { reason: 'Most trees are gone' })
  t.equal((await pageOf(t, {})).value.length, 1)
  const next = String(first['@odata.nextLink']).replace('https://data.example', '')
  const second = (await get(next)).json<Page>()
  t.equal(first.value.length + second.value.length, count)
})
