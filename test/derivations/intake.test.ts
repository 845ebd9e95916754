/**
 * The upload template as a bundle of the shipped contract is read: each form of schools as CSV and as a workbook, rows that
 * are no pupils, and bad input. What the desk of a school reports (template.test.ts) is what the intake reports.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { copyPaths, type FileCount, findingsCsv } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { getDerivation, type StatisticsRow } from '../../src/derivations/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { validationOf } from '../support/bundle-fixture.ts'
import { type Cells, child, forms, girl, primary, secondary, tableBytes } from '../support/fitness/forms.ts'
import { isFull } from '../support/runs.ts'
import type { TestCell } from '../support/workbook.ts'

const contract = JSON.parse(readFileSync('datasets/student-fitness/contract.v3.json', 'utf8')) as Contract
const use = contract.derivation ?? { name: '' }
const derivation = getDerivation(use.name)
const provider = 'edu-310101'

/** A 6+3 and a 5+4 school of the district, one of another, and one without an enrolment. */
const [six, five, other] = ['3131000001', '3131000002', '3131000003']
const schools = [
  { code: six, district: '310101', system: '6+3', enrolment: null },
  { code: five, district: '310101', system: '5+4', enrolment: null },
  { code: other, district: '310104', system: '6+3', enrolment: null },
]

interface Read {
  readonly files: readonly FileCount[]
  readonly findings: readonly Finding[]
  readonly statistics: readonly StatisticsRow[]
  /** Which path reached its end. */
  readonly path: number
}

/** Reads files as one bundle, as the pipeline does. */
async function read(
  files: Readonly<Record<string, Uint8Array | string>>,
  directories: Parameters<typeof derivation.openPart>[0]['directories'] = { schools },
): Promise<Read> {
  const context = { contract, use, edition: '2026-2027', directories }
  const part = contract.parts?.find((one) => one.provider === provider) ?? { provider }
  for (const [path, reader] of copyPaths.entries()) {
    const { validation, findings } = validationOf(files, { contract, provider })
    const opened = derivation.openPart(context, part)
    const derive = { faults: derivation.faults, open: () => opened }
    const reading = reader({ ...validation, editionDay: '2027-08-31', derive })
    for await (const _ of reading.chunks);
    const counts = reading.files()
    if (counts !== undefined) return { files: counts, findings, statistics: [...opened.finish()], path }
  }
  throw new Error('the strict path reads to the end')
}

const lineOf = (header: readonly string[], cells: Cells) => header.map((column) => cells[column])
const checks = (findings: readonly Finding[]) => findings.map(({ check, cell }) => `${check}@${cell}`)
const pupils = (statistics: readonly StatisticsRow[], status = 'tested') =>
  statistics
    .filter(({ cell }) => cell.includes('participation') && cell.includes(status))
    .reduce((sum, { amount }) => sum + amount, 0)

t.test('each form of the template, as CSV and as a workbook', async (t) => {
  for (const kind of ['csv', 'xlsx'] as const) {
    const own = forms.filter(({ only }) => only === undefined || only === kind)
    const rows = own.map(({ pupil, column, cell }, n) => ({ ...pupil, 学籍号: `G${n}`, [column]: cell }))
    const lines = [secondary, ...rows.map((row) => lineOf(secondary, row))]
    const { files, findings } = await read({ [`${six}.${kind}`]: tableBytes(`a.${kind}`, lines) })
    const outcomes = own.map((_, n) => {
      const found = findings.filter(({ row }) => row === n + 2)
      const isRefused = found.some(({ severity }) => severity === 'error')
      const texts = checks(found).map((text) => text.replace(/\d+$/, ''))
      return [...(isRefused ? ['refused'] : []), ...texts].join(' ')
    })
    const expected = own.map((form) => form.expected.replace(/^(?!refused)\S+( [\d.-]+)?(?= |$) ?/, ''))
    t.same(
      outcomes.map((text, n) => `${own[n]?.column} ${JSON.stringify(own[n]?.cell)}: ${text}`),
      expected.map((text, n) => `${own[n]?.column} ${JSON.stringify(own[n]?.cell)}: ${text}`),
      kind,
    )
    const refused = expected.filter((text) => text.startsWith('refused')).length
    t.match(files, [{ rowsRead: own.length, rowsTaken: own.length - refused, rowsRefused: refused }])
    t.same(
      findings.filter(({ file, row, cell, field }) => !(file && row && cell && field)),
      [],
      'each finding names its place',
    )
    let csv = ''
    for await (const piece of findingsCsv([findings])) csv += piece
    const written = csv.split(/\r?\n/)
    for (const [n, { cell }] of own.entries()) {
      // Short cells occur in the texts of the messages.
      if (typeof cell !== 'string' || cell.length < 4) continue
      const ofRow = written.filter((line) => new RegExp(`,${n + 2},[A-Z]${n + 2},`).test(line))
      t.notOk(
        ofRow.some((line) => line.replaceAll('""', '"').replace(six, '').includes(cell)),
        `${cell} is not repeated`,
      )
    }
  }
})

t.test('titles, notes and totals are no pupils', async (t) => {
  const wide = (...cells: readonly TestCell[]) => [...cells, ...secondary.slice(cells.length).map(() => '')]
  const pupil = (number: string) => lineOf(secondary, { ...girl, 学籍号: number })
  const lines = [
    wide('2026年国家学生体质健康标准测试数据'),
    wide('示例中学', '', '七年级'),
    secondary,
    pupil('G1'),
    wide('小计', '', '', '', '', '', '', '', '', '155'),
    pupil('G2'),
    wide('注：免体学生填“免体”'),
    pupil('G3'),
    wide(),
    wide('合计', '3'),
    wide('填表人：某某', '', '', '审核人：某某'),
  ]
  for (const [name, merges] of [
    ['a.csv', []],
    ['a.xlsx', []],
    ['a.xlsx', ['A1:S1', 'A7:S7', 'A10:C10']],
  ] as const) {
    const { files, findings, statistics } = await read({
      [`${six}.${name.slice(2)}`]: tableBytes(name, lines, merges),
    })
    t.same(checks(findings), [], `${name} ${merges.join()}`)
    t.match(files, [{ rowsRead: 3, rowsTaken: 3, rowsRefused: 0 }])
    t.ok((files[0]?.repairs['note'] ?? 0) >= 5, 'the receipt counts them')
    t.equal(pupils(statistics), 3)
  }
  const faulty = [secondary, pupil('G1'), wide('合计', '', '', 'G2', '', '', '2'), pupil('G1')]
  const { findings, files } = await read({ [`${six}.csv`]: tableBytes('a.csv', faulty) })
  t.ok(
    checks(findings).some((check) => check.endsWith('3')),
    'a row with a number is no note',
  )
  t.same(
    findings.filter(({ check }) => check === 'key-doubled').map(({ row }) => row),
    [2, 4],
    'places are those of the file',
  )
  t.match(files, [{ rowsRead: 3, rowsTaken: 0 }])
  const titled = [wide('标题'), secondary, pupil('G1'), pupil('G1')]
  const twice = await read({ [`${six}.csv`]: tableBytes('a.csv', titled) })
  t.match(twice.findings, [
    { check: 'key-doubled', row: 3, cell: 'D3' },
    { check: 'key-doubled', row: 4, cell: 'D4', expected: /: 3\)/ },
  ])
  const headless = await read({ [`${six}.csv`]: tableBytes('a.csv', [wide('标题'), pupil('G1')]) })
  t.match(headless, { findings: [{ check: 'header-row' }], files: [{ unreadable: true }] })
})

const table = (header: readonly string[], rows: readonly Cells[], name = 'a.csv') =>
  tableBytes(name, [header, ...rows.map((row) => lineOf(header, row))])

t.test('templates: both in one bundle, in one file, and that of another year', async (t) => {
  const older = [
    '学籍号',
    '身份证号',
    '学生来源',
    '生源地',
    ...secondary.filter((one) => one !== '学籍号').toReversed(),
  ]
  const both = await read({
    [`${six}-小学.csv`]: table(primary, [child]),
    [`${six}-初中.xlsx`]: table(secondary, [girl], 'a.xlsx'),
    [`${five}.csv`]: table(older, [{ ...girl, 学籍号: 'G03', 年级编号: '22', 班级编号: '2201' }]),
  })
  t.same(checks(both.findings), [])
  t.equal(pupils(both.statistics), 3)
  const joined = await read({
    [`${six}.csv`]: Buffer.concat([
      table(secondary, [girl]),
      Buffer.from('\n'),
      table(secondary, [{ ...girl, 学籍号: 'G09' }]),
    ]),
  })
  t.match(joined.findings, [{ check: 'row-header', row: 3 }])
  t.match(joined.files, [{ rowsTaken: 2, rowsRefused: 1 }])
})

t.test('a school in two files, of another district, and not in the directory', async (t) => {
  const rows = [girl, { ...girl, 学籍号: 'G02' }]
  const again = [{ ...girl, 学籍号: 'G03' }]
  const apart = await read({
    [`${six}-1.csv`]: table(secondary, rows),
    [`${six}-2.csv`]: table(secondary, again),
  })
  t.same([checks(apart.findings), pupils(apart.statistics)], [[], 3])
  const twice = await read({
    [`${six}-1.csv`]: table(secondary, rows),
    [`${six}-2.csv`]: table(secondary, rows),
  })
  t.match(
    twice.findings.map(({ check, file, cell }) => `${check} ${file} ${cell}`),
    ['1.csv D2', '1.csv D3', '2.csv D2', '2.csv D3'].map((place) => `key-doubled data/${six}-${place}`),
  )
  for (const [code, check] of [
    [other, 'school-district'],
    ['3131999999', 'school-unknown'],
    ['学校', 'school-missing'],
  ] as const) {
    const { findings, files } = await read({ [`${code}.csv`]: table(secondary, [girl]) })
    t.match([findings, files], [[{ check, row: 2 }], [{ rowsTaken: 0 }]])
  }
})

t.test('one pupil, everyone exempt, and a district of one school', async (t) => {
  for (const name of ['a.csv', 'a.xlsx']) {
    const { files, statistics } = await read({ [`${six}.${name.slice(2)}`]: table(secondary, [girl], name) })
    t.match([files, pupils(statistics)], [[{ rowsTaken: 1 }], 1])
  }
  const exempt = Array.from({ length: 30 }, (_, n) => ({
    ...{ ...girl, 学籍号: `G${n}` },
    ...Object.fromEntries(secondary.slice(9).map((column) => [column, '免体'])),
  }))
  const { statistics } = await read(
    { [`${six}.csv`]: table(secondary, exempt) },
    { schools: schools.slice(0, 1) },
  )
  t.equal(pupils(statistics, 'exempt'), 30)
  const rows: (readonly (string | null)[])[] = []
  async function* all() {
    yield statistics
  }
  const context = { contract, use, edition: '2026-2027', directories: { schools } }
  for await (const batch of derivation.aggregate(context, all())) rows.push(...batch)
  const indicator = contract.fields.findIndex(({ name }) => name === 'indicator')
  t.same([...new Set(rows.map((row) => row[indicator]))], ['participation'], 'nobody has a result')
})

t.test('many rows of one school', async (t) => {
  const count = isFull ? 200_000 : 20_000
  const rows = Array.from({ length: count }, (_, n) => ({
    ...girl,
    学籍号: `G${n}`,
    肺活量: String(2000 + (n % 997)),
  }))
  const { files, findings, statistics, path } = await read({ [`${six}.csv`]: table(secondary, rows) })
  t.match(files, [{ rowsTaken: count }])
  t.equal(path, 0, 'by the fast path')
  t.equal(pupils(statistics), count)
  t.same(
    findings.map(({ check, row }) => `${check} ${row}`),
    ['school-no-fail 2', 'school-digits 2'],
  )
})

t.test('the strict path reports what is implausible after the rows, but not of a broken file', async (t) => {
  const enrolled = { schools: schools.map((one) => (one.code === six ? { ...one, enrolment: '100' } : one)) }
  const rows = [
    { ...girl, 性别: '3' },
    ...Array.from({ length: 20 }, (_, n) => ({ ...girl, 学籍号: `P${n}` })),
  ]
  const text = table(secondary, rows)
  const { findings, path } = await read({ [`${six}.csv`]: text }, enrolled)
  t.equal(path, 1)
  t.match(findings, [
    { check: 'sex-unknown', row: 2 },
    { check: 'school-enrolment', file: `data/${six}.csv`, row: 3, field: 'school', expected: '90 – 110' },
  ])
  const broken = await read({ [`${six}.csv`]: Buffer.concat([text, Buffer.from('\n"')]) }, enrolled)
  t.notOk(broken.findings.some(({ check }) => check === 'school-enrolment'))
  t.match(broken.files, [{ unreadable: true }])
})

t.test('without a directory a row is read by the system that fits it', async (t) => {
  const rows = [
    girl,
    { ...girl, 学籍号: 'G02', 年级编号: '24', 班级编号: '2401' },
    { ...girl, 学籍号: 'G03', 年级编号: '25', 班级编号: '' },
    { ...girl, 学籍号: 'G04', 肺活量: '2.4' },
  ]
  const { findings, files, statistics } = await read({ '3131777777.csv': table(secondary, rows) }, {})
  t.same(checks(findings), ['grade-unknown@A4', 'measurement-unreadable@L5'])
  t.match(files, [{ rowsTaken: 2, rowsRefused: 2 }])
  t.same(statistics, [], 'nothing is counted')
  t.match((await read({ 'a.csv': table(secondary, [girl]) }, {})).findings, [{ check: 'school-missing' }])
})
