/**
 * Where data are after they were refused, quarantined, staged, published, withdrawn and erased: a marker in
 * their cells is searched in every table and every file. An erasure that breaks off anywhere is repeated.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findInTables } from '../../src/db/traces.ts'
import { applyRetention } from '../../src/ingest/erasure/retention.ts'
import { dropBundle, eraseBundle, receive, takeBundle } from '../../src/ingest/index.ts'
import { findInFiles } from '../../src/operations/erasure/find-in-files.ts'
import { applyErasures, eraseBundleAct, eraseVersionAct, readLedger } from '../../src/operations/index.ts'
import { eraseVersion, withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'

const required = { constraints: { required: true } }
const wells = contractOf(
  [field('well', 'string', { role: 'key', ...required }), field('depth', 'integer', { role: 'measure' })],
  ['well'],
  { dataset: 'wells', themes: ['education'], formats: ['csv', 'json', 'xlsx'] },
)
const testContext = await openTestContext(t, { contracts: [wells] })
const { context, get, bring, moveTo, folder } = testContext
const of = (edition: string, rows: string) => ({ dataset: 'wells', edition, rows: `well,depth\n${rows}` })
const quiet = () => undefined
const act = { actor: 'cli:officer', reason: 'A record identified a person.' }
const cli = (...args: readonly string[]) => callCli(args, testContext.environment)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code?: string }) => error.code ?? String(error),
  )

/** The places that have a text: schemas and tables without their numbers, folders of files. */
async function placesOf(marker: string): Promise<readonly string[]> {
  const tables = await findInTables(testContext.url, marker, quiet)
  const { found } = await findInFiles([join(folder, 'var')], marker, quiet)
  const places = [
    ...tables.map(({ table }) => table.replaceAll('"', '').replace(/_[0-9a-f]+$/, '')),
    ...found.map((path) => path.slice(join(folder, 'var', 'files').length + 1).split('/')[0] ?? ''),
  ]
  // Which samples ANALYZE takes is left to chance.
  return [...new Set(places)].filter((place) => !place.startsWith('pg_catalog')).sort()
}

const published = ['bundles', 'editions', 'published.v', 'staging.b']

t.test('where the data are: refused, quarantined and dropped', async (t) => {
  // A missing key column is no matter of tolerance.
  const refused = await bring({ dataset: 'wells', edition: '2020', rows: 'depth\nmarker-refused\n' })
  t.equal(refused.state, 'refused')
  t.same(await placesOf('marker-refused'), ['bundles'])
  const quarantined = await bring(of('2020', 'marker-quarantined,x\n'))
  t.equal(quarantined.state, 'quarantined')
  t.same(await placesOf('marker-quarantined'), ['bundles'])
  await dropBundle(context, { ...act, id: quarantined.id })
  t.same(await placesOf('marker-quarantined'), [])
  await eraseBundle(context, { ...act, id: refused.id })
  t.same(await placesOf('marker-refused'), [])
})

t.test('staged, published, withdrawn, erased', async (t) => {
  const staged = await testContext.take(of('2021', 'marker-staged,1\n'))
  t.same(await placesOf('marker-staged'), ['bundles', 'staging.b'])
  t.equal((await testContext.publish('wells', '2021')).state, 'done')
  const url = '/v1/datasets/wells/editions/2021/versions/1'
  const file = `${url}/files/wells-2021-v1.csv`
  t.match(await get(file), { status: 200, text: /marker-staged/ })
  t.match(await get(`${url}/records`), { status: 200 })
  t.equal((await get(`${url}/bag.zip`)).status, 200)
  t.same(await placesOf('marker-staged'), ['bags', ...published].sort())
  t.equal(await codeOf(eraseBundle(context, { ...act, id: staged.id })), 'bundle-published')
  await withdraw(context, { dataset: 'wells', edition: '2021', version: 1, ...act })
  t.same(await placesOf('marker-staged'), ['bundles', 'staging.b'], 'withdrawn: only what was received')
  const erased = await eraseVersion(context, { dataset: 'wells', edition: '2021', version: 1, ...act })
  t.match(erased, { already: false, wasPublished: true, bundles: [staged.id], remaining: [] })
  t.same(await placesOf('marker-staged'), [])
  t.match(await get(file), { status: 410 })
  const feed = (await get('/v1/changes?type=version-withdrawn')).json<{ data: object[] }>()
  t.match(feed.data.slice(-2), [{ version: 1 }, { version: 1, erased: true, reason: act.reason }])
  t.match(await eraseVersion(context, { dataset: 'wells', edition: '2021', version: 1, ...act }), {
    already: true,
    at: erased.at,
  })
  t.equal((await get('/v1/changes')).json<{ data: object[] }>().data.length, 4, 'one tombstone, not two')
})

t.test('a public version is withdrawn in the same act; what others hold stays', async (t) => {
  const bundle = await testContext.take(of('2022', 'marker-both,1\n'))
  await testContext.publish('wells', '2022')
  const newer = await testContext.take(of('2022', 'marker-both,1\nmarker-second,2\n'))
  await testContext.publish('wells', '2022', { reason: 'One more.' })
  const backups = join(folder, 'backups')
  const of2 = { dataset: 'wells', edition: '2022', version: 2 }
  await t.rejects(eraseVersionAct(context, of2, { ...act, backups }), /holds no backup.*Nothing was erased/)
  await mkdir(join(backups, 'sets'), { recursive: true })
  await writeFile(join(backups, 'sets', 'set-1.json'), '{}')
  const first = await eraseVersionAct(context, of2, { ...act, backups })
  t.match(first, { wasPublished: true, bundles: [newer.id], sets: ['set-1'] })
  t.same(await placesOf('marker-second'), [])
  t.match((await get('/v1/datasets/wells/editions/2022/versions/latest')).headers, {
    location: /versions\/1$/,
  })
  t.same((await get('/v1/changes')).json<{ data: { erased?: boolean }[] }>().data.at(-1)?.erased, true)
  await eraseVersionAct(context, of2, { ...act, backups })
  const { entries } = await readLedger(backups)
  const ledger = entries.slice(-2)
  t.match(
    ledger.map(({ at: _at, origin: _origin, ...entry }) => entry),
    [
      { kind: 'version', ...of2, reason: act.reason },
      { kind: 'bundle', bundle: newer.id },
    ],
  )
  t.equal(entries.length, 5, 'with the three erasures of before; a repeat adds no line')
  t.same(await placesOf('marker-both'), ['bundles', 'editions', 'published.v'], 'version 1 stays')
  t.match((await eraseVersion(context, { ...of2, version: 1, ...act })).bundles, [bundle.id])
  t.same(await placesOf('marker-both'), [])
})

t.test('a draft that was never public leaves no tombstone', async (t) => {
  const { id } = await testContext.take(of('2023', 'marker-draft,1\n'))
  const at = new Date('2026-06-01T00:00:00Z')
  t.equal((await testContext.publish('wells', '2023', { at })).state, 'prepared')
  t.same(await placesOf('marker-draft'), published)
  const changes = (await get('/v1/changes')).text
  const erased = await eraseVersion(context, { dataset: 'wells', edition: '2023', version: 1, ...act })
  t.match(erased, { wasPublished: false, bundles: [id] })
  t.same(await placesOf('marker-draft'), [])
  t.equal((await get('/v1/changes')).text, changes)
})

t.test('broken off at each point and repeated, everything is gone', async (t) => {
  const points = ['in-transaction', 'version-decided', 'files-removed', 'table-dropped', 'bundle-decided']
  const all = [...points, 'staging-dropped', 'bundle-removed']
  for (const [index, point] of all.entries()) {
    const edition = String(2030 + index)
    await testContext.take(of(edition, `marker-${point},1\n`))
    await testContext.publish('wells', edition)
    const name = { dataset: 'wells', edition, version: 1, ...act }
    const broken = Object.create(context) as typeof context
    Object.assign(broken, {
      observe: (event: string, facts: { point?: string }) => {
        if (event === 'checkpoint-reached' && facts.point === point) throw new Error('broken off')
      },
    })
    t.match(await codeOf(eraseVersion(broken, name)), /broken off/, point)
    await eraseVersion(context, name)
    t.same(await placesOf(`marker-${point}`), [], point)
    const { data } = (await get(`/v1/changes?type=version-withdrawn`)).json<{ data: { edition: string }[] }>()
    t.equal(data.filter((change) => change.edition === edition).length, 1, `${point}: one tombstone`)
  }
})

t.test(
  'the same bytes again after an erasure are a new delivery, which a late job leaves alone',
  async (t) => {
    const input = of('2040', 'marker-again,1\n')
    const bag = await writeBag(folder, input)
    const deliver = async () =>
      takeBundle(context, (await receive(context, { path: bag, broughtBy: 'cli:x' })).id)
    const { id } = await deliver()
    await testContext.publish('wells', '2040')
    await eraseVersion(context, { dataset: 'wells', edition: '2040', version: 1, ...act })
    t.match(await get(`/v1/changes?type=version-withdrawn`), { status: 200 })
    moveTo('2026-03-02T04:00:00Z')
    t.match(await deliver(), { id, state: 'staged', erasedAt: null, decision: null })
    await eraseVersion(context, { dataset: 'wells', edition: '2040', version: 1, ...act })
    t.same(await placesOf('marker-again'), ['bundles', 'staging.b'])
    t.match(await eraseBundleAct(context, id.slice(0, 12), act), { bundles: [id], already: false })
    t.same(await placesOf('marker-again'), [])
  },
)

t.test('retention, on both sides of its days', async (t) => {
  const refused = await bring({ dataset: 'wells', edition: '2050', rows: 'depth\nold-refused\n' })
  const quarantined = await bring(of('2050', 'old-quarantined,x\n'))
  const superseded = await testContext.take(of('2050', 'old-superseded,1\n'))
  const current = await testContext.take(of('2050', 'old-current,1\n'))
  const after = async (days: number) => {
    moveTo(new Date(Date.parse('2026-03-02T04:00:00Z') + days * 86_400_000).toISOString())
    await applyRetention(context)
    const places = [refused, quarantined, superseded, current].map(({ id }) =>
      context.files.list(`bundles/${id}`),
    )
    return (await Promise.all(places)).map((files) => files.length > 0)
  }
  t.same(await after(89.9), [true, true, true, true])
  t.same(await after(90), [false, true, true, true])
  t.same(await after(179.9), [false, true, true, true])
  t.same(await after(180), [false, false, true, true])
  t.same(await after(364.9), [false, false, true, true])
  t.same(await after(365), [false, false, false, true])
  t.same(await after(4_000), [false, false, false, true])
  const { authorization } = await testContext.key({ scopes: ['ingest', 'admin'] })
  const audit = (await get('/v1/audit?limit=2', { authorization })).json<{ data: object[] }>()
  t.match(audit.data.slice(1), [{ actor: 'service:retention', action: 'bundle-dropped' }])
  t.match(testContext.lines.join(''), /"cause":"superseded"/)
})

t.test('bundles of withdrawn versions go with them, once newer ones have replaced them', async (t) => {
  const edition = '2055'
  const hasBytes = async (id: string) => (await context.files.list(`bundles/${id}`)).length > 0
  const after = async (days: number) => {
    moveTo(new Date(Date.parse('2038-03-02T04:00:00Z') + days * 86_400_000).toISOString())
    await applyRetention(context)
  }
  await after(0)
  const first = await testContext.take(of(edition, 'marker-first,1\n'))
  await testContext.publish('wells', edition)
  const second = await testContext.take(of(edition, 'marker-second,1\n'))
  await testContext.publish('wells', edition, { reason: 'Measured again.' })
  await after(1)
  t.ok(await hasBytes(first.id), 'a superseded version that is still served')
  await withdraw(context, { dataset: 'wells', edition, version: 1, ...act })
  await withdraw(context, { dataset: 'wells', edition, version: 2, ...act })
  await after(1)
  t.same([await hasBytes(first.id), await hasBytes(second.id)], [false, true], 'the current part stays')
  t.same(await placesOf('marker-first'), [])
  t.match(testContext.lines.join(''), /"cause":"withdrawn","bundle"/)
  const third = await testContext.take(of(edition, 'marker-third,1\n'))
  await after(2)
  t.same([await hasBytes(second.id), await hasBytes(third.id)], [false, true])
})

t.test('on the command line it asks, and says what remains', async (t) => {
  const { id } = await testContext.take(of('2060', 'marker-cli,1\n'))
  t.match(await cli('erase', 'bundle', id, '--reason', 'x'), { code: 2, stderr: /--yes/ })
  t.match(await cli('erase'), { code: 2, stderr: /--verify/ })
  t.match(await cli('erase', '--verify', 'abc'), { code: 2, stderr: /4 to 200/ })
  const done = await cli('erase', 'bundle', id.slice(0, 12), '--reason', 'x', '--yes', '--json')
  t.match(JSON.parse(done.stdout), { already: false, bundles: [id] })
  t.match(await cli('erase', 'version', 'wells', '2059', '1', '--reason', 'x', '--yes'), {
    code: 4,
    stderr: /version-not-found/,
  })
  const shown = JSON.parse(
    (await runCli(['audit', '--limit', '1', '--json'], testContext.environment)).stdout,
  ) as object[]
  t.match(shown, [{ action: 'bundle-erased', subject: `bundle:${id}`, detail: { reason: 'x' } }])
  await writeFile(join(folder, 'var', 'note.txt'), 'marker-of-a-file')
  const found = await runCli(['erase', '--verify', 'marker-of-a-file', '--json'], testContext.environment)
  t.match(JSON.parse(found.stdout), { isFound: true, files: ['note.txt'], tables: [], isEmbedded: false })
  t.equal(found.code, 3)
})

t.test('the audit log over HTTP: for admins, each entry once', async (t) => {
  t.equal((await get('/v1/audit')).status, 401)
  const { authorization: weak } = await testContext.key({ scopes: ['ingest'] })
  t.equal((await get('/v1/audit', { authorization: weak })).status, 403)
  const { authorization } = await testContext.key({ scopes: ['admin'] })
  const ids: number[] = []
  for (let url: string | null = '/v1/audit?limit=7'; url !== null; ) {
    const page = await get(url, { authorization })
    t.equal(page.headers['cache-control'], 'private, no-store')
    const { data, links } = page.json<{ data: { id: number }[]; links: { next: string | null } }>()
    ids.push(...data.map(({ id }) => id))
    url = links.next
    await testContext.key({ scopes: ['ingest'] })
  }
  t.same(
    ids,
    [...new Set(ids)].sort((a, b) => b - a),
  )
  const [row] = await context.database.work<{ count: number }[]>`
    SELECT count(*)::int AS count FROM qingdan.audit WHERE id <= ${ids[0] ?? 0}`
  t.equal(ids.length, row?.count)
  t.equal((await get('/v1/audit?since=yesterday', { authorization })).status, 400)
  t.equal((await get('/v1/audit?since=2040-01-01', { authorization })).json<{ data: [] }>().data.length, 0)
  t.equal((await get('/v1/audit?since=2026-01-01&cursor=abc', { authorization })).status, 400)
})

t.test('a ledger applies to what the service itself erased', async (t) => {
  const { id: bundle } = await testContext.take(of('2070', 'marker-ledger,1\n'))
  await testContext.publish('wells', '2070')
  const version = {
    kind: 'version' as const,
    dataset: 'wells',
    edition: '2070',
    version: 1,
    reason: 'Wrong.',
  }
  const status = async () => (await get('/v1/datasets/wells/editions/2070/versions/1')).status
  const later = '2099-01-01T00:00:00Z'
  await applyErasures(context, [{ ...version, at: later, origin: 'another service' }])
  await applyErasures(context, [{ ...version, at: later, version: 7 }])
  t.equal(await status(), 200, 'of another service, or of another version')
  // The versions with rows of an erased bundle had been erased or withdrawn before.
  await applyErasures(context, [{ kind: 'bundle', bundle, at: later, reason: 'Wrong.' }])
  t.equal(await status(), 410)
  t.same(await placesOf('marker-ledger'), [])
  await testContext.take(of('2070', 'marker-ledger,1\n'))
  await applyErasures(context, [{ kind: 'bundle', bundle, at: later, reason: 'Wrong.' }])
  t.not((await placesOf('marker-ledger')).length, 0, 'received again since that erasure')
})
