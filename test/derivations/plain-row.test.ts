/** Rows read from their bytes give the same statistics as rows read as texts, or are left to these. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Contract, intakeFields } from '../../src/contract/index.ts'
import { type DerivationContext, getDerivation, type StatisticsRow } from '../../src/derivations/index.ts'
import { pupilsOf } from '../support/pupils/pupils.ts'
import { schoolsOf } from '../support/pupils/schools.ts'
import { templateHeader, templateRow } from '../support/samples/fitness.ts'

const contract = JSON.parse(readFileSync('datasets/student-fitness/contract.v3.json', 'utf8')) as Contract
const use = contract.derivation ?? { name: '' }
const derivation = getDerivation(use.name)
const schools = schoolsOf({ seed: 5, schools: 74, pupils: 6_000 })
const context: DerivationContext = {
  ...{ contract, use, edition: '2025-2026' },
  directories: { schools: schools.map(({ code, district, system }) => ({ code, district, system })) },
}
const fields = intakeFields(contract)
const columns = fields.map(({ title, name, aliases = [] }) =>
  templateHeader.findIndex((header) => [title.zh, name, ...aliases].includes(header)),
)
const names = fields.map(({ name }) => name)
const at = { file: 'data/a.csv', row: 2 }

type Values = readonly (string | null)[]

/** The cells in one buffer, one after the other in the order of the file. */
function bytesOf(values: Values) {
  const begins = new Int32Array(values.length)
  const ends = new Int32Array(values.length)
  let text = 'before,'
  for (const [index, value] of values.entries()) {
    begins[index] = Buffer.byteLength(text)
    text += value ?? ''
    ends[index] = Buffer.byteLength(text)
    text += ','
  }
  return { bytes: Buffer.from(text), begins, ends }
}

const sorted = (rows: Iterable<StatisticsRow>) =>
  [...rows].map(({ cell, amount }) => `${cell.join()} ${amount}`).sort()

t.test('a whole city is counted alike', async (t) => {
  const [byText, byBytes] = [1, 2].map(() => derivation.openPart(context, { provider: 'any' }))
  let [rows, plain] = [0, 0]
  for (const school of schools) {
    for (const pupil of pupilsOf(5, 2025, school)) {
      const cells = templateRow(school.code, pupil).map(String)
      const values = columns.map((column) => cells[column] || null)
      const refuse = (fault: string) => t.fail(fault)
      byText?.add(values, at, refuse)
      if (byBytes?.addBytes?.(bytesOf(values), at) === true) plain += 1
      else byBytes?.add(values, at, refuse)
      rows += 1
    }
  }
  t.ok(plain > 0.97 * rows, `${plain} of ${rows} rows are plain: all but exempt pupils`)
  t.same(sorted(byBytes?.finish() ?? []), sorted(byText?.finish() ?? []))
})

const school = schools.find(({ system, grades }) => system === '6+3' && grades.length > 0)?.code ?? ''
const girl: Readonly<Record<string, string>> = {
  ...{ school, grade: '21', number: 'G1', sex: '2', height: '155', weight: '48' },
  ...{ vital_capacity: '2400', run_50m: '8.9', sit_reach: '12.0', standing_jump: '170', sit_up_1min: '55' },
  ...{ run_800m: `3'55"`, class: '2101', birth_date: '2012-09-01' },
}

/** Cells that are read, doubtful or wrong. Only the first of each field is known to be plain. */
const cells: Readonly<Record<string, readonly string[]>> = {
  school: [school, '', '3131999999', '学校', `${school}0`],
  grade: ['21', '24', '初一', '2', '99', '211', '２１'],
  sex: ['2', '1', '3', '女', '', '12'],
  number: ['G1', '310101201209010021', '3.1E+17', '', 'G 1', '1E5', '张', 'E5', '5E'],
  class: ['', '2201', '210', '21a1', '初一1班'],
  birth_date: [
    '',
    '2012-02-31',
    '2012-13-01',
    '1912-09-01',
    '20120901',
    '2012/9/1',
    '2012-09-31',
    '2022-01-01',
  ],
  height: [
    '155.25',
    '',
    '80',
    '79.9',
    '250',
    '250.01',
    '1.55',
    '155cm',
    '155.255',
    '155.250',
    '-155',
    '免体',
  ],
  weight: ['48.5', '14', '13.99', '200', '96斤', '48,5', '1e2'],
  vital_capacity: ['500', '499', '9999', '10000', '2400.0', '2400.5', 'X', '０'],
  run_50m: ['8.95', '5', '20.0', '4.99', '.9', '8.', '8.999', '8"9', '缺测'],
  sit_reach: ['-5.5', '-30', '-30.1', '-0', '-', '40', '+5', '--5'],
  run_800m: [
    '3:55',
    `3'55`,
    `3'5"`,
    `3'5`,
    '235',
    '4.2',
    '3.55',
    `3'75"`,
    '3分55秒',
    '99',
    '2',
    `03'55"`,
    `3''55`,
  ],
  run_1000m: ['', '245', `4'05"`],
  height_m: ['', '1.55'],
  pull_up: ['', '5'],
}

t.test('a cell of another form is read alike, or left to the reader of texts', async (t) => {
  const different: string[] = []
  let plain = 0
  for (const [field, texts] of Object.entries(cells)) {
    for (const text of texts) {
      const values = names.map((name) => (name === field ? text : girl[name]) || null)
      const byBytes = derivation.openPart(context, { provider: 'any' })
      if (byBytes.addBytes?.(bytesOf(values), at) !== true) {
        t.same(sorted(byBytes.finish()), [], 'what is left counts nothing')
        if (text === texts[0]) different.push(`${field} "${text}" is plain`)
        continue
      }
      plain += 1
      const byText = derivation.openPart(context, { provider: 'any' })
      const reports: string[] = []
      const isTaken = byText.add(values, at, (fault) => reports.push(fault))
      const isSame = sorted(byText.finish()).join() === sorted(byBytes.finish()).join()
      if (!isTaken || reports.length > 0 || !isSame) different.push(`${field} "${text}" ${reports.join()}`)
    }
  }
  t.same(different, [])
  t.ok(plain > 25, `${plain} cells are plain`)
})

t.test('the code of the school is in the name of the file, or changes from row to row', async (t) => {
  const [one, other] = schools.filter(({ system }) => system === '6+3').map(({ code }) => code)
  const part = derivation.openPart(context, { provider: 'any' })
  const add = (code: string | undefined, file: string) =>
    part.addBytes?.(
      bytesOf(names.map((name) => (name === 'school' ? (code ?? null) : (girl[name] ?? null)))),
      {
        ...{ file, row: 2 },
      },
    )
  t.equal(add(undefined, `data/${one}.csv`), true)
  t.equal(add(undefined, 'data/none.csv'), false)
  t.equal(add(one, 'data/none.csv'), true)
  t.equal(add(undefined, 'data/none.csv'), false)
  t.equal(add(other, 'data/none.csv'), true)
  t.equal(add('3131999999', 'data/none.csv'), false)
  t.equal(add(one, `data/${other}.csv`), true)
  const tested = [...part.finish()].filter(({ cell }) => cell.includes('tested'))
  t.equal(
    tested.reduce((sum, { amount }) => sum + amount, 0),
    4,
  )
})
