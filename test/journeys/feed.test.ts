/**
 * The feed over HTTP: every type of change in one order, by pages and queries; waiting; restricted, opened and closed
 * datasets; the same cursors at a mirror; and refusals.
 */
import { once } from 'node:events'
import { get as request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { pinContracts } from '../../src/catalogue/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { noticeDaysUsual } from '../../src/contract/index.ts'
import { writeCursor } from '../../src/platform/cursor.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { exportTo, serving, take, trustOrigin } from '../support/two-contexts.ts'
import { contractsOf } from '../support/unconnected-context.ts'

const required = { constraints: { required: true } }
const key = field('tree', 'string', { role: 'key', ...required })
const trees = contractOf([key, field('height', 'integer')], ['tree'], {
  dataset: 'tree-register',
  themes: ['education'],
})
const breaking = { ...trees, contractVersion: 2, fields: [key, field('girth', 'integer')] }
const shelters = contractOf([key], ['tree'], {
  dataset: 'shelter-register',
  themes: ['education'],
  openClass: 'not-open',
  shareClass: 'on-demand',
})
const opened = { ...shelters, contractVersion: 2, openClass: 'conditional' }
const closed = { ...shelters, contractVersion: 3 }

interface ChangeEntry {
  readonly id: string
  readonly cursor: string
  readonly type: string
  readonly dataset: string
  readonly version: number | null
  readonly [member: string]: unknown
}
interface FeedPage {
  readonly data: readonly ChangeEntry[]
  readonly meta: { readonly origin: string; readonly more: boolean; readonly cursor: string }
  readonly links: { readonly self: string; readonly next: string }
}

const longPollsMax = 6
const testContext = await openTestContext(t, {
  contracts: [trees, shelters],
  settings: { QINGDAN_LONG_POLLS_MAX: String(longPollsMax) },
})
const { context, app, get } = testContext
const of = { dataset: 'tree-register', edition: '2024' }
const rows = (...lines: readonly string[]) => `tree,height\n${lines.join('\n')}\n`
const feed = async (query = '', headers = {}) => (await get(`/v1/changes${query}`, headers)).json<FeedPage>()
const summaryOf = ({ data }: FeedPage) =>
  data.map(({ type, dataset, version }) => `${type} ${dataset} ${version}`)

/** Records the changes of contracts as a start of the service does. */
async function pin(...contracts: readonly Contract[]): Promise<void> {
  const loaded = contracts.map((contract) => ({
    contract,
    document: { ...contract },
    formerKeywords: [],
    digest: String(contract.contractVersion).repeat(64) as never,
    file: 'contract.json',
  }))
  const pinned = {
    ...contractsOf(loaded),
    find: (dataset: string, version?: number) =>
      [...context.contracts.versions(dataset), ...loaded].find(
        ({ contract }) => contract.dataset === dataset && contract.contractVersion === version,
      ),
  }
  await pinContracts(context.database, pinned, context.clock())
}

t.test('every change comes in one order at any page size', async (t) => {
  await testContext.take({ ...of, rows: rows('oak,20', 'elm,7') })
  await testContext.publish(of.dataset, of.edition)
  testContext.moveTo('2026-03-02T04:00:00Z')
  await testContext.take({ ...of, rows: rows('oak,21', 'ash,3') })
  await testContext.publish(of.dataset, of.edition, { reason: 'measured again' })
  await withdraw(context, { ...of, version: 1, reason: 'wrong', actor: 'cli:test' })
  await testContext.take({ dataset: shelters.dataset, edition: '2024', rows: 'tree\nsecret\n' })
  await testContext.publish(shelters.dataset, '2024')
  const all = await feed()
  t.same(summaryOf(all), [
    'dataset-added tree-register null',
    'version-published tree-register 1',
    'version-corrected tree-register 2',
    'version-withdrawn tree-register 1',
  ])
  t.notOk(all.meta.more)
  t.match(all.data[2], {
    reason: 'measured again',
    at: '2026-03-02T04:00:00.000Z',
    href: '/v1/datasets/tree-register/editions/2024/versions/2',
    released: {
      records: 2,
      contractVersion: 1,
      synthetic: false,
      difference: { against: 1, added: 1, removed: 1, changed: 1 },
    },
  })
  t.match(all.data[3], { reason: 'wrong', released: undefined })
  const { released } = all.data[2] as unknown as {
    released: { sha256: string; distributions: { format: string; sha256: string; href: string }[] }
  }
  const [csv] = released.distributions.filter(({ format }) => format === 'csv')
  t.equal(csv?.sha256, released.sha256)
  t.match((await get(csv?.href ?? '')).headers['etag'], released.sha256)

  const pages: ChangeEntry[] = []
  let next = '/v1/changes?limit=1'
  for (let more = true; more; ) {
    const page = (await get(next)).json<FeedPage>()
    pages.push(...page.data)
    next = page.links.next
    more = page.meta.more
  }
  t.same(pages, all.data, 'each once, and the same')
  t.same(new Set(all.data.map(({ id }) => id)).size, all.data.length)
  t.same((await get(next)).json<FeedPage>().data, [], 'and then nothing')
  const following: unknown[] = []
  for (const { cursor } of all.data) following.push((await feed(`?after=${cursor}`)).data)
  t.same(
    following,
    all.data.map((_, index) => all.data.slice(index + 1)),
    'every change has a cursor to continue from',
  )
})

t.test('queries and restricted datasets', async (t) => {
  t.same(summaryOf(await feed('?type=version-withdrawn,version-corrected')), [
    'version-corrected tree-register 2',
    'version-withdrawn tree-register 1',
  ])
  t.equal((await feed('?dataset=tree-register')).data.length, 4)
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  t.same(summaryOf(await feed('?dataset=shelter-register', { authorization })), [
    'dataset-added shelter-register null',
    'version-published shelter-register 1',
  ])
  const answer = await get('/v1/changes', { authorization })
  t.equal(answer.headers['cache-control'], 'private, no-store')
  t.equal(answer.json<FeedPage>().data.length, 6)
  t.match((await get('/v1/changes?dataset=shelter-register')).json(), { code: 'dataset-not-found' })
  const cursor = answer.json<FeedPage>().meta.cursor
  t.match((await get(`/v1/changes?after=${cursor}`)).json(), { code: 'cursor-invalid', path: 'after' })
})

t.test('a breaking contract gives notice; datasets open and close', async (t) => {
  const before = (await feed()).meta.cursor
  await pin(breaking, opened)
  const page = await feed(`?after=${before}`)
  t.same(
    new Set(summaryOf(page)),
    new Set([
      'version-published shelter-register 1',
      'contract-added tree-register null',
      'dataset-opened shelter-register null',
    ]),
  )
  const { contract } = page.data.find(({ type }) => type === 'contract-added') as unknown as {
    contract: { notice: { since: string; sunset: string } }
  }
  t.match(contract, { contractVersion: 2, verdict: 'breaking', comparison: /contracts\/1\/compare\/2$/ })
  const days = (Date.parse(contract.notice.sunset) - Date.parse(contract.notice.since)) / 86_400_000
  t.equal(days, noticeDaysUsual)
  t.same(
    summaryOf(await feed('?dataset=shelter-register')),
    [
      'dataset-added shelter-register null',
      'version-published shelter-register 1',
      'dataset-opened shelter-register null',
    ],
    'its past is read by its name',
  )
  await pin(closed)
  const tomb = await feed(`?after=${page.meta.cursor}`)
  t.strictSame(Object.keys(tomb.data[0] ?? {}), [
    ...['id', 'cursor', 'type', 'at', 'dataset', 'edition', 'version', 'reason', 'href'],
  ])
  t.same(summaryOf(tomb), ['dataset-closed shelter-register null'])
  t.same(summaryOf(await feed('?dataset=shelter-register')), ['dataset-closed shelter-register null'])
  t.notMatch(JSON.stringify(await feed()), /dataset-opened/, 'the feed has no other entry of it')
})

t.test('a waiting request ends at a change, at its timeout, or at shutdown', async (t) => {
  const { meta } = await feed()
  const began = performance.now()
  t.same((await feed(`?after=${meta.cursor}&wait=1`)).data, [])
  t.ok(performance.now() - began > 900, 'after its timeout')
  const waiting = Promise.all([1, 2, 3].map(() => feed(`?after=${meta.cursor}&wait=50`)))
  const other = feed(
    `?after=${(await feed('?type=version-published')).meta.cursor}&type=version-published&wait=2`,
    { 'x-forwarded-for': '192.0.2.9' },
  )
  await withdraw(context, { ...of, version: 2, reason: 'wrong too', actor: 'cli:test' })
  for (const page of await waiting) t.same(summaryOf(page), ['version-withdrawn tree-register 2'])
  t.same((await other).data, [], 'an unrelated change does not end the waiting')
})

t.test('of a thousand waiting requests, those over the limit are refused', async (t) => {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const { cursor } = (await feed()).meta
  let sender = 0
  const openLongPoll = async () => {
    const headers = { 'x-forwarded-for': `192.0.2.${sender++ % 4}` }
    const sent = request({
      ...{ host: '127.0.0.1', port, path: `/v1/changes?after=${cursor}&wait=50`, headers, agent: false },
    })
    const [answer] = await once(sent, 'response')
    const text = (await answer.setEncoding('utf8').toArray()).join('')
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], body: JSON.parse(text) }
  }
  const sent = Array.from({ length: 1000 }, openLongPoll)
  let refused = 0
  const isFull = new Promise<void>((resolve) => {
    for (const one of sent) {
      one.then(({ status }) => {
        if (status === 503 && ++refused === 1000 - longPollsMax) resolve()
      }, t.error)
    }
  })
  await isFull
  t.equal((await feed(`?after=${cursor}`)).data.length, 0, 'a request without waiting is always answered')
  await testContext.take({ ...of, edition: '2025', rows: rows('oak,22') })
  await testContext.publish(of.dataset, '2025')
  const responses = await Promise.all(sent)
  const served = responses.filter(({ status }) => status === 200)
  t.equal(served.length, longPollsMax)
  t.ok(served.every(({ body }) => body.data.length === 1))
  const others = responses.filter(({ status }) => status === 503)
  t.equal(served.length + others.length, 1000)
  t.ok(others.every(({ retryAfter, body }) => Number(retryAfter) > 0 && body.code === 'waits-busy'))

  const own = (headers: Record<string, string>) =>
    Array.from({ length: longPollsMax }, () =>
      get(`/v1/changes?after=${served[0]?.body.meta.cursor}&wait=2`, headers),
    )
  const statuses = (await Promise.all(own({ 'x-forwarded-for': '198.51.100.7' }))).map(({ status }) => status)
  t.equal(
    statuses.filter((status) => status === 200).length,
    longPollsMax / 2,
    'one caller takes at most half of the slots',
  )
})

t.test('a client that disconnects frees its slot', async (t) => {
  const { port } = app.server.address() as AddressInfo
  const { cursor } = (await feed()).meta
  const path = `/v1/changes?after=${cursor}&wait=50`
  for (let round = 0; round < 2 * longPollsMax; round++) {
    const sent = request({ host: '127.0.0.1', port, path, agent: false })
    sent.on('error', () => undefined)
    await once(sent, 'socket')
    await new Promise((resolve) => sent.socket?.once('connect', resolve))
    // Sent after the waiting request: once this one is answered, the other waits.
    await feed()
    const isClosed = new Promise((resolve) => sent.once('close', resolve))
    sent.destroy()
    await isClosed
  }
  const page = await get(`/v1/changes?after=${cursor}&wait=1`)
  t.equal(page.status, 200)
})

t.test('a mirror has the same feed and the same cursors', async (t) => {
  const folder = await temporaryFolder(t)
  const origin = await openTestContext(t, { contracts: [trees, shelters] })
  const mirror = await openTestContext(t, { contracts: [trees] })
  const mirrorApp = await serving(t, mirror.context)
  await origin.take({ ...of, rows: rows('oak,20') })
  await origin.publish(of.dataset, of.edition)
  await origin.take({ dataset: shelters.dataset, edition: '2024', rows: 'tree\nsecret\n' })
  await origin.publish(shelters.dataset, '2024')
  const exported = await exportTo(origin.context, join(folder, 'a'), { since: null, restricted: false })
  await trustOrigin(mirror.context, origin.context, folder)
  await take(mirror.context, exported.out)
  const at = async (url: string) => (await mirrorApp.inject(url)).json() as FeedPage
  const atOrigin = (await origin.get('/v1/changes')).json<FeedPage>()
  t.strictSame(await at('/v1/changes'), atOrigin)
  const waits = at(`${atOrigin.links.next}&wait=50`)

  await origin.take({ ...of, rows: rows('oak,21') })
  await origin.publish(of.dataset, of.edition, { reason: 'grown' })
  const later = (await origin.get(atOrigin.links.next)).json<FeedPage>()
  t.match(
    (await mirrorApp.inject(later.links.next)).json(),
    { code: 'cursor-invalid', detail: /ahead of this feed/ },
    'a cursor that the mirror has not reached yet is ahead',
  )
  const second = await exportTo(origin.context, join(folder, 'b'), {
    since: exported.cursor,
    restricted: false,
  })
  await take(mirror.context, second.out)
  t.strictSame((await waits).data, later.data, 'a request waiting at the mirror gets it')
  t.strictSame(await at(atOrigin.links.next), later)
  t.equal((await mirrorApp.inject(later.links.next)).statusCode, 200)
})

t.test('invalid cursors and parameters are refused', async (t) => {
  const { meta } = await feed()
  const refusal = async (query: string) => (await get(`/v1/changes${query}`)).json()
  const own = (place: object) => {
    const question = JSON.stringify({ datasets: null, restricted: 'none', types: null })
    return writeCursor(`changes ${question}`, { origin: meta.origin, position: 1, mark: '', ...place })
  }
  const cursors = [
    [`${meta.cursor.slice(0, -3)}AAA`, /damaged/],
    ['x', /damaged/],
    ['', /damaged/],
    ['a'.repeat(5000), /damaged/],
    [own({ origin: 'another' }), /another feed/],
    [own({ position: 1e9 }), /ahead/],
    [own({}), /another history/],
    [own({ position: -1 }), /damaged/],
    [own({ position: 1.5 }), /damaged/],
    [own({ mark: 7 }), /damaged/],
    [own({ position: '1' }), /damaged/],
  ] as const
  for (const [cursor, detail] of cursors) {
    t.match(await refusal(`?after=${cursor}`), { status: 400, code: 'cursor-invalid', path: 'after', detail })
  }
  t.match(await refusal(`?after=${meta.cursor}&type=version-published`), { code: 'cursor-invalid' })
  for (const query of ['wait=86400', 'wait=51', 'wait=-1', 'wait=x', 'limit=0', 'limit=1001', 'limit=x']) {
    const path = query.split('=')[0]
    t.match(await refusal(`?${query}`), { status: 400, code: 'parameter-invalid', path }, query)
  }
  t.equal((await get('/v1/changes?limit=1000')).status, 200)
  t.match(await refusal('?type=version-publish'), { code: 'parameter-invalid', nearest: 'version-published' })
  t.match(await refusal('?since=1'), { code: 'parameter-unknown' })
  t.match(await refusal('?aftr=1'), { code: 'parameter-unknown', nearest: 'after' })
  t.match(await refusal('?dataset=nothing'), { code: 'dataset-not-found', path: 'dataset' })
  const many = (count: number) => `?dataset=${Array.from({ length: count }, (_, n) => `d${n}`).join()}`
  t.match(await refusal(many(101)), { code: 'parameter-invalid', path: 'dataset' })
  t.match(await refusal(many(100)), { code: 'dataset-not-found' })
})

t.test('the service stops without delay while requests wait', async (t) => {
  const own = await openTestContext(t, { contracts: [trees] })
  const { cursor } = (await own.get('/v1/changes')).json<FeedPage>().meta
  const { port } = await (async () => {
    await own.app.listen({ host: '127.0.0.1', port: 0 })
    return own.app.server.address() as AddressInfo
  })()
  const sent = request({
    host: '127.0.0.1',
    port,
    path: `/v1/changes?after=${cursor}&wait=50`,
    agent: false,
  })
  const answered = once(sent, 'response')
  await once(sent, 'socket')
  await own.get('/v1/changes')
  const began = performance.now()
  await own.app.close()
  const [answer] = await answered.catch(() => [undefined])
  t.ok(performance.now() - began < 5000)
  if (answer !== undefined) answer.resume()
})
