/**
 * Paging over records: every record exactly once, under every filter and while versions are published and
 * withdrawn. A damaged or foreign cursor is refused by code, and no parameter reaches the database as
 * anything but text.
 */
import t from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'lamp-register'
const other = 'bench-register'
const fields = [
  field('lamp', 'integer', { role: 'key', constraints: { required: true } }),
  field('kind', 'string', { role: 'dimension' }),
  field('height', 'number', { scale: 1 }),
  field('lit', 'boolean'),
  field('since', 'date'),
  field('on_at', 'time'),
  field('seen_at', 'datetime'),
  field('uses', 'list'),
  field('district', 'string', { codes: 'districts' }),
]
const more = { themes: ['education'], indexes: [['kind'], ['uses']], formats: ['csv', 'csv.gz', 'ndjson'] }
const testContext = await openTestContext(t, {
  contracts: [
    contractOf(fields, ['lamp'], { dataset, ...more }),
    contractOf(fields, ['lamp'], { dataset: other, ...more }),
  ],
})
const { get, context } = testContext

const total = 130
const header = fields.map(({ name }) => name).join()
/** Lamp n of a version. Every field is empty in some rows, so that paging meets nulls everywhere. */
const lamp = (n: number, version: number) =>
  [
    n,
    n % 7 === 0 ? '' : ['lantern', 'spot', "o'clock; --"][n % 3],
    n % 11 === 0 ? '' : (n % 5) + 0.5,
    n % 13 === 0 ? '' : n % 2 === 0,
    n % 17 === 0 ? '' : `2020-01-0${(n % 4) + 1}`,
    n % 19 === 0 ? '' : `0${n % 6}:30`,
    n % 23 === 0 ? '' : `2026-01-01T0${n % 3}:00:00Z`,
    n % 5 === 0 ? '' : n % 2 === 0 ? 'road;yard' : 'road',
    version === 1 ? '310101' : '310104',
  ].join()
const rowsOf = (version: number) =>
  [header, ...Array.from({ length: total }, (_, index) => lamp(index + 1, version))].join('\n')

for (const name of [dataset, other]) {
  await testContext.take({ dataset: name, edition: '2025', rows: rowsOf(1) })
  await testContext.publish(name, '2025')
}

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly meta: { readonly version: number }
  readonly links: { readonly next: string | null }
}

const records = `/v1/datasets/${dataset}/records`
const versioned = `/v1/datasets/${dataset}/editions/2025/versions/1/records`

/** Follows `links.next` to the end, and returns the pages. */
async function pagesOf(url: string, between: (page: number) => Promise<void> = async () => undefined) {
  const pages: Page[] = []
  for (let next: string | null = url; next !== null; ) {
    const answer = await get(next)
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    const page: Page = answer.json()
    pages.push(page)
    await between(pages.length)
    next = page.links.next
  }
  return pages
}
const lampsOf = (pages: readonly Page[]) => pages.flatMap(({ data }) => data.map((record) => record['lamp']))
const from = (url: string) => (url.includes('?') ? '&' : '?')
const cursorOf = async (url: string) =>
  new URL((await get(url)).json<Page>().links.next ?? '', 'http://x').searchParams.get('cursor') ?? ''

const everyLamp = Array.from({ length: total }, (_, index) => index + 1)

t.test('every record comes exactly once, whatever the page size', async (t) => {
  for (const url of [records, `${records}?edition=2025`, versioned]) {
    for (const limit of [1, 7, 100, total, 1000]) {
      const pages = await pagesOf(`${url}${from(url)}limit=${limit}`)
      t.same(lampsOf(pages), everyLamp, `${url} by ${limit}`)
      t.equal(pages.length, Math.ceil(total / limit), 'a page is full unless it is the last')
    }
  }
  t.equal((await get(records)).json<Page>().data.length, 100, 'a hundred by default')
})

t.test('every record of a filter comes exactly once, on each type of field', async (t) => {
  const filters: readonly (readonly [query: string, holds: (n: number) => boolean])[] = [
    ['lamp=42', (n) => n === 42],
    ['kind=lantern', (n) => n % 7 !== 0 && n % 3 === 0],
    [`kind=${encodeURIComponent("o'clock; --")}`, (n) => n % 7 !== 0 && n % 3 === 2],
    ['height=0.5', (n) => n % 11 !== 0 && n % 5 === 0],
    ['lit=false', (n) => n % 13 !== 0 && n % 2 === 1],
    ['since=2020-01-01', (n) => n % 17 !== 0 && n % 4 === 0],
    ['on_at=03:30', (n) => n % 19 !== 0 && n % 6 === 3],
    ['seen_at=2026-01-01T08:00:00%2B08:00', (n) => n % 23 !== 0 && n % 3 === 0],
    ['uses=yard', (n) => n % 5 !== 0 && n % 2 === 0],
    ['district=310101', () => true],
    [
      'kind=spot&lit=true&uses=road',
      (n) => n % 7 !== 0 && n % 3 === 1 && n % 13 !== 0 && n % 10 > 0 && n % 2 === 0 && n % 5 !== 0,
    ],
  ]
  for (const [query, matches] of filters) {
    const expected = everyLamp.filter(matches)
    t.ok(expected.length > 0, `${query} matches ${expected.length}`)
    const found: unknown[] = []
    for (const limit of [1, 7, 100]) found.push(lampsOf(await pagesOf(`${records}?${query}&limit=${limit}`)))
    t.same(found, [expected, expected, expected], query)
  }
})

t.test('a walk stays on the version it began with while others are published', async (t) => {
  const pages = await pagesOf(`${records}?limit=100`, async (page) => {
    if (page !== 1) return
    await testContext.take({ dataset, edition: '2025', rows: rowsOf(2) })
    await testContext.publish(dataset, '2025', { reason: 'Moved to another district.' })
    await testContext.take({ dataset, edition: '2026', rows: `${header}\n${lamp(1, 2)}` })
    await testContext.publish(dataset, '2026')
  })
  t.same(lampsOf(pages), everyLamp)
  t.same(
    pages.map(({ meta }) => meta.version),
    [1, 1],
  )
  t.same(new Set(pages.flatMap(({ data }) => data.map((record) => record['district']))), new Set(['310101']))
  t.equal((await get(records)).json<Page>().data.length, 1, 'a new walk begins with the newest edition')
  t.match((await get(`${records}?edition=2025`)).json(), { meta: { version: 2 } })
})

t.test('a cursor that is damaged, or of another query, is refused by code', async (t) => {
  const query = `${records}?edition=2025&kind=spot&limit=2`
  const cursor = await cursorOf(query)
  const parameters = [
    ['edition', '2025'],
    ['kind', 'spot'],
  ]
  const fingerprint = digestOf(JSON.stringify({ dataset, parameters })).slice(0, 12)
  const forge = (body: string) => Buffer.from(`${digestOf(`${dataset}\n${body}`).slice(0, 12)}${body}`)
  t.equal(
    forge(`{"query":"${fingerprint}","versions":[["2025",2]],"at":0,"after":4}`).toString('base64url'),
    cursor,
    'the test makes cursors as the service does',
  )
  const flip = (at: number) =>
    `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`
  const damaged = [
    ...Array.from({ length: cursor.length - 1 }, (_, at) => flip(at)),
    ...[cursor.slice(0, -2), `${cursor}A`, 'x', '%00', '..', "' OR 1=1 --", 'A'.repeat(5000)],
    ...[
      ...['', 'null', '5', '{}', '[]', '{"query":'],
      `{"query":"${fingerprint}","versions":[["2025",1e400]],"at":0,"after":1}`,
      `{"query":"${fingerprint}","versions":[["2025",2]],"at":1,"after":1}`,
      `{"query":"${fingerprint}","versions":[["2025",2],["2026",1]],"at":0,"after":1}`,
    ].map((body) => forge(body).toString('base64url')),
  ]
  for (const text of damaged) {
    const answer = await get(`${query}&cursor=${encodeURIComponent(text)}`)
    if (answer.status === 400 && answer.json<{ code: string }>().code === 'cursor-invalid') continue
    t.fail(`${text.slice(0, 80)} gave ${answer.status} ${answer.text.slice(0, 200)}`)
  }
  t.ok(damaged.length > 80, `${damaged.length} cursors were refused`)
  const elsewhere = [
    `${records}?kind=spot&edition=2026`,
    `${records}?edition=2025&kind=lantern`,
    `${records}?edition=2025`,
    `${records}?kind=spot`,
    `${records}?edition=2025&kind=spot&lit=true`,
    `/v1/datasets/${other}/records?edition=2025&kind=spot`,
    `${versioned}?kind=spot`,
    `/v1/datasets/${dataset}/editions/2026/versions/1/records?kind=spot`,
  ]
  for (const url of elsewhere) {
    t.match((await get(`${url}&cursor=${cursor}`)).json(), { code: 'cursor-invalid', path: 'cursor' }, url)
  }
  const ofVersion = await cursorOf(`${versioned}?limit=5`)
  const second = versioned.replace('versions/1', 'versions/2')
  t.match((await get(`${second}?cursor=${ofVersion}`)).json(), { code: 'cursor-invalid' })
  t.equal(
    (await get(`${records}?edition=2025&kind=spot&limit=50&cursor=${cursor}`)).status,
    200,
    'limit may change',
  )
})

t.test('a cursor of a withdrawn version gives 410', async (t) => {
  const cursor = await cursorOf(`${records}?edition=2025&limit=5`)
  const withdrawal = { dataset, edition: '2025', version: 2, reason: 'Wrong district.', actor: 'cli:test' }
  await withdraw(context, withdrawal)
  const answer = await get(`${records}?edition=2025&limit=5&cursor=${cursor}`)
  t.equal(answer.status, 410)
  t.match(answer.json(), { code: 'version-withdrawn', reason: 'Wrong district.', successor: null })
})

/** Hostile parameter values. */
const hostile = [
  "' OR 1=1 --",
  '"; DROP TABLE qingdan.version; --',
  "'; DROP SCHEMA published CASCADE; --",
  '1; SELECT pg_sleep(9)',
  "\\'; SELECT 1 --",
  '$1',
  '$$',
  '%00',
  '\u0000',
  '\ud800',
  '‮',
  '😀'.repeat(50),
  '-1',
  '1e9',
  '99999999999999999999',
  '9'.repeat(400),
  'NaN',
  'null',
  '[object Object]',
  '../../../etc/passwd',
  '{"a":1}',
  '9999-12-31T23:59:59-14:00',
  '1000-01-01T00:00:00+14:00',
  'x'.repeat(3000),
]
const encoded = (text: string) => encodeURIComponent(Buffer.from(text).toString())

async function tablesOf() {
  return context.database.work`
    SELECT schemaname, relname FROM pg_stat_user_tables ORDER BY schemaname, relname`
}

/** CKAN refuses in its own words, lists nothing for an unknown word, and may find near matches. */
function isCkanRefusal(url: string, { status, text }: Awaited<ReturnType<typeof get>>): boolean {
  if (/package_search\?(?:q=|fq_list=null$)/.test(url)) return true
  // Fields that no dataset has: each result is there, and empty.
  if (status === 200 && /package_search\?fl=/.test(url)) return /"results":\[\{\}(,\{\})*\]/.test(text)
  if (status === 200) return /"result":\[\]|"count":0,/.test(text)
  return [400, 404, 409].includes(status) && /"success":false|^"Bad request/.test(text)
}

/** OData refuses in its own shape; too long a name reaches no operation and is refused by a problem. */
function isOdataRefusal(url: string, { status, text }: Awaited<ReturnType<typeof get>>): boolean {
  if (!/^\/odata\b/.test(url)) return false
  const [, code = ''] =
    /^\{"error":\{"code":"([a-z-]+)"/.exec(text) ?? /^\{"type":.*"code":"([a-z-]+)"/.exec(text) ?? []
  if (status === 406) return code === 'not-acceptable' && /\?\$format=/.test(url)
  if (status === 501) return code === 'odata-unsupported'
  return [400, 404, 410].includes(status) && code !== ''
}

t.test('no route treats a parameter as more than text', async (t) => {
  const before = await tablesOf()
  const { authorization } = await testContext.key({
    scopes: ['ingest', 'publish', 'admin', 'read-restricted'],
  })
  const document = (await get('/openapi.json')).json<{
    paths: Record<string, { get?: { parameters?: readonly { name: string; in: string }[] } }>
  }>()
  const good: Readonly<Record<string, string>> = {
    ...{
      slug: dataset,
      edition: '2025',
      version: '1',
      contractVersion: '1',
      other: '1',
      publication: '1',
      year: '2025',
      code: 'not-found',
    },
    action: 'status_show',
    ...{ id: 'a'.repeat(64), name: `${dataset}-2025-v1.csv`, set: dataset.replaceAll('-', '_') },
  }
  const urls = new Set<string>()
  for (const [path, { get: operation }] of Object.entries(document.paths)) {
    if (operation === undefined) continue
    const fill = (name: string, value: string) =>
      path.replace(/\{(\w+)\}/g, (_all, own: string) => (own === name ? value : (good[own] ?? '')))
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    const queries = (operation.parameters ?? []).filter((one) => one.in === 'query').map((one) => one.name)
    // Addresses with an extension read their parameters like those without.
    const texts = /\/records\.\w+$/.test(path) ? hostile.slice(0, 3) : hostile
    for (const text of texts) {
      for (const name of names) urls.add(fill(name, encoded(text)))
      for (const name of queries) urls.add(`${fill('', '')}?${name}=${encoded(text)}`)
      urls.add(`${fill('', '')}?${encoded(text)}=1`)
    }
    for (const query of queries) urls.add(`${fill('', '')}?${query}=1&${query}=2`)
    for (const odd of [
      'a[]=1',
      'lamp[]=1',
      '__proto__=1',
      'constructor=1',
      '=',
      '=1',
      '&&',
      '%=1',
      'lamp=%C3%28',
    ]) {
      urls.add(`${fill('', '')}?${odd}`)
    }
  }
  // 200 is right only for addresses that take no hostile value, or for pages on which nothing matches it.
  const counts: Record<number, number> = {}
  for (const url of urls) {
    const answer = await get(url, { authorization })
    counts[answer.status] = (counts[answer.status] ?? 0) + 1
    const refused = [400, 404, 410].includes(answer.status)
    const isProblem = refused && String(answer.headers['content-type']).startsWith('application/problem+json')
    const isEmpty =
      answer.status === 200 &&
      (/^$|^[^\n{]*\n$|"data":\[\]/.test(answer.text) ||
        !/[?&][^&=]+=[^&]{2}/.test(url) ||
        // A search may find near matches, and a year with four digits is a moment.
        /^\/v1\/(datasets\?q|audit\?since)=/.test(url))
    const isRefusal =
      isOdataRefusal(url, answer) || (/^\/(?:api|datastore)\//.test(url) && isCkanRefusal(url, answer))
    if (!isProblem && !isEmpty && !isRefusal)
      t.fail(`${answer.status} ${url.slice(0, 200)} ${answer.text.slice(0, 200)}`)
  }
  t.comment(`${urls.size} addresses: ${JSON.stringify(counts)}`)
  t.ok(urls.size > 1000, `${urls.size} addresses were requested`)
  t.ok((counts[400] ?? 0) > 500, 'most are refused')
  t.same(await tablesOf(), before, 'every table is there')
  t.equal((await get(versioned)).json<Page>().data.length, 100)
})
