/** The forms in which schools write results: each as CSV and as a workbook, read, refused or warned of. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type BundleLimits, readLooseRows } from '../../src/bundle/index.ts'
import { isNote, openDesk, type SchoolSystem, templateContract } from '../../src/derivations/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { formula, makeSheet, number, type TestCell } from '../support/workbook.ts'

const limits: BundleLimits = {
  ...{ filesMax: 10, bytesMax: 1e8, inflationMax: 200, rowsMax: 10_000, fieldBytesMax: 10_000 },
  ...{ findingsMax: 1000, findingsCountedMax: 1000, bagsMax: 1 },
}

/** Number formats of the workbooks: style 1, 2, 3. */
const formats = ['hh:mm', 'yyyy/m/d', 'mm:ss']
const clock = (serial: number) => number(serial, 1)
const day = (serial: number) => number(serial, 2)

const secondary = [
  ...[
    '年级编号',
    '班级编号',
    '班级名称',
    '学籍号',
    '民族代码',
    '姓名',
    '性别',
    '出生日期',
    '家庭住址',
    '身高',
    '体重',
  ],
  ...['肺活量', '50米跑', '立定跳远', '坐位体前屈', '800米跑', '1000米跑', '一分钟仰卧起坐', '引体向上'],
]
const primary = [
  ...[
    '年级编号',
    '班级编号',
    '班级名称',
    '学籍号',
    '民族代码',
    '姓名',
    '性别',
    '出生日期',
    '家庭住址',
    '身高',
    '体重',
  ],
  ...['肺活量', '50米跑', '坐位体前屈', '一分钟跳绳', '一分钟仰卧起坐', '50米×8往返跑'],
]

type Cells = Readonly<Record<string, TestCell>>

/** The girl of the worked example: 87.4, good. */
const girl: Cells = {
  ...{ 年级编号: '21', 班级编号: '2101', 学籍号: 'G01', 姓名: '某', 性别: '2', 出生日期: '2013-05-01' },
  ...{ 身高: '155', 体重: '48', 肺活量: '2400', '50米跑': '8.9', 立定跳远: '170', 坐位体前屈: '12.0' },
  ...{ '800米跑': `3'55"`, 一分钟仰卧起坐: '55' },
}
const boy: Cells = {
  ...{ ...girl, 性别: '1', '800米跑': undefined, 一分钟仰卧起坐: undefined },
  ...{ '1000米跑': `4'10"`, 引体向上: '9' },
}
const child: Cells = {
  ...{ 年级编号: '15', 班级编号: '1501', 学籍号: 'G02', 性别: '2', 出生日期: '2015-05-01', 身高: '140' },
  ...{ 体重: '34', 肺活量: '1800', '50米跑': '9.5', 坐位体前屈: '10', 一分钟跳绳: '120' },
  ...{ 一分钟仰卧起坐: '35', '50米×8往返跑': `1'50"` },
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
    isNote: (cells, textOf) => isNote(cells, ['number', 'sex', 'birth_date'].map(textOf)),
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

const csvCell = (cell: TestCell) => {
  const text = typeof cell === 'string' ? cell : ''
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
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
    const bytes = name.endsWith('.csv')
      ? [header, ...cells].map((line) => line.map(csvCell).join(',')).join('\n')
      : makeSheet([header, ...cells], {}, { formats })
    await writeFile(path, bytes)
    return readFile(path, system, item)
  })
}

interface Form {
  readonly pupil: Cells
  readonly column: string
  readonly cell: TestCell
  /** What a CSV can't store is tested in a workbook only. */
  readonly only?: 'xlsx' | 'csv'
  readonly expected: string
}

const read = (pupil: Cells, column: string, cell: TestCell, expected: string, only?: Form['only']): Form => ({
  ...{ pupil, column, cell, expected },
  ...(only === undefined ? {} : { only }),
})

/** 3′55″ is 85 points for a girl of grade 21. */
const good = '85 87.4'
const enduranceForms: readonly Form[] = [
  ...[
    `3'55"`,
    '3’55”',
    '3′55″',
    '3′55′′',
    "3'55''",
    '3.55',
    '3:55',
    '3：55',
    '3分55秒',
    '3分55',
    '235',
    '235秒',
    '３′５５″',
  ],
  ` 3'55" `,
].map((cell) => read(girl, '800米跑', cell, good))

const forms: readonly Form[] = [
  ...enduranceForms,
  read(girl, '800米跑', number(3.55), good, 'xlsx'),
  read(girl, '800米跑', number(235), good, 'xlsx'),
  // Endurance 4′20″: a number has lost its zero, a text is doubtful.
  read(girl, '800米跑', number(4.2), '74 85.2', 'xlsx'),
  read(girl, '800米跑', '4.2', `refused measurement-doubtful@P`),
  read(girl, '800米跑', clock((3 * 60 + 55) / 1440), `${good} measurement-clock@P`, 'xlsx'),
  read(girl, '800米跑', number(235 / 86_400, 3), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', day(45_000), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', `3'75"`, `refused measurement-unreadable@P`),
  read(girl, '800米跑', '3.75', `refused measurement-unreadable@P`),
  read(girl, '800米跑', '4', `refused measurement-unreadable@P`),
  read(girl, '800米跑', number(4), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', '3:55:00', `refused measurement-unreadable@P`),
  // Both ends of the range are inside.
  read(girl, '800米跑', `2'00"`, '100 100.4'),
  read(girl, '800米跑', `1'59"`, `refused measurement-range@P`),
  read(girl, '800米跑', `9'00"`, '0 70.4'),
  read(girl, '800米跑', `9'01"`, `refused measurement-range@P`),
  // Missing and exempt.
  ...['', 'X', 'x', '缺测', '-', '/'].map((cell) => read(girl, '800米跑', cell, '- -')),
  read(girl, '800米跑', '免体', `exempt exempt-with-results@J`),
  // Units: metres, jin, litres are refused unless a header says so.
  read(girl, '身高', '1.55', `refused measurement-range@J`),
  read(girl, '身高', '1.55m', `refused measurement-unreadable@J`),
  read(girl, '身高', '155cm', good),
  read(girl, '身高', '１５５', good),
  read(girl, '身高', number(155), good, 'xlsx'),
  read(girl, '身高', '80', '85 81.4'),
  read(girl, '身高', '79.99', `refused measurement-range@J`),
  read(girl, '身高', '250', '85 84.4'),
  read(girl, '身高', '250.01', `refused measurement-range@J`),
  read(girl, '身高', '155.555', `refused measurement-unreadable@J`),
  read(girl, '体重', '96斤', `refused measurement-unreadable@K`),
  read(girl, '体重', '13.9', `refused measurement-range@K`),
  read(girl, '体重', '200.1', `refused measurement-range@K`),
  read(girl, '肺活量', '2.4', `refused measurement-unreadable@L`),
  read(girl, '肺活量', '2,400', good),
  read(girl, '肺活量', '499', `refused measurement-range@L`),
  read(girl, '肺活量', '10000', `refused measurement-range@L`),
  read(girl, '立定跳远', '1.70', `refused measurement-range@N`),
  read(girl, '肺活量', formula(), `refused cell-uncached@L`, 'xlsx'),
  read(girl, '肺活量', formula('2400'), good, 'xlsx'),
  // Items of the other sex.
  read(girl, '1000米跑', `4'10"`, `${good} other-sex@Q`),
  read(girl, '1000米跑', 'X', good),
  read({ ...girl, '800米跑': '' }, '1000米跑', `4'10"`, `refused other-sex-only@Q`),
  read({ ...boy, 引体向上: '' }, '一分钟仰卧起坐', '40', `refused other-sex-only@R`),
  // Who a pupil is.
  read(girl, '性别', '3', 'refused sex-unknown@G'),
  read(girl, '性别', '女', good),
  read(girl, '性别', '', 'refused required@G'),
  read(girl, '年级编号', '24', 'refused grade-system@A'),
  read(girl, '年级编号', '初一', good),
  read(girl, '年级编号', '2025', 'refused grade-unknown@A'),
  read({ ...girl, 班级编号: '' }, '年级编号', '34', 'refused grade-table@A'),
  read(girl, '学籍号', '1.23E+17', 'refused number-damaged@D'),
  read(girl, '学籍号', number('310101200901011234'), 'refused number-damaged@D', 'xlsx'),
  read(girl, '学籍号', number(12_345), good, 'xlsx'),
  // Nothing is scored by birth dates and class codes.
  ...['2013/5/1', '2013年5月1日', '20130501', '41395'].map((cell) => read(girl, '出生日期', cell, good)),
  read(girl, '出生日期', day(41_395), good, 'xlsx'),
  read(girl, '出生日期', number(41_395), good, 'xlsx'),
  ...['1913-05-01', '2113-05-01', '2013-13-01', '2013-02-30', 'May 2013'].map((cell) =>
    read(girl, '出生日期', cell, `${good} birth-date@H`),
  ),
  read(girl, '班级编号', '1', `${good} class-code@B`),
  read(girl, '班级编号', '2201', `${good} class-code@B`),
]

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
