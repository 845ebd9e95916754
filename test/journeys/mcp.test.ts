/**
 * A client of the official SDK lists every tool and calls it over a real socket; then limits, refusals, other
 * callers' grants and other origins.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import t from 'tap'
import { buildBounded, resultLengthMax } from '../../src/protocols/mcp/bounds.ts'
import { messageBytesMax } from '../../src/protocols/mcp/routes.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, publishSample } from '../support/open-test-context.ts'

const secret = contractOf(
  [field('place', 'string', { role: 'key', constraints: { required: true } })],
  ['place'],
  { dataset: 'shelter-register', openClass: 'not-open', shareClass: 'on-demand', themes: ['education'] },
)
const testContext = await openTestContext(t, {
  at: '2026-02-01T04:00:00Z',
  contracts: [secret],
  shipped: ['annual-open-data-list', 'school-sports-venues', 'schools', 'student-fitness'],
})
const { app, key } = testContext
await publishSample(testContext, 'annual-open-data-list', '2025')
await publishSample(testContext, 'school-sports-venues', '2025')
await publishSample(testContext, 'student-fitness', '2024-2025', 2)
await testContext.take({ dataset: secret.dataset, edition: '2025', rows: 'place\nsecret-marker\n' })
await testContext.publish(secret.dataset, '2025')

const address = await app.listen({ host: '127.0.0.1', port: 0 })

async function connect(headers: Readonly<Record<string, string>> = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', address), { requestInit: { headers } })
  // The SDK's own types disagree about optional members.
  await client.connect(transport as unknown as Parameters<Client['connect']>[0])
  t.teardown(() => client.close())
  return client
}

interface Result {
  readonly isError?: boolean
  readonly content: readonly { readonly type: string; readonly text: string }[]
  readonly structuredContent?: object
}

const call = async (client: Client, name: string, input: object = {}) => {
  const {
    isError = false,
    content,
    structuredContent,
  } = (await client.callTool({
    name,
    arguments: { ...input },
  })) as unknown as Result
  const [{ text = '' } = {}] = content
  t.ok(text.length <= resultLengthMax, `${name} is bounded`)
  t.same(structuredContent, isError ? undefined : JSON.parse(text), `${name}: the same for programs`)
  return { isError, text, value: JSON.parse(text) as never }
}
const get = async (url: string) => (await testContext.get(url)).json<never>()
const client = await connect()
const venues = 'school-sports-venues'

t.test('the server describes itself and lists its tools', async (t) => {
  t.equal(client.getServerVersion()?.name, 'qingdan')
  t.match(client.getInstructions(), /describe_dataset/)
  const { tools } = await client.listTools()
  t.same(
    tools.map(({ name }) => name),
    ['search_datasets', 'describe_dataset', 'query_records', 'aggregate', 'list_state', 'changes'],
  )
  for (const { name, annotations, description, inputSchema } of tools) {
    t.match(annotations, { readOnlyHint: true, destructiveHint: false }, name)
    t.ok((description ?? '').length > 40, name)
    t.equal(inputSchema['additionalProperties'], false, name)
  }
})

t.test('search_datasets', async (t) => {
  const { value } = await call(client, 'search_datasets', { q: '体育场地' })
  t.match(value, { truncated: false, datasets: [{ slug: venues, latest: { edition: '2025' } }], next: null })
  const seen: string[] = []
  for (let cursor: string | undefined, more = true; more; ) {
    const page: { truncated: boolean; next: string | null; datasets: { slug: string }[] } = (
      await call(client, 'search_datasets', { limit: 1, ...(cursor === undefined ? {} : { cursor }) })
    ).value
    seen.push(...page.datasets.map(({ slug }) => slug))
    t.equal(page.truncated, page.next !== null)
    more = page.next !== null
    cursor = page.next ?? undefined
  }
  t.same(seen, ['annual-open-data-list', venues, 'schools', 'student-fitness'])
})

t.test('describe_dataset', async (t) => {
  const { value } = await call(client, 'describe_dataset', { dataset: venues })
  t.match(value, {
    slug: venues,
    primaryKey: Array,
    fields: [
      { name: 'venue', type: 'string', operators: ['eq'], sortable: true },
      { name: 'district', codes: [{ code: String, label: { zh: String } }] },
    ],
    editions: [{ edition: '2025', latest: 1 }],
  })
  const short = (await call(client, 'describe_dataset', { dataset: venues, limit: 2 })).value as {
    truncated: boolean
    fields: unknown[]
  }
  t.match(short, { truncated: true, note: /contract/ })
  t.equal(short.fields.length, 2)
})

t.test('query_records', async (t) => {
  const requested = {
    dataset: venues,
    filters: { district__label: '浦东新区' },
    select: ['venue', 'opens'],
    sort: ['venue'],
    count: true,
    limit: 100,
  }
  const expected: { data: unknown[]; meta: { count: number } } = await get(
    `/v1/datasets/${venues}/records?district=310115&select=venue,opens&sort=venue&count=exact&limit=10000`,
  )
  const records: unknown[] = []
  for (let cursor: string | undefined, more = true; more; ) {
    const page: { truncated: boolean; next: string | null; data: unknown[]; meta: { count: number } } = (
      await call(client, 'query_records', { ...requested, ...(cursor === undefined ? {} : { cursor }) })
    ).value
    records.push(...page.data)
    t.equal(page.meta.count, expected.meta.count)
    t.equal(page.truncated, page.next !== null)
    more = page.next !== null
    cursor = page.next ?? undefined
  }
  t.same(records, expected.data)
  t.ok(records.length > 200, 'several pages')
  const whole: { truncated: boolean; data: unknown[] } = (
    await call(client, 'query_records', { dataset: venues, limit: 50 })
  ).value
  t.ok(whole.truncated && whole.data.length === 50, 'a whole page fits')
})

t.test('aggregate', async (t) => {
  const { value } = await call(client, 'aggregate', {
    dataset: venues,
    group_by: ['district'],
    measures: ['count'],
    sort: ['-count'],
    limit: 3,
  })
  const expected: { data: unknown[] } = await get(
    `/v1/datasets/${venues}/aggregate?group_by=district&measures=count&sort=-count&limit=3`,
  )
  t.match(value, { truncated: true, data: expected.data })
  const all = await call(client, 'aggregate', { dataset: venues, group_by: ['district'] })
  t.match(all.value, { truncated: false, meta: { groups: 16 } })
  const suppressed = await call(client, 'aggregate', {
    dataset: 'student-fitness',
    group_by: ['district'],
    measures: ['count'],
  })
  t.equal(suppressed.isError, false, suppressed.text.slice(0, 200))
})

t.test('list_state', async (t) => {
  t.match((await call(client, 'list_state')).value, { years: [{ year: '2025', rates: { items: Number } }] })
  const list: { items: { state: string }[] } = await get('/v1/lists/2025')
  const overdue = list.items.filter(({ state }) => state === 'overdue')
  t.ok(overdue.length > 0)
  const { value } = await call(client, 'list_state', { year: '2025', state: 'overdue', limit: 1 })
  t.match(value, { found: overdue.length, truncated: overdue.length > 1, items: [{ state: 'overdue' }] })
})

t.test('changes equal those of the feed', async (t) => {
  type Changes = {
    changes: { id: string; type: string; dataset: string }[]
    cursor: string
    truncated: boolean
  }
  const feed: { data: Changes['changes']; meta: { cursor: string } } = await get('/v1/changes')
  t.equal(feed.data.filter(({ type }) => type === 'version-published').length, 4)
  t.notOk(feed.data.some(({ dataset }) => dataset === secret.dataset))
  const all: Changes = (await call(client, 'changes', { limit: 200 })).value
  t.same(all, { truncated: false, changes: feed.data, cursor: feed.meta.cursor })
  const newest: Changes = (await call(client, 'changes', { limit: 2 })).value
  t.same(newest.changes, feed.data.slice(-2))
  t.same([newest.truncated, newest.cursor], [true, feed.meta.cursor])
  const first: { data: Changes['changes']; meta: { cursor: string } } = await get('/v1/changes?limit=1')
  const seen = [...first.data]
  for (let after = first.meta.cursor, more = true; more; ) {
    const page: Changes = (await call(client, 'changes', { after, limit: 2 })).value
    seen.push(...page.changes)
    more = page.truncated
    after = page.cursor
  }
  t.same(seen, feed.data)
  const own: Changes = (await call(client, 'changes', { dataset: venues, type: 'version-published' })).value
  t.match(own, { truncated: false, changes: [{ type: 'version-published', dataset: venues }] })
  t.match((await call(client, 'changes', { after: 'x' })).value, { code: 'cursor-invalid' })
  t.match((await call(client, 'changes', { type: 'version' })).value, { code: 'parameter-invalid' })
})

t.test('refusals say what to do', async (t) => {
  const refused = async (name: string, input: object, expected: object) => {
    const { isError, value } = await call(client, name, input)
    t.ok(isError, name)
    t.match(value, { requestId: String, hint: String, ...expected })
  }
  await refused(
    'query_records',
    { dataset: venues, filter: {} },
    { code: 'parameter-unknown', path: 'filter', nearest: 'filters' },
  )
  await refused(
    'query_records',
    { dataset: venues, filters: { distrct: '310115' } },
    { code: 'parameter-unknown', nearest: 'district' },
  )
  await refused(
    'query_records',
    { dataset: venues, limit: 101 },
    { code: 'parameter-invalid', path: 'limit' },
  )
  await refused(
    'query_records',
    { dataset: venues, limit: '10' },
    { code: 'parameter-invalid', path: 'limit' },
  )
  await refused('query_records', {}, { code: 'parameter-invalid', path: 'dataset' })
  await refused('query_records', { dataset: venues, cursor: 'damaged' }, { code: 'cursor-invalid' })
  await refused('describe_dataset', { dataset: 'nothing' }, { code: 'dataset-not-found' })
  await refused('list_state', { year: '1999' }, { code: 'list-not-found' })
  await refused('aggregate', { dataset: venues, group_by: ['venu'] }, { code: 'parameter-invalid' })
  await refused(
    'aggregate',
    { dataset: venues, group_by: ['district'], limit: 201 },
    { code: 'parameter-invalid', path: 'limit' },
  )
  await t.rejects(
    client.callTool({ name: 'query_record', arguments: {} }),
    /Unknown tool query_record.*query_records/,
  )
})

t.test('restricted datasets need a key', async (t) => {
  const requested = { dataset: secret.dataset }
  for (const name of ['describe_dataset', 'query_records', 'changes']) {
    t.match((await call(client, name, requested)).value, { code: 'dataset-not-found' }, name)
  }
  const { authorization } = await key({ scopes: ['read-restricted'] })
  const holder = await connect({ authorization })
  t.match((await call(holder, 'query_records', requested)).value, { data: [{ place: 'secret-marker' }] })
  t.match((await call(holder, 'changes', requested)).value, {
    changes: [{ dataset: secret.dataset }, { dataset: secret.dataset }],
  })
})

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
const post = (body: unknown, more: Readonly<Record<string, string>> = {}, on = app) =>
  on.inject({
    ...({ method: 'POST', url: '/mcp' } as const),
    headers: { ...headers, ...more },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })

t.test('only pages of known origins are allowed', async (t) => {
  for (const origin of ['https://evil.example', 'http://127.0.0.1.evil.example:8080', 'null']) {
    const answer = await post(listTools, { origin })
    t.equal(answer.statusCode, 403, origin)
  }
  t.match((await post(listTools, { origin: 'null' })).json(), { code: 'origin-not-allowed', path: 'Origin' })
  t.equal((await post(listTools, { origin: 'http://localhost:6274' })).statusCode, 200)
  const settings = {
    QINGDAN_PUBLIC_URL: 'https://data.example.org',
    QINGDAN_MCP_ORIGINS: 'https://agent.example.org',
  }
  const { app: known } = await openTestContext(t, { contracts: [secret], settings })
  for (const [origin, status] of [
    ['https://data.example.org', 200],
    ['https://agent.example.org', 200],
    ['http://localhost:6274', 403],
    ['http://data.example.org', 403],
  ] as const) {
    t.equal((await post(listTools, { origin }, known)).statusCode, status, origin)
  }
})

t.test('invalid messages are refused', async (t) => {
  t.equal((await post('{')).statusCode, 400)
  t.match((await post([listTools])).json(), { code: 'body-invalid', detail: /one message/ })
  t.match((await post({ hello: 1 })).json(), { jsonrpc: '2.0', error: { code: Number } })
  t.equal((await post(listTools, { accept: 'application/json' })).statusCode, 406)
  t.equal((await post(listTools, { 'content-type': 'text/plain' })).statusCode, 415)
  const padded = (bytes: number) => JSON.stringify(listTools).padEnd(bytes)
  t.equal((await post(padded(messageBytesMax))).statusCode, 200)
  t.equal((await post(padded(messageBytesMax + 1))).statusCode, 413)
  for (const method of ['GET', 'DELETE'] as const) {
    t.equal(
      (await app.inject({ method, url: '/mcp', headers: { accept: 'text/event-stream' } })).statusCode,
      405,
    )
  }
  t.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).statusCode, 202)
})

t.test('a result that is too long is built again with fewer items', async (t) => {
  const requested: number[] = []
  const make = (characters: number) => async (limit: number) => {
    requested.push(limit)
    return { json: JSON.stringify({ items: 'x'.repeat(characters * limit) }), truncated: limit < 8 }
  }
  const text = await buildBounded(8, 'more', make(resultLengthMax / 4))
  t.same(requested, [8, 4, 2])
  t.match(JSON.parse(text), { truncated: true, note: 'more' })
  t.match(JSON.parse(await buildBounded(8, 'more', make(10))), { truncated: false })
  await t.rejects(buildBounded(8, 'more', make(resultLengthMax)), { code: 'parameter-invalid' })
})
