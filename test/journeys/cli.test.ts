/**
 * An officer's day on the command line: every command of bin/qingdan as a process on a data folder with its
 * own embedded database, alone and beside a running service, which ends on SIGTERM without losing accepted
 * bundles.
 */
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { packBag } from '../../src/bundle/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { sampleRows, temporaryFolder, writeBag, writeDatasets, zipOf } from '../support/open-test-context.ts'
import { type CliRun, callCli, run, runCli } from '../support/run-cli.ts'
import { type Service, spawnService } from '../support/spawn-service.ts'

/** The outer test: the service outlives the subtest that starts it. */
const whole = t
const kites = 'kite-register'
const wells = 'well-register'
const list = 'annual-open-data-list'
const required = { constraints: { required: true } }
const contract = (dataset: string, parts: readonly string[]) =>
  contractOf([field('name', 'string', { role: 'key', ...required }), field('size', 'integer')], ['name'], {
    dataset,
    themes: ['education'],
    formats: ['csv', 'csv.gz'],
    ...(parts.length === 0 ? {} : { parts: parts.map((provider) => ({ provider })) }),
  })

const folder = await temporaryFolder(t)
// The database may run as another account, which must be able to enter this folder.
await chmod(folder, 0o755)
const datasets = join(folder, 'datasets')
await writeDatasets(datasets, [contract(kites, []), contract(wells, ['edu-310101', 'edu-310104'])], {
  shipped: [list],
})
const environment = {
  QINGDAN_DATA: join(folder, 'var'),
  QINGDAN_DATASETS: datasets,
  QINGDAN_UNSIGNED: 'allow',
}
const cli = (...args: readonly string[]) => runCli(args, environment)
/** The output of a command with --json; fails unless it succeeds. */
const runJson = <T>(...args: readonly string[]) => jsonOf<T>(cli, args)
/** The same without a process, for commands of which another test here starts one. */
const callJson = <T>(...args: readonly string[]) => jsonOf<T>((...words) => callCli(words, environment), args)

async function jsonOf<T>(cli: (...args: readonly string[]) => Promise<CliRun>, args: readonly string[]) {
  const { code, stdout, stderr } = await cli(...args, '--json')
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}
const file = async (name: string, text: string) => {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

t.test('it lists its commands, and explains what it refuses', async (t) => {
  const [help, npm, none, unknown, setting, loose] = await Promise.all([
    cli('--help'),
    run('npm', ['run', '-s', 'qingdan', '--', '--help'], environment),
    cli('publish', kites),
    cli('bublish'),
    runCli(['list'], { ...environment, QINGDAN_DATEN: 'x' }),
    cli('ingest', await file('no-purpose.csv', 'name,size\na,1\n')),
  ])
  t.equal(help.code, 0)
  for (const command of ['serve', 'migrate', 'check', 'ingest', 'publish', 'withdraw', 'key', 'list']) {
    t.match(help.stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  }
  t.same([npm.code, npm.stdout], [0, help.stdout])
  t.same([none.code, unknown.code, setting.code, loose.code], [2, 2, 2, 2])
  t.match(unknown.stderr, /publish/, 'the nearest command is suggested')
  t.match(setting.stderr, /QINGDAN_DATEN/)
  t.match(loose.stderr, /--dataset and --edition/)
})

t.test('contracts and bundles are checked without a database', async (t) => {
  const contracts = await runJson<readonly { dataset: string; contractVersion: number }[]>('check')
  const newest = (await readdir(join(datasets, list))).filter((name) =>
    /^contract\.v\d+\.json$/.test(name),
  ).length
  t.same(
    contracts.map(({ dataset, contractVersion }) => `${dataset} ${contractVersion}`),
    [`${list} ${newest}`, `${kites} 1`, `${wells} 1`],
  )
  const bag = (rows: string) => writeBag(folder, { dataset: kites, edition: '2026', rows })
  const [good, bad] = [await bag('name,size\na,1\n'), await bag('name,size\na,one\nb,two\n')]
  const both = await cli('check', '--json', good, bad)
  t.equal(both.code, 3)
  t.match(
    both.lines.map((line) => JSON.parse(line)),
    [
      { path: good, errors: 0, isInOrder: true, findings: [{ check: 'signature-missing' }] },
      {
        path: bad,
        errors: 2,
        isInOrder: false,
        findings: [
          { check: 'signature-missing' },
          { check: 'type', cell: 'B2' },
          { check: 'type', cell: 'B3' },
        ],
      },
    ],
  )
  const shown = await cli('check', bad)
  t.match(shown.stdout, /B2 size {2}type: /)
  t.notMatch(shown.stdout, /\bone\b|\btwo\b/, 'no value is shown')
})

t.test('from a loose file to an edition, with nothing running', async (t) => {
  const migrated = await cli('migrate')
  t.same([migrated.code, migrated.stdout], [0, 'The database has the newest schema.\n'])
  const loose = await file('风筝.csv', '\ufeffname,size\r\n"龙, 大",30\r\n鹰,12\r\n')
  const purpose = ['--dataset', kites, '--edition', '2026']
  const receipt = await runJson<{ id: string }>('ingest', loose, ...purpose)
  t.match(receipt, { state: 'staged', dataset: kites, provider: 'edu-commission', errors: 0, findings: [] })
  t.match(await runJson('publish', kites, '2026'), { state: 'done', version: 1 })
  const again = await cli('publish', kites, '2026')
  t.equal(again.code, 4)
  t.match(again.stderr, /nothing-to-publish/)
})

let service: Service
let authorization: string
const json = async <T>(path: string) =>
  (await (await fetch(`${service.base}${path}`, { headers: { authorization } })).json()) as T

t.test('beside a running service: keys', async (t) => {
  service = await spawnService(whole, environment)
  const created = await runJson<{ id: string; secret: string }>(
    'key',
    'create',
    '--label',
    'courier',
    '--scope',
    'ingest',
  )
  authorization = `Bearer ${created.secret}`
  t.match(await json('/v1/key'), { id: created.id, scopes: ['ingest'] })
  const other = await callJson<{ id: string; secret: string }>(
    ...['key', 'create', '--label', 'short', '--scope', 'publish', 'read-restricted'],
    ...['--provider', 'edu-310101', '--expires', '2099-01-01T00:00:00+08:00'],
  )
  const keys = await runJson<readonly { id: string; label: string }[]>('key', 'list')
  t.match(
    new Map(keys.map((key) => [key.label, key])),
    new Map([
      ['courier', { id: created.id, scopes: ['ingest'] }],
      ['short', { id: other.id, provider: 'edu-310101', expiresAt: '2098-12-31T16:00:00.000Z' }],
    ]),
  )
  const shown = JSON.stringify(keys)
  for (const { secret } of [created, other])
    t.notOk(shown.includes(secret.slice(-43)), 'no secret is shown again')
  t.same(await runJson('key', 'revoke', other.id), { id: other.id, revoked: true })
  const refused = await fetch(`${service.base}/v1/key`, {
    headers: { authorization: `Bearer ${other.secret}` },
  })
  t.equal(refused.status, 401)
  const wrong = await Promise.all([
    callCli(['key', 'revoke', 'f00'], environment),
    callCli(['key', 'create', '--label', 'x', '--scope', 'everything'], environment),
  ])
  t.same(
    wrong.map(({ code }) => code),
    [4, 2],
  )
  for (const { stderr } of wrong) t.ok(stderr.trim().length > 10, 'each refusal has its reason')
})

t.test(
  'beside a running service: usage errors are explained in a sentence, and nothing is accepted',
  async (t) => {
    const before = await callJson('list', 'bundles')
    const csv = await file('typed.csv', 'name,size\na,1\n')
    const xlsx = await file('typed.xls', 'PK')
    const loose = (...options: readonly string[]) => ['ingest', csv, '--dataset', wells, ...options]
    const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
      [['ingest', 'nowhere.csv'], 2, /^There is no file or folder nowhere\.csv\.\n$/],
      [['check', `${csv}/inside`], 2, /^There is no file or folder /],
      [['ingest', xlsx], 2, /typed\.xls is not supported: save the table as XLSX .* or as "CSV UTF-8"/],
      [['check', csv], 2, /typed\.csv is not a bundle. Check a loose file with qingdan ingest --dataset/],
      [
        loose('--edition', '2026-2027', '--provider', 'edu-310101'),
        2,
        /named like 2025, because its contract has the period "year"\.\n$/,
      ],
      [loose('--edition', '2026', '--provider', 'edu-31O101'), 2, /must be one of edu-310101, edu-310104/],
      [['key', 'create', '--label', 'x', '--scope', 'ingest', '--provider', 'edu-31'], 2, /edu-310101, edu-/],
      [['key', 'create', '--label', 'x', '--scope', 'ingest', '--dataset', 'well'], 4, /dataset-not-found/],
    ]
    for (const [args, code, message] of cases) {
      const ended = await callCli(args, environment)
      t.equal(ended.code, code, args.join(' '))
      t.match(ended.stderr, message)
      t.notMatch(ended.stderr, /ENO|\bat .*\.ts/, 'no system error code, no stack')
      t.equal(ended.stdout, '')
    }
    t.same(await callJson('list', 'bundles'), before)
  },
)

t.test('beside a running service: a folder and a ZIP, a waiver, a correction, a withdrawal', async (t) => {
  t.match(await json(`/v1/datasets/${kites}/records`), { data: [{ name: '鹰' }, { name: '龙, 大' }] })
  const east = await writeBag(folder, part('edu-310101', 'a,1\n'))
  t.match(await callJson('ingest', east), { state: 'staged', packing: 'folder' })
  await callJson('publish', wells, '2026', '--waive', 'edu-310104=Flooded.')
  const base = `/v1/datasets/${wells}/editions/2026/versions`
  t.match(await json(`${base}/1`), { waivers: [{ provider: 'edu-310104', reason: 'Flooded.' }] })
  const duplicates = await writeBag(folder, part('edu-310104', 'a,2\n'))
  await packBag(duplicates, `${duplicates}.zip`)
  t.match(await callJson('ingest', `${duplicates}.zip`), { state: 'staged', packing: 'zip' })
  const refused = await callCli(['publish', wells, '2026', '--reason', 'Duplicates.'], environment)
  t.equal(refused.code, 3)
  t.match(refused.stdout, /key-doubled-across-parts/)
  await callJson('ingest', await writeBag(folder, part('edu-310104', 'b,2\n')))
  t.match(await callJson('publish', wells, '2026', '--reason', 'Dry again.'), { state: 'done', version: 2 })
  t.match(await json(`${base}/2`), { reason: 'Dry again.', records: 2, waivers: [] })
  t.match(await runJson('withdraw', wells, '2026', '2', '--reason', 'Wrong.'), {
    withdrawn: true,
    already: false,
  })
  t.match(await json(`${base}/2`), { code: 'version-withdrawn', reason: 'Wrong.' })
})

const part = (provider: string, rows: string) => ({
  ...{ dataset: wells, edition: '2026', provider },
  rows: `name,size\n${rows}`,
})

t.test('beside a running service: lists', async (t) => {
  const [sample] = await sampleRows(list, '2026', 0)
  const promise = `1,市教育委员会,风筝,,,,2001-01-01,yearly,,,,${kites},2026\n`
  const plan = await file('plan.csv', `${sample?.rows}${promise}2,市体育局,绳,,,,,,,,,,\n`)
  await callJson('ingest', plan, '--dataset', list, '--edition', '2026', '--synthetic')
  await callJson('publish', list, '2026')
  interface Items {
    readonly items: readonly { readonly state: string }[]
  }
  const [items, editions, bundles] = await Promise.all([
    runJson<Items>('list', 'items', '--year', '2026'),
    runJson('list', 'datasets'),
    runJson<readonly { state: string; dataset: string }[]>('list', 'bundles'),
  ])
  for (const { items: shown } of [items, await json<Items>('/v1/lists/2026')]) {
    t.same(
      shown.map(({ state }) => state),
      ['late', 'planned'],
    )
  }
  t.match(editions, [
    { dataset: list, editions: 1, latest: '2026 v1', records: 2 },
    { dataset: kites, editions: 1, latest: '2026 v1', records: 2 },
    { dataset: wells, editions: 1, latest: '2026 v1', records: 1 },
  ])
  t.same(
    bundles.map(({ state, dataset }) => `${state} ${dataset}`),
    [list, wells, wells, wells, kites].map((dataset) => `staged ${dataset}`),
  )
})

t.test(
  'SIGTERM ends the service in time, and accepted bundles are staged after the next start',
  async (t) => {
    const rows = Array.from({ length: 100_000 }, (_, n) => `k${n},${n}\n`).join('')
    const zip = await zipOf(folder, { dataset: kites, edition: '2025', rows: `name,size\n${rows}` })
    const posted = await fetch(`${service.base}/v1/bundles`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/zip' },
      body: new Uint8Array(zip),
    })
    t.equal(posted.status, 202)
    const { id } = (await posted.json()) as { id: string }
    const began = performance.now()
    const { code, output } = await service.stop()
    t.equal(code, 0)
    t.ok(performance.now() - began < 25_000, 'within the seconds that the settings give')
    t.match(output, /Stopping/)
    const isStaged = (line: Readonly<Record<string, unknown>>) =>
      line['event'] === 'bundle-state-changed' && line['bundle'] === id && line['state'] === 'staged'
    const before = service.lines.filter(isStaged).length
    service = await spawnService(whole, environment)
    if (before === 0) await service.line(isStaged)
    t.match(await json(`/v1/bundles/${id}`), { state: 'staged', errors: 0, files: [{ rowsTaken: 100_000 }] })
    t.equal(before + service.lines.filter(isStaged).length, 1, 'it was staged once')
    t.match(await callJson('publish', kites, '2025'), { state: 'done', version: 1 })
    t.match(await json(`/v1/datasets/${kites}/editions/2025/versions/1`), { records: 100_000 })
    t.equal((await service.stop()).code, 0)
  },
)
