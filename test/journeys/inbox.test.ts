/**
 * The inbox: complete bundles that no longer change are taken and moved to done or refused with their
 * receipt; incomplete, loose or other files stay; a removed stick and a crash leave nothing half received.
 */
import { appendFile, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type InboxRound, openInbox } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag, zipOf } from '../support/open-test-context.ts'
import { callCli, runCli } from '../support/run-cli.ts'
import { spawnService } from '../support/spawn-service.ts'

const dataset = 'well-register'
const contract = contractOf(
  [
    field('well', 'string', { role: 'key', constraints: { required: true } }),
    field('depth', 'integer', { role: 'measure' }),
  ],
  ['well'],
  { dataset, themes: ['education'], formats: ['csv'] },
)
const testContext = await openTestContext(t, {
  contracts: [contract],
  settings: { QINGDAN_INBOX_SETTLE_SECONDS: '10', QINGDAN_INBOX_TIMEOUT_SECONDS: '60' },
})
const { context, folder } = testContext
const of = (edition: string, rows: string) => ({ dataset, edition, rows: `well,depth\n${rows}` })

/** An inbox of its own, with a clock that the test moves, in seconds. */
async function newInbox(name: string) {
  const inbox = join(folder, name)
  await mkdir(inbox)
  let now = 0
  const { round } = openInbox(context, { folder: inbox, monotonic: () => now * 1_000 })
  const at = (seconds: number): Promise<InboxRound> => {
    now = seconds
    return round()
  }
  return { inbox, at }
}
const reasons = ({ ignored }: InboxRound) => ignored.map(({ name, reason }) => `${name} ${reason}`)
const states = ({ taken }: InboxRound) => taken.map(({ name, receipt }) => `${name} ${receipt.state}`)
const bundles = async () => {
  const [row] = await context.database.work`SELECT count(*)::int AS bundles FROM qingdan.bundle`
  return row?.['bundles'] as number
}

t.test('a ZIP and a folder that no longer change are taken, and moved with their receipts', async (t) => {
  const { inbox, at } = await newInbox('good')
  await writeFile(join(inbox, 'wells.zip'), await zipOf(folder, of('2025', 'a,1\n')))
  await cp(await writeBag(folder, of('2026', 'a,x\n')), join(inbox, 'faulty'), { recursive: true })
  const first = await at(0)
  t.same(reasons(first), ['faulty moving', 'wells.zip moving'])
  t.same(reasons(await at(9.999)), ['faulty moving', 'wells.zip moving'], 'not too early')
  const round = await at(10)
  t.same(states(round).sort(), ['faulty quarantined', 'wells.zip staged'])
  t.same((await readdir(inbox)).sort(), ['.taken', 'done', 'refused'])
  t.same(await readdir(join(inbox, '.taken')), [])
  const done = round.taken.find(({ name }) => name === 'wells.zip')?.folder ?? ''
  t.match(done, /\/done\/wells-[0-9a-f]{8}$/)
  t.same((await readdir(done)).sort(), ['findings.csv', 'receipt.json', 'receipt.json.asc', 'wells.zip'])
  t.match(JSON.parse(await readFile(join(done, 'receipt.json'), 'utf8')), {
    state: 'staged',
    edition: '2025',
  })
  const refused = round.taken.find(({ name }) => name === 'faulty')?.folder ?? ''
  t.match(refused, /\/refused\/faulty-/)
  t.match(await readFile(join(refused, 'findings.csv'), 'utf8'), /^\ufeff[\s\S]*B2/)
  t.match(round.taken[0]?.receipt, { broughtBy: 'inbox' })
  // The same bundle again has the existing receipt, and a folder beside the first.
  const before = await bundles()
  await writeFile(join(inbox, 'wells.zip'), await readFile(join(done, 'wells.zip')))
  await at(20)
  t.match((await at(30)).taken, [{ receipt: { state: 'staged' }, folder: `${done}-2` }])
  t.equal(await bundles(), before)
})

t.test('a file that is still being copied is never taken', async (t) => {
  const { inbox, at } = await newInbox('slow')
  const zip = await zipOf(folder, of('2027', 'a,1\n'))
  const path = join(inbox, 'slow.zip')
  await writeFile(path, zip.subarray(0, 300))
  await at(0)
  await appendFile(path, zip.subarray(300, 400))
  t.same(reasons(await at(10)), ['slow.zip moving'], 'it has grown')
  // The copying pauses for longer than the setting: then the end of the ZIP decides.
  t.match(await at(20), { taken: [], ignored: [{ reason: 'incomplete', missing: 'central directory' }] })
  await appendFile(path, zip.subarray(400))
  t.same(reasons(await at(21)), ['slow.zip moving'])
  t.same(states(await at(31)), ['slow.zip staged'])

  // A folder, file by file: its manifest says what is missing.
  const bag = await writeBag(folder, of('2028', 'a,1\n'))
  const home = join(inbox, 'bag')
  await mkdir(home)
  await at(40)
  t.match((await at(50)).ignored, [{ reason: 'incomplete', missing: 'bagit.txt' }])
  for (const name of await readdir(bag)) if (name !== 'data') await cp(join(bag, name), join(home, name))
  await at(60)
  t.match((await at(70)).ignored, [{ reason: 'incomplete', missing: 'data/rows.csv' }])
  await mkdir(join(home, 'data'))
  await writeFile(join(home, 'data', 'rows.csv'), 'well')
  await at(80)
  t.match((await at(90)).ignored, [{ reason: 'incomplete', missing: 'data/' }], 'by Payload-Oxum')
  await cp(join(bag, 'data', 'rows.csv'), join(home, 'data', 'rows.csv'))
  await at(100)
  t.same(states(await at(110)), ['bag staged'])
})

t.test('a file that stays incomplete is refused with a receipt after the waiting time', async (t) => {
  const { inbox, at } = await newInbox('broken')
  await writeFile(join(inbox, 'cut.zip'), (await zipOf(folder, of('2029', 'a,1\n'))).subarray(0, 200))
  await at(0)
  t.same(reasons(await at(59.999)), ['cut.zip incomplete'])
  const round = await at(60)
  t.same(states(round), ['cut.zip refused'])
  t.match(await readFile(join(round.taken[0]?.folder ?? '', 'findings.csv'), 'utf8'), /zip-unreadable/)
})

t.test('loose tables, links, other files and unfinished names stay where they are', async (t) => {
  const { inbox, at } = await newInbox('odd')
  const names = [
    'rows.csv',
    'rows.xlsx',
    'letter.pdf',
    '.hidden.zip',
    'x.zip.part',
    'y.tmp',
    'z.zip~',
    '~$a.zip',
  ]
  for (const name of names) await writeFile(join(inbox, name), 'x')
  const bag = await writeBag(folder, of('2030', 'a,1\n'))
  await symlink(bag, join(inbox, 'link'))
  await at(0)
  const round = await at(1_000)
  t.same(round.taken, [])
  t.same(reasons(round), [
    ...['letter.pdf no-bundle', 'link link', 'rows.csv loose-table', 'rows.xlsx loose-table'],
  ])
  t.same((await readdir(inbox)).sort(), [...names, 'link'].sort())
  // A link inside a folder is reported in the receipt.
  await cp(bag, join(inbox, 'bag'), { recursive: true })
  await symlink('/etc/passwd', join(inbox, 'bag', 'data', 'x.csv'))
  await at(1_001)
  t.same(states(await at(1_011)), ['bag refused'])
})

t.test(
  'a stick that is removed leaves nothing half received, and is processed when it is back',
  async (t) => {
    const { inbox, at } = await newInbox('stick')
    await cp(await writeBag(folder, of('2031', 'a,1\n')), join(inbox, 'bag'), { recursive: true })
    await at(0)
    await at(9)
    // Taken, then removed in the middle: a file named in the folder's manifest can't be read any more.
    const before = await bundles()
    const home = join(inbox, '.taken', 'one')
    await mkdir(home, { recursive: true })
    await rename(join(inbox, 'bag'), join(home, 'bag'))
    const away = join(folder, 'away')
    await rename(inbox, away)
    await t.rejects(at(20), { code: 'ENOENT' }, 'the whole stick')
    await rename(away, inbox)
    const round = await at(30)
    t.same(states(round), ['bag staged'], 'a bundle that a crash left in processing is processed to its end')
    t.equal(await bundles(), before + 1)
    t.same(await readdir(join(inbox, '.taken')), [])
  },
)

t.test('removed between two files, it is reported, and tried again', async (t) => {
  const inbox = join(folder, 'pulled')
  await mkdir(inbox)
  await cp(await writeBag(folder, of('2035', 'a,1\n')), join(inbox, 'bag'), { recursive: true })
  const away = join(folder, 'pocket')
  let pull = true
  const write: typeof context.files.write = async (name, source, options) => {
    const stored = await context.files.write(name, source, options)
    if (pull) await rename(inbox, away)
    pull = false
    return stored
  }
  let now = 0
  const { round } = openInbox(
    { ...context, files: { ...context.files, write } },
    { folder: inbox, monotonic: () => now },
  )
  await round()
  now = 10_000
  const before = [await bundles(), (await context.files.list('bundles')).length]
  t.match(await round(), { taken: [], failed: ['bag'] })
  t.ok(testContext.lines.some((line) => line.includes('inbox-bundle-failed')))
  t.same([await bundles(), (await context.files.list('bundles')).length], before, 'nothing is half received')
  await rename(away, inbox)
  t.same(states(await round()), ['bag staged'])
})

t.test('the service watches the folder, reports once what stays, and takes what arrives', async (t) => {
  const inbox = join(folder, 'watched')
  await mkdir(inbox)
  const service = await spawnService(t, {
    ...testContext.environment,
    ...{ QINGDAN_INBOX: inbox, QINGDAN_INBOX_POLL_SECONDS: '1', QINGDAN_INBOX_REST_SECONDS: '1' },
    // Only the former name of the setting, as an operator who has not renamed it yet uses it.
    QINGDAN_INBOX_SETTLE_SECONDS: '',
  })
  await writeFile(join(inbox, 'rows.csv'), 'x')
  await service.line(({ event, reason }) => event === 'inbox-item-skipped' && reason === 'loose-table')
  await writeFile(join(inbox, 'wells.zip'), await zipOf(folder, of('2032', 'a,1\n')))
  await service.line(({ event, state }) => event === 'bundle-state-changed' && state === 'staged')
  const away = join(folder, 'unmounted')
  for (;;) {
    const found = await readdir(join(inbox, 'done')).catch(() => [])
    if (found.length > 0) break
    await new Promise((then) => setTimeout(then, 20))
  }
  await rename(inbox, away)
  await service.line(({ event }) => event === 'inbox-unavailable')
  await rename(away, inbox)
  await rm(join(inbox, 'rows.csv'))
  await writeFile(join(inbox, 'more.zip'), await zipOf(folder, of('2033', 'a,1\n')))
  await service.line(({ bundle, state, rows }) => bundle !== undefined && state === 'staged' && rows === 1)
  const { code, output: warnings } = await service.stop()
  t.equal(code, 0)
  t.match(warnings, /QINGDAN_INBOX_REST_SECONDS is now called QINGDAN_INBOX_SETTLE_SECONDS/)
  t.match(
    service.lines.filter(({ event }) => event === 'setting-deprecated'),
    [{ setting: 'QINGDAN_INBOX_REST_SECONDS', replacement: 'QINGDAN_INBOX_SETTLE_SECONDS' }],
  )
  const skipped = service.lines.filter(({ event }) => event === 'inbox-item-skipped')
  t.equal(skipped.filter(({ reason }) => reason === 'loose-table').length, 1, 'reported once')
})

t.test('on the command line, for a stick that is there now', async (t) => {
  const inbox = join(folder, 'moment')
  await mkdir(inbox)
  await writeFile(join(inbox, 'wells.zip'), await zipOf(folder, of('2034', 'a,1\nb,x\n')))
  await writeFile(join(inbox, 'rows.csv'), 'x')
  const environment = { ...testContext.environment, QINGDAN_INBOX_SETTLE_SECONDS: '1' }
  t.match(await callCli(['inbox'], environment), { code: 2, stderr: /QINGDAN_INBOX/ })
  t.match(await callCli(['inbox', join(inbox, 'none')], environment), { code: 2 })
  const { code, stdout, stderr } = await runCli(['inbox', inbox, '--json'], environment)
  t.equal(code, 3, stderr)
  t.match(JSON.parse(stdout), {
    taken: [{ name: 'wells.zip', receipt: { state: 'quarantined' } }],
    left: [{ name: 'rows.csv', reason: 'loose-table', hint: /bundle create/ }],
    failed: [],
  })
  t.match(await callCli(['inbox', inbox], environment), { code: 0, stdout: /ignored {2}rows\.csv/ })
})
