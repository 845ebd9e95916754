/**
 * `qingdan bundle`: an office packs its files without a database, independent tools find the bundle valid,
 * and its receiver accepts it. Faults that the receiver would refuse are reported here, and leave nothing
 * behind.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder, writeDatasets } from '../support/open-test-context.ts'
import { convert, withoutLibreOffice } from '../support/read-back.ts'
import { binary, callCli, foreign, plainly, runCli } from '../support/run-cli.ts'
import { installed } from '../support/tools.ts'
import { makeSheet, makeWorkbook, number, type TestSheet } from '../support/workbook.ts'

const dataset = 'kite-register'
const contract = contractOf(
  [
    field('name', 'string', { role: 'key', constraints: { required: true }, aliases: ['风筝'] }),
    field('size', 'integer'),
  ],
  ['name'],
  { dataset, themes: ['education'], parts: [{ provider: 'edu-310101' }, { provider: 'edu-310104' }] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const office = await temporaryFolder(t)
const datasets = join(office, 'datasets')
await writeDatasets(datasets, [contract])
// An address where nothing listens: a command that opened a database would fail.
const environment = { QINGDAN_DATASETS: datasets, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
const cli = (...args: readonly string[]) => callCli(['bundle', ...args], environment)
const file = async (name: string, text: string) => {
  await writeFile(join(office, name), text)
  return join(office, name)
}
const purpose = ['--dataset', dataset, '--edition', '2025', '--provider', 'edu-310101']
const good = await file('大的.csv', '\ufeff风筝,size\r\n鹰,3\r\n')
const second = await file('small.csv', 'name,size\n雀,1\n')

t.test('a packed bundle is valid for other tools, and is accepted', async (t) => {
  const zip = join(office, 'kites.zip')
  const created = await runCli(
    ['bundle', 'create', good, second, ...purpose, '--sequence', '7', '--out', zip, '--json'],
    environment,
  )
  t.equal(created.code, 0, created.stderr)
  t.match(JSON.parse(created.stdout), {
    dataset,
    edition: '2025',
    provider: 'edu-310101',
    sequence: 7,
    path: zip,
    errors: 0,
  })
  const verified = await runCli(['bundle', 'verify', zip], environment)
  t.equal(verified.code, 0, verified.stderr)
  t.match(verified.stdout, /^valid/)
  const received = await receive(testContext.context, { path: zip, broughtBy: 'cli:courier' })
  const receipt = await takeBundle(testContext.context, received.id)
  t.match(receipt, { state: 'staged', dataset, provider: 'edu-310101' })
  t.equal(
    receipt.files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0),
    2,
  )
  const again = await cli('create', good, ...purpose, '--out', zip)
  t.equal(again.code, 2)
  t.match(again.stderr, /already exists/)
})

t.test(
  'unzip and sha256sum find it valid',
  { skip: installed('unzip') ? false : 'unzip is not installed' },
  async (t) => {
    const zip = join(office, 'for-tools.zip')
    t.equal((await cli('create', good, second, ...purpose, '--out', zip)).code, 0)
    const folder = join(office, 'unpacked')
    await mkdir(folder)
    await promisify(execFile)('unzip', ['-q', zip, '-d', folder])
    const [bag = ''] = await readdir(folder)
    t.equal(bag, `${dataset}-2025-edu-310101`)
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
      const { stdout } = await promisify(execFile)('sha256sum', ['-c', manifest], { cwd: join(folder, bag) })
      t.notMatch(stdout, /FAILED/)
      t.match(stdout, /OK/)
    }
  },
)

t.test('a workbook, and a file with semicolons, are packed unchanged', async (t) => {
  const book = join(office, '风筝.xlsx')
  const rows = [
    ['风筝', 'size'],
    ['鹰', number(3)],
  ]
  const notes: TestSheet = { name: 'notes', rows: [['read me']] }
  await writeFile(book, makeWorkbook({ sheets: [notes, { name: '数据', rows }] }))
  const semicolons = await file('semicolons.csv', 'name;size\n燕;2\n')
  const tabs = await file('tabs.txt', 'name\tsize\n雁;鸿,\t5\n')
  const zip = join(office, 'office.zip')
  const created = await cli(
    'create',
    book,
    semicolons,
    tabs,
    ...purpose,
    '--sheet',
    '数据',
    '--out',
    zip,
    '--json',
  )
  t.equal(created.code, 0, created.stdout)
  t.match(JSON.parse(created.stdout), {
    errors: 0,
    findings: [{ check: 'sheet-others', severity: 'warning' }],
  })
  const received = await receive(testContext.context, { path: zip, broughtBy: 'cli:courier' })
  t.match(await takeBundle(testContext.context, received.id), { state: 'staged' })
  const wrong = join(office, 'wrong.xlsx')
  await writeFile(wrong, makeSheet([rows[0] ?? [], ['鹰', 'three']]))
  const findingsFile = await cli('create', wrong, ...purpose, '--out', join(office, 'never.zip'), '--json')
  t.equal(findingsFile.code, 3)
  t.match(JSON.parse(findingsFile.stdout).findings, [
    { check: 'type', file: 'data/wrong.xlsx', row: 2, cell: 'B2' },
  ])
})

t.test('a folder contains the same as the ZIP', async (t) => {
  const folder = join(office, 'as-folder')
  const created = await cli('create', good, ...purpose, '--out', folder)
  t.equal(created.code, 0, created.stderr)
  t.same((await readdir(folder)).sort(), [
    'bag-info.txt',
    'bagit.txt',
    'data',
    'datapackage.json',
    'manifest-sha256.txt',
    'tagmanifest-sha256.txt',
  ])
  t.match(await readFile(join(folder, 'data', '大的.csv'), 'utf8'), '鹰,3')
  t.equal((await cli('verify', folder)).code, 0)
})

t.test('faults are reported by cell, and nothing is written', async (t) => {
  const bad = await file('bad.csv', 'name,size\n鹰,three\n,4\n')
  const zip = join(office, 'bad.zip')
  const before = await readdir(office)
  const refused = await cli('create', bad, ...purpose, '--out', zip, '--json')
  t.equal(refused.code, 3)
  const report = JSON.parse(refused.stdout)
  t.equal(report.path, null)
  t.same(
    report.findings.map(({ cell, check }: { cell: string; check: string }) => `${cell} ${check}`),
    ['B2 type', 'A3 required'],
  )
  t.notMatch(refused.stdout + refused.stderr, /three/)
  const findingsFile = join(await temporaryFolder(t), 'findings.csv')
  t.equal((await cli('create', bad, ...purpose, '--out', zip, '--findings', findingsFile)).code, 3)
  const rows = parse(await readFile(findingsFile), { bom: true, columns: true }) as Record<string, string>[]
  t.match(rows, [
    { '程度 Severity': '错误 error', '文件 File': 'data/bad.csv', '单元格 Cell': 'B2', '字段 Field': 'size' },
    { '行 Row': '3', '单元格 Cell': 'A3', '检查 Check': 'required' },
  ])
  if (withoutLibreOffice === false) {
    const shown = parse(
      await convert(
        'findings.csv',
        await readFile(findingsFile),
        'csv:Text - txt - csv (StarCalc):44,34,76',
        'csv',
      ),
    )
    t.same(
      (shown as string[][]).map((row) => row[3]),
      ['单元格 Cell', 'B2', 'A3'],
      'LibreOffice shows the findings too',
    )
  }
  t.same(await readdir(office), before, 'neither the ZIP nor a part of it')
})

t.test('an invalid command line explains what is valid', async (t) => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['create', good], /--dataset and --edition/],
    [
      ['create', good, '--dataset', dataset, '--edition', '2025-2026'],
      /named like 2025, because its contract has the period "year"\.$/m,
    ],
    [['create', good, '--dataset', dataset, '--edition', '2025'], /one of edu-310101, edu-310104/],
    [['create', good, ...purpose, '--sequence', '0'], /whole number of at least 1/],
    [['create', join(office, 'none.csv'), ...purpose], /There is no file or folder/],
    [['create', datasets, ...purpose], /is not a CSV or XLSX file/],
    [['verify', good], /is not a bundle/],
  ]
  for (const [args, message] of cases) {
    const ended = await cli(...args)
    t.equal(ended.code, 2, args.join(' '))
    t.match(ended.stderr, message)
    t.equal(ended.stdout, '')
  }
  const unknown = await cli('create', good, '--dataset', 'kites', '--edition', '2025')
  t.equal(unknown.code, 4)
  t.match(unknown.stderr, /dataset-not-found/)
})

const withoutTerminal = installed('script') ? false : 'script, which makes a terminal, is not installed'

t.test('at a terminal it prompts for missing values', { skip: withoutTerminal }, async (t) => {
  const answersFile = await file('answers.txt', `${dataset}\n2025\n2\n`)
  const zip = join(office, 'asked.zip')
  const line = plainly(process.execPath, [binary, 'bundle', 'create', second, '--out', zip])
    .map((word) => `'${word}'`)
    .join(' ')
  const options = { env: { ...foreign(), ...environment, TERM: 'dumb' } }
  const child = execFile('script', ['-qec', line, '/dev/null'], options)
  // The user types only after each prompt.
  let shown = ''
  const prompts = [/Dataset: $/, /Edition, such as 2025: $/, /Provider: $/]
  const replies = (await readFile(answersFile, 'utf8')).split('\n')
  child.stdout?.on('data', (chunk: string) => {
    shown += chunk
    if (prompts[0]?.test(shown) !== true) return
    prompts.shift()
    child.stdin?.write(`${replies.shift()}\n`)
  })
  await new Promise((resolve) => child.once('close', resolve))
  t.equal(prompts.length, 0, shown)
  t.match(await cli('verify', zip, '--json'), { code: 0 })
})
