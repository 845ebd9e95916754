/** What is implausible in the schools of a part and in the figures of an edition: each threshold on both sides. */
import t from 'tap'
import {
  type DerivationContext,
  type DerivedRow,
  getDerivation,
  type PartWarning,
  templateContract,
} from '../../src/derivations/index.ts'
import { contractOf, field } from '../support/fields.ts'

const text = (name: string) => field(name, 'string')
const number = (name: string) => field(name, 'number', { scale: 1 })
const cell = ['district', 'stage', 'grade', 'sex', 'indicator', 'level']
const contract = contractOf(
  [
    ...cell.map(text),
    ...['tested', 'pupils'].map((name) => field(name, 'integer')),
    ...['share', 'mean', 'deviation', 'good_rate'].map(number),
  ],
  cell,
  {
    intake: { personal: true, fields: [text('school'), ...templateContract.fields], primaryKey: ['number'] },
    derivation: {
      ...{ name: 'fitness-standard-2014', directories: { schools: 'schools' } },
      columns: {
        school: 'school',
        ...Object.fromEntries(templateContract.fields.map(({ name }) => [name, name])),
      },
      published: {
        ...Object.fromEntries(cell.map((name) => [name, name])),
        ...{ tested: 'tested', pupils: 'pupils', share: 'share', mean: 'mean', deviation: 'deviation' },
        goodRate: 'good_rate',
      },
    },
  },
)
const derivation = getDerivation('fitness-standard-2014')
const use = contract.derivation ?? { name: '' }
const part = { provider: 'edu-310101', scope: { district: '310101' } }

type Row = Readonly<Record<string, string>>
const girl: Row = {
  ...{
    school: 'A',
    grade: '21',
    sex: '2',
    height: '155',
    weight: '48',
    vital_capacity: '2400',
    run_50m: '8.9',
  },
  ...{ sit_reach: '12.0', standing_jump: '170', sit_up_1min: '55', run_800m: `3'55"` },
}
const failing: Row = { ...girl, vital_capacity: '700', run_50m: '19', sit_reach: '-20', standing_jump: '60' }

const names = ['school', ...templateContract.fields.map(({ name }) => name)]
const school = (code: string, enrolment: number | null, district = '310101') => ({
  ...{ code, district, system: '6+3', enrolment: enrolment === null ? null : String(enrolment) },
})

/** Warnings of a part, as text; the rows have evenly spread last digits unless they say otherwise. */
function warningsOf(
  rows: readonly Row[],
  schools: DerivationContext['directories'][string],
): readonly string[] {
  const context = { contract, use, edition: '2025-2026', directories: { schools } }
  const opened = derivation.openPart(context, part)
  for (const [index, row] of rows.entries()) {
    const own = { number: `G${index}`, vital_capacity: String(2400 + (index % 10)), ...row }
    const spread = { ...own, standing_jump: row['standing_jump'] ?? String(165 + ((index * 7) % 10)) }
    const taken = opened.add(
      names.map((name) => spread[name as keyof typeof spread] ?? null),
      { file: 'data/a.csv', row: index + 2 },
      (fault) => t.fail(fault),
    )
    if (!taken) t.fail('every row is good')
  }
  const textOf = ({ fault, row, field: at, expected }: PartWarning) =>
    [fault, row, at, expected].filter((one) => one !== undefined).join(' ')
  return [...(opened.warnings?.() ?? [])].map(textOf)
}

/** Rows of a school that differ from those of other schools, and have evenly spread digits. */
function rowsOf(code: string, count: number, row: Row = girl): readonly Row[] {
  const { vital_capacity: _, standing_jump: __, ...rest } = row
  return Array.from({ length: count }, (_, n) => ({
    ...{ ...rest, school: code, sit_reach: String(code.charCodeAt(0) - 60 + (n % 5)) },
  }))
}

t.test('rows against enrolment: a tenth more or fewer, and schools without rows', (t) => {
  const of = (rows: number, enrolment: number | null) =>
    warningsOf(rowsOf('A', rows), [school('A', enrolment)])
  t.same(of(90, 100), [])
  t.same(of(110, 100), [])
  t.same(of(89, 100), ['school-enrolment 2 school 90 – 110'])
  t.same(of(111, 100), ['school-enrolment 2 school 90 – 110'])
  t.same(of(5, 29), [], 'a small school')
  t.same(of(5, 30), ['school-enrolment 2 school 27 – 33'])
  t.same(of(5, null), [], 'an unknown enrolment')
  const others = [school('A', 40), school('B', 30), school('C', 29), school('D', 900, '310104')]
  t.same(warningsOf(rowsOf('A', 40), others), ['school-absent school B'])
  t.end()
})

t.test('a large school without a fail', (t) => {
  const schools = [school('A', null)]
  t.same(warningsOf(rowsOf('A', 999), schools), [])
  t.same(warningsOf(rowsOf('A', 1000), schools), ['school-no-fail 2 school'])
  t.same(warningsOf([...rowsOf('A', 1000), { ...failing, school: 'A' }], schools), [])
  const { run_800m: _, ...incomplete } = girl
  t.same(warningsOf(rowsOf('A', 1000, incomplete), schools), [], 'nobody has a total')
  t.end()
})

t.test('last digits that are more frequent than others', (t) => {
  const schools = [school('A', null)]
  const rounded = (count: number, each: number) =>
    rowsOf('A', count).map((row, n) => (n % each === 0 ? { ...row, vital_capacity: '2400' } : row))
  t.same(warningsOf(rounded(99, 1), schools), [], 'too few')
  t.same(warningsOf(rounded(100, 1), schools), ['school-digits 2 vital_capacity'])
  // A third rounded to 0: 100 √(0.9 / 9 / 9 …) is 33; a fifth gives 20 and less.
  t.same(warningsOf(rounded(200, 3), schools), ['school-digits 2 vital_capacity'])
  t.same(warningsOf(rounded(200, 7), schools), [])
  const jumps = rowsOf('A', 120).map((row) => ({ ...row, standing_jump: '170' }))
  t.same(warningsOf(jumps, schools), ['school-digits 2 standing_jump'])
  t.end()
})

t.test('two schools with the same results', (t) => {
  const schools = [school('A', null), school('B', null), school('C', null)]
  const same = (count: number) => [
    ...rowsOf('A', count).map((row) => ({ ...row, standing_jump: '170', vital_capacity: '2400' })),
    ...rowsOf('A', count)
      .toReversed()
      .map((row) => ({ ...row, school: 'B', standing_jump: '170', vital_capacity: '2400' })),
    ...rowsOf('C', count),
  ]
  t.same(warningsOf(same(9), schools), [])
  t.same(warningsOf(same(10), schools), ['school-identical 12 school ≠ data/a.csv: 2'])
  const [first = girl, ...rest] = same(10)
  t.same(warningsOf([{ ...first, sit_reach: '1' }, ...rest], schools), [], 'one result differs')
  t.end()
})

t.test('plain rows and others are counted alike', (t) => {
  const context = {
    ...{ contract, use, edition: '2025-2026' },
    directories: { schools: [school('3131000001', 100)] },
  }
  const opened = derivation.openPart(context, part)
  const begins = new Int32Array(names.length)
  const ends = new Int32Array(names.length)
  for (let n = 0; n < 120; n++) {
    const row: Row = { ...girl, school: '3131000001', number: `G${n}` }
    const bytes = Buffer.alloc(1000)
    let at = 0
    for (const [index, name] of names.entries()) {
      begins[index] = at
      at += bytes.write(row[name] ?? '', at)
      ends[index] = at
    }
    t.ok(opened.addBytes?.({ bytes, begins, ends }, { file: 'data/a.csv', row: n + 2 }))
  }
  t.same(
    [...(opened.warnings?.() ?? [])].map(({ fault, row }) => `${fault} ${row}`),
    ['school-enrolment 2', 'school-digits 2', 'school-digits 2'],
  )
  t.end()
})

/** A row of an edition: of both sexes and all levels unless it says otherwise. */
function figures(more: Readonly<Record<string, string | number | null>>): DerivedRow {
  const row = {
    ...{ district: '310101', stage: 'primary', grade: '13', sex: '_T', indicator: 'run_50m', level: '_T' },
    ...{ tested: 100, mean: 9.5, deviation: 1, ...more },
  }
  return contract.fields.map(({ name }) => {
    const value = row[name as keyof typeof row] ?? null
    return value === null ? null : String(value)
  })
}

function review(former: readonly DerivedRow[], rows: readonly DerivedRow[]): readonly string[] {
  const opened = derivation.openReview?.(contract)
  for (const row of former) opened?.addFormer(row)
  for (const row of rows) opened?.add(row)
  return (opened?.finish() ?? []).map(({ fault, expected }) => `${fault} ${expected}`)
}

t.test('means that jump against the edition before', (t) => {
  const before = [figures({})]
  const jump = ['edition-mean-jump 310101 primary 13 run_50m: ± 0.5 σ']
  t.same(review(before, [figures({ mean: 10 })]), [])
  t.same(review(before, [figures({ mean: 10.1 })]), jump)
  t.same(review(before, [figures({ mean: 8.9 })]), jump)
  t.same(review([], [figures({ mean: 20 })]), [], 'no edition before')
  t.same(review(before, [figures({ mean: 20, grade: '14' })]), [], 'another grade')
  t.same(review(before, [figures({ mean: 20, sex: '1' })]), [], 'one sex')
  t.same(review(before, [figures({ mean: 20, level: 'good' })]), [], 'one level')
  t.same(review([figures({ tested: 99 })], [figures({ mean: 20 })]), [], 'few pupils before')
  t.same(review(before, [figures({ mean: 20, tested: 99 })]), [], 'few pupils now')
  t.same(review([figures({ mean: null })], [figures({ mean: 20 })]), [], 'withheld before')
  t.same(review([figures({ deviation: 0 })], [figures({ mean: 20 })]), [], 'no deviation')
  const many = Array.from({ length: 150 }, (_, n) => figures({ grade: `g${n}` }))
  const jumped = many.map((row) => row.map((value) => (value === '9.5' ? '20' : value)))
  t.equal(review(many, jumped).length, 100, 'the first hundred')
  t.end()
})

t.test('pupils of a stage that jump, and rates far from the surveys', (t) => {
  const pupils = (tested: number, level = 'tested') =>
    figures({ ...{ grade: '_T', indicator: 'participation', level, tested, mean: null, deviation: null } })
  t.same(review([pupils(1000)], [pupils(1250)]), [])
  t.same(review([pupils(1000)], [pupils(1251), pupils(1251, 'exempt')]), [
    'edition-pupils-jump 310101 primary _T participation: ≤ × 1.25',
  ])
  t.same(review([pupils(1000)], [pupils(800)]), [])
  t.equal(review([pupils(1000)], [pupils(799)]).length, 1)
  const total = (rate: number, more = {}) =>
    figures({ stage: '_T', grade: '_T', indicator: 'total', good_rate: rate, ...more })
  t.same(review([], [total(11.9), total(60)]), [])
  t.same(review([], [total(11.8)]), ['edition-good-rate 310101 _T _T total: 11.9 – 60 %'])
  t.equal(review([], [total(60.1)]).length, 1)
  t.same(review([], [total(90, { tested: 99 }), total(90, { sex: '2' })]), [])
  t.end()
})
