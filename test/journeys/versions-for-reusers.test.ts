/**
 * Versions as re-users follow them: the lists with reasons and counts, `latest` and the addresses below it,
 * `Link` to neighbouring versions, 410 at every address of a withdrawn version, and two contracts compared.
 */
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'bench-register'
const required = { constraints: { required: true } }
const bench = field('bench', 'string', { role: 'key', ...required })
const length = field('length', 'integer', { role: 'measure', unit: 'cm' })
const more = { dataset, themes: ['education'], formats: ['csv', 'csv.gz'] }
const contracts = [
  contractOf([bench, length], ['bench'], more),
  contractOf([bench, length, field('wood', 'string')], ['bench'], { ...more, contractVersion: 2 }),
  contractOf([bench, { ...length, unit: 'm' }], ['bench'], { ...more, contractVersion: 3 }),
]
const testContext = await openTestContext(t, { contracts, at: '2026-03-01T00:00:00Z' })
const { context, get } = testContext
const base = `/v1/datasets/${dataset}/editions/2025`
const version = (n: number) => `${base}/versions/${n}`
const file = (n: number, extension = 'csv') => `${version(n)}/files/${dataset}-2025-v${n}.${extension}`
const below = (n: number) => [version(n), `${version(n)}/records`, file(n), file(n, 'csv.gz')]

async function publish(rows: string, reason?: string, contractVersion = 1) {
  await testContext.take({ dataset, edition: '2025', contractVersion, rows })
  const done = await testContext.publish(dataset, '2025', reason === undefined ? {} : { reason })
  if (done.state !== 'done') throw new Error(done.state)
}

/** The relations of a `Link` header, RFC 8288. */
function relations(header: unknown): Record<string, string> {
  const found = String(header).matchAll(/<([^>]*)>; rel="([^"]*)"/g)
  return Object.fromEntries([...found].map(([, target = '', relation = '']) => [relation, target]))
}

await publish('bench,length\na,100\nb,120\n')
await publish('bench,length\na,100\nb,121\nc,90\n', 'One was forgotten.')
await publish('bench,length,wood\na,100,oak\nc,90,\n', 'The wood is known.', 2)

t.test('the lists give each version with its reason and its differences', async (t) => {
  const editions = (await get(`/v1/datasets/${dataset}/editions`)).json()
  t.same(editions, {
    data: [
      {
        edition: '2025',
        period: { start: '2025-01-01', end: '2025-12-31' },
        latest: 3,
        versions: 3,
        href: base,
      },
    ],
    links: { self: `/v1/datasets/${dataset}/editions`, dataset: `/v1/datasets/${dataset}` },
  })
  const answer = await get(`${base}/versions`)
  t.match(answer.json(), {
    data: [
      {
        version: 3,
        state: 'published',
        reason: 'The wood is known.',
        records: 2,
        difference: { against: 2, added: 0, removed: 1, changed: 0 },
        links: { predecessor: version(2), successor: null },
      },
      {
        version: 2,
        state: 'superseded',
        difference: { against: 1, added: 1, removed: 0, changed: 1 },
        links: { predecessor: version(1), successor: version(3) },
      },
      { version: 1, reason: null, difference: null, links: { predecessor: null, successor: version(2) } },
    ],
  })
  t.equal(relations(answer.headers['link'])['latest-version'], `${base}/versions/latest`)
  for (const url of [`${base.replace('2025', '2019')}/versions`, '/v1/datasets/none/editions'])
    t.equal((await get(url)).status, 404, url)
})

t.test(
  'Link names the neighbours, the history and the contract, at every address of a version',
  async (t) => {
    for (const url of below(2)) {
      const links = relations((await get(url)).headers['link'])
      t.same(
        links,
        {
          'predecessor-version': version(1),
          'successor-version': version(3),
          'latest-version': `${base}/versions/latest`,
          'version-history': `${base}/versions`,
          collection: `${base}/versions`,
          describedby: `/v1/datasets/${dataset}/contracts/1`,
          // The third one breaks it.
          deprecation: `/v1/datasets/${dataset}/contracts/1/compare/3`,
        },
        url,
      )
    }
    t.notOk('predecessor-version' in relations((await get(version(1))).headers['link']))
    t.notOk('successor-version' in relations((await get(version(3))).headers['link']))
  },
)

t.test('latest redirects to the number, and below it too, with the query', async (t) => {
  const cases = [
    ['', ''],
    ['/records', '/records'],
    ['/records?wood=oak&limit=1', '/records?wood=oak&limit=1'],
    [`/files/${dataset}-2025-v3.csv`, `/files/${dataset}-2025-v3.csv`],
    [`/files/${dataset}-2025.csv.gz`, `/files/${dataset}-2025-v3.csv.gz`],
    [`/files/${dataset}-2025-v1.csv`, `/files/${dataset}-2025-v3.csv`],
    ['/files/other.csv', '/files/other.csv'],
    ['/records?wood=%E6%A9%A1', '/records?wood=%E6%A9%A1'],
  ] as const
  for (const [from, to] of cases) {
    const answer = await get(`${base}/versions/latest${from}`)
    t.match([answer.status, answer.headers['location']], [307, `${version(3)}${to}`], from)
  }
  t.match((await get(`${version(3)}/records?wood=oak&limit=1`)).json(), { data: [{ bench: 'a' }] })
  t.equal((await get(`${base.replace('2025', '2019')}/versions/latest/records`)).status, 404)
})

t.test('a withdrawn version gives 410 at every address, and links to its successor', async (t) => {
  const withdrawal = { dataset, edition: '2025', version: 2, reason: 'Counted twice.', actor: 'cli:test' }
  await withdraw(context, withdrawal)
  for (const url of below(2)) {
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await testContext.app.inject({ method, url })
      t.equal(answer.statusCode, 410, `${method} ${url}`)
      t.equal(answer.headers['link'], `<${version(3)}>; rel="successor-version"`)
      if (method === 'GET') t.match(answer.json(), { reason: 'Counted twice.', successor: version(3) })
    }
  }
  // Its neighbours skip it, and it stays in the list.
  t.match((await get(version(3))).json(), { links: { predecessor: version(1) } })
  t.match((await get(version(1))).json(), { links: { successor: version(3) } })
  t.match((await get(`${base}/versions`)).json(), {
    data: [{ version: 3 }, { version: 2, state: 'withdrawn', withdrawn: { reason: 'Counted twice.' } }, {}],
  })
  await withdraw(context, { ...withdrawal, version: 3 })
  t.equal((await get(`${base}/versions/latest/records`)).headers['location'], `${version(1)}/records`)
  await withdraw(context, { ...withdrawal, version: 1 })
  t.equal((await get(`${base}/versions/latest/records`)).status, 410)
})

t.test('contracts compared: forward, backward and with itself', async (t) => {
  const compare = (a: number | string, b: number | string) =>
    get(`/v1/datasets/${dataset}/contracts/${a}/compare/${b}`)
  const forward = await compare(1, 2)
  t.match(forward.json(), {
    dataset,
    from: { contractVersion: 1 },
    to: { contractVersion: 2 },
    direction: 'forward',
    verdict: 'additive',
    differences: [
      {
        path: 'fields/wood',
        field: 'wood',
        what: 'added',
        before: null,
        after: { name: 'wood', type: 'string' },
        verdict: 'additive',
        why: { zh: /新增字段/, en: /was added/ },
      },
    ],
    links: { reverse: `/v1/datasets/${dataset}/contracts/2/compare/1` },
  })
  t.match((await compare(2, 1)).json(), {
    direction: 'backward',
    verdict: 'breaking',
    differences: [{ field: 'wood', what: 'removed', after: null }],
  })
  t.match((await compare(1, 3)).json(), {
    verdict: 'breaking',
    differences: [
      {
        path: 'fields/length/unit',
        field: 'length',
        before: 'cm',
        after: 'm',
        why: { en: /another quantity/ },
      },
    ],
  })
  const same = (await compare(2, 2)).json<{ differences: unknown[] }>()
  t.match(same, { direction: 'same', verdict: 'compatible' })
  t.same(same.differences, [])
  const etag = String(forward.headers['etag'])
  const unchanged = await get(`/v1/datasets/${dataset}/contracts/1/compare/2`, { 'if-none-match': etag })
  t.equal(unchanged.status, 304)
  for (const [a, b] of [
    [1, 9],
    [9, 1],
  ] as const)
    t.match((await compare(a, b)).json(), { code: 'contract-not-found' })
  t.equal((await compare(1, 'x')).status, 400)
  t.equal((await get('/v1/datasets/none/contracts/1/compare/1')).status, 404)
})
