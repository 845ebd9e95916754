/**
 * After the first edition: corrections, waivers, refusals, withdrawals and replays. Readers see the old
 * version or the new one, and a refused bundle changes nothing for them.
 */
import t from 'tap'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { requestPublication, withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag, zipOf } from '../support/open-test-context.ts'

const dataset = 'well-register'
const [east, west] = ['edu-310101', 'edu-310104']
const required = { constraints: { required: true } }
const contract = contractOf(
  [field('well', 'string', { role: 'key', ...required }), field('depth', 'integer', { role: 'measure' })],
  ['well'],
  {
    dataset,
    themes: ['education'],
    parts: [{ provider: east }, { provider: west }],
    formats: ['csv', 'csv.gz'],
  },
)

const testContext = await openTestContext(t, { contracts: [contract] })
const { context, get, moveTo } = testContext
const base = `/v1/datasets/${dataset}/editions/2025`

const part = (provider: string, rows: string) => ({
  dataset,
  edition: '2025',
  provider,
  rows: `well,depth\n${rows}`,
})
const file = (version: number) => `${base}/versions/${version}/files/${dataset}-2025-v${version}.csv`
const publish = (options: Parameters<typeof testContext.publish>[2] = {}) =>
  testContext.publish(dataset, '2025', options)
const refusal = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string; detail: object }) => ({ ...error.detail, code: error.code }),
  )
const states = async () => {
  const { versions } = (await get(base)).json<{ versions: { version: number; state: string }[] }>()
  return versions.map(({ version, state }) => `${version} ${state}`)
}

/** All that a reader can get of the edition, as one text. */
async function readerView(): Promise<string> {
  const responses = [base, `/v1/datasets/${dataset}`, `/v1/datasets/${dataset}/records`, file(1), file(2)]
  const texts = await Promise.all(responses.map(async (url) => (await get(url)).text))
  // A refusal contains its request id, which is always new.
  return texts.join('\n').replace(/"requestId":"[^"]*"/g, '')
}

t.test('an edition waits for all its parts, or for a waiver with a reason', async (t) => {
  t.match(await refusal(publish()), { code: 'edition-incomplete', missing: [east, west] })
  await testContext.take(part(east, 'e1,5\ne2,7\n'))
  t.match(await refusal(publish()), { code: 'edition-incomplete', missing: [west] })
  t.equal((await get(base)).status, 404)
  const waivers = [{ provider: west, reason: 'No wells were counted.' }]
  t.equal((await publish({ waivers })).state, 'done')
  const version = (await get(`${base}/versions/1`)).json()
  t.match(version, { records: 2, waivers, reason: null, state: 'published', parts: [{ provider: east }] })
})

t.test('a correction needs a reason, and only the provider that corrects', async (t) => {
  t.match(await refusal(publish({ waivers: [{ provider: west, reason: 'Again.' }] })), {
    code: 'nothing-to-publish',
    version: 1,
  })
  moveTo('2026-04-01T04:00:00Z')
  await testContext.take(part(west, 'w1,9\n'))
  const before = await get(file(1))
  const first = (await get(`${base}/versions/1`)).json<{ links: object }>()
  t.match(await refusal(publish()), { code: 'reason-missing', path: 'reason' })
  t.match(await refusal(publish({ reason: '  ' })), { code: 'reason-missing' })
  t.equal((await publish({ reason: 'The west has counted.' })).version, 2)
  t.equal((await get(file(2))).text, 'well,depth\ne1,5\ne2,7\nw1,9\n')
  const after = await get(file(1))
  t.ok(after.bytes.equals(before.bytes), 'version 1 keeps its bytes')
  t.equal(after.headers['etag'], before.headers['etag'])
  const links = { ...first.links, successor: `${base}/versions/2` }
  t.same((await get(`${base}/versions/1`)).json(), { ...first, state: 'superseded', links })
  t.match((await get(`${base}/versions/2`)).json(), { reason: 'The west has counted.', waivers: [] })
  t.same(await states(), ['2 published', '1 superseded'])
  const latest = await get(`${base}/versions/latest`)
  t.equal(latest.status, 307)
  t.equal(latest.headers['location'], `${base}/versions/2`)
  t.match(await refusal(publish({ reason: 'Once more.' })), { code: 'nothing-to-publish', version: 2 })
})

t.test('a refused bundle changes nothing, and the last good part of its provider stays', async (t) => {
  const before = await readerView()
  const bad = await testContext.bring(part(east, 'e1,five\ne2,7\n'))
  t.equal(bad.state, 'quarantined')
  t.match(await testContext.findingsOf(bad), [
    { check: 'type', file: 'data/rows.csv', row: 2, cell: 'B2', field: 'depth' },
  ])
  t.equal(await readerView(), before)
  t.match(await refusal(publish({ reason: 'Nothing new.' })), { code: 'nothing-to-publish' })
})

t.test('a key that two parts share is refused across them, and readers see no change', async (t) => {
  const before = await readerView()
  await testContext.take(part(west, 'w1,9\ne2,1\n'))
  const publication = await publish({ reason: 'Duplicates.' })
  t.equal(publication.state, 'refused')
  t.match(publication.findings, [
    { check: 'key-doubled-across-parts', row: 3, field: 'well' },
    { check: 'key-doubled-across-parts', row: 3, field: 'well' },
  ])
  t.equal(publication.findings.length, 2)
  t.notMatch(JSON.stringify(publication.findings), /e2/, 'the key itself is not repeated')
  t.equal(await readerView(), before)
  await testContext.take(part(west, 'w1,9\nw2,1\n'))
  const corrected = await publish({ reason: 'Corrected.' })
  t.match(corrected, { state: 'done', version: 3 }, 'the number of the refused draft is used again')
  t.equal((await get(file(3))).text, 'well,depth\ne1,5\ne2,7\nw1,9\nw2,1\n')
})

t.test('a replay is a no-op', async (t) => {
  const rows = part(west, 'w1,9\nw2,1\n')
  const first = await testContext.take(rows)
  const count = async () => {
    const [row] = await context.database.work`
      SELECT (SELECT count(*)::int FROM qingdan.bundle) AS bundles, (SELECT count(*)::int FROM qingdan.part) AS parts`
    return row
  }
  const before = await count()
  moveTo('2026-04-02T04:00:00Z')
  t.same(await testContext.take(rows), first, 'the existing receipt, including its history')
  t.same(await count(), before)
  t.match(await refusal(publish({ reason: 'Again.' })), { code: 'nothing-to-publish', version: 3 })
})

t.test('a withdrawn version gives 410 with reason and successor at every address', async (t) => {
  const page = (await get(`${base}/versions/3/records?limit=1`)).json<{ links: { next: string } }>()
  const paging = (await get(`/v1/datasets/${dataset}/records?limit=1`)).json<{ links: { next: string } }>()
  const at = '2026-05-01T04:00:00.000Z'
  moveTo(at)
  const withdrawal = { dataset, edition: '2025', version: 3, actor: 'cli:test' }
  t.match(await refusal(withdraw(context, { ...withdrawal, reason: ' ' })), { code: 'reason-missing' })
  t.match(await refusal(withdraw(context, { ...withdrawal, version: 9, reason: 'No such.' })), {
    code: 'version-not-found',
  })
  t.equal(await withdraw(context, { ...withdrawal, reason: 'The west was wrong.' }), true)
  t.equal(await withdraw(context, { ...withdrawal, reason: 'Twice.' }), false)
  const addresses = [
    ...[`${base}/versions/3`, `${base}/versions/3/records`, file(3), `${file(3)}.gz`],
    ...[page.links.next, paging.links.next],
  ]
  const withdrawn = { code: 'version-withdrawn', reason: 'The west was wrong.', withdrawnAt: at }
  for (const address of addresses) {
    const answer = await get(address)
    t.equal(answer.status, 410, address)
    t.match(answer.json(), { ...withdrawn, successor: null })
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  t.same(await states(), ['3 withdrawn', '2 published', '1 superseded'])
  t.equal((await get(`${base}/versions/latest`)).headers['location'], `${base}/versions/2`)
  t.match((await get(`/v1/datasets/${dataset}/records`)).json(), { meta: { version: 2 } })
  // The remaining parts may be published again: the reason is known, and the number is a new one.
  t.match(await publish({ reason: 'The west was right after all.' }), { state: 'done', version: 4 })
  for (const address of addresses) {
    t.match((await get(address)).json(), { ...withdrawn, successor: `${base}/versions/4` }, address)
  }
  t.same(await states(), ['4 published', '3 withdrawn', '2 superseded', '1 superseded'])
})

t.test('if all versions are withdrawn, only the reasons remain', async (t) => {
  for (const version of [1, 2, 4]) {
    await withdraw(context, { dataset, edition: '2025', version, reason: 'Closed.', actor: 'cli:test' })
  }
  for (const address of [`${base}/versions/latest`, `/v1/datasets/${dataset}/records`, file(4)]) {
    t.equal((await get(address)).status, 410, address)
  }
  t.match((await get(base)).json(), { latest: null })
  t.match((await get(`/v1/datasets/${dataset}`)).json(), { latest: null })
  t.equal((await get('/')).status, 200)
  t.match(await publish({ reason: 'Open again.' }), { state: 'done', version: 5 })
  const kinds = await context.database.work`SELECT kind, version FROM qingdan.change ORDER BY position`
  t.same(
    kinds.map(({ kind, version }) => `${kind} ${version}`),
    [
      ...['contract-added null', 'version-published 1', 'version-corrected 2', 'version-corrected 3'],
      ...['version-withdrawn 3', 'version-corrected 4', 'version-withdrawn 1', 'version-withdrawn 2'],
      ...['version-withdrawn 4', 'version-corrected 5'],
    ],
  )
})

t.test('a bundle that one key may not bring can be brought by a key that may', async (t) => {
  const rows = { ...part(east, 'e1,6\ne2,7\n'), edition: '2026' }
  const zip = await zipOf(testContext.folder, rows)
  const wrong = await testContext.key({ scopes: ['ingest'], provider: west })
  const right = await testContext.key({ scopes: ['ingest'], provider: east })
  const bring = async ({ authorization }: { authorization: string }) => {
    const posted = (await testContext.post('/v1/bundles', zip, authorization)).json<{
      id: string
      state: string
    }>()
    return { posted, taken: await takeBundle(context, posted.id) }
  }
  const refused = await bring(wrong)
  t.equal(refused.taken.state, 'refused')
  t.match(await testContext.findingsOf(refused.taken), [{ check: 'key-scope', severity: 'error' }])
  const again = await bring(wrong)
  t.same([again.posted.state, again.taken.state], ['received', 'refused'], 'it is validated again')
  const address = `/v1/bundles/${refused.posted.id}`
  t.equal(
    (await get(address, { authorization: right.authorization })).status,
    404,
    'it is not the bundle of that key',
  )
  const { posted, taken } = await bring(right)
  t.equal(posted.id, refused.posted.id)
  t.equal(taken.state, 'staged')
  t.same(
    taken.history.map(({ state }) => state),
    ['received', 'refused', 'received', 'refused', 'received', 'verified', 'validated', 'staged'],
  )
  t.match((await get(address, { authorization: right.authorization })).json(), { state: 'staged', errors: 0 })
  t.equal(
    (await get(address, { authorization: wrong.authorization })).status,
    200,
    'it brought the same bytes',
  )
  t.equal((await bring(wrong)).posted.state, 'staged', 'and a key that may not bring it can not undo it')
})

t.test('a crash of the database that empties the staging tables loses nothing', async (t) => {
  const bag = await writeBag(testContext.folder, { ...part(west, 'w1,9\n'), edition: '2026' })
  await takeBundle(context, (await receive(context, { path: bag, broughtBy: 'cli:test' })).id)
  const tables = await context.database.work<{ tablename: string }[]>`
    SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  t.ok(tables.length >= 2)
  for (const { tablename } of tables) await context.database.work.unsafe(`TRUNCATE staging."${tablename}"`)
  await requestPublication(context, { dataset, edition: '2026', askedBy: 'cli:test' })
  t.equal((await testContext.publish(dataset, '2026')).state, 'done')
  const name = `${dataset}-2026-v1.csv`
  t.equal(
    (await get(`/v1/datasets/${dataset}/editions/2026/versions/1/files/${name}`)).text,
    'well,depth\ne1,6\ne2,7\nw1,9\n',
  )
})
