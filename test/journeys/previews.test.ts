/**
 * Previews of a draft before its release: its token shows the version, its records and its files, and nothing
 * else does; a draft is never in a list, a count, a search or a cache, and never shown before disclosure
 * control.
 */
import t from 'tap'
import {
  approvePublication,
  dropPublication,
  openPreview,
  publishEdition,
  revokePreview,
} from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('tree', 'string', { role: 'key', ...required }), field('height', 'integer', { role: 'measure' })],
  ['tree'],
  { dataset, themes: ['education'], formats: ['csv', 'csv.gz'], approval: { required: true } },
)
const testContext = await openTestContext(t, { contracts: [contract], at: '2026-03-01T00:00:00Z' })
const { context, get, send, moveTo, lines } = testContext
const { authorization } = await testContext.key({ scopes: ['publish'] })
const base = `/v1/datasets/${dataset}/editions/2025`
const version = (n: number) => `${base}/versions/${n}`
const file = (n: number, extension = 'csv') => `${version(n)}/files/${dataset}-2025-v${n}.${extension}`
const rows = (heights: readonly number[]) =>
  `tree,height\n${heights.map((height, n) => `t${n},${height}\n`).join('')}`
const day = 86_400_000

/** Every address that shows a version, with its path parameters filled in. */
const below = (n: number, query: string) =>
  [version(n), `${version(n)}/records`, file(n), file(n, 'csv.gz')].map((url) => `${url}${query}`)

/** An answer without the id of its request. */
const text = (answer: { readonly text: string }) => answer.text.replace(/"requestId":"[^"]*"/, '')

async function prepare(heights: readonly number[], reason: string) {
  await testContext.take({ dataset, edition: '2025', rows: rows(heights) })
  const publication = await testContext.publish(dataset, '2025', { reason })
  if (publication.state !== 'prepared') throw new Error(publication.state)
  return publication
}

const first = await prepare([5, 7, 9], 'First.')
const preview = await openPreview(context, { id: first.id, actor: 'cli:test', milliseconds: day })
const query = `?preview=${preview.token}`

t.test('with its token a draft is readable, marked, uncached and unlisted', async (t) => {
  const shown = await get(`${version(1)}${query}`)
  const links = {
    self: `${version(1)}${query}`,
    records: `${version(1)}/records${query}`,
    predecessor: null,
    successor: null,
  }
  const distributions = [{ href: `${file(1)}${query}` }, { href: `${file(1, 'csv.gz')}${query}` }]
  t.match(shown.json(), { state: 'draft', publishedAt: null, records: 3, links, distributions })
  const records = await get(`${version(1)}/records${query}&limit=2&height=7`)
  t.match(records.json(), { data: [{ tree: 't1', height: 7 }], meta: { state: 'draft', publishedAt: null } })
  t.equal((await get(`${file(1)}${query}`)).text, rows([5, 7, 9]))
  for (const url of below(1, query)) {
    const answer = await get(url)
    t.equal(answer.status, 200, url)
    t.equal(answer.headers['cache-control'], 'private, no-store', url)
    t.equal(answer.headers['x-robots-tag'], 'noindex', url)
    const again = await get(url, { 'if-none-match': String(answer.headers['etag'] ?? '*') })
    t.equal(again.status, 200, 'there is no 304')
  }
})

t.test('paging continues with the token', async (t) => {
  let next: string | null = `${version(1)}/records${query}&limit=1`
  const collected: unknown[] = []
  while (next !== null) {
    const page: { data: { tree: string }[]; links: { next: string | null } } = (await get(next)).json()
    collected.push(...page.data.map(({ tree }) => tree))
    next = page.links.next
  }
  t.same(collected, ['t0', 't1', 't2'])
})

t.test('a wrong token gives the response of a version that does not exist', async (t) => {
  const [, id = '', secret = ''] = /^qp_([0-9a-f]{18})_(.*)$/.exec(preview.token) ?? []
  const wrong = [
    '',
    'x',
    preview.token.toUpperCase(),
    `qp_${id}_${'A'.repeat(43)}`,
    `qp_${'0'.repeat(18)}_${secret}`,
    `${preview.token}%00`,
    `${preview.token}'--`,
  ]
  const bare = await Promise.all(below(1, '').map(get0))
  for (const token of wrong) {
    for (const [index, url] of below(1, `?preview=${token}`).entries()) {
      const answer = await get(url)
      t.equal(answer.status, 404, url)
      t.equal(text(answer), bare[index])
    }
  }
  for (const url of below(2, query)) t.equal((await get(url)).status, 404, 'a token is for its version')
  t.equal((await get(`${version(1).replace('2025', '2024')}${query}`)).status, 404, 'and for its edition')
  const repeated = await get(`${version(1)}${query}&preview=${preview.token}`)
  t.equal(repeated.status, 400)
})

async function get0(url: string): Promise<string> {
  return text(await get(url))
}

t.test('it is in no list, count or search, nor the latest', async (t) => {
  const addresses = ['/v1/datasets', `/v1/datasets/${dataset}`, `/v1/datasets/${dataset}/editions`, '/']
  for (const url of addresses) {
    const answer = await get(url)
    t.equal(answer.status, 200, url)
    t.notMatch(answer.text, /"?2025"?.*versions|t1|draft/, url)
  }
  t.same((await get(`/v1/datasets/${dataset}/editions`)).json<{ data: unknown[] }>().data, [])
  for (const url of [
    base,
    `${base}/versions`,
    `${base}/versions/latest${query}`,
    `${base}/versions/latest/records${query}`,
    `/v1/datasets/${dataset}/records${query}`,
  ])
    t.equal((await get(url)).status, 404, url)
  const [changes] = await context.database.work`
    SELECT count(*)::int AS n FROM qingdan.change WHERE kind LIKE 'version-%'`
  t.equal(changes?.['n'], 0)
})

t.test('the token is in no log line, and only its digest is stored', async (t) => {
  const secret = preview.token.slice(-43)
  t.ok(lines.some((line) => line.includes('request-completed')))
  t.notOk(lines.some((line) => line.includes(secret)))
  const [stored] = await context.database.work`SELECT row_to_json(p)::text AS row FROM qingdan.preview p`
  t.notMatch(stored?.['row'], secret)
  const [audited] = await context.database.work`
    SELECT string_agg(detail::text, '') AS all FROM qingdan.audit WHERE action = 'preview-created'`
  t.match(audited?.['all'], preview.id)
  t.notMatch(audited?.['all'], secret)
})

t.test('it expires, and can be revoked before', async (t) => {
  const short = await openPreview(context, { id: first.id, actor: 'cli:test', milliseconds: 60_000 })
  const url = `${version(1)}?preview=${short.token}`
  moveTo('2026-03-01T00:00:59.999Z')
  t.equal((await get(url)).status, 200)
  moveTo('2026-03-01T00:01:00Z')
  t.equal((await get(url)).status, 404)
  const other = await openPreview(context, { id: first.id, actor: 'cli:test', milliseconds: day })
  t.equal((await get(`${version(1)}?preview=${other.token}`)).status, 200)
  t.equal(await revokePreview(context, other.id, 'cli:test'), true)
  t.equal((await get(`${version(1)}?preview=${other.token}`)).status, 404)
  t.equal(await revokePreview(context, 'f'.repeat(18), 'cli:test'), false)
  t.equal((await get(`${version(1)}${query}`)).status, 200, 'the others stay valid')
})

t.test('over HTTP a key with the scope to publish creates a token', async (t) => {
  const { links } = (await get(`${base}/publications/${first.id}`, { authorization })).json<{
    links: { preview: string }
  }>()
  const created = await send('POST', links.preview, authorization, { expires: '2h' })
  t.equal(created.status, 201)
  t.match(created.json(), { expiresAt: '2026-03-01T02:01:00.000Z', token: /^qp_/ })
  t.equal((await get(created.json<{ href: string }>().href)).status, 200)
  t.equal((await send('POST', links.preview, undefined, {})).status, 401)
  for (const expires of ['91d', '0d', '7', 'a week']) {
    t.equal((await send('POST', links.preview, authorization, { expires })).status, 400, expires)
  }
  t.equal((await send('POST', links.preview, authorization, { expires: '90d' })).status, 201)
})

t.test(
  'a draft prepared again with other records is another draft, which the token does not show',
  async (t) => {
    const again = await prepare([5, 7, 10], 'Measured again.')
    for (const url of below(1, query)) t.equal((await get(url)).status, 404, url)
    const { token } = await openPreview(context, { id: again.id, actor: 'cli:test', milliseconds: day })
    t.equal((await get(`${file(1)}?preview=${token}`)).text, rows([5, 7, 10]))
    await t.rejects(openPreview(context, { id: first.id, actor: 'cli:test', milliseconds: day }), {
      code: 'draft-not-prepared',
    })
    await dropPublication(context, { id: again.id, actor: 'cli:test', reason: 'Not yet.' })
    t.equal((await get(`${version(1)}?preview=${token}`)).status, 404, 'and a cancelled draft is not shown')
  },
)

t.test('after the release the address still works, and reports a withdrawal', async (t) => {
  const last = await prepare([5, 7, 11], 'Final.')
  const { token } = await openPreview(context, { id: last.id, actor: 'cli:test', milliseconds: day })
  await approvePublication(context, { id: last.id, actor: 'cli:second' })
  await publishEdition(context, last.id)
  const shown = await get(`${version(1)}?preview=${token}`)
  t.match(shown.json(), { state: 'published', records: 3 })
  t.equal(
    (await get(`${version(1)}?preview=wrong`)).status,
    404,
    'a wrong token does not affect open versions',
  )
  const latest = await get(`/v1/datasets/${dataset}/records?preview=${token}`)
  t.match({ status: latest.status, ...latest.json<object>() }, { status: 400, code: 'parameter-unknown' })
  const withdrawn = await send('POST', `${version(1)}/withdrawal`, authorization, { reason: 'Wrong trees.' })
  t.match(withdrawn.json(), { state: 'withdrawn', already: false })
  const again = await send('POST', `${version(1)}/withdrawal`, authorization, { reason: 'Once more.' })
  t.match(again.json(), { state: 'withdrawn', already: true })
  for (const url of below(1, `?preview=${token}`)) {
    t.match((await get(url)).json(), { code: 'version-withdrawn', reason: 'Wrong trees.' }, url)
  }
})

t.test('the number of previews of a draft is limited', async (t) => {
  const { id } = await prepare([1], 'Many.')
  const open = () => openPreview(context, { id, actor: 'cli:test', milliseconds: day })
  for (let n = 0; n < 100; n += 1) await open()
  await t.rejects(open(), { code: 'previews-too-many' })
})
