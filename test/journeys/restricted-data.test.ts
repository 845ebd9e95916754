/**
 * A dataset that is not open does not exist for callers without a key for it: no list, page, document, file
 * or error mentions it. With a key that reads restricted data it is there, and no shared cache may store it.
 */
import t from 'tap'
import { revokeKey } from '../../src/accounts/index.ts'
import { writeCursor } from '../../src/platform/cursor.ts'
import { canonicalJson, digestOf } from '../../src/platform/digest.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, sampleRows } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const contract = (dataset: string, openClass: string) =>
  contractOf([field('place', 'string', { role: 'key', ...required })], ['place'], {
    dataset,
    themes: ['education'],
    shareClass: 'on-demand',
    openClass,
    formats: ['csv', 'csv.gz', 'ndjson'],
  })

const secret = 'shelter-register'
const open = 'bridge-register'
const testContext = await openTestContext(t, {
  contracts: [contract(secret, 'not-open'), contract(open, 'conditional')],
  shipped: ['annual-open-data-list'],
  at: '2026-02-01T04:00:00Z',
})
const { get, key, context, moveTo } = testContext

const [list] = await sampleRows('annual-open-data-list', '2026', 0)
const promise = (number: number, dataset: string) =>
  `${number},市教育委员会,项目${number},,,,2026-03-01,yearly,on-demand,,,${dataset},2026\n`
for (const [dataset, rows] of [
  ['annual-open-data-list', `${list?.rows}${promise(1, open)}${promise(2, secret)}`],
  [open, 'place\nopen-marker\n'],
  [secret, 'place\nsecret-marker\nsecret-other\n'],
] as const) {
  await testContext.take({ dataset, edition: '2026', rows })
  await testContext.publish(dataset, '2026')
}

const version = `/v1/datasets/${secret}/editions/2026/versions/1`
const own = [
  `/v1/datasets/${secret}`,
  `/v1/datasets/${secret}/contracts/1`,
  `/v1/datasets/${secret}/contracts/1/table-schema`,
  `/v1/datasets/${secret}/openapi.json`,
  `/v1/datasets/${secret}/records`,
  `/v1/datasets/${secret}/editions/2026`,
  version,
  `${version}/records`,
  `${version}/files/${secret}-2026-v1.csv`,
  `${version}/files/${secret}-2026-v1.csv.gz`,
]
const shared = [
  '/',
  '/?lang=en',
  '/v1/datasets',
  '/openapi.json',
  '/docs',
  '/openapi.json?lang=zh',
  '/v1/problems',
  '/api/3/action/package_list',
  '/api/3/action/package_search?q=register',
  '/api/3/action/current_package_list_with_resources',
  '/api/3/action/organization_list?all_fields=true',
  '/api/3/action/group_list?all_fields=true',
  '/api/3/action/tag_list',
  '/metrics',
]

t.test('without a key it does not exist', async (t) => {
  const bodyOf = async (url: string) => {
    const { requestId, ...body } = (await get(url)).json<{ requestId: string }>()
    if (!requestId) t.fail(`${url} has no requestId`)
    return body
  }
  const unknown = await bodyOf('/v1/datasets/no-such-register')
  const found: unknown[] = []
  for (const url of own) {
    const answer = await get(url)
    found.push([url, answer.status, await bodyOf(url), /shelter|secret-/.test(answer.text)])
  }
  t.same(
    found,
    own.map((url) => [url, 404, unknown, false]),
    'the same response as for an unknown name',
  )
  const mentions: string[] = []
  for (const url of shared) if (/shelter-register|secret-/.test((await get(url)).text)) mentions.push(url)
  t.same(mentions, [])
  for (const url of ['/v1/datasets', '/metrics', '/openapi.json', '/'])
    t.ok((await get(url)).text.includes(open), url)
})

t.test('a forged cursor gives access to nothing else', async (t) => {
  // The query's fingerprint, computed as the service does: anyone who reads the code can do so.
  const query = digestOf(canonicalJson({ dataset: open, parameters: [] })).slice(0, 12)
  const page = (place: object) => get(`/v1/datasets/${open}/records?cursor=${writeCursor(open, place)}`)
  const place = { query, versions: [['2026', 1]], at: 0, after: 0 }
  for (const more of [{}, { dataset: secret }, { recordsTable: 'v_3' }]) {
    const answer = await page({ ...place, ...more })
    t.same(answer.json<{ data: object[] }>().data, [{ place: 'open-marker' }])
    t.match(answer.json(), { meta: { dataset: open } })
  }
  const wrong = [
    { versions: [['2026\0', 1]] },
    { versions: [[`x' OR 1=1`, 1]] },
    { versions: [['2026', 0]] },
    { versions: [] },
    { at: 1 },
    { at: -1 },
    { after: -1 },
    { after: 0.5 },
    { query: 'other' },
  ]
  for (const one of wrong) {
    const answer = await page({ ...place, ...one })
    t.match(answer.json(), { status: 400, code: 'cursor-invalid' }, JSON.stringify(one))
  }
})

t.test('keys of other scopes or for other datasets do not open it', async (t) => {
  const keys = [
    await key({ scopes: ['ingest', 'publish'] }),
    await key({ scopes: ['read-restricted'], datasets: [open] }),
  ]
  for (const { authorization } of keys) {
    const statuses: unknown[] = []
    for (const url of own) statuses.push([url, (await get(url, { authorization })).status])
    t.same(
      statuses,
      own.map((url) => [url, 404]),
    )
    t.notMatch((await get('/v1/datasets', { authorization })).text, secret)
  }
})

t.test('a key that reads restricted data opens it, and no shared cache may store it', async (t) => {
  for (const request of [{}, { datasets: [secret] }]) {
    const { authorization } = await key({ scopes: ['read-restricted'], ...request })
    const readable = own.filter((url) => url !== version)
    const found: unknown[] = []
    for (const url of readable) {
      const { status, headers } = await get(url, { authorization })
      found.push([url, status, /public/.test(String(headers['cache-control']))])
    }
    t.same(
      found,
      readable.map((url) => [url, 200, false]),
    )
    t.match((await get(version, { authorization })).json(), { records: 2 })
    t.match((await get('/v1/datasets', { authorization })).text, secret)
    t.same((await get(`/v1/datasets/${secret}/records`, { authorization })).json<{ data: object[] }>().data, [
      { place: 'secret-marker' },
      { place: 'secret-other' },
    ])
    t.equal((await get(own.at(-2) ?? '', { authorization })).text, 'place\nsecret-marker\nsecret-other\n')
  }
})

t.test('a 304 needs the key as much as the full response does', async (t) => {
  const { authorization } = await key({ scopes: ['read-restricted'] })
  for (const url of [own[1], own[3], own.at(-2)]) {
    const etag = String((await get(url ?? '', { authorization })).headers['etag'])
    t.equal((await get(url ?? '', { authorization, 'if-none-match': etag })).status, 304)
    t.equal((await get(url ?? '', { 'if-none-match': etag })).status, 404)
  }
})

t.test('the state of a promise reveals only what its reader may know', async (t) => {
  interface List {
    readonly items: readonly { readonly state: string; readonly dataset: string | null }[]
  }
  const { authorization } = await key({ scopes: ['read-restricted'] })
  const anyone = await get('/v1/lists/2026')
  t.same(
    anyone.json<List>().items.map(({ state }) => state),
    ['published', 'planned'],
  )
  t.same(
    anyone.json<List>().items.map(({ dataset }) => dataset),
    [`/v1/datasets/${open}/editions/2026`, null],
  )
  t.equal(anyone.headers['cache-control'], 'public, max-age=60')
  const trusted = await get('/v1/lists/2026', { authorization })
  t.same(
    trusted.json<List>().items.map(({ state }) => state),
    ['published', 'published'],
  )
  t.equal(trusted.headers['cache-control'], 'private, no-cache')
  t.match(String(trusted.headers['vary']), /Authorization/)
})

t.test('a key that is revoked, expired, altered or unknown is refused, not treated as no key', async (t) => {
  const day = await key({ scopes: ['read-restricted'], expiresAt: new Date('2026-02-02T04:00:00Z') })
  const revoked = await key({ scopes: ['read-restricted'] })
  const url = `/v1/datasets/${secret}/records`
  t.equal((await get(url, { authorization: day.authorization })).status, 200)
  t.equal((await get(url, { authorization: revoked.authorization })).status, 200)
  t.equal(await revokeKey(context.database, revoked.id, { clock: context.clock, actor: 'cli:test' }), true)
  moveTo('2026-02-02T03:59:59Z')
  t.equal((await get(url, { authorization: day.authorization })).status, 200, 'until its last second')
  moveTo('2026-02-02T04:00:00Z')
  const last = day.authorization.at(-1) === 'A' ? 'B' : 'A'
  const wrong = [
    ...[day.authorization, revoked.authorization, `${day.authorization.slice(0, -1)}${last}`],
    ...[
      'Bearer',
      'Bearer x',
      `Bearer qd_${'0'.repeat(18)}_${'A'.repeat(43)}`,
      'Basic YTpi',
      "Bearer ' OR 1=1 --",
    ],
  ]
  for (const authorization of wrong) {
    for (const address of [url, '/v1/datasets', `/v1/datasets/${open}/records`]) {
      const answer = await get(address, { authorization })
      t.equal(answer.status, 401, `${address} with ${authorization.slice(0, 10)}`)
      t.match(answer.json(), { code: 'key-invalid' })
      t.match(answer.headers['www-authenticate'], /^Bearer/)
    }
  }
  const log = testContext.lines.join('\n')
  t.notMatch(log, day.authorization.slice(-43), 'no log line contains a key')
})
