/**
 * Concurrent work on one edition: bundles for the same parts, the same bundle by two channels, publications
 * and withdrawals, by two contexts on one database and by a worker. Seeded; whatever the order, the same
 * invariants hold at the end.
 */

import t from 'tap'
import { startJobs } from '../../src/app.ts'
import { buildContext } from '../../src/context.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { digestOf } from '../../src/platform/digest.ts'
import { Problem } from '../../src/platform/problem.ts'
import { publishEdition, requestPublication, withdraw } from '../../src/publication/index.ts'
import { databaseOptions } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag, zipOf } from '../support/open-test-context.ts'
import { between, oneOf, randomOf } from '../support/samples/random.ts'

/** The tap test, for the checks below, which are defined outside of it. */
type Tap = Pick<typeof t, 'equal' | 'match' | 'ok' | 'same'>

const dataset = 'ferry-register'
const edition = '2025'
const [east, west] = ['edu-310101', 'edu-310104'] as const
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('ferry', 'string', { role: 'key', ...required }), field('seats', 'integer')],
  ['ferry'],
  {
    dataset,
    themes: ['education'],
    parts: [{ provider: east }, { provider: west }],
    formats: ['csv', 'csv.gz'],
  },
)
// Withdrawn versions keep their tables, which are compared at the end.
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: { QINGDAN_WITHDRAWN_RETENTION_DAYS: '1' },
})
const { context, get, key, post, folder, moveTo, findingsOf } = testContext
const database = await openDatabase(databaseOptions(testContext.url))
const secondContext = await buildContext({ ...context, database })
t.teardown(() => secondContext.close())
const { authorization } = await key({ scopes: ['ingest'] })
const { work } = context.database

let instant = Date.parse('2026-03-01T04:00:00Z')
const tick = () => {
  instant += 1000
  moveTo(new Date(instant).toISOString())
}

/** The rows of the n-th bundle of a provider, no two alike, so that published rows identify their bundle. */
const rowsOf = (provider: string, n: number) =>
  Array.from({ length: 1 + (n % 3) }, (_, row) => `${provider}-${n}-${row},${n}\n`).join('')
const bundleOf = (provider: string, n: number) => ({
  dataset,
  edition,
  provider,
  rows: `ferry,seats\n${rowsOf(provider, n)}`,
})

/** Only a refusal with a code is acceptable. */
const refusable = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error
  })

async function bringByDisk(on: typeof context, provider: string, n: number): Promise<void> {
  const bag = await writeBag(folder, bundleOf(provider, n))
  const { id } = await receive(on, { path: bag, broughtBy: 'cli:test' })
  const receipt = await takeBundle(on, id)
  if (receipt.state !== 'staged') throw new Error(`${receipt.state}: ${await findingsOf(receipt)}`)
}

/** The same bytes twice over HTTP and processed by two contexts; the worker processes them as well. */
async function bringByAllChannels(provider: string, n: number): Promise<void> {
  const zip = await zipOf(folder, bundleOf(provider, n))
  const responses = await Promise.all([1, 2].map(() => post('/v1/bundles', zip, authorization)))
  const ids = responses.map((answer) => answer.json<{ id: string }>().id)
  const receipts = await Promise.all(
    [context, secondContext].map((on, index) => takeBundle(on, ids[index] ?? '')),
  )
  if (receipts.some(({ state }) => state !== 'staged')) throw new Error('a good bundle was not staged')
}

async function publish(on: typeof context, n: number): Promise<void> {
  const publication = await requestPublication(on, {
    dataset,
    edition,
    reason: `For ${n}.`,
    askedBy: 'cli:test',
  })
  await publishEdition(on, publication.id)
}

const actions = [
  (n: number) => bringByDisk(context, east, n),
  (n: number) => bringByDisk(secondContext, east, n),
  (n: number) => bringByDisk(secondContext, west, n),
  (n: number) => bringByAllChannels(west, n),
  (n: number) => refusable(publish(context, n)),
  (n: number) => refusable(publish(secondContext, n)),
  (n: number) =>
    refusable(
      withdraw(context, { dataset, edition, version: 1 + (n % 4), reason: 'Trial.', actor: 'cli:test' }),
    ),
]

async function checkState(t: Tap): Promise<void> {
  const tables = await work`
    SELECT provider, count(*)::int AS times FROM qingdan.part WHERE replaced_at IS NULL GROUP BY 1 ORDER BY 1`
  t.same(
    [...tables],
    [east, west].map((provider) => ({ provider, times: 1 })),
    'one part per provider',
  )
  const stale = await work`
    SELECT FROM qingdan.part p JOIN qingdan.bundle b ON b.id = p.bundle_id WHERE p.replaced_at IS NULL
      AND EXISTS (SELECT FROM qingdan.part o JOIN qingdan.bundle n ON n.id = o.bundle_id
        WHERE o.provider = p.provider AND n.received_at > b.received_at)`
  t.equal(stale.length, 0, 'the current part is of the bundle received last')
  const duplicates = await work`SELECT bundle_id FROM qingdan.part GROUP BY 1 HAVING count(*) > 1`
  t.equal(duplicates.length, 0, 'no bundle was staged twice')
  const [drafts] = await work`SELECT count(*)::int AS n FROM qingdan.version WHERE published_at IS NULL`
  t.ok(drafts?.['n'] <= 1, 'at most one draft')
  const [feed] = await work`
    SELECT count(*)::int AS n, max(position)::int AS last, (SELECT position::int FROM qingdan.change_counter),
      bool_and(at >= before) AS ordered
    FROM (SELECT *, coalesce(lag(at) OVER (ORDER BY position), at) AS before FROM qingdan.change) AS walked`
  t.match(feed, { n: feed?.['last'], position: feed?.['last'] }, 'positions without a gap')
}

async function checkVersions(t: Tap): Promise<number> {
  const versions = await work`
    SELECT number, state, records::int, records_table, digest, parts FROM qingdan.version
    WHERE published_at IS NOT NULL ORDER BY number`
  t.same(
    versions.map(({ number }) => number),
    versions.map((_, index) => index + 1),
    'numbers without a gap',
  )
  const open = versions.filter(({ state }) => state !== 'withdrawn')
  t.same(
    open.map(({ state }) => state),
    open.map((_, i) => (i === open.length - 1 ? 'published' : 'superseded')),
  )
  for (const { number, parts, records, digest, records_table } of versions) {
    const rows = await work.unsafe(`SELECT ferry, seats::int FROM published.${records_table} ORDER BY _n`)
    t.equal(rows.length, records)
    const [first, second] = [east, west].map((provider) =>
      rows.find(({ ferry }) => ferry.startsWith(provider)),
    )
    const expected = rowsOf(east, first?.['seats']) + rowsOf(west, second?.['seats'])
    t.equal(
      rows.map(({ ferry, seats }) => `${ferry},${seats}\n`).join(''),
      expected,
      `v${number}: whole parts`,
    )
    t.equal(parts.length, 2)
    const file = `${dataset}-${edition}-v${number}.csv`
    const stored = context.files.read(`editions/${dataset}/${edition}/v${number}/${file}`)
    const bytes: Uint8Array[] = []
    for await (const chunk of stored) bytes.push(chunk)
    t.equal(
      digestOf(Buffer.concat(bytes).toString()),
      digest,
      `v${number}: the file has the rows of the version`,
    )
    t.equal(Buffer.concat(bytes).toString(), `ferry,seats\n${expected}`)
  }
  return versions.length
}

t.test('in whatever order they arrive, the result is consistent', async (t) => {
  await startJobs(secondContext)
  const seed = Number(process.env['CONCURRENCY_SEED'] ?? 7)
  const random = randomOf(seed, 'concurrency')
  await bringByDisk(context, east, 1000)
  await bringByDisk(context, west, 1000)
  await publish(context, 1000)
  let n = 0
  for (let round = 0; round < 8; round++) {
    const many = Array.from({ length: between(random, 4, 9) }, () => oneOf(random, actions))
    const done = await Promise.allSettled(
      many.map((act) => {
        tick()
        return act(++n)
      }),
    )
    t.same(
      done.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
      [],
      `round ${round}`,
    )
  }
  await checkState(t)
  const before = await checkVersions(t)
  tick()
  await bringByDisk(context, east, 2000)
  await publish(context, 2000)
  t.equal(await checkVersions(t), before + 1, 'nothing left behind blocks the next version')
  t.equal((await get(`/v1/datasets/${dataset}/records?ferry=${east}-2000-0`)).status, 200)
})
