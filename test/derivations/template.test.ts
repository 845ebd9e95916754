/** The forms in which schools write results: each as CSV and as a workbook, read, refused or warned of. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type BundleLimits, readLooseRows } from '../../src/bundle/index.ts'
import { isNote, openDesk, type SchoolSystem, templateContract } from '../../src/derivations/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import {
  type Cells,
  child,
  csvCell,
  forms,
  girl,
  good,
  primary,
  secondary,
  tableBytes,
} from '../support/fitness/forms.ts'
import { makeSheet } from '../support/workbook.ts'

const limits: BundleLimits = {
  ...{ filesMax: 10, bytesMax: 1e8, inflationMax: 200, rowsMax: 10_000, fieldBytesMax: 10_000 },
  ...{ findingsMax: 1000, findingsCountedMax: 1000, bagsMax: 1 },
}

interface Outcome {
  readonly row: number
  readonly text: string
}

/** Reads a file: of each row its checks with their cells, or its total and scores; and what concerns the file. */
async function readFile(path: string, system: SchoolSystem, item: string) {
  const findings: Finding[] = []
  const desk = openDesk({ system, sixthGrade: '21', year: 2026 })
  const outcomes: Outcome[] = []
  const rows = readLooseRows(path, {
    ...{ contract: templateContract, limits, onFinding: (finding: Finding) => void findings.push(finding) },
    isNote: (cells, textOf) => isNote(() => cells, ['number', 'sex', 'birth_date'].map(textOf)),
  })
  for await (const { row, values, kindOf, placeOf } of rows) {
    const pupil =
      values &&
      desk.score(values, kindOf, ({ check, severity, message }, column, expected) => {
        const place = { ...placeOf(column), ...(expected === undefined ? {} : { expected }) }
        findings.push({ check, severity, ...place, message: message.en, messageZh: message.zh })
      })
    const found = findings.filter((finding) => finding.row === row)
    const checks = found.map(({ check, cell = '' }) => `${check}@${cell.replace(/\d+/, '')}`)
    const result =
      pupil === undefined
        ? 'refused'
        : pupil.status !== 'tested'
          ? pupil.status
          : `${pupil.scores[item as keyof typeof pupil.scores] ?? '-'} ${pupil.total ?? '-'}`
    outcomes.push({ row, text: [result, ...checks].join(' ') })
  }
  return { outcomes, findings, general: findings.filter(({ row }) => row === undefined || row === 1) }
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-template-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function readTable(
  name: string,
  header: readonly string[],
  rows: readonly Cells[],
  item: string,
  system: SchoolSystem = '6+3',
) {
  return withFolder(async (folder) => {
    const path = join(folder, name)
    const cells = rows.map((row) => header.map((column) => row[column]))
    await writeFile(path, tableBytes(name, [header, ...cells]))
    return readFile(path, system, item)
  })
}

t.test('each form in the secondary template, as CSV and as a workbook', async (t) => {
  for (const kind of ['csv', 'xlsx'] as const) {
    const own = forms.filter(({ only }) => only === undefined || only === kind)
    const rows = own.map(({ pupil, column, cell }) => ({ ...pupil, [column]: cell }))
    const { outcomes } = await readTable(`a.${kind}`, secondary, rows, 'run_800m')
    t.same(
      outcomes.map(({ text }, n) => `${own[n]?.column} ${JSON.stringify(own[n]?.cell)}: ${text}`),
      own.map(({ column, cell, expected }) => `${column} ${JSON.stringify(cell)}: ${expected}`),
      kind,
    )
  }
})

t.test('the primary template, and columns under other names', async (t) => {
  const rows: readonly Cells[] = [
    child,
    { ...child, 学籍号: 'G03', '50米×8往返跑': '1分50秒' },
    { ...child, 学籍号: 'G04', 年级编号: '11', 班级编号: '1101' },
    { ...child, 学籍号: 'G05', 一分钟跳绳: '免体' },
  ]
  const ofGrade11 = 'item-not-scored@P item-not-scored@Q'
  for (const name of ['a.csv', 'a.xlsx']) {
    const { outcomes, general } = await readTable(name, primary, rows, 'shuttle_50x8')
    t.same(general, [])
    const [first = '', second = '', third = '', fourth = ''] = outcomes.map(({ text }) => text)
    t.match(first, /^\d+ \d+\.\d$/)
    t.equal(second, first, 'spelt otherwise')
    t.match(third, new RegExp(`^- \\d+\\.\\d ${ofGrade11}$`), 'items of another grade')
    t.equal(fourth, 'exempt exempt-with-results@J')
  }
  const drifting: readonly (readonly [string, string])[] = [
    ...[
      '50米*8',
      '50米x8',
      '50米X8往返跑',
      '50米×8往返跑（秒）',
      ' 50米 × 8 往返跑',
      '50M×8往返跑(分·秒)',
    ].map((header) => ['50米×8往返跑', header] as const),
    ...['50米', '50m', '50米跑(秒)', '50米跑（″）'].map((header) => ['50米跑', header] as const),
    ...['身高（cm）', '身高(厘米)'].map((header) => ['身高', header] as const),
    ['一分钟仰卧起坐', '1分钟仰卧起坐(次)'],
    ['学籍号', '教育ID'],
    ['年级编号', '\ufeff年级编号'],
  ]
  for (const [column, header] of drifting) {
    const headers = primary.map((one) => (one === column ? header : one))
    const row = { ...child, [header]: child[column] }
    const { outcomes } = await readTable('a.csv', headers, [row], 'shuttle_50x8')
    t.match(outcomes[0]?.text, /^\d+ \d+\.\d$/, header)
  }
})

t.test('units that a header names are converted, and no others', async (t) => {
  const one = async (renamed: Cells, values: Cells) => {
    const headers = secondary.map((column) => renamed[column] ?? column) as string[]
    const { outcomes, findings } = await readTable('a.csv', headers, [{ ...girl, ...values }], 'run_800m')
    return outcomes[0]?.text ?? findings.map(({ check }) => check).join()
  }
  t.equal(await one({ 身高: '身高（米）' }, { '身高（米）': '1.55' }), good)
  t.equal(await one({ 体重: '体重(斤)' }, { '体重(斤)': '96' }), good)
  t.equal(await one({ 立定跳远: '立定跳远(m)' }, { '立定跳远(m)': '1.70' }), good)
  t.equal(await one({ 身高: '身高(米)' }, { '身高(米)': '155' }), 'refused measurement-range@J')
  t.equal(await one({ 身高: '身高(英寸)' }, {}), 'header-unknown')
  t.equal(
    await one({ 家庭住址: '身高(米)' }, { '身高(米)': '1.55' }),
    'refused measurement-both-units@I',
    'two columns of one measurement',
  )
})

t.test('titles, notes and totals are no pupils, and a file of one pupil is a file', async (t) => {
  const title = '2025年国家学生体质健康标准测试数据'
  const lines = [
    [title],
    secondary,
    secondary.map((column) => girl[column]),
    ['合计', ...Array(10).fill(''), '2400'],
    ['注：免体学生填“免体”'],
    secondary.map((column) => ({ ...girl, 学籍号: 'G09' })[column]),
    ['审核人'],
  ]
  await withFolder(async (folder) => {
    const csv = join(folder, 'a.csv')
    await writeFile(csv, lines.map((line) => secondary.map((_, n) => csvCell(line[n])).join(',')).join('\n'))
    const sheet = join(folder, 'a.xlsx')
    await writeFile(sheet, makeSheet(lines))
    const merged = join(folder, 'b.xlsx')
    await writeFile(merged, makeSheet(lines, { merges: ['A1:S1'] }))
    for (const path of [csv, sheet, merged]) {
      const { outcomes, findings } = await readFile(path, '6+3', 'run_800m')
      t.same([outcomes.map(({ row, text }) => `${row} ${text}`), findings], [[`3 ${good}`, `6 ${good}`], []])
    }
    await writeFile(
      csv,
      `${secondary.join('\t')}\n${secondary.map((column) => csvCell(girl[column])).join('\t')}`,
    )
    t.same((await readFile(csv, '6+3', 'run_800m')).outcomes, [{ row: 2, text: good }], 'separated by tabs')
    await writeFile(csv, 'a,b,c\n1,2,3\n')
    const { outcomes, findings } = await readFile(csv, '6+3', 'run_800m')
    t.same([outcomes, findings.map(({ check }) => check)], [[], ['header-row']])
  })
})

t.test('the system of the school, everyone exempt, nobody tested', async (t) => {
  const scored = async (rows: readonly Cells[], system: SchoolSystem) =>
    (await readTable('a.csv', secondary, rows, 'run_800m', system)).outcomes.map(({ text }) => text)
  t.same(
    await scored([{ ...girl, 年级编号: '22', 班级编号: '2201' }], '5+4'),
    [good],
    'year 7 in both systems',
  )
  const lower = await scored([girl], '5+4')
  t.same(lower, ['- - item-not-scored@N item-not-scored@P'], 'grade 6 of the 5+4 system runs no 800 m')
  const exempt = { ...girl, ...Object.fromEntries(secondary.slice(9).map((column) => [column, '免体'])) }
  const absent = { ...girl, ...Object.fromEntries(secondary.slice(9).map((column) => [column, 'X'])) }
  t.same(await scored([exempt, absent], '6+3'), ['exempt', 'absent'])
})

t.test('no finding repeats a value', async (t) => {
  const marker = '4.2777Qx9'
  const rows = secondary.map((column) => ({ ...girl, [column]: marker }))
  for (const name of ['a.csv', 'a.xlsx']) {
    const { findings } = await readTable(name, secondary, rows, 'run_800m')
    t.ok(findings.length > 10)
    t.notMatch(JSON.stringify(findings), /Qx9/)
    t.same(
      findings.filter(({ cell, field, message, messageZh }) => !(cell && field && message && messageZh)),
      [],
    )
  }
})
