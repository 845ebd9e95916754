/** The derivation as the pipeline calls it: rows of a part, statistics, rows of the dataset. */
import t from 'tap'
import {
  type DerivationContext,
  getDerivation,
  type StatisticsRow,
  templateContract,
} from '../../src/derivations/index.ts'
import { contractOf, field } from '../support/fields.ts'

const columns = Object.fromEntries(templateContract.fields.map(({ name }) => [name, name]))
const text = (name: string) => field(name, 'string')
const count = (name: string) => field(name, 'integer')
const figure = (name: string) => field(name, 'number', { scale: 1 })
const published = {
  ...{
    district: 'district',
    stage: 'stage',
    grade: 'grade',
    sex: 'sex',
    indicator: 'indicator',
    level: 'level',
  },
  ...{ tested: 'tested', pupils: 'pupils', share: 'share', mean: 'mean', p50: 'p50', good: 'good' },
  ...{ goodRate: 'good_rate', goodLow95: 'good_low', goodHigh95: 'good_high', schoolYear: 'school_year' },
}
const contract = contractOf(
  [
    ...['school_year', 'district', 'stage', 'grade', 'sex', 'indicator', 'level'].map(text),
    ...['tested', 'pupils'].map(count),
    ...['share', 'mean', 'p50'].map(figure),
    count('good'),
    ...['good_rate', 'good_low', 'good_high'].map(figure),
  ],
  ['district', 'stage', 'grade', 'sex', 'indicator', 'level'],
  {
    intake: { personal: true, fields: [text('school'), ...templateContract.fields], primaryKey: ['number'] },
    derivation: {
      ...{ name: 'fitness-standard-2014', directories: { schools: 'schools' } },
      ...{ columns: { school: 'school', ...columns }, published },
    },
  },
)
const use = contract.derivation ?? { name: '' }
const derivation = getDerivation('fitness-standard-2014')

const schools = [
  { code: '3131000001', district: '310101', system: '6+3' },
  { code: '3131000002', district: '310101', system: '5+4' },
  { code: '3131000003', district: '310104', system: '6+3' },
  { code: '3131000004', district: '310101', system: null },
]
const context: DerivationContext = { contract, use, edition: '2025-2026', directories: { schools } }

const girl: Readonly<Record<string, string>> = {
  ...{ school: '3131000001', grade: '21', number: 'G1', sex: '2', height: '155', weight: '48' },
  ...{ vital_capacity: '2400', run_50m: '8.9', sit_reach: '12.0', standing_jump: '170', sit_up_1min: '55' },
  run_800m: `3'55"`,
}

const names = ['school', ...templateContract.fields.map(({ name }) => name)]

function addRows(rows: readonly Readonly<Record<string, string>>[], file = 'data/a.csv') {
  const part = derivation.openPart(context, { provider: 'edu-310101', scope: { district: '310101' } })
  const reports = rows.map((row) => {
    const found: string[] = []
    const values = names.map((name) => row[name] ?? null)
    const isTaken = part.add(values, { file, row: 2 }, (fault, { field: at } = {}) =>
      found.push(`${fault}@${at}`),
    )
    return `${isTaken} ${found.join(' ')}`.trim()
  })
  return { reports, statistics: [...part.finish()] }
}

async function aggregate(statistics: readonly StatisticsRow[]) {
  async function* batches() {
    yield statistics
  }
  const rows: Record<string, string | null>[] = []
  for await (const batch of derivation.aggregate(context, batches()))
    for (const row of batch)
      rows.push(Object.fromEntries(contract.fields.map(({ name }, n) => [name, row[n] ?? null])))
  return rows
}

t.test('a row becomes statistics of its cell and all margins', async (t) => {
  t.same([...derivation.check(contract)], [])
  const { reports, statistics } = addRows([girl, { ...girl, number: 'G2', height: '免体' }])
  t.same(reports, ['true', 'true exempt-with-results@weight'])
  t.ok(
    statistics.every(({ cell }) => cell.length === derivation.columns(contract).length && !cell.includes('')),
  )
  const rows = await aggregate(statistics)
  // 2 districts × 3 grades × 2 sexes, each with 8 indicators of 5 rows; and 2 × 2 × 3 of participation.
  t.equal(rows.length, 2 * 3 * 2 * 8 * 5 + 12)
  const total = rows.filter(({ indicator, level }) => indicator === 'total' && level === '_T')
  t.match(total[0], { school_year: '2025-2026', district: '310101', stage: '_T', grade: '_T', mean: '87.4' })
  t.match(total[0], { tested: '1', pupils: '1', share: '100.0', p50: '87.4', good: '1', good_rate: '100.0' })
  t.match(total[0], { good_low: '20.7', good_high: '100.0' })
  const keys = rows.map((row) => contract.primaryKey.map((name) => row[name]).join())
  t.equal(new Set(keys).size, keys.length, 'each cell once')
  const participation = rows.filter(
    ({ indicator, district }) => indicator === 'participation' && district === '_T',
  )
  t.same(
    participation
      .filter(({ stage }) => stage === '_T')
      .map(({ level, tested, pupils }) => [level, tested, pupils]),
    [
      ['tested', '2', '1'],
      ['exempt', '2', '1'],
      ['absent', '2', '0'],
    ],
  )
})

t.test('the school is looked up, and chooses the tables', async (t) => {
  const { school: _, ...unnamed } = girl
  const of = (row: Readonly<Record<string, string>>, file?: string) => addRows([row], file).reports[0]
  t.equal(of({ ...girl, school: '3131000009' }), 'false school-unknown@school')
  t.equal(of({ ...girl, school: '3131000003' }), 'false school-district@school')
  t.equal(of(unnamed), 'false school-missing@school')
  t.equal(of(unnamed, 'data/3131000001-2025.csv'), 'true')
  t.equal(of(unnamed, 'data/3131000001-3131000002.csv'), 'false school-missing@school')
  t.equal(of(unnamed, 'data/31310000012.csv'), 'false school-missing@school')
  t.equal(of({ ...girl, school: '3131000004' }), 'false school-system@grade')
  t.equal(of({ ...girl, school: '3131000004', grade: '31' }), 'true', 'scored alike in both systems')
  t.equal(of({ ...girl, grade: '24' }), 'false grade-system@grade')
  const { statistics } = addRows([{ ...girl, school: '3131000002', grade: '22' }])
  t.ok(
    statistics.some(({ cell }) => cell.join() === '310101,lower-secondary,22,2,total,874'),
    'year 7 of 5+4',
  )
})

t.test('a number of a workbook may have lost its zero, a text is doubtful', async (t) => {
  const part = derivation.openPart(context, { provider: 'edu-310101' })
  const values = names.map((name) => ({ ...girl, run_800m: '4.2' })[name] ?? null)
  const faults: string[] = []
  const origin = { file: 'data/a.xlsx', row: 2, kindOf: () => 'number' as const }
  t.ok(part.add(values, origin, (fault) => faults.push(fault)))
  t.notOk(part.add(values, { file: 'data/a.csv', row: 2 }, (fault) => faults.push(fault)))
  t.same(faults, ['measurement-doubtful'])
})

t.test('a contract that binds what it lacks is refused', async (t) => {
  const wrong = {
    ...contract,
    derivation: {
      ...use,
      columns: { ...columns, grade: 'none' },
      published: { ...published, mean: 'tested' },
    },
  }
  t.same(
    [...derivation.check(wrong)].map(([path]) => path),
    ['/derivation/columns/grade', '/derivation/published/mean'],
  )
})
