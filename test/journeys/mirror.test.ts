/**
 * A mirror without a network to its origin: three rounds of exports carried by hand, with corrections, a new
 * edition, a withdrawal and new contract versions. After each, both give the same responses: files, records,
 * versions, lists, changes, cursors.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { followContracts, readChanges, readMirror } from '../../src/catalogue/index.ts'
import { buildContext, loadAllContracts } from '../../src/context.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { verify } from '../../src/operations/index.ts'
import { publishEdition, requestPublication, withdraw } from '../../src/publication/index.ts'
import { distrustKey } from '../../src/transfer/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, sampleRows, temporaryFolder, writeBag } from '../support/open-test-context.ts'
import {
  addressesOf,
  answer,
  checksOf,
  exportTo,
  feedOf,
  serving,
  take,
  trustOrigin,
} from '../support/two-contexts.ts'

const required = { constraints: { required: true } }
const trees = contractOf(
  [
    field('tree', 'string', { role: 'key', ...required }),
    field('height', 'number', { role: 'measure', scale: 1 }),
    field('rings', 'integer', { role: 'count' }),
    field('alive', 'boolean'),
    field('planted', 'date'),
    field('seen', 'datetime'),
    field('opens', 'time'),
    field('districts', 'list', { codes: 'districts', separators: ['、'] }),
    field('note', 'string'),
  ],
  ['tree'],
  {
    dataset: 'tree-register',
    themes: ['education'],
    formats: ['csv', 'csv.gz', 'ndjson', 'json', 'xlsx', 'parquet', 'zip'],
  },
)
const grown = { ...trees, contractVersion: 2, fields: [...trees.fields, field('kind_of_tree', 'string')] }
const secret = contractOf([field('place', 'string', { role: 'key', ...required })], ['place'], {
  dataset: 'shelter-register',
  themes: ['education'],
  openClass: 'not-open',
  shareClass: 'on-demand',
})
const opened = { ...secret, contractVersion: 2, openClass: 'conditional' }
const other = contractOf([field('x', 'string', { role: 'key', ...required })], ['x'], {
  dataset: 'other',
  themes: ['education'],
})

const header = 'tree,height,rings,alive,planted,seen,opens,districts,note'
const rows = (...lines: readonly string[]) => `${[header, ...lines].join('\n')}\n`
const oak = 'oak,20.5,100,true,1920-03-04,2025-09-01T08:00:00+08:00,08:30,310101;310104,"a ""quoted"", 树"'
const elm = 'elm,,,,,,,,'
const ash = 'ash,0.0,0,false,2000-02-29,,24:00,310101,"two\nlines"'

const folder = await temporaryFolder(t)
const at = '2026-02-01T04:00:00.000Z'
/** State after all rounds. */
const late = '2026-02-04T04:00:00.000Z'
const origin = await openTestContext(t, {
  contracts: [trees, secret],
  shipped: ['annual-open-data-list'],
  at,
})
const mirror = await openTestContext(t, { contracts: [other], at })
const mirrorApp = await serving(t, mirror.context)
followContracts(mirror.context)
const [list] = await sampleRows('annual-open-data-list', '2026', 0)
const promise = '1,市教育委员会,树木,,,,2026-03-01,yearly,on-demand,,,tree-register,2026\n'

// Three services and their responses at every address: a busy machine takes its time.
t.setTimeout(300_000)

/** Both services give the same response at every address, and have the same feed. */
async function compareResponses(
  t: Test,
  app = origin.app,
  isSecret = (line: string) => line.includes(secret.dataset),
) {
  const urls = await addressesOf(app)
  t.ok(urls.length > 15, `${urls.length} addresses`)
  const [atOrigin, atMirror]: [unknown[], unknown[]] = [[], []]
  for (const url of urls) {
    atOrigin.push([url, await answer(app, url)])
    atMirror.push([url, await answer(mirrorApp, url)])
  }
  t.same(atMirror, atOrigin)
  t.same(
    await feedOf(mirror.context),
    (await feedOf(origin.context)).filter((line) => !isSecret(line)),
  )
}

let cursor = ''
let cursorOfRecords = ''

t.test('the first round: everything', async (t) => {
  await origin.take({ dataset: 'tree-register', edition: '2024', rows: rows(oak, elm) })
  await origin.publish('tree-register', '2024')
  await origin.take({ dataset: 'shelter-register', edition: '2024', rows: 'place\nsecret-marker\n' })
  await origin.publish('shelter-register', '2024')
  await origin.take({ dataset: 'annual-open-data-list', edition: '2026', rows: `${list?.rows}${promise}` })
  await origin.publish('annual-open-data-list', '2026')

  const exported = await exportTo(origin.context, folder, { since: null, restricted: false })
  t.same(exported.left, ['shelter-register'])
  t.notOk((await readFile(exported.out)).includes('secret-marker'), 'it contains nothing restricted')
  await trustOrigin(mirror.context, origin.context, folder)
  const report = await take(mirror.context, exported.out)
  t.match(report, { state: 'taken', origin: exported.origin, cursor: exported.cursor, versions: 2 })
  cursor = report.cursor
  await compareResponses(t)

  t.match(
    await take(mirror.context, exported.out),
    { state: 'replayed', changes: 0 },
    'a replay changes nothing',
  )
  const page = (await origin.get('/v1/datasets/tree-register/records?limit=1')).json<{
    links: { next: string }
  }>()
  cursorOfRecords = page.links.next
  const next = await answer(mirrorApp, cursorOfRecords)
  t.equal(next.status, 200, 'a cursor of the origin continues at the mirror')
  t.same(next, await answer(origin.app, cursorOfRecords))
})

let second = ''
/** The last start of the origin. */
let newest = origin.context

t.test('the second round: a correction and a new edition', async (t) => {
  origin.moveTo('2026-02-02T04:00:00.000Z')
  await origin.take({ dataset: 'tree-register', edition: '2024', rows: rows(oak, elm, ash) })
  await origin.publish('tree-register', '2024', { reason: 'one was missing' })
  await origin.take({ dataset: 'tree-register', edition: '2025', rows: rows(ash) })
  await origin.publish('tree-register', '2025')
  const exported = await exportTo(origin.context, folder, { since: cursor, restricted: false }, '')
  t.equal(exported.versions, 2, 'and nothing that was carried before')
  second = exported.out
  mirror.moveTo('2026-02-02T04:00:00.000Z')
  const report = await take(mirror.context, exported.out)
  t.match(report, { state: 'taken', changes: 2, records: 4 })
  await compareResponses(t)
  t.same(
    await answer(mirrorApp, cursorOfRecords),
    await answer(origin.app, cursorOfRecords),
    'a walk stays on the version it began with',
  )
  cursor = report.cursor
})

t.test('restricted datasets are carried only on request', async (t) => {
  const all = await openTestContext(t, { contracts: [other], at: late })
  await trustOrigin(all.context, origin.context, folder)
  const exported = await exportTo(origin.context, join(folder, 'all'), { since: null, restricted: true })
  await take(all.context, exported.out)
  t.same(await feedOf(all.context), await feedOf(origin.context))
  const { authorization } = await all.key({ scopes: ['read-restricted'] })
  await all.context.reloadContracts()
  const app = await serving(t, all.context)
  const injected = { url: '/v1/datasets/shelter-register/records', headers: { authorization } }
  t.match((await app.inject(injected)).body, /secret-marker/)
  t.equal((await app.inject(injected.url)).statusCode, 404, 'for callers who may read it')
  await t.rejects(exportTo(origin.context, folder, { since: exported.cursor, restricted: false }), {
    code: 'cursor-invalid',
  })
})

t.test('the third round: a withdrawal, new contract versions, a dataset that has become open', async (t) => {
  const day = '2026-02-03T04:00:00.000Z'
  origin.moveTo(day)
  mirror.moveTo(day)
  for (const contract of [grown, opened]) {
    const inside = join(origin.folder, 'var', 'contracts', contract.dataset)
    await mkdir(inside, { recursive: true })
    await writeFile(join(inside, 'contract.v2.json'), JSON.stringify(contract))
  }
  const contracts = await loadAllContracts(origin.context.config)
  const context = await buildContext({ ...origin.context, contracts })
  newest = context
  const app = await serving(t, context)
  t.teardown(() => context.jobs.stop({ seconds: 5 }))
  await withdraw(context, {
    dataset: 'tree-register',
    edition: '2024',
    version: 2,
    reason: 'measured wrongly',
    actor: 'cli:test',
  })
  const input = { dataset: 'tree-register', edition: '2026', contractVersion: 2 }
  const path = await writeBag(folder, { ...input, rows: `${header},kind_of_tree\n${oak},leaf\n` })
  await takeBundle(context, (await receive(context, { path, broughtBy: 'cli:test' })).id)
  await publishEdition(context, (await requestPublication(context, { ...input, askedBy: 'cli:test' })).id)

  const exported = await exportTo(context, folder, { since: cursor, restricted: false })
  t.same(exported.left, [])
  const report = await take(mirror.context, exported.out)
  await untilRenewed()
  t.match(report, { state: 'taken' })
  await compareResponses(t, app, () => false)
  const withdrawn = await answer(mirrorApp, '/v1/datasets/tree-register/editions/2024/versions/2')
  t.match(withdrawn, { status: 410, text: /measured wrongly/ })
  t.match(await answer(mirrorApp, '/v1/datasets/shelter-register/records'), { text: /secret-marker/ })
  t.same(await answer(mirrorApp, cursorOfRecords), await answer(app, cursorOfRecords))

  const empty = await openTestContext(t, { contracts: [other], at: day })
  await trustOrigin(empty.context, context, folder)
  const whole = await exportTo(context, join(folder, 'whole'), { since: null, restricted: false })
  await take(empty.context, whole.out)
  t.same(
    await feedOf(empty.context),
    await feedOf(mirror.context),
    'all at once is the same as round by round',
  )
  t.same(await statesOf(empty.context), await statesOf(context))
  t.same(await statesOf(mirror.context), await statesOf(context))
  t.match(
    await take(mirror.context, whole.out),
    { state: 'replayed' },
    'a full export that overlaps is no gap',
  )
})

/** The mirror's service has loaded the contracts that arrived: another session notifies it. */
async function untilRenewed(): Promise<void> {
  const isRenewed = () => mirror.context.contracts.find('tree-register', 2) !== undefined
  for (let beat = 0; beat < 200 && !isRenewed(); beat += 1)
    await mirror.context.database.work`SELECT pg_sleep(0.05)`
}

async function statesOf({ database }: typeof origin.context) {
  const found = await database.work`
    SELECT e.dataset, e.edition, v.number, v.state, v.digest FROM qingdan.version v
    JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.published_at IS NOT NULL ORDER BY 1, 2, 3`
  return found.map((row) => ({ ...row }))
}

t.test('verify finds nothing wrong with the origin and with its mirror', async (t) => {
  for (const { context } of [{ context: newest }, mirror])
    t.same((await verify(context, { repair: false, progress: () => undefined })).defects, [])
})

t.test('a refused import changes nothing', async (t) => {
  const before = [await feedOf(mirror.context), await readMirror(mirror.context.database.work)]
  const fresh = await openTestContext(t, { contracts: [other], at: late })
  await trustOrigin(fresh.context, origin.context, folder)

  t.same(await checksOf(take(fresh.context, second)), ['export-gap'], 'a gap before the first')
  t.equal(await readMirror(fresh.context.database.work), undefined)

  const stranger = await openTestContext(t, { contracts: [trees], at })
  await stranger.take({ dataset: 'tree-register', edition: '2024', rows: rows(oak) })
  await stranger.publish('tree-register', '2024')
  const strange = await exportTo(stranger.context, join(folder, 'strange'), {
    since: null,
    restricted: false,
  })
  t.same(await checksOf(take(mirror.context, strange.out)), ['export-signature'], 'a key that is not trusted')
  await trustOrigin(mirror.context, stranger.context, folder)
  t.same(await checksOf(take(mirror.context, strange.out)), ['export-origin'], 'another origin')
  const { fingerprint } = await loadServiceKey(stranger.context)
  t.ok(await distrustKey(mirror.context, { fingerprint, actor: 'cli:test' }))
  t.same(await checksOf(take(mirror.context, strange.out)), ['export-signature'], 'trusted no longer')

  const refusedAfter = async (change: (bag: string) => Promise<void>) => {
    const bag = join(folder, 'spoilt')
    await cp(second, bag, { recursive: true })
    await change(bag)
    const checks = await checksOf(take(mirror.context, bag))
    await rm(bag, { recursive: true })
    return checks
  }
  t.same(await refusedAfter((bag) => rm(join(bag, 'tagmanifest-sha256.txt.asc'))), ['export-unsigned'])
  const file = 'data/editions/tree-register/2025/v1/tree-register-2025-v1.csv'
  t.same(await refusedAfter(async (bag) => writeFile(join(bag, file), 'tree\n')), ['digest-wrong'])
  t.same(await refusedAfter((bag) => rm(join(bag, file))), ['file-missing'])
  t.same(await refusedAfter((bag) => writeFile(join(bag, 'data', 'more.csv'), 'x\n')), ['file-unlisted'])
  t.same(
    await refusedAfter(async (bag) => {
      const manifest = join(bag, 'tagmanifest-sha256.txt')
      await writeFile(manifest, `${await readFile(manifest, 'utf8')}\n`)
    }),
    ['export-signature'],
    'a signature over another manifest',
  )

  const inward = await writeBag(folder, { dataset: 'tree-register', edition: '2024', rows: rows(oak) })
  t.same(await checksOf(take(mirror.context, inward)), ['export-inward'], 'a bundle of a provider')
  const receipt = await receive(origin.context, { path: second, broughtBy: 'cli:test' })
  const outward = await takeBundle(origin.context, receipt.id)
  t.equal(outward.state, 'refused')
  t.ok((await origin.findingsOf(outward)).some(({ check }) => check === 'bundle-outward'))

  const restricted = await exportTo(newest, join(folder, 'r'), { since: null, restricted: true })
  t.same(await checksOf(take(mirror.context, restricted.out)), ['export-restricted'])
  const excerpt = await exportTo(newest, join(folder, 'e'), {
    dataset: 'tree-register',
    edition: '2025',
    restricted: false,
  })
  t.equal(excerpt.cursor, null)
  t.same(await checksOf(take(mirror.context, excerpt.out)), ['export-excerpt'])
  t.same([await feedOf(mirror.context), await readMirror(mirror.context.database.work)], before)
})

t.test('a mirror publishes nothing of its own, and a service with data can not become one', async (t) => {
  const bag = await writeBag(folder, { dataset: 'tree-register', edition: '2024', rows: rows(oak) })
  const by = { dataset: 'tree-register', edition: '2025' }
  const readOnly = { code: 'mirror-read-only' }
  await t.rejects(receive(mirror.context, { path: bag, broughtBy: 'cli:test' }), readOnly)
  await t.rejects(requestPublication(mirror.context, { ...by, askedBy: 'cli:test' }), readOnly)
  await t.rejects(withdraw(mirror.context, { ...by, version: 1, reason: 'x', actor: 'cli:test' }), readOnly)
  await t.rejects(exportTo(mirror.context, folder, { since: null, restricted: false }), readOnly)
  const stale = exportTo(origin.context, folder, { since: null, restricted: false })
  await t.rejects(
    stale,
    /run the command again/,
    'nor does an origin export contracts that it has not loaded',
  )

  const own = await openTestContext(t, { contracts: [other], at: late })
  await own.take({ dataset: 'other', edition: '2024', rows: 'x\n1\n' })
  await trustOrigin(own.context, origin.context, folder)
  const whole = await exportTo(newest, join(folder, 'own'), { since: null, restricted: false })
  await t.rejects(take(own.context, whole.out), { code: 'mirror-not-empty' })
  t.equal((await readChanges(own.context.database.work, 0)).length, 1, 'and its data stay')
})
