/**
 * `qingdan bundle` with deltas and with several bags: an office packs what its receiver takes, without a database, and is
 * told before what would be refused.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestHouse, temporaryFolder, writeDatasets } from '../support/open-test-house.ts'
import { runCli } from '../support/run-cli.ts'

const dataset = 'boat-register'
const contract = contractOf(
  [field('boat', 'string', { role: 'key', constraints: { required: true } }), field('oars', 'integer')],
  ['boat'],
  { dataset, themes: ['education'] },
)
const standing = await openTestHouse(t, { contracts: [contract] })
const office = await temporaryFolder(t)
const datasets = join(office, 'datasets')
await writeDatasets(datasets, [contract])
const environment = { QINGDAN_DATASETS: datasets, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
const cli = (...args: readonly string[]) => runCli(['bundle', ...args], environment)
const file = async (name: string, text: string) => {
  await writeFile(join(office, name), text)
  return join(office, name)
}
const purpose = ['--dataset', dataset, '--edition', '2025']
const bring = async (path: string) => {
  const { id } = await receive(standing.house, { path, broughtBy: 'cli:courier' })
  return takeBundle(standing.house, id)
}

const files = [
  await file('a.csv', 'boat,oars\na1,2\na2,4\n'),
  await file('b.csv', 'boat,oars\nb1,2\n'),
  await file('c.csv', 'boat,oars\nc1,8\n'),
]

t.test('files are spread over bags, which are taken as one bundle', async (t) => {
  const out = join(office, 'boats.zip')
  const made = await cli(
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
  t.equal(made.code, 0, made.stderr)
  const paths = [1, 2].map((number) => join(office, `boats-${number}-of-2.zip`))
  t.match(JSON.parse(made.stdout), { mode: 'full', sequence: 1, path: paths[0], paths, errors: 0 })
  const [one = '', two = ''] = paths
  const together = await cli('verify', two, one)
  t.equal(together.code, 0, together.stderr)
  t.match(together.stdout, `in order  ${two}, ${one}\n`)
  const alone = await cli('verify', one, '--json')
  t.equal(alone.code, 0)
  t.match(JSON.parse(alone.stdout).findings, [
    { check: 'signature-missing', file: 'bag-1/' },
    { check: 'group-incomplete', severity: 'warning', expected: '2' },
  ])
  t.equal((await bring(two)).state, 'waiting')
  t.equal((await bring(one)).state, 'staged')
  t.equal((await standing.publish(dataset, '2025')).state, 'done')
  const again = await cli('create', ...files, ...purpose, '--sequence', '1', '--bags', '2', '--out', out)
  t.equal(again.code, 2)
  t.match(again.stderr, /1-of-2.zip is there already/)
})

t.test('bags have at most so many bytes', async (t) => {
  const out = join(office, 'small')
  const bytesMax = String(
    Math.max(...(await Promise.all(files.map(async (path) => (await readFile(path)).length)))),
  )
  const made = await cli('create', ...files, ...purpose, '--bag-bytes-max', bytesMax, '--out', out)
  t.equal(made.code, 0, made.stderr)
  const bags = (await readdir(office)).filter((name) => name.startsWith('small-'))
  t.same(bags.sort(), ['small-1-of-3', 'small-2-of-3', 'small-3-of-3'])
  const one = await cli(
    'create',
    ...files,
    ...purpose,
    '--bag-bytes-max',
    '1000000',
    '--out',
    join(office, 'all.zip'),
  )
  t.equal(one.code, 0)
  t.ok((await readdir(office)).includes('all.zip'), 'what fits into one is one')
  const tight = await cli('create', ...files, ...purpose, '--bag-bytes-max', String(Number(bytesMax) - 1))
  t.equal(tight.code, 2)
  t.match(tight.stderr, /a\.csv has 21 bytes, more than a bag may have/)
})

t.test('bags that do not belong together are told', async (t) => {
  const twice = await cli(
    'verify',
    join(office, 'boats-1-of-2.zip'),
    join(office, 'boats-1-of-2.zip'),
    '--json',
  )
  t.equal(twice.code, 3)
  t.match(JSON.parse(twice.stdout).findings.at(-1), { check: 'group-number', file: 'bag-1/bag-info.txt' })
  const doubled = [files[0] ?? '', await file('d.csv', 'boat,oars\na1,3\n')]
  const refused = await cli(
    'create',
    ...doubled,
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

t.test('a delta is packed, checked but for its base, and taken', async (t) => {
  const upsert = await file('changed.csv', 'boat,oars\na1,3\nd1,2\n')
  const gone = await file('gone.csv', 'boat\nc1\n')
  const out = join(office, 'delta.zip')
  const delta = ['--mode', 'delta', '--against', '1', '--upsert', upsert, '--delete', gone]
  const made = await cli('create', ...purpose, ...delta, '--sequence', '2', '--out', out, '--json')
  t.equal(made.code, 0, made.stderr)
  t.match(JSON.parse(made.stdout), { mode: 'delta', against: { version: 1 }, path: out })
  t.match(await cli('verify', out), { code: 0 })
  const receipt = await bring(out)
  t.match(receipt, { state: 'staged', changes: { added: 1, changed: 1, deleted: 1, unchanged: 0 } })
  const shown = await runCli(['ingest', out], standing.environment)
  t.match(shown.stdout, 'against version 1: 1 rows added, 1 changed, 1 deleted, 0 equal already')

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

t.test('a command line that can not be meant says what can', async (t) => {
  const [a = ''] = files
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['create', ...purpose], /Name the CSV files/],
    [['create', a, ...purpose, '--against', '1'], /belong to --mode delta/],
    [['create', a, ...purpose, '--mode', 'delta', '--against', '1'], /say what becomes of .*a\.csv/],
    [['create', ...purpose, '--mode', 'delta', '--against', '1'], /needs --upsert or --delete/],
    [['create', ...purpose, '--mode', 'delta', '--upsert', a], /--against takes a whole number/],
    [['create', a, ...purpose, '--mode', 'part'], /--mode is full or delta/],
    [['create', a, ...purpose, '--bags', '2'], /1 files can't be spread over 2 bags/],
    [['create', a, ...purpose, '--bags', '0'], /--bags takes a whole number/],
    [['create', a, ...purpose, '--bags', '1', '--bag-bytes-max', '9'], /not both/],
  ]
  for (const [args, says] of cases) {
    const ended = await cli(...args)
    t.equal(ended.code, 2, args.join(' '))
    t.match(ended.stderr, says)
  }
})
