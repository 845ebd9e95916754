/**
 * `qingdan bundle` with deltas and with several bags: an office packs, without a database, what its receiver
 * accepts, and sees beforehand what would be refused.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type FileOptions, filesOf, spreadFiles } from '../../src/cli/bundles/bundle-files.ts'
import { checkBundles } from '../../src/cli/check-bundles.ts'
import { loadAllContracts } from '../../src/context.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder, writeDatasets } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

const dataset = 'boat-register'
const contract = contractOf(
  [field('boat', 'string', { role: 'key', constraints: { required: true } }), field('oars', 'integer')],
  ['boat'],
  { dataset, themes: ['education'] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const office = await temporaryFolder(t)
const datasets = join(office, 'datasets')
await writeDatasets(datasets, [contract])
const environment = { QINGDAN_DATASETS: datasets, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
const cli = (...args: readonly string[]) => callCli(['bundle', ...args], environment)
const file = async (name: string, text: string) => {
  await writeFile(join(office, name), text)
  return join(office, name)
}
const purpose = ['--dataset', dataset, '--edition', '2025']
const bring = async (path: string) => {
  const { id } = await receive(testContext.context, { path, broughtBy: 'cli:courier' })
  return takeBundle(testContext.context, id)
}

const files = [
  await file('a.csv', 'boat,oars\na1,2\na2,4\n'),
  await file('b.csv', 'boat,oars\nb1,2\n'),
  await file('c.csv', 'boat,oars\nc1,8\n'),
]

t.test('files are spread over bags, which are accepted as one bundle', async (t) => {
  const out = join(office, 'boats.zip')
  const created = await cli(
    'create',
    ...files,
    ...purpose,
    '--sequence',
    '1',
    '--bags',
    '2',
    '--out',
    out,
    '--json',
  )
  t.equal(created.code, 0, created.stderr)
  const paths = [1, 2].map((number) => join(office, `boats-${number}-of-2.zip`))
  t.match(JSON.parse(created.stdout), { mode: 'full', sequence: 1, path: paths[0], paths, errors: 0 })
  const [one = '', two = ''] = paths
  const together = await cli('verify', two, one)
  t.equal(together.code, 0, together.stderr)
  t.match(together.stdout, `valid  ${two}, ${one}\n`)
  const alone = await cli('verify', one, '--json')
  t.equal(alone.code, 0)
  t.match(JSON.parse(alone.stdout).findings, [
    { check: 'signature-missing', file: 'bag-1/' },
    { check: 'group-incomplete', severity: 'warning', expected: '2' },
  ])
  t.equal((await bring(two)).state, 'waiting')
  t.equal((await bring(one)).state, 'staged')
  t.equal((await testContext.publish(dataset, '2025')).state, 'done')
})

t.test('files are spread by bytes on both sides of the limit', async (t) => {
  const sources = filesOf(files, {}).files
  const spread = (bagBytesMax: string, bagsMax = 100) =>
    spreadFiles(sources, { bagBytesMax }, { name: 'boats', purpose: { sequence: 1 }, bagsMax })
  const most = Math.max(...(await Promise.all(files.map(async (path) => (await readFile(path)).length))))
  const bags = await spread(String(most))
  t.same(
    bags.map(({ group }) => `${group?.number} of ${group?.count}`),
    bags.map((_bag, index) => `${index + 1} of ${bags.length}`),
  )
  t.ok(bags.length > 1)
  t.equal(bags.flatMap((bag) => bag.files).length, 3)
  t.equal(new Set(bags.map(({ group }) => group?.identifier)).size, 1)
  t.same(await spread('1000000'), [{ files: sources }], 'files that fit into one bag stay in one')
  await t.rejects(spread(String(most - 1)), /a\.csv has 20 bytes, more than a bag may have/)
  t.equal((await spread(String(most), bags.length)).length, bags.length)
  await t.rejects(spread(String(most), bags.length - 1), /at most \d+\./)
  const [first] = await spreadFiles(
    sources,
    { bagBytesMax: String(most) },
    { name: 'boats', purpose: { sequence: 2 }, bagsMax: 100 },
  )
  t.not(first?.group?.identifier, bags[0]?.group?.identifier, 'packing again gives another group')
})

t.test('bags that do not belong together are reported', async (t) => {
  const zip = join(office, 'boats-1-of-2.zip')
  const config = loadConfig({ QINGDAN_DATASETS: datasets })
  const contracts = await loadAllContracts(config)
  const checkOptions = { contracts, config, progress: () => {}, signature: 'none' as const }
  const reports = []
  for await (const checked of checkBundles([zip, zip], checkOptions)) reports.push(checked)
  t.match(reports, [
    {
      path: `${zip}, ${zip}`,
      report: { errors: 1, findings: [{ check: 'group-number', file: 'bag-1/bag-info.txt' }] },
    },
  ])
  const duplicates = [files[0] ?? '', await file('d.csv', 'boat,oars\na1,3\n')]
  const refused = await cli(
    'create',
    ...duplicates,
    ...purpose,
    '--bags',
    '2',
    '--out',
    join(office, 'no.zip'),
    '--json',
  )
  t.equal(refused.code, 3)
  t.match(JSON.parse(refused.stdout), { path: null, errors: 2 })
  t.notOk((await readdir(office)).some((name) => name.startsWith('no-')))
})

t.test('a delta is packed, checked except against its base, and accepted', async (t) => {
  const upsert = await file('changed.csv', 'boat,oars\na1,3\nd1,2\n')
  const unknownKey = await file('gone.csv', 'boat\nc1\n')
  const out = join(office, 'delta.zip')
  const delta = ['--mode', 'delta', '--against', '1', '--upsert', upsert, '--delete', unknownKey]
  const created = await cli('create', ...purpose, ...delta, '--sequence', '2', '--out', out, '--json')
  t.equal(created.code, 0, created.stderr)
  t.match(JSON.parse(created.stdout), { mode: 'delta', against: { version: 1 }, path: out })
  const receipt = await bring(out)
  t.match(receipt, { state: 'staged', changes: { added: 1, changed: 1, deleted: 1, unchanged: 0 } })
  const shown = await callCli(['ingest', out], testContext.environment)
  t.match(shown.stdout, 'compared with version 1: 1 row added, 1 changed, 1 deleted, 0 unchanged')

  const both = await file('both.csv', 'boat\nd1\n')
  const refused = await cli(
    'create',
    ...purpose,
    ...delta,
    '--delete',
    both,
    '--out',
    join(office, 'x.zip'),
    '--json',
  )
  t.equal(refused.code, 3)
  t.match(JSON.parse(refused.stdout).findings, [{ check: 'delta-key-both', file: 'data/both.csv', row: 2 }])
})

t.test('an invalid command line explains what is valid', async (t) => {
  const [a = ''] = files
  const cases: readonly (readonly [paths: readonly string[], options: FileOptions, message: RegExp])[] = [
    [[], {}, /Name the CSV files/],
    [[a], { against: '1' }, /need --mode delta/],
    [[a], { delete: [a] }, /need --mode delta/],
    [[a], { mode: 'delta', against: '1' }, /put --upsert or --delete before .*a\.csv/],
    [[], { mode: 'delta', against: '1' }, /needs --upsert or --delete/],
    [[], { mode: 'delta', upsert: [a] }, /--against must be a whole number/],
    [[a], { mode: 'part' }, /--mode must be full or delta/],
  ]
  for (const [paths, options, message] of cases) t.throws(() => filesOf(paths, options), message)
  const one = filesOf([a], {}).files
  const spreads: readonly (readonly [options: FileOptions, message: RegExp])[] = [
    [{ bags: '2' }, /2 bags need at least 2 files, not 1/],
    [{ bags: '0' }, /--bags must be a whole number/],
    [{ bags: '1', bagBytesMax: '9' }, /not both/],
  ]
  for (const [options, message] of spreads)
    await t.rejects(spreadFiles(one, options, { name: 'boats', purpose: {}, bagsMax: 100 }), message)
  const ended = await cli('create', a, ...purpose, '--against', '1')
  t.equal(ended.code, 2)
  t.match(ended.stderr, /need --mode delta/)
})
