/**
 * Bad input from end to end: one good bag, damaged in one way at a time, by HTTP and by the command line.
 * Each is refused with the finding of the right check and a receipt; nothing is published, and no value of a
 * cell is repeated.
 */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { takeBundle } from '../../src/ingest/index.ts'
import {
  oddBundles as accepted,
  badBundles as cases,
  type Damage,
  gateContract,
  gateDataset,
  good,
  marker,
  packDamaged,
} from '../support/bad-bundles.ts'
import { readBag } from '../support/bag-files.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

const dataset = gateDataset
const testContext = await openTestContext(t, {
  contracts: [gateContract],
  settings: { QINGDAN_FINDINGS_MAX: '50' },
})
const { context, get, folder } = testContext
const goodBag = await readBag(await writeBag(folder, { dataset, edition: '2025', rows: good }))
const pack = (damage: Damage) => packDamaged(goodBag, damage)

interface Finding {
  readonly check: string
  readonly severity: string
}
interface Report {
  readonly state: string
  readonly errors: number
  readonly findings: readonly Finding[]
}

const { authorization } = await testContext.key({ scopes: ['ingest'] })
const zips = join(folder, 'zips')
const zipOf = (index: number) => join(zips, `${String(index).padStart(2, '0')}.zip`)
await mkdir(zips)

/**
 * Faults of single rows, for which an officer may release the other rows. All others are refused for good.
 */
const ofRows = new Set([
  ...['row-short', 'row-long', 'row-blank', 'quote-misplaced', 'type', 'number-damaged', 'required'],
  ...['code-unknown', 'code-retired', 'constraint', 'key-doubled'],
])
const stateOf = (check: string) => (ofRows.has(check) ? 'quarantined' : 'refused')

t.test('each is refused by the right check, with a receipt', async (t) => {
  const [found, expected]: [object[], object[]] = [[], []]
  const [shownFindings, expectedFindings]: [unknown[], object[]] = [[], []]
  for (const [index, one] of cases.entries()) {
    const zip = await pack(one)
    await writeFile(zipOf(index), zip)
    const posted = await testContext.post('/v1/bundles', zip, authorization)
    const { id } = posted.json<{ id: string }>()
    await takeBundle(context, id)
    const receipt = (await get(`/v1/bundles/${id}`, { authorization })).json<Report>()
    const findings = (await get(`/v1/bundles/${id}/findings`, { authorization })).json<{ data: Finding[] }>()
    const csv = await get(`/v1/bundles/${id}/findings.csv`, { authorization })
    const all = posted.text + csv.text + JSON.stringify([receipt, findings])
    shownFindings.push(findings.data.find(({ check }) => check === one.check))
    expectedFindings.push({ ...one.at, check: one.check, severity: 'error' })
    // Stored beyond the limit, because it says that rows were not checked.
    const stopped = findings.data.filter(({ check }) => check === 'validation-stopped').length
    found.push({
      name: one.name,
      status: posted.status,
      state: receipt.state,
      errors: receipt.errors,
      shown: findings.data.length,
      csvRows: parse(csv.bytes, { bom: true }).length,
      repeatsValue: all.includes(marker),
    })
    expected.push({
      name: one.name,
      status: 202,
      state: stateOf(one.check),
      errors: one.errors ?? receipt.errors,
      shown:
        stopped + Math.min(50, receipt.errors + (findings.data.length - stopped - errorsOf(findings.data))),
      csvRows: 1 + findings.data.length,
      repeatsValue: false,
    })
  }
  t.match(shownFindings, expectedFindings)
  t.same(found, expected)
})

const errorsOf = (findings: readonly Finding[]) =>
  findings.filter(({ severity }) => severity === 'error').length

t.test('odd but unambiguous input is accepted', async (t) => {
  for (const one of accepted) {
    const zip = await pack(one)
    await writeFile(join(zips, `good-${accepted.indexOf(one)}.zip`), zip)
    const { id } = (await testContext.post('/v1/bundles', zip, authorization)).json<{ id: string }>()
    const receipt = await takeBundle(context, id)
    t.match(receipt, { state: 'staged', errors: 0 }, one.name)
  }
})

/** The command line on the same database and data folder. */
const cli = (...args: readonly string[]) => callCli(args, testContext.environment)

t.test('the command line refuses the same, with exit code 3', async (t) => {
  const bags = join(folder, 'bags')
  for (const [name, change] of [
    ['link', (bag: string) => symlink('/etc/passwd', join(bag, 'data', 'link.csv'))],
    ['extra', (bag: string) => writeFile(join(bag, 'data', 'more.csv'), good)],
  ] as const) {
    const bag = await writeBag(folder, { dataset, edition: '2025', rows: good })
    await cp(bag, join(bags, name), { recursive: true })
    await change(join(bags, name))
  }
  // A million rows take seconds and were tested above; a thousand findings are enough here.
  const bundles = [
    ...cases.map(({ name, check, errors }, index) => ({ name, check, errors, path: zipOf(index) })),
    { name: 'link in a folder', check: 'link', errors: 1, path: join(bags, 'link') },
    {
      name: 'additional file in a folder',
      check: 'file-unlisted',
      errors: undefined,
      path: join(bags, 'extra'),
    },
  ]
  const small = bundles.filter(({ errors = 0 }) => errors < 100_000)
  for (const command of ['check', 'ingest']) {
    const file = join(folder, `${command}.csv`)
    const paths = small.map(({ path }) => path)
    const { code, lines, stdout, stderr } = await cli(command, '--json', '--findings', file, ...paths)
    t.equal(code, 3, `${command}: ${stderr.slice(-300)}`)
    t.equal(lines.length, small.length)
    const [found, expected]: [object[], object[]] = [[], []]
    for (const [index, { name, check, errors }] of small.entries()) {
      const report = JSON.parse(lines[index] ?? '') as Report
      const isFound = report.findings.some(
        (finding) => finding.check === check && finding.severity === 'error',
      )
      found.push({ name, isFound, state: report.state, errors: report.errors, hasErrors: report.errors > 0 })
      const state = command === 'ingest' ? stateOf(check) : report.state
      expected.push({ name, isFound: true, state, errors: errors ?? report.errors, hasErrors: true })
    }
    t.same(found, expected, command)
    const csv = await readFile(file, 'utf8')
    const rows = parse(csv, { bom: true }) as string[][]
    const lengths = lines.map((line) => (JSON.parse(line) as Report).findings.length)
    t.equal(
      rows.length - 1,
      lengths.reduce((sum, count) => sum + count, 0),
      'all of them are in the CSV',
    )
    t.same(
      paths.filter((path) => !rows.some((row) => row[1]?.startsWith(path))),
      [],
    )
    t.notOk((stdout + stderr + csv).includes(marker), `${command} repeats no cell value`)
  }
  t.equal((await cli('check', zipOf(3))).code, 3)
  t.equal((await cli('check', join(zips, 'good-0.zip'), join(zips, 'good-1.zip'))).code, 0)
})

t.test('nothing was published, and no log line or stored job contains a cell value', async (t) => {
  t.equal((await get(`/v1/datasets/${dataset}/records`)).status, 404)
  t.same((await get(`/v1/datasets/${dataset}`)).json<{ editions: unknown[] }>().editions, [])
  const { work } = context.database
  const [counts] = await work`
    SELECT count(*)::int AS bundles, count(*) FILTER (WHERE state IN ('refused', 'quarantined'))::int AS refused FROM qingdan.bundle`
  t.ok(counts?.['bundles'] > cases.length)
  t.equal(counts?.['bundles'] - counts?.['refused'], accepted.length, 'all but the good ones')
  for (const table of ['bundle', 'finding', 'part', 'publication', 'audit', 'change', 'version', 'edition']) {
    const [found] = await work.unsafe(
      `SELECT count(*)::int AS rows FROM qingdan.${table} AS one WHERE one::text LIKE '%${marker}%'`,
    )
    t.same(found, { rows: 0 }, table)
  }
  const [jobs] = await work.unsafe(
    `SELECT count(*)::int AS rows FROM pgboss.job AS j WHERE j::text LIKE '%${marker}%'`,
  )
  t.same(jobs, { rows: 0 }, 'jobs')
  t.ok(testContext.lines.length > cases.length)
  t.notOk(
    testContext.lines.some((line) => line.includes(marker)),
    'log lines',
  )
})
