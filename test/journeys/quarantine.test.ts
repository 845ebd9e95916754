/**
 * A bundle with more errors than its contract tolerates is quarantined: the last good part stays, until an
 * officer releases the valid rows or drops the bundle. A bundle refused for good allows neither.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { dropBundle, receive, releaseBundle, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag, zipOf } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'

const required = { constraints: { required: true } }
const register = (dataset: string, tolerance: object) =>
  contractOf(
    [field('well', 'string', { role: 'key', ...required }), field('depth', 'integer', { role: 'measure' })],
    ['well'],
    { dataset, themes: ['education'], formats: ['csv'], ...tolerance },
  )
const testContext = await openTestContext(t, {
  contracts: [
    register('strict-wells', {}),
    register('some-wells', { tolerance: { errors: 1 } }),
    register('share-wells', { tolerance: { errorShare: 0.5 } }),
    register('calm-wells', { tolerance: { errors: 1, warnings: 1 } }),
  ],
})
const { context, get, bring, moveTo } = testContext
const of = (dataset: string, rows: string, edition = '2025') => ({
  ...{ dataset, edition },
  rows: `well,depth\n${rows}`,
})
const cli = (...args: readonly string[]) => callCli(args, testContext.environment)
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string; detail: object }) => ({ ...error.detail, code: error.code }),
  )
const statesOf = ({ history }: { readonly history: readonly { readonly state: string }[] }) =>
  history.map(({ state }) => state)
const act = (id: string, reason = 'The rest is urgent.') => ({ id, actor: 'cli:officer', reason })

t.test('each limit of the tolerance, on both sides', async (t) => {
  t.match(await bring(of('strict-wells', 'a,1\n')), { state: 'staged', exceeded: [] })
  t.match(await bring(of('strict-wells', 'a,x\n')), {
    state: 'quarantined',
    exceeded: [{ bound: 'errors', allowed: 0, found: 1 }],
  })
  t.match(await bring(of('some-wells', 'a,1\nb,x\n')), { state: 'staged', errors: 1 })
  t.match(await bring(of('some-wells', 'a,1\nb,x\nc,x\n')), { state: 'quarantined', errors: 2 })
  t.match(await bring(of('share-wells', 'a,1\nb,x\n')), { state: 'staged', errors: 1 })
  t.match(await bring(of('share-wells', 'a,1\nb,x\nc,x\n')), {
    state: 'quarantined',
    exceeded: [{ bound: 'errorShare', allowed: 0.5, found: 2 / 3 }],
  })
  // A column that is missing is a warning.
  const bare = { dataset: 'calm-wells', edition: '2025', rows: 'well\na\n' }
  t.match(await bring(bare), { state: 'staged', warnings: 1 })
})

t.test('the last good part stays, and the receipt contains every finding', async (t) => {
  const good = await testContext.take(of('strict-wells', 'a,1\nb,2\n', '2026'))
  t.match(good, { replaces: null, inHand: true })
  moveTo('2026-03-02T04:00:00Z')
  const bad = await bring(of('strict-wells', 'a,1\nb,x\n,3\n,4\n', '2026'))
  t.match(bad, {
    state: 'quarantined',
    ...{ errors: 5, warnings: 0, inHand: false, replaces: null },
    summary: [
      { check: 'key-doubled', errors: 2, warnings: 0 },
      { check: 'required', errors: 2, warnings: 0 },
      { check: 'type', errors: 1, warnings: 0 },
    ],
    files: [{ rowsRead: 4, rowsTaken: 1, rowsRefused: 3 }],
  })
  const version = await testContext.publish('strict-wells', '2026')
  t.equal(version.state, 'done')
  t.match((await get('/v1/datasets/strict-wells/editions/2026/versions/1')).json(), {
    parts: [{ bundle: good.id, rows: 2 }],
  })
})

t.test('after release, the rows without an error become the part, with the reason', async (t) => {
  moveTo('2026-03-03T04:00:00Z')
  const bad = await bring(of('strict-wells', 'a,1\nb,x\nc,3\n', '2026'))
  t.match(await refusal(releaseBundle(context, act(bad.id, '  '))), { code: 'reason-missing' })
  t.match(await refusal(releaseBundle(context, act(bad.id, 'x'.repeat(2_001)))), { code: 'reason-missing' })
  t.match(await refusal(releaseBundle(context, act('0'.repeat(64)))), { code: 'bundle-not-found' })
  const former = (
    await context.database.work<{ id: string }[]>`
    SELECT bundle_id AS id FROM qingdan.part WHERE dataset = 'strict-wells' AND edition = '2026' AND replaced_at IS NULL`
  )[0]
  t.match(await releaseBundle(context, act(bad.id, 'x'.repeat(2_000))), { state: 'released' })
  // After a crash at this point, the job or any later call continues.
  const receipt = await takeBundle(context, bad.id)
  t.match(receipt, { state: 'staged', inHand: true, replaces: former?.id, errors: 1, warnings: 1 })
  t.same(statesOf(receipt), [
    ...['received', 'verified', 'quarantined', 'released', 'verified', 'validated', 'staged'],
  ])
  t.match(await testContext.findingsOf(receipt), [
    { check: 'quarantine-released', severity: 'warning' },
    { check: 'type', row: 3 },
  ])
  t.match(await refusal(releaseBundle(context, act(bad.id))), {
    code: 'bundle-not-quarantined',
    state: 'staged',
  })
  t.match(await refusal(dropBundle(context, act(bad.id))), { code: 'bundle-not-quarantined' })
  t.equal((await testContext.publish('strict-wells', '2026', { reason: 'Wells were added.' })).state, 'done')
  const base = '/v1/datasets/strict-wells/editions/2026/versions/2'
  t.match((await get(base)).json(), { warnings: [{ check: 'quarantine-released', count: 1 }] })
  t.equal((await get(`${base}/files/strict-wells-2026-v2.csv`)).text, 'well,depth\na,1\nc,3\n')
})

t.test('a bundle older than the current part replaces nothing', async (t) => {
  moveTo('2026-03-04T04:00:00Z')
  const older = await bring(of('strict-wells', 'a,x\nd,4\n', '2026'))
  moveTo('2026-03-05T04:00:00Z')
  const newer = await testContext.take(of('strict-wells', 'a,1\n', '2026'))
  await releaseBundle(context, act(older.id))
  t.match(await takeBundle(context, older.id), { state: 'staged', inHand: false, replaces: null })
  const [held] = await context.database.work<{ id: string }[]>`
    SELECT bundle_id AS id FROM qingdan.part WHERE dataset = 'strict-wells' AND edition = '2026' AND replaced_at IS NULL`
  t.equal(held?.id, newer.id)
})

t.test(
  'after a drop, its bytes are deleted and its receipt stays; sent again it is validated anew',
  async (t) => {
    const bag = await writeBag(testContext.folder, of('strict-wells', 'z,x\n', '2027'))
    const paging = async () =>
      takeBundle(context, (await receive(context, { path: bag, broughtBy: 'cli:test' })).id)
    const bad = await paging()
    t.equal(bad.state, 'quarantined')
    t.equal((await paging()).history.length, 6, 'sent again, it is validated again')
    t.ok((await context.files.list(`bundles/${bad.id}`)).length > 0)
    const dropped = await dropBundle(context, act(bad.id, 'A trial.'))
    t.match(dropped, { state: 'dropped', errors: 1, decision: { act: 'drop', reason: 'A trial.' } })
    t.same(await context.files.list(`bundles/${bad.id}`), [])
    t.same((await testContext.findingsOf(dropped)).map(({ check }) => check).sort(), [
      'signature-missing',
      'type',
    ])
    t.equal(
      (await dropBundle(context, act(bad.id))).history.length,
      dropped.history.length,
      'a second drop does nothing',
    )
    t.match(await refusal(releaseBundle(context, act(bad.id))), {
      code: 'bundle-not-quarantined',
      state: 'dropped',
    })
    const again = await paging()
    t.match(again, { state: 'quarantined', decision: null })
    t.ok((await context.files.list(`bundles/${bad.id}`)).length > 0)
    const audit = await context.database.work<{ action: string; reason: string }[]>`
    SELECT action, detail->>'reason' AS reason FROM qingdan.audit WHERE subject = ${`bundle:${bad.id}`}`
    t.same([...audit], [{ action: 'bundle-dropped', reason: 'A trial.' }])
  },
)

t.test('an unreadable bundle is refused, and nobody can release it', async (t) => {
  const refused = await bring({ dataset: 'strict-wells', edition: '2028', rows: 'nothing\nx\n' })
  t.equal(refused.state, 'refused')
  t.match(await refusal(releaseBundle(context, act(refused.id))), {
    code: 'bundle-not-quarantined',
    state: 'refused',
  })
  t.match(await refusal(dropBundle(context, act(refused.id))), { code: 'bundle-not-quarantined' })
})

t.test('over HTTP: the receipt in full, and findings by check and by severity', async (t) => {
  const { authorization } = await testContext.key({ scopes: ['ingest'] })
  const rows = of('strict-wells', `${'x,x\n'.repeat(2)},1\n${'"=1+1",2\n'}`, '2029')
  const posted = await testContext.post('/v1/bundles', await zipOf(testContext.folder, rows), authorization)
  const { id } = posted.json<{ id: string }>()
  await takeBundle(context, id)
  const shown = (await get(`/v1/bundles/${id}`, { authorization })).json<object>()
  t.match(shown, { state: 'quarantined', packing: 'zip', decision: null, inHand: false })
  t.match(shown, { files: [{ repaired: 0, unreadable: false }], exceeded: [{ bound: 'errors' }] })
  t.notMatch(JSON.stringify(shown), /cli:|key:/, 'and nobody by name')
  const checks = async (query: string) =>
    (await get(`/v1/bundles/${id}/findings?${query}`, { authorization }))
      .json<{ data: { check: string }[] }>()
      .data.map(({ check }) => check)
  t.same(await checks('check=type'), ['type', 'type'])
  t.same(await checks('check=required&severity=error'), ['required'])
  t.same(await checks('severity=warning'), ['signature-missing'])
  t.equal((await get(`/v1/bundles/${id}/findings?severity=none`, { authorization })).status, 400)
})

t.test('on the command line: list, show, release, drop, and the receipt as files', async (t) => {
  const one = await bring(of('strict-wells', 'm,x\nn,1\n', '2030'))
  const two = await bring(of('strict-wells', 'o,x\n', '2031'))
  const short = one.id.slice(0, 12)
  const listed = JSON.parse(
    (await runCli(['quarantine', 'list', '--json'], testContext.environment)).stdout,
  ) as { id: string }[]
  t.ok(listed.some(({ id }) => id === one.id) && listed.some(({ id }) => id === two.id))
  t.match((await cli('quarantine', 'show', short)).stdout, /quarantined[\s\S]*1 error; the contract allows 0/)
  t.match(await cli('quarantine', 'show', short.slice(0, 7)), { code: 4, stderr: /bundle-not-found/ })
  t.match(await cli('quarantine', 'release', short), { code: 2, stderr: /--reason/ })
  const released = await cli('quarantine', 'release', short, '--reason', 'By phone.', '--json')
  t.equal(released.code, 0, released.stderr)
  t.match(JSON.parse(released.stdout), { state: 'staged', decision: { act: 'release', reason: 'By phone.' } })
  const dropped = await cli('quarantine', 'drop', two.id, '--reason', 'A trial.')
  t.match(dropped, { code: 0, stdout: /^dropped/ })
  const to = join(testContext.folder, 'carried')
  t.match((await cli('receipt', short, '--to', to)).stdout, /staged[\s\S]*released[\s\S]*quarantine-released/)
  t.match(JSON.parse(await readFile(join(to, 'receipt.json'), 'utf8')), { id: one.id, state: 'staged' })
  const csv = await readFile(join(to, 'findings.csv'), 'utf8')
  const rows = parse(csv, { bom: true }) as string[][]
  t.equal(rows.length, 3)
})
