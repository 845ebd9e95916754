/**
 * A district officer who has only the README: an Excel file with ten faults gives ten findings that name its
 * cells, in a CSV that opens correctly; the officer corrects only these cells, and the file is accepted and
 * published.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import type { Contract } from '../../src/contract/index.ts'
import { openTestContext, sampleRows } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { withoutLibreOffice } from '../support/read-back.ts'
import { run, runCli } from '../support/run-cli.ts'

const dataset = 'school-sports-venues'
const edition = '2026'
const provider = 'edu-310101'

/** The command of the README in either language, as the officer types it. */
const typed = ['README.md', 'README.zh-CN.md'].map(
  (file) => /^qingdan bundle create .*\.xlsx$/m.exec(readFileSync(file, 'utf8'))?.[0] ?? '',
)

interface Mistake {
  readonly cell: string
  readonly check: string
  readonly wrong: string
}

/** One per row, so that none hides another. */
const mistakes: readonly Mistake[] = [
  { cell: 'B2', check: 'code-unknown', wrong: '黄浦新区' },
  { cell: 'A3', check: 'constraint', wrong: '黄浦-1' },
  { cell: 'C4', check: 'required', wrong: '' },
  { cell: 'K5', check: 'code-unknown', wrong: '羽毛球、打陀螺' },
  { cell: 'O6', check: 'type', wrong: '八点半' },
  { cell: 'P7', check: 'ascending', wrong: '05:10' },
  { cell: 'T8', check: 'within', wrong: '12.146708' },
  { cell: 'V9', check: 'type', wrong: '免费' },
  { cell: 'W10', check: 'required-when', wrong: '' },
  { cell: 'B11', check: 'part-scope', wrong: '310104' },
]

const columnOf = (cell: string) => cell.charCodeAt(0) - 65
const rowOf = (cell: string) => Number(cell.slice(1)) - 1

const csvOf = (table: readonly (readonly string[])[]) =>
  `${table.map((cells) => cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')).join('\n')}\n`

/**
 * Has LibreOffice convert files, as if somebody had opened and saved them: it changes days, times and numbers
 * into its own forms.
 */
async function byLibreOffice(folder: string, files: readonly string[], to: string): Promise<void> {
  const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`
  const read = '--infilter=CSV:44,34,76,1'
  const args = [
    '--headless',
    '--norestore',
    profile,
    read,
    '--convert-to',
    to,
    '--outdir',
    join(folder, 'out'),
  ]
  await promisify(execFile)('soffice', [...args, ...files.map((file) => join(folder, file))], {
    timeout: 280_000,
  })
}

t.test('ten faults, ten findings, ten corrected cells', { skip: withoutLibreOffice }, async (t) => {
  const testContext = await openTestContext(t)
  const { context, folder, environment, take, publish, get } = testContext
  const { contract } = context.contracts.get(dataset)
  const samples = await sampleRows(dataset, edition, 12)
  const own = samples.find((sample) => sample.provider === provider)
  const valid = withTitles(parse(own?.rows ?? '') as string[][], contract)
  const faulty = valid.map((cells) => [...cells])
  for (const { cell, wrong } of mistakes) faulty[rowOf(cell)]?.splice(columnOf(cell), 1, wrong)
  t.notSame(faulty, valid)

  // The officer's folder: the command as a link, and the tables as Excel files.
  await mkdir(join(folder, 'office'))
  await symlink(resolve('bin'), join(folder, 'office', 'bin'))
  const office = join(folder, 'office')
  const key = await officeKey(new Date())
  await writeFile(join(office, 'key.asc'), key.privateKey)
  await writeFile(join(folder, 'office.asc'), key.publicKey)
  await writeFile(join(office, 'faulty.csv'), csvOf(faulty))
  await writeFile(join(office, 'corrected.csv'), csvOf(valid))
  await byLibreOffice(office, ['faulty.csv', 'corrected.csv'], 'xlsx:Calc MS Excel 2007 XML')
  const venues = join(office, 'venues.xlsx')
  const type = (line: string) =>
    run('sh', ['-c', `cd '${office}' && PATH="$PWD/bin:$PATH" && ${line}`], environment)

  await writeFile(venues, await readFile(join(office, 'out', 'faulty.xlsx')))
  t.equal(typed[0], typed[1], 'the README has the commands in both languages')
  const refused = await type(typed[0] ?? '')
  t.equal(refused.code, 3, refused.stdout + refused.stderr)
  await t.rejects(stat(join(office, `${dataset}-${edition}-${provider}.zip`)), 'nothing is packed')

  await byLibreOffice(office, ['findings.csv'], 'csv:Text - txt - csv (StarCalc):44,34,76')
  for (const file of ['findings.csv', 'out/findings.csv']) {
    const findings = parse(await readFile(join(office, file)), { bom: true, columns: true }) as Record<
      string,
      string
    >[]
    const errors = findings.filter((finding) => /error/.test(finding['程度 Severity'] ?? ''))
    t.same(
      errors.map((finding) => [finding['单元格 Cell'], finding['检查 Check']]).sort(),
      mistakes.map(({ cell, check }) => [cell, check]).sort(),
      `${file} names the ten cells, and no other`,
    )
    for (const finding of errors) {
      const cell = finding['单元格 Cell'] ?? ''
      t.equal(finding['文件 File'], 'data/venues.xlsx')
      t.equal(finding['行 Row'], cell.slice(1))
      t.equal(finding['表头 Header'], valid[0]?.[columnOf(cell)])
      t.ok(finding['说明'] && finding['What to do'], 'in both languages')
    }
    const text = JSON.stringify(findings)
    for (const { wrong } of mistakes.filter((each) => each.wrong.length > 6))
      t.notMatch(text, wrong, 'no value is repeated')
  }

  await writeFile(venues, await readFile(join(office, 'out', 'corrected.xlsx')))
  const packed = await type(typed[0] ?? '')
  t.equal(packed.code, 0, packed.stdout + packed.stderr)
  const zip = join(office, `${dataset}-${edition}-${provider}.zip`)
  const receiver = { ...environment, QINGDAN_UNSIGNED: 'refuse' }
  const unknown = await runCli(['ingest', zip], receiver)
  t.equal(unknown.code, 3, 'no key is registered yet')
  const register = ['signer', 'add', join(folder, 'office.asc'), '--provider', provider]
  t.equal((await runCli(register, receiver)).code, 0)
  const ingested = await runCli(['ingest', zip, '--json'], receiver)
  t.equal(ingested.code, 0, ingested.stdout + ingested.stderr)
  t.match(JSON.parse(ingested.stdout), {
    state: 'staged',
    provider,
    files: [{ rowsTaken: 12, rowsRefused: 0 }],
  })
  const scratch = await readdir(join(folder, 'var', 'files', 'scratch', 'sheets'))
  t.same(scratch, [], 'the workbook passed through the data folder, and left nothing there')

  const { contractVersion } = contract
  for (const sample of samples) if (sample.provider !== provider) await take({ ...sample, contractVersion })
  t.match(await publish(dataset, edition), { state: 'done' })
  const open = await get(`/v1/datasets/${dataset}/records.csv?edition=${edition}&district=310101`)
  t.same(
    (parse(open.text) as string[][])
      .slice(1)
      .map((cells) => cells.slice(0, 4))
      .sort(),
    valid
      .slice(1)
      .map((cells) => cells.slice(0, 4))
      .sort(),
    'the content of the Excel file is published',
  )
})

/** The contract's Chinese titles, for its field names. */
function withTitles([names = [], ...rows]: string[][], contract: Contract): string[][] {
  const title = (name: string) => contract.fields.find((field) => field.name === name)?.title.zh ?? name
  return [names.map(title), ...rows]
}
