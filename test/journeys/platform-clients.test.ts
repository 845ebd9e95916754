/**
 * Platforms with keys of their own: quotas that count across processes and restarts, networks that a key is
 * limited to, its expiry, progress in the feed, and usage that adds up to the requests that were made, over
 * HTTP and by the command line.
 */
import t from 'tap'
import { usageRowsMax } from '../../src/accounts/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const registerOf = (dataset: string, openClass: string, shareClass = 'general') =>
  contractOf([field('place', 'string', { role: 'key', constraints: { required: true } })], ['place'], {
    dataset,
    openClass,
    shareClass,
    themes: ['education'],
  })
const open = 'bridge-register'
const shared = 'harbour-register'
const vault = 'vault-register'
const rate = 12
const testContext = await openTestContext(t, {
  contracts: [
    registerOf(open, 'conditional'),
    registerOf(shared, 'not-open'),
    registerOf(vault, 'not-open', 'none'),
  ],
  at: '2026-02-01T04:00:00Z',
  settings: { QINGDAN_RATE_PER_MINUTE: String(rate) },
})
const { app, environment, get, context, key, moveTo } = testContext
const bring = async (dataset: string, edition: string) => {
  await testContext.take({ dataset, edition, rows: `place\n${dataset}-marker\n` })
  await testContext.publish(dataset, edition)
}
for (const dataset of [open, shared, vault]) await bring(dataset, '2025')
const officer = await key({ scopes: ['admin'], quota: { perMinute: 10_000 } })
/** Enough for tests that are not about limits. */
const quota = { perMinute: 10_000 }

interface KeyState {
  readonly quota: readonly { readonly name: string; readonly limit: number; readonly left: number }[]
  readonly feed: { readonly cursor: string; readonly seenAt: string; readonly behind: number | null } | null
  readonly usage: readonly Omit<Counts, 'key'>[]
  readonly expiresAt: string | null
}

interface Counts {
  readonly key: string
  readonly day: string
  readonly dataset: string | null
  readonly requests: number
  readonly refused: number
  readonly bytes: number
}

const records = `/v1/datasets/${shared}/records`

t.test('over its quota a platform gets 429 with a waiting time; then it continues', async (t) => {
  moveTo('2026-02-01T04:00:50Z')
  const { authorization } = await key({ scopes: ['read-shared'], quota: { perMinute: 3, perDay: 5 } })
  const request = () => get(records, { authorization })
  const first = await request()
  t.equal(first.status, 200)
  t.equal(first.headers['ratelimit-policy'], '"minute";q=3;w=60, "day";q=5;w=86400')
  t.equal(first.headers['ratelimit'], '"minute";r=2;t=10, "day";r=4;t=43150')
  t.same([(await request()).status, (await request()).status], [200, 200])
  const over = await request()
  t.equal(over.status, 429)
  t.match(over.json(), { code: 'quota-exceeded', quota: 'minute', limit: 3, retryAfterSeconds: 10 })
  t.equal(over.headers['retry-after'], '10')
  t.equal(over.headers['ratelimit'], '"minute";r=0;t=10, "day";r=2;t=43150')
  t.match(over.headers['cache-control'], /no-store/)
  t.notMatch(over.text, /marker/)
  t.equal((await get(`/v1/datasets/${open}/records`)).status, 200, 'callers without a key are not affected')
  moveTo('2026-02-01T04:01:00Z')
  t.same(
    [(await request()).status, (await request()).status],
    [200, 200],
    'refused requests do not count for the day',
  )
  const day = await request()
  t.match(day.json(), { status: 429, code: 'quota-exceeded', quota: 'day', limit: 5 })
  t.equal(day.headers['retry-after'], String(12 * 3600 - 60), 'until midnight in Shanghai')
  moveTo('2026-02-01T15:59:59Z')
  t.equal((await request()).status, 429)
  moveTo('2026-02-01T16:00:00Z')
  const next = await get('/v1/key', { authorization })
  t.match(next.json(), {
    quota: [
      { name: 'minute', left: 2 },
      { name: 'day', limit: 5, left: 4 },
    ],
  })
  t.match(next.headers['cache-control'], /private, no-store/)
})

t.test('an agreed rate replaces the general one', async (t) => {
  const { authorization } = await key({ scopes: ['read-shared'], quota: { perMinute: rate + 2 } })
  const usual = await key({ scopes: ['read-shared'], quota: { perDay: 1_000 } })
  const statuses = async (headers: { authorization: string }) => {
    const found: number[] = []
    for (let n = 0; n < rate + 3; n += 1) found.push((await get('/v1/problems', headers)).status)
    return found.indexOf(429)
  }
  t.equal(await statuses({ authorization }), rate + 2)
  t.equal(await statuses(usual), rate, 'without an agreed minute rate, the general one applies')
})

t.test('two processes count one quota, and a restart forgets nothing', async (t) => {
  const { authorization, id } = await key({ scopes: ['read-shared'], quota: { perDay: 8 } })
  const [one, two] = await Promise.all([spawnService(t, environment), spawnService(t, environment)])
  const request = async (base: string) => {
    const answer = await fetch(`${base}${records}`, { headers: { authorization } })
    await answer.arrayBuffer()
    return answer.status
  }
  const codes = await Promise.all(
    [one, two].flatMap(({ base }) => Array.from({ length: 6 }, () => request(base))),
  )
  t.equal(codes.filter((status) => status === 200).length, 8, `of 12: ${codes.join(' ')}`)
  t.equal(codes.filter((status) => status === 429).length, 4)
  // Asynchronous commits reach the disk a moment later; the database server itself is not killed here.
  await one.kill()
  t.equal((await two.stop()).code, 0)
  const again = await spawnService(t, environment)
  t.equal(await request(again.base), 429, 'the day is used up')
  t.equal((await again.stop()).code, 0)
  // The killed process may have lost its counts; those that ended have written theirs.
  const rows = await context.database.work`
    select sum(requests)::int as requests from qingdan.key_usage where key_id = ${id}`
  t.ok(rows[0]?.['requests'] >= 7 && rows[0]?.['requests'] <= 13, JSON.stringify(rows))
  const [{ audits } = { audits: 0 }] = await context.database.work<{ audits: number }[]>`
    select count(*)::int as audits from qingdan.audit where actor = ${`key:${id}`}`
  t.equal(audits, 8, 'each access is in the audit log, whatever its status')
})

t.test('a key is refused from other networks, and the refusal does not say why', async (t) => {
  const addresses = ['192.0.2.0/25', '2001:db8:7::/48']
  const { authorization, id } = await key({ scopes: ['read-shared'], addresses, quota })
  const request = (remoteAddress: string, headers = {}) =>
    app.inject({ url: records, remoteAddress, headers: { authorization, ...headers } })
  for (const sender of ['192.0.2.127', '::ffff:192.0.2.1', '2001:db8:7:ffff::1']) {
    t.equal((await request(sender)).statusCode, 200, sender)
  }
  const behind = (sender: string) => request('127.0.0.1', { 'x-forwarded-for': sender })
  t.equal((await behind('192.0.2.9')).statusCode, 200, 'a proxy on this machine names the client')
  const refused = [
    ...[await request('192.0.2.128'), await request('::ffff:192.0.2.128'), await request('2001:db8:8::1')],
    await behind('198.51.100.1'),
    await request('203.0.113.5', { 'x-forwarded-for': '192.0.2.9' }),
  ]
  const unknown = await app.inject({
    url: records,
    headers: { authorization: `Bearer qd_${'0'.repeat(18)}_${'A'.repeat(43)}` },
  })
  for (const answer of refused) {
    t.equal(answer.statusCode, 401)
    const { requestId, ...body } = answer.json()
    const { requestId: other, ...same } = unknown.json()
    t.ok(requestId !== other)
    t.same(body, same, 'as for an unknown key')
  }
  const lines = testContext.lines.filter((line) => line.includes('"reason":"address"'))
  t.equal(lines.length, refused.length)
  t.notMatch(
    testContext.lines.join(''),
    /192\.0\.2\.|2001:db8|198\.51\.100|203\.0\.113/,
    'no address is logged',
  )
  await get('/v1/key', { authorization: officer.authorization })
  for (const table of ['key_usage', 'key_count', 'key_cursor', 'audit']) {
    const rows = await context.database.work`select * from ${context.database.work(`qingdan.${table}`)}`
    const own = JSON.stringify(rows).replaceAll(JSON.stringify(addresses), '')
    t.notMatch(own, /192\.0\.2\.|2001:db8/, `${table} contains no address except the agreed ones`)
  }
  t.match(
    (await app.inject({ url: '/v1/key', remoteAddress: '192.0.2.3', headers: { authorization } })).json(),
    {
      id,
      addresses,
    },
  )
})

t.test('a key expires on time, and says when', async (t) => {
  moveTo('2026-02-03T04:00:00Z')
  const expiresAt = new Date('2026-02-04T04:00:00Z')
  const { authorization } = await key({ scopes: ['read-shared'], expiresAt, quota })
  moveTo('2026-02-04T03:59:59.999Z')
  t.equal((await get('/v1/key', { authorization })).json<KeyState>().expiresAt, expiresAt.toISOString())
  t.equal((await get(records, { authorization })).status, 200)
  moveTo('2026-02-04T04:00:00Z')
  t.match((await get(records, { authorization })).json(), { status: 401, code: 'key-invalid' })
})

t.test('how far a platform is behind, counting only what it may read and requests', async (t) => {
  moveTo('2026-02-05T04:00:00Z')
  const { authorization, id } = await key({ scopes: ['read-shared'], quota })
  const progress = async () => (await get('/v1/key', { authorization })).json<KeyState>().feed
  t.equal(await progress(), null)
  const page = async (url: string) =>
    (await get(url, { authorization })).json<{ data: unknown[]; meta: { cursor: string; more: boolean } }>()
  const all = await page('/v1/changes')
  t.equal(await progress(), null, 'changes that were sent are not yet confirmed')
  const some = await page('/v1/changes?limit=1')
  await page(`/v1/changes?limit=1&after=${some.meta.cursor}`)
  t.match(await progress(), {
    cursor: some.meta.cursor,
    behind: all.data.length - 1,
    seenAt: '2026-02-05T04:00:00.000Z',
  })
  moveTo('2026-02-05T05:00:00Z')
  await page(`/v1/changes?after=${all.meta.cursor}`)
  t.match(await progress(), { cursor: all.meta.cursor, behind: 0, seenAt: '2026-02-05T05:00:00.000Z' })
  await bring(vault, '2026')
  t.equal((await progress())?.behind, 0, 'changes that it may not read are not counted')
  await bring(shared, '2026')
  await bring(open, '2026')
  t.equal((await progress())?.behind, 2)
  const listed = await callCli(['key', 'list', '--json'], environment)
  const own = (JSON.parse(listed.stdout) as { id: string; feed: object | null }[]).find(
    (one) => one.id === id,
  )
  t.match(own, { feed: { behind: 2, seenAt: '2026-02-05T05:00:00.000Z' }, quota })
  const shown = await callCli(['key', 'show', id], environment)
  t.match(shown.stdout, /2 changes behind, by the cursor of 2026-02-05T05:00:00\.000Z/)
  t.match(shown.stdout, /of 10000 requests left/)
  t.equal((await callCli(['key', 'show', 'nobody'], environment)).code, 4)
  const narrow = await page(`/v1/changes?dataset=${open}`)
  await page(`/v1/changes?dataset=${open}&after=${narrow.meta.cursor}`)
  await bring(shared, '2027')
  t.equal((await progress())?.behind, 0, 'of the dataset that it requested')
  for (const wrong of [`/v1/changes?after=nonsense`, `/v1/changes?after=${narrow.meta.cursor}`]) {
    t.equal((await get(wrong, { authorization })).status, 400)
    t.equal((await progress())?.cursor, narrow.meta.cursor, 'a refused cursor is not recorded')
  }
})

t.test('usage adds up to the exact requests and bytes', async (t) => {
  moveTo('2026-02-10T04:00:00Z')
  const { authorization, id } = await key({ scopes: ['read-shared'], quota })
  const expected = new Map<string, { requests: number; refused: number; bytes: number }>()
  const request = async (day: string, dataset: string | null, url: string, headers = {}) => {
    const answer = await get(url, { authorization, ...headers })
    const name = `${day} ${dataset}`
    const { requests, refused, bytes } = expected.get(name) ?? { requests: 0, refused: 0, bytes: 0 }
    expected.set(name, {
      requests: requests + 1,
      refused: refused + (answer.status >= 400 ? 1 : 0),
      bytes: bytes + answer.bytes.length,
    })
    return answer
  }
  const version = `/v1/datasets/${shared}/editions/2025/versions/1`
  const file = `${version}/files/${shared}-2025-v1.csv`
  const day = '2026-02-10'
  const { headers } = await request(day, shared, file)
  t.equal((await request(day, shared, file, { 'if-none-match': String(headers['etag']) })).status, 304)
  t.equal((await request(day, shared, file, { range: 'bytes=0-4' })).status, 206)
  for (const extension of ['', '.csv', '.ndjson']) await request(day, shared, `${records}${extension}`)
  await request(day, shared, `${version}/records.csv`)
  await request(day, shared, `${records}?wrong=1`)
  await request(day, open, `/v1/datasets/${open}`)
  await request(day, open, `/v1/datasets/${open}/records`)
  for (const url of ['/v1/datasets', '/v1/changes', '/api/3/action/package_list', '/nowhere']) {
    await request(day, null, url)
  }
  t.equal(
    (await request(day, null, `/v1/datasets/${vault}/records`)).status,
    404,
    'a name that it may not know',
  )
  const resources = (await request(day, null, `/api/3/action/package_show?id=${shared}`)).json<{
    result: { resources: { id: string; datastore_active: boolean }[] }
  }>().result.resources
  const table = resources.find(({ datastore_active: isTable }) => isTable)?.id
  await request(day, shared, `/api/3/action/datastore_search?resource_id=${table}`)
  await request(day, shared, `/datastore/dump/${table}`)
  moveTo('2026-02-10T16:00:00Z')
  await request('2026-02-11', shared, records)
  const usage = async (query: string) =>
    (await get(`/v1/keys/usage?${query}`, { authorization: officer.authorization })).json<{
      data: Counts[]
      meta: object
    }>()
  const { data, meta } = await usage(`key=${id}`)
  const found = new Map(
    data.map(({ day, dataset, requests, refused, bytes }) => [
      `${day} ${dataset}`,
      { requests, refused, bytes },
    ]),
  )
  t.same(Object.fromEntries(found), Object.fromEntries(expected))
  t.ok(data.every((one) => one.key === id))
  const sum = [...expected.values()].reduce((total, one) => total + one.requests, 0)
  t.match(meta, { requests: sum, from: '2026-01-12', to: '2026-02-11' })
  t.same(
    (await usage(`key=${id}&from=2026-02-11`)).data.map((one) => one.day),
    ['2026-02-11'],
  )
  t.ok((await usage(`key=${id}&to=2026-02-10`)).data.every((one) => one.day === '2026-02-10'))
  t.same((await usage(`key=${'0'.repeat(18)}`)).data, [])
  const own = (await get('/v1/key', { authorization })).json<KeyState>().usage
  t.same(
    own.map((one) => ({ key: id, ...one })),
    data,
    'the holder of the key sees the same',
  )
  const csv = await runCli(
    ['key', 'usage', id, '--from', '2026-02-10', '--to', '2026-02-10', '--csv'],
    environment,
  )
  t.equal(csv.lines[0], 'keyId,day,dataset,requests,refused,bytes')
  t.ok(
    csv.lines.includes(`${id},2026-02-10,${open},2,0,${expected.get(`2026-02-10 ${open}`)?.bytes}`),
    csv.stdout,
  )
  // The request for /v1/key is written with the next flush, which this address triggers.
  await usage(`key=${id}`)
  const json = await callCli(
    ['key', 'usage', id, '--from', '2026-02-11', '--to', '2026-02-11', '--json'],
    environment,
  )
  t.match(JSON.parse(json.stdout), [
    { keyId: id, dataset: '', requests: 1 },
    { dataset: shared, requests: 1 },
  ])
  t.equal((await callCli(['key', 'usage', '--csv', '--json'], environment)).code, 2)
  t.equal((await callCli(['key', 'usage', '--from', '2026-02-30'], environment)).code, 4)
})

t.test('the usage of all keys needs the scope admin, and is limited', async (t) => {
  const client = await key({ scopes: ['read-shared'], quota })
  const usage = (query = '', authorization = officer.authorization) =>
    get(`/v1/keys/usage${query}`, { authorization })
  t.match((await get('/v1/keys/usage')).json(), { status: 401, code: 'key-missing' })
  t.match((await usage('', client.authorization)).json(), { status: 403, code: 'scope-missing' })
  for (const [query, path] of [
    ['?from=2026-02-30', 'from'],
    ['?to=yesterday', 'to'],
    ['?from=2026-02-02&to=2026-02-01', 'to'],
    ['?key=nobody', 'key'],
    ['?form=2026-02-01', 'form'],
  ] as const) {
    t.match((await usage(query)).json(), { status: 400, path }, query)
  }
  t.equal((await usage('?from=2026-02-01&to=2026-02-01')).status, 200, 'a single day')
  const fill = (from: number, to: number) => context.database.work`
    insert into qingdan.key_usage (key_id, day, dataset, requests, refused, bytes)
    select 'x', '2020-01-01', 'd' || n, 1, 0, 0 from generate_series(${from}::int, ${to}::int) n`
  await fill(1, usageRowsMax)
  t.equal((await usage('?from=2020-01-01&to=2020-01-01')).json<{ data: [] }>().data.length, usageRowsMax)
  await fill(usageRowsMax + 1, usageRowsMax + 1)
  t.match((await usage('?from=2020-01-01&to=2020-01-01')).json(), { status: 400, path: 'from' })
})

t.test('a key for a platform is created on the command line', async (t) => {
  const make = (...options: string[]) =>
    callCli(['key', 'create', '--json', '--label', 'city', '--scope', 'read-shared', ...options], environment)
  const created = await make(
    ...['--per-minute', '120', '--per-day', '50000', '--address', '192.0.2.0/24', '2001:db8::/32'],
    ...['--dataset', shared, '--expires', '2099-01-01T00:00:00+08:00'],
  )
  t.equal(created.code, 0, created.stderr)
  const { id } = JSON.parse(created.stdout) as { id: string }
  const shown = await callCli(['key', 'show', id, '--json'], environment)
  t.match(JSON.parse(shown.stdout), {
    scopes: ['read-shared'],
    datasets: [shared],
    addresses: ['192.0.2.0/24', '2001:db8::/32'],
    quota: [
      { name: 'minute', limit: 120, left: 120 },
      { name: 'day', limit: 50_000, left: 50_000 },
    ],
    expiresAt: '2098-12-31T16:00:00.000Z',
  })
  for (const wrong of [
    ['--per-minute', '0'],
    ['--per-day', 'many'],
    ['--per-day', '-1'],
  ]) {
    t.equal((await make(...wrong)).code, 2, wrong.join(' '))
  }
  for (const wrong of [
    ['--per-minute', '100001'],
    ['--address', 'example.org'],
    ['--scope', 'read-restricted'],
  ]) {
    t.equal((await make(...wrong)).code, 4, wrong.join(' '))
  }
})
