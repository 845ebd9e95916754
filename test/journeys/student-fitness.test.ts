/** The national upload template from an encrypted file to published statistics, with the directory of schools. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { partsOf } from '../../src/contract/index.ts'

import { listParts, receive, takeBundle } from '../../src/ingest/index.ts'
import { approvePublication, checkProofs, publishEdition } from '../../src/publication/index.ts'
import { openTestContext, publishApproved, publishSample, sampleRows } from '../support/open-test-context.ts'

import { bringPersonal } from '../support/personal-bundles.ts'
import { callCli } from '../support/run-cli.ts'

const dataset = 'student-fitness'
const edition = '2025-2026'
const testContext = await openTestContext(t, {
  contracts: [],
  shipped: ['schools', dataset],
})
const { context, folder, take, publish, findingsOf, get } = testContext

const schools = `code,name,district,stages,system,kind,enrolment
2131000001,Example One,310101,lower-secondary,6+3,公办,14
2131000002,Example Two,310101,lower-secondary,5+4,公办,14
2131000003,Example Three,310104,primary,5+4,民办,14
`
const header =
  '学校标识码,年级编号,班级编号,学籍号,姓名,性别,身高(cm),体重(kg),肺活量(ml),50米跑(秒),坐位体前屈,立定跳远,一分钟仰卧起坐,引体向上,800米跑,1000米跑\n'
/** The worked example: a girl of grade 21 in a 6+3 school, with a total of 87.4. */
const girl = (n: number, { school = '2131000001', grade = '21' } = {}) =>
  `${school},${grade},${grade}01,G31010100${n},Marker,2,155,48,2400,8.9,12.0,170,55,,"3'55""",\n`
const exempt = '2131000001,21,2101,G3101010990,Marker,1,免体,免体,免体,免体,免体,免体,,免体,,免体\n'
const exemptChild = '2131000004,11,1101,G31010400001,Marker,2,免体,免体,免体,免体,免体,,,,,\n'

const bring = (provider: string, rows: string, of = edition) =>
  bringPersonal(context, folder, {
    ...{ provider, rows, edition: of },
    more: { dataset, contractVersion: 3 },
  })
const errorsOf = async (receipt: Awaited<ReturnType<typeof bring>>) =>
  (await findingsOf(receipt)).filter(({ severity }) => severity === 'error')

const waiversBut = (...providers: readonly string[]) =>
  partsOf(context.contracts.get(dataset).contract)
    .filter(({ provider }) => !providers.includes(provider))
    .map(({ provider }) => ({ provider, reason: 'A test' }))

async function publishedRows(version: number): Promise<readonly Record<string, string>[]> {
  const name = `${dataset}-${edition}-v${version}.csv`
  const { text } = await get(`/v1/datasets/${dataset}/editions/${edition}/versions/${version}/files/${name}`)
  return parse(text, { columns: true })
}

t.test('nothing is looked up before the directory is published', async (t) => {
  const early = await bring('edu-310101', header + girl(1))
  t.match([early.state, await errorsOf(early)], ['refused', [{ check: 'directory-missing' }]])
  await take({ dataset: 'schools', edition, rows: schools })
  t.equal((await publish('schools', edition)).state, 'done')
})

t.test('schools that are unknown or of another district are errors', async (t) => {
  const rows = header + girl(1, { school: '2131000009' }) + girl(2, { school: '2131000003' }) + girl(3)
  const receipt = await bring('edu-310101', rows)
  t.equal(receipt.state, 'quarantined')
  t.match(await errorsOf(receipt), [
    { check: 'school-unknown', row: 2, cell: 'A2', field: 'school' },
    { check: 'school-district', row: 3, cell: 'A3' },
  ])
})

t.test('pupils are scored, aggregated with all margins, and corrected', async (t) => {
  const girls = Array.from({ length: 12 }, (_, n) => girl(100 + n)).join('')
  const first = await bring('edu-310101', header + girls + exempt)
  t.equal(first.state, 'staged', JSON.stringify(await errorsOf(first)))
  // The directory changes before the publication: the part that looked up the former version is read again.
  await take({
    dataset: 'schools',
    edition,
    rows: `${schools}2131000004,Example Four,310104,primary,5+4,公办,1\n`,
  })
  t.equal((await publish('schools', edition, { reason: 'One more' })).state, 'done')
  const second = await bring('edu-310104', header + exemptChild)
  t.equal(second.state, 'staged', JSON.stringify(await errorsOf(second)))
  const waivers = waiversBut('edu-310101', 'edu-310104')
  const published = await publish(dataset, edition, { waivers })
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  const parts = await listParts(context.database.work, dataset, edition)
  t.same(
    parts.map(({ directories }) => directories),
    Array(2).fill([{ name: 'schools', dataset: 'schools', edition, version: 2 }]),
  )
  const rows = await publishedRows(1)
  const totals = rows.filter(({ indicator, level }) => indicator === 'total' && level === '_T')
  // Each margin of district, grade or stage, and sex is a row; all of them are about the same pupils.
  t.equal(totals.length, 2 * 3 * 2)
  for (const row of totals) t.match(row, { tested: '12', mean: '87.4', deviation: '0.0', p50: '87.4' })
  const levels = rows.filter((row) => row['indicator'] === 'total' && row['district'] === '310101')
  t.ok(levels.some(({ level, conf_status }) => level === 'good' && conf_status === 'F'))
  t.match(
    rows.find(
      ({ indicator, level, district, stage }) =>
        [indicator, level, district, stage].join() === 'participation,tested,_T,_T',
    ),
    { tested: '14', pupils: '12' },
  )
  const corrected = await bring('edu-310101', header + girls + girl(1) + girl(2))
  t.equal(corrected.state, 'staged')
  t.equal((await publish(dataset, edition, { waivers, reason: 'Two more' })).state, 'done')
  t.ok((await publishedRows(2)).some(({ indicator, tested }) => indicator === 'total' && tested === '14'))
})

t.test('editions under the former rule are marked, and can be read', async (t) => {
  const version = await get(`/v1/datasets/${dataset}/editions/${edition}/versions/2`)
  t.match(version.json(), { contractVersion: 3, proven: false, suppressions: { rule: 'minimum-count' } })
  const page = await get(`/datasets/${dataset}/editions/${edition}/versions/2?lang=en`, {
    accept: 'text/html',
  })
  t.match(page.text, /Published under a former rule/)
  t.match(await checkProofs(context, { dataset, edition }), [
    { state: 'other-rule' },
    { state: 'other-rule' },
  ])
})

t.test('results that are not synthetic are published with a proof for every withheld count', async (t) => {
  const of = '2024-2025'
  await publishSample(testContext, 'schools', of)
  const parts = await sampleRows(dataset, of)
  for (const { provider, rows } of parts) {
    const more = { dataset, contractVersion: 4, synthetic: false }
    const receipt = await bringPersonal(context, folder, { provider, rows, edition: of, more })
    t.equal(receipt.state, 'staged', JSON.stringify(await errorsOf(receipt)))
  }
  const waivers = partsOf(context.contracts.get(dataset).contract)
    .filter(({ provider }) => !parts.some((part) => part.provider === provider))
    .map(({ provider }) => ({ provider, reason: 'A test' }))
  const published = await publishApproved(testContext, dataset, of, { waivers })
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  const version = await get(`/v1/datasets/${dataset}/editions/${of}/versions/1`)
  t.match(version.json(), { contractVersion: 4, synthetic: false, proven: true })
  const { text } = await get(
    `/v1/datasets/${dataset}/editions/${of}/versions/1/files/${dataset}-${of}-v1.csv`,
  )
  const rows: readonly Record<string, string>[] = parse(text, { columns: true })
  const blanks = rows.filter(({ pupils }) => pupils === '')
  t.ok(blanks.length < 0.4 * rows.length, `${blanks.length} of ${rows.length} counts are withheld`)
  t.same(
    blanks.filter(
      (row) => row['conf_status'] === 'F' || row['pupils_low'] === '' || row['pupils_high'] === '',
    ),
    [],
  )
  const rates = rows.filter(({ indicator, level }) => indicator === 'total' && level === '_T')
  const shown = rates.filter((row) => row['excellent_good_rate'] !== '')
  t.ok(shown.length >= 0.85 * rates.length, `${shown.length} of ${rates.length} rates are shown`)
  t.match(await checkProofs(context, { dataset, edition: of }), [{ state: 'proven', faults: [] }])
})

t.test('what is implausible holds the publication until a person has approved it', async (t) => {
  const waivers = waiversBut('edu-310101')
  /** A hundred girls of a school with twice as many pupils; their times differ by `later` between the editions. */
  const rows = (later: number) =>
    Array.from({ length: 100 }, (_, n) =>
      girl(5000 + n)
        .replace(',8.9,', `,${(8 + later + (n % 20) / 10).toFixed(1)},`)
        .replace(',170,', `,${160 + (n % 10)},`)
        .replace(',2400,', `,${2400 + (n % 10)},`),
    ).join('')
  const first = '2026-2027'
  await take({ dataset: 'schools', edition: first, rows: schools.replace('公办,14', '公办,200') })
  t.equal((await publish('schools', first)).state, 'done')
  const receipt = await bring('edu-310101', header + rows(0), first)
  t.equal(receipt.state, 'staged', 'warnings do not refuse a part')
  const warnings = (await findingsOf(receipt)).filter(({ check }) => check.startsWith('school-'))
  t.match(warnings, [{ check: 'school-enrolment', row: 2, field: 'school', expected: '180 – 220' }])
  const held = await publish(dataset, first, { waivers })
  t.equal(held.state, 'prepared')
  const enrolment = { check: 'school-enrolment', expected: 'edu-310101: 1 ×', severity: 'warning' }
  const goodRate = { check: 'edition-good-rate', expected: '310101 _T _T total: 11.9 – 60 %' }
  t.match(held.findings, [enrolment, goodRate, { ...goodRate, expected: '_T _T _T total: 11.9 – 60 %' }])
  t.equal((await publishEdition(context, held.id)).state, 'prepared', 'it waits')
  const { authorization } = await testContext.key({ scopes: ['publish'] })
  const path = `/v1/datasets/${dataset}/editions/${first}/publications/${held.id}`
  const shown = (await get(path, { authorization })).json<Record<string, unknown>>()
  t.match(shown, { waitsFor: ['approval'], approval: { at: null }, findings: held.findings })
  await approvePublication(context, { id: held.id, actor: held.askedBy })
  const released = await publishEdition(context, held.id)
  t.match(released, { state: 'done', findings: held.findings }, 'without a second person')
  const version = (await get(`/v1/datasets/${dataset}/editions/${first}/versions/1`)).text
  t.notMatch(version, /school-enrolment/, 'what was approved is not published')

  const second = '2027-2028'
  t.equal((await bring('edu-310101', header + rows(0.8), second)).state, 'staged')
  const next = await publish(dataset, second, { waivers })
  t.equal(next.state, 'prepared')
  t.same(
    next.findings.flatMap(({ check, expected }) => (check === 'edition-mean-jump' ? [expected] : [])),
    ['310101', '_T'].flatMap((of) =>
      ['run_50m', 'total'].map((indicator) => `${of} lower-secondary 21 ${indicator}: ± 0.5 σ`),
    ),
  )
  t.equal((await get(path.replace(first, second).replace(String(held.id), String(next.id)))).status, 401)
})

t.test('an office sees before it sends what the receiver would find', async (t) => {
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const key = await file('receiver.asc', (await loadServiceKey(context)).publicKey)
  const directory = await file('schools.csv', schools)
  const environment = {
    QINGDAN_DATASETS: join(folder, 'datasets'),
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  }
  const create = async (path: string, ...more: readonly string[]) => {
    const of = ['--dataset', dataset, '--edition', '2028-2029', '--provider', 'edu-310101', '--synthetic']
    const args = [
      'bundle',
      'create',
      path,
      ...of,
      '--encrypt-to',
      key,
      '--out',
      join(folder, 'out.zip'),
      ...more,
    ]
    return callCli(args, environment)
  }
  const title = '2028年国家学生体质健康标准测试数据\n'
  const faulty = title + header + girl(1) + girl(2, { school: '2131000009' }) + girl(3).replace('2400', '2.4')
  const path = await file('pupils.csv', faulty)
  const lookedUp = await create(path, '--directory', `schools=${directory}`, '--json')
  t.equal(lookedUp.code, 3, lookedUp.stderr)
  t.match(JSON.parse(lookedUp.stdout).findings, [
    { check: 'school-unknown', row: 4, cell: 'A4', field: 'school' },
    { check: 'measurement-unreadable', row: 5, cell: 'I5', field: 'vital_capacity' },
  ])
  t.notOk(/2131000009|Marker/.test(lookedUp.stdout), 'no value')
  const alone = await create(path)
  t.equal(alone.code, 3)
  t.match(alone.stdout, /measurement-unreadable/)
  t.notMatch(alone.stdout, /school-unknown/)
  t.match(alone.stdout, /Not looked up: schools/)
  const wrong = await create(path, '--directory', 'school=x.csv')
  t.match([wrong.code, wrong.stderr], [2, /looks up schools/])
  const notOne = await create(path, '--directory', `schools=${path}`)
  t.match([notOne.code, notOne.stderr], [2, /no file of the dataset schools/])
  const good = await create(
    await file('pupils.csv', title + header + girl(1)),
    '--directory',
    `schools=${directory}`,
  )
  t.equal(good.code, 0, good.stderr + good.stdout)
  const { id } = await receive(context, { path: join(folder, 'out.zip'), broughtBy: 'cli:test' })
  const receipt = await takeBundle(context, id)
  t.match(receipt, { state: 'staged', files: [{ rowsTaken: 1, repairs: { note: 1 } }] })
})
