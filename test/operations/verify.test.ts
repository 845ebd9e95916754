/**
 * Plants each fault of what is stored, and expects `verify` to name exactly that, to repair it where another
 * record allows it, and to move and never delete what was damaged. Then the scrub and the command.
 */
import { mkdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { getReceiptLike, receive, takeBundle } from '../../src/ingest/index.ts'
import { getSignedReceipt } from '../../src/ingest/receipts/signed-receipt.ts'
import { compareSizes, scrub, startScrub, verify } from '../../src/operations/index.ts'
import { defectTexts } from '../../src/operations/verify/verification.ts'
import {
  dropPublication,
  eraseVersion,
  publishEdition,
  requestPublication,
  withdraw,
} from '../../src/publication/index.ts'
import { failingDisk } from '../support/failing-disk.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, zipOf } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'

const dataset = 'tree-register'
const contract = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } }), field('height', 'integer')],
  ['tree'],
  { dataset, themes: ['education'], formats: ['csv', 'csv.gz', 'json', 'xlsx'] },
)
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: { QINGDAN_WITHDRAWN_RETENTION_DAYS: '30' },
})
const { context, folder, get, take, publish, moveTo, environment } = testContext
const { work } = context.database
const receipt = await take({ dataset, edition: '2024', rows: 'tree,height\noak,20\nlime,15\nash,12\n' })
await publish(dataset, '2024')
moveTo('2026-03-02T04:00:00Z')
await take({ dataset, edition: '2025', rows: 'tree,height\noak,21\n' })
await publish(dataset, '2025')
moveTo('2026-03-03T04:00:00Z')
await take({ dataset, edition: '2025', rows: 'tree,height\noak,22\n' })
await publish(dataset, '2025', { reason: 'measured again' })
await withdraw(context, { dataset, edition: '2025', version: 1, actor: 'cli:test', reason: 'wrong' })
await getSignedReceipt(context, await getReceiptLike(work, receipt.id))
const version = `/v1/datasets/${dataset}/editions/2024/versions/1`
await get(`${version}/bag.zip`)

const root = join(folder, 'var/files')
const stored = (extension: string) => `editions/${dataset}/2024/v1/${dataset}-2024-v1.${extension}`
const at = (name: string) => join(root, name)
const table = 'published.v_1'

/** Changes one bit, and neither size nor place. */
async function flip(name: string, position = 7): Promise<void> {
  const bytes = await readFile(at(name))
  bytes[position] = (bytes[position] ?? 0) ^ 1
  await writeFile(at(name), bytes)
}

/** The kinds of defects that were found. */
const seen = new Set<string>()

async function run(repair: boolean) {
  const report = await verify(context, { repair, progress: () => undefined })
  for (const { kind } of report.defects) seen.add(kind)
  return report
}

/** Expects these defects, as `kind subject`, and the actions of a repair, after which nothing is wrong. */
async function repairs(t: Test, expected: readonly string[], action = 'repaired'): Promise<void> {
  const found = await run(false)
  t.same(
    found.defects.map(({ kind, subject }) => `${kind} ${subject}`),
    expected,
  )
  t.ok(found.defects.every((defect) => defect.action === null && !defect.isResolved))
  t.notOk(found.isIntact)
  const repaired = await run(true)
  t.same(
    repaired.defects.map(({ kind, subject }) => `${kind} ${subject}`),
    expected,
  )
  t.same([...new Set(repaired.defects.map((defect) => defect.action))], [action])
  t.ok(repaired.isIntact)
  t.same((await run(false)).defects, [], 'nothing is wrong any more')
}

/** Expects these defects, which no repair resolves; returns what was done. */
async function remains(t: Test, expected: readonly string[]) {
  const report = await run(true)
  t.same(
    report.defects.map(({ kind, subject }) => `${kind} ${subject}`),
    expected,
  )
  t.notOk(report.isIntact)
  return report.defects
}

t.test('nothing is wrong with what was just published', async (t) => {
  const { isIntact, defects, checked } = await run(false)
  t.same(defects, [])
  t.ok(isIntact)
  t.match(checked, {
    versions: 3,
    files: 12,
    records: 5,
    changes: 5,
    contracts: 1,
    bundles: 3,
    bags: 1,
    keys: 1,
  })
})

t.test('flipped, truncated and missing files are rendered again, byte for byte', async (t) => {
  const formats = ['csv', 'csv.gz', 'json', 'xlsx']
  const originals = await Promise.all(formats.map((format) => readFile(at(stored(format)))))
  await rm(at(stored('csv')))
  await truncate(at(stored('csv.gz')), 10)
  await flip(stored('json'))
  await flip(stored('xlsx'), 200)
  await repairs(t, [
    `file-missing ${stored('csv')}`,
    `file-digest ${stored('json')}`,
    `file-digest ${stored('xlsx')}`,
    `file-size ${stored('csv.gz')}`,
  ])
  t.same(await Promise.all(formats.map((format) => readFile(at(stored(format))))), originals)
  const aside = await context.files.list('set-aside')
  t.equal(aside.length, 3, 'the damaged files were moved, not deleted')
  for (const format of formats)
    t.equal((await stat(at(stored(format)))).mode & 0o777, 0o400, `${format} is sealed again`)
  t.equal((await get(`${version}/files/${dataset}-2024-v1.json`)).status, 200)
})

t.test('a bad sector is found in one file or bundle, and everything else is still compared', async (t) => {
  const disk = await failingDisk()
  t.teardown(disk.heal)
  const [bundle = ''] = await context.files.list('bundles')
  disk.fail({ folders: [at(stored('json')), at(bundle)], operations: 'read' })
  const { defects } = await run(false)
  t.same(
    defects.map(({ kind }) => kind),
    ['file-unreadable', 'bundle-unreadable'],
  )
  const repaired = await run(true)
  t.same(
    repaired.defects.map(({ action }) => action),
    ['repaired', null],
    'the bytes of a bundle exist once',
  )
  disk.heal()
  t.same((await run(false)).defects, [])
})

t.test('files that no record names are set aside', async (t) => {
  const extra = [`editions/${dataset}/2024/v1/secret.csv`, `bundles/${'0'.repeat(64)}/bundle.zip`]
  for (const name of extra) {
    await mkdir(dirname(at(name)), { recursive: true })
    await writeFile(at(name), 'x')
  }
  t.equal((await run(false)).defects.length, 1, 'a bundle that may be on its way is left alone')
  await utimes(at(extra[1] ?? ''), 0, 0)
  await repairs(
    t,
    extra.map((name) => `file-extra ${name}`),
    'set-aside',
  )
})

for (const [fault, sql] of [
  ['table-count', `DELETE FROM ${table} WHERE tree = 'lime'`],
  ['table-digest', `UPDATE ${table} SET height = 16 WHERE tree = 'lime'`],
  ['table-numbers', `UPDATE ${table} SET _n = 9 WHERE tree = 'oak'`],
  ['table-missing', `DROP TABLE ${table}`],
] as const) {
  t.test(`${fault}: the records are loaded again from the plain CSV`, async (t) => {
    const before = (await get(`${version}/records`)).json<{ data: unknown }>().data
    await work.unsafe(sql)
    await repairs(t, [`${fault} ${dataset} 2024 v1`])
    const fresh = await get(`${version}/records?sort=tree`)
    t.same(fresh.json<{ data: unknown }>().data, before, 'the serving role reads the restored table')
  })
}

t.test('a damaged table and a damaged plain CSV are restored from the compressed one', async (t) => {
  await work.unsafe(`UPDATE ${table} SET height = 0`)
  await flip(stored('csv'))
  await repairs(t, [`table-digest ${dataset} 2024 v1`, `file-digest ${stored('csv')}`])
})

t.test('lost changes get their positions again', async (t) => {
  const before = await work`SELECT * FROM qingdan.change ORDER BY position`
  await work`DELETE FROM qingdan.change WHERE position IN (3, 5)`
  await repairs(t, [
    'change-gap position 3',
    'change-gap position 5',
    `change-missing version-published ${dataset} 2025 v1`,
    `change-missing version-withdrawn ${dataset} 2025 v1`,
  ])
  t.same(await work`SELECT * FROM qingdan.change ORDER BY position`, before)
  await work`UPDATE qingdan.change_counter SET position = 2`
  await repairs(t, ['change-counter change_counter'])
})

t.test('an altered, a surplus and an unknown change are found', async (t) => {
  const [change] = await work<{ body: object }[]>`SELECT body FROM qingdan.change WHERE position = 2`
  await work`UPDATE qingdan.change SET body = body || '{"records": 4}' WHERE position = 2`
  await work`INSERT INTO qingdan.change SELECT 6, at, kind, dataset, edition, version, body
    FROM qingdan.change WHERE position = 3`
  await work`UPDATE qingdan.change_counter SET position = 7`
  await remains(t, ['change-gap position 7', 'change-differs position 2', 'change-surplus position 6'])
  await work`UPDATE qingdan.change SET body = ${work.json(change?.body as never)} WHERE position = 2`
  await work`DELETE FROM qingdan.change WHERE position = 6`
  await work`UPDATE qingdan.change_counter SET position = 5`
})

t.test('a pinned contract', async (t) => {
  await work`UPDATE qingdan.contract SET body = body || '{"openClass": "not-open"}'`
  await repairs(t, [`contract-digest ${dataset} 1`])
})

t.test('an altered signed receipt is made again; an altered row is found by the signed one', async (t) => {
  const [name = ''] = (await context.files.list(`receipts/${receipt.id}`)).filter((one) =>
    one.endsWith('.json'),
  )
  const original = await readFile(at(name))
  await writeFile(at(name), String(original).replace('"errors":0', '"errors":1'))
  await repairs(t, [`receipt-signature ${name}`])
  t.same(await readFile(at(name)), original)
  await work`UPDATE qingdan.bundle SET warnings = 7 WHERE id = ${receipt.id}`
  await remains(t, [`receipt-differs ${name}`])
  await work`UPDATE qingdan.bundle SET warnings = 0, state = 'refused' WHERE id = ${receipt.id}`
  await remains(t, [`receipt-row ${receipt.id}`, `receipt-differs ${name}`])
  await work`UPDATE qingdan.bundle SET state = 'staged' WHERE id = ${receipt.id}`
  t.ok((await run(false)).isIntact)
})

t.test('an altered bundle is set aside, a missing one reported; sending it again stores it', async (t) => {
  const [data = ''] = (await context.files.list(`bundles/${receipt.id}`)).filter((one) =>
    one.endsWith('.csv'),
  )
  await flip(data)
  const [altered] = await remains(t, [`bundle-digest ${receipt.id}`])
  t.match(altered, { action: 'set-aside', movedTo: /^set-aside\/.*\/bundles\// })
  await remains(t, [`bundle-missing ${receipt.id}`])
  await flip(`${altered?.movedTo}/${data.split('/').slice(2).join('/')}`)
  const again = await receive(context, { path: at(`${altered?.movedTo}/tree`), broughtBy: 'cli:test' })
  t.match(again, { id: receipt.id, state: 'staged' })
  t.ok((await run(false)).isIntact)
})

t.test(
  'a bundle of another size, a version of another digest, and a contract without its file',
  async (t) => {
    const path = join(folder, 'trees.zip')
    await writeFile(path, await zipOf(folder, { dataset, edition: '2017', rows: 'tree,height\nfig,1\n' }))
    const { id } = await receive(context, { path, broughtBy: 'cli:test' })
    await takeBundle(context, id)
    await truncate(at(`bundles/${id}/bundle.zip`), 100)
    await remains(t, [`bundle-size ${id}`])
    await receive(context, { path, broughtBy: 'cli:test' })
    const [row] = await work<{ digest: string }[]>`SELECT digest FROM qingdan.version WHERE id = 1`
    await work`UPDATE qingdan.version SET digest = ${'0'.repeat(64)} WHERE id = 1`
    t.ok((await run(false)).defects.some(({ kind }) => kind === 'record-differs'))
    await work`UPDATE qingdan.version SET digest = ${row?.digest ?? ''} WHERE id = 1`
    await work`UPDATE qingdan.version SET contract_version = 2 WHERE id = 1`
    t.ok((await run(false)).defects.some(({ kind }) => kind === 'contract-missing'))
    await work`UPDATE qingdan.version SET contract_version = 1 WHERE id = 1`
    t.same((await run(false)).defects, [])
  },
)

t.test('a damaged bag is set aside, and made again at the next request', async (t) => {
  const [bag = ''] = await context.files.list('bags')
  await flip(bag, 100)
  await repairs(t, [`bag-digest ${bag}`], 'set-aside')
  t.equal((await get(`${version}/bag.zip`)).status, 200)
  t.same(await context.files.list('bags'), [bag])
})

t.test('a damaged and a missing key of the service, and a damaged key of a signer', async (t) => {
  const path = join(folder, 'var/keys/service.asc')
  const key = await readFile(path)
  await writeFile(path, String(key).replace(/^Fingerprint: .{4}/, 'Fingerprint: 0000'))
  await remains(t, ['key-damaged keys/service.asc'])
  await rm(path)
  await remains(t, ['key-missing keys/service.asc'])
  await t.rejects(readFile(path), 'it is not created')
  await writeFile(path, key, { mode: 0o600 })
  await work`INSERT INTO qingdan.signer (fingerprint, public_key, user_ids, provider, added_at)
    VALUES (${'A'.repeat(40)}, 'no key', '{}', 'edu-commission', now())`
  await remains(t, [`key-damaged ${'A'.repeat(40)}`])
  await work`DELETE FROM qingdan.signer`
})

t.test('staged rows, and tables that nothing refers to', async (t) => {
  const { id } = await take({ dataset, edition: '2016', rows: 'tree,height\nyew,1\nbox,2\n' })
  const staged = `staging.b_${id.slice(0, 40)}`
  await work.unsafe(`DELETE FROM ${staged} WHERE tree = 'yew'`)
  await repairs(t, [`part-differs ${dataset} 2016 edu-commission`])
  t.equal((await work.unsafe(`SELECT FROM ${staged}`)).length, 2)
  await work.unsafe(`TRUNCATE ${staged}`)
  t.same((await run(false)).defects, [], 'a crash of the database empties it; it is staged again when needed')
  const unknown = 'a'.repeat(40)
  const tables = ['published.v_900', 'published.v_900_aside_1', `staging.b_${unknown}`, 'staging.c_900']
  for (const name of tables) await work.unsafe(`CREATE TABLE ${name} (tree text)`)
  const named = ['published.v_900', 'published.v_900_aside_1', `rows of bundle ${unknown}`, 'draft 900']
  await repairs(
    t,
    named.map((name) => `table-orphan ${name}`),
  )
  for (const name of tables)
    t.same([...(await work`SELECT to_regclass(${name}) AS oid`)], [{ oid: null }], name)
  await work.unsafe('CREATE TABLE published.v_1_aside_1 (tree text)')
  t.same((await run(true)).defects, [], 'set aside by a repair, of a version that exists')
  await work.unsafe('DROP TABLE published.v_1_aside_1')
})

t.test('the scrub reports a damaged file, which is then refused, and stops at once', async (t) => {
  const url = `${version}/files/${dataset}-2024-v1.json`
  const original = await readFile(at(stored('json')))
  await flip(stored('json'))
  let bytes = 0
  await compareSizes(context)
  t.notMatch(await context.metrics(), 'qingdan_file_damaged_total{', 'sizes do not show it')
  await scrub(context, async (read) => {
    bytes += read
  })
  t.ok(bytes > 1_000, 'the pace is set by the bytes read')
  t.match(await context.metrics(), 'qingdan_file_damaged_total{fault="digest"} 1')
  t.match(await context.metrics(), 'qingdan_files_checked_total{depth="digest"} 1')
  t.equal((await get(url)).status, 503)
  await writeFile(at(stored('json')), original)
  await rm(at(stored('csv')))
  await compareSizes(context)
  t.match(await context.metrics(), 'qingdan_file_damaged_total{fault="missing"} 1')
  await run(true)
  t.equal((await get(url)).status, 200)
  const stop = startScrub(context)
  await stop()
})

t.test('the command: exit codes, texts and JSON', async (t) => {
  const intact = await runCli(['verify'], environment)
  t.match(intact, { code: 0, stdout: /^intact; compared: 3 versions, 12 files, / })
  await rm(at(stored('csv')))
  const found = await callCli(['verify'], environment)
  t.match(found, { code: 1, stdout: `defect  file-missing  ${stored('csv')}\n` })
  t.match(found.stdout, /remaining: 1 defect; .*\nNext: qingdan verify --repair/)
  const repaired = await callCli(['verify', '--repair', '--json'], environment)
  t.equal(repaired.code, 0)
  t.match(JSON.parse(repaired.stdout), {
    isIntact: true,
    defects: [{ kind: 'file-missing', action: 'repaired' }],
  })
})

t.test('a prepared draft is compared too, and repaired before its release', async (t) => {
  await take({ dataset, edition: '2026', rows: 'tree,height\nelm,9\n' })
  const later = { dataset, edition: '2026', askedBy: 'cli:test', at: new Date('2026-04-01T00:00:00Z') }
  const { id } = await requestPublication(context, later)
  await publishEdition(context, id)
  const draft = `editions/${dataset}/2026/v1/${dataset}-2026-v1.json`
  await flip(draft)
  await repairs(t, [`file-digest ${draft}`])
})

t.test('publications, withdrawals and dropped drafts that run meanwhile are no defects', async (t) => {
  let isRunning = true
  const acts = (async () => {
    for (const height of [1, 2, 3]) {
      await take({ dataset, edition: '2023', rows: `tree,height\nfir,${height}\n` })
      await publish(dataset, '2023', { reason: 'measured again' })
      const by = { dataset, edition: '2023', version: height, actor: 'cli:test', reason: 'wrong' }
      if (height < 3) await withdraw(context, by)
    }
    const [{ id } = { id: 0 }] = await work<{ id: number }[]>`
      SELECT id::int FROM qingdan.publication WHERE state = 'prepared'`
    await dropPublication(context, { id, actor: 'cli:test', reason: 'not needed' })
  })().finally(() => {
    isRunning = false
  })
  let runs = 0
  while (isRunning) {
    t.same((await run(runs % 2 === 1)).defects, [])
    runs += 1
  }
  await acts
  t.ok(runs > 1, `${runs} verifications`)
  t.same((await run(false)).defects, [])
})

t.test(
  'erasures are no defects, of a public version or of one withdrawn earlier; their changes are restored',
  async (t) => {
    for (const edition of ['2018', '2019']) {
      await take({ dataset, edition, rows: 'tree,height\nyew,3\n' })
      await publish(dataset, edition)
    }
    const of = (edition: string) => ({ dataset, edition, version: 1, actor: 'cli:test' })
    await withdraw(context, { ...of('2019'), reason: 'wrong' })
    moveTo('2026-03-04T04:00:00Z')
    for (const edition of ['2018', '2019'])
      await eraseVersion(context, { ...of(edition), reason: 'A record identified a person.' })
    t.same((await run(false)).defects, [])
    const last = await work`SELECT * FROM qingdan.change ORDER BY position DESC LIMIT 1`
    const position = Number(last[0]?.['position'])
    await work`DELETE FROM qingdan.change WHERE position = ${position}`
    await repairs(t, [
      `change-gap position ${position}`,
      `change-missing version-withdrawn ${dataset} 2019 v1`,
    ])
    t.same(await work`SELECT * FROM qingdan.change ORDER BY position DESC LIMIT 1`, last)
  },
)

t.test('without any right copy, files are set aside and the defect remains', async (t) => {
  await work.unsafe(`UPDATE ${table} SET height = 0`)
  await flip(stored('csv'))
  await flip(stored('csv.gz'), 30)
  const defects = await remains(t, [
    `table-digest ${dataset} 2024 v1`,
    `file-digest ${stored('csv')}`,
    `file-digest ${stored('csv.gz')}`,
  ])
  t.same(
    defects.map(({ action }) => action),
    [null, 'set-aside', 'set-aside'],
  )
  t.equal((await get(`${version}/files/${dataset}-2024-v1.csv`)).status, 503)
  await remains(t, [
    `table-digest ${dataset} 2024 v1`,
    `file-missing ${stored('csv')}`,
    `file-missing ${stored('csv.gz')}`,
  ])
})

t.test('each kind of defect was planted and found', async (t) => {
  t.same([...seen].sort(), Object.keys(defectTexts).sort())
})
