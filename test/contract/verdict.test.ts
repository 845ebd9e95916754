/** The verdict on a new contract, as a table of changes. */
import t from 'tap'
import { type Contract, compareContracts, type VerdictName } from '../../src/contract/index.ts'
import { exampleContract } from './example.ts'

type Example = ReturnType<typeof exampleContract>
type Change = (contract: Example) => void

const example = (change: Change = () => {}): Contract => {
  const contract = exampleContract()
  change(contract)
  return contract as unknown as Contract
}

/** Sets a property of a field by its position; undefined removes it. */
const ofField =
  (index: number, name: string, value: unknown): Change =>
  (contract) => {
    const field = contract.fields[index] ?? {}
    if (value === undefined) delete field[name]
    else field[name] = value
  }

const set =
  (name: string, value: unknown): Change =>
  (contract) => {
    if (value === undefined) delete contract[name]
    else contract[name] = value
  }

const colour = { name: 'colour', type: 'string', role: 'attribute', title: {}, description: {} }
const add =
  (more: object): Change =>
  (contract) => {
    contract.fields.push({ ...colour, ...more })
  }

const changes: readonly (readonly [
  what: string,
  verdict: VerdictName,
  path: string | undefined,
  change: Change,
])[] = [
  ['nothing', 'compatible', undefined, () => {}],
  ['the number alone', 'compatible', undefined, set('contractVersion', 2)],
  ['a title', 'compatible', 'title', set('title', { zh: '树', en: 'All trees' })],
  ['a description of a field', 'compatible', 'fields/height/description', ofField(2, 'description', {})],
  ['an alias', 'compatible', 'fields/height/aliases', ofField(2, 'aliases', ['高度'])],
  ['the checks', 'compatible', 'checks', set('checks', [])],
  ['the approval', 'compatible', 'approval', set('approval', { required: true })],
  ['the notice', 'compatible', 'noticeDays', set('noticeDays', 30)],
  ['the tolerance', 'compatible', 'tolerance', set('tolerance', { errors: 5 })],
  ['the order of fields', 'compatible', 'fields', (c) => void c.fields.reverse()],
  ['the order of formats and parts', 'compatible', 'parts', (c) => void (c['parts'] as unknown[]).reverse()],
  ['the text of the licence', 'compatible', 'licence', set('licence', { name: 'CC0-1.0', title: {} })],
  ['a new field', 'additive', 'fields/colour', add({})],
  [
    'a wider bound',
    'additive',
    'fields/height/constraints/maximum',
    ofField(2, 'constraints', { minimum: 0, maximum: 95 }),
  ],
  ['no bound', 'additive', 'fields/height/constraints/minimum', ofField(2, 'constraints', { maximum: 90 })],
  ['more digits', 'additive', 'fields/height/scale', ofField(2, 'scale', 2)],
  ['one more separator', 'additive', 'fields/uses/separators', ofField(3, 'separators', ['、', ','])],
  ['one more format', 'additive', 'formats', set('formats', ['csv', 'json'])],
  ['one more index', 'additive', 'indexes', set('indexes', [['area'], ['seen']])],
  [
    'one more part',
    'additive',
    'parts',
    (c) => void (c['parts'] as unknown[]).push({ provider: 'edu-310105' }),
  ],
  ['a kind', 'additive', 'kind', set('kind', { name: 'calendar', bind: {} })],
  ['aggregates', 'additive', 'aggregate', set('aggregate', { groupBy: ['area'] })],
  ['another role', 'additive', 'fields/height/role', ofField(2, 'role', 'measure')],
  ['a field gone', 'breaking', 'fields/seen', (c) => void c.fields.splice(6, 1)],
  ['a new required field', 'breaking', 'fields/colour', add({ constraints: { required: true } })],
  [
    'a field that becomes required',
    'breaking',
    'fields/seen/constraints/required',
    ofField(6, 'constraints', { required: true, minimum: '2020-01-01' }),
  ],
  ['another type', 'breaking', 'fields/height/type', ofField(2, 'type', 'integer')],
  ['another unit', 'breaking', 'fields/height/unit', ofField(2, 'unit', 'cm')],
  ['fewer digits', 'breaking', 'fields/height/scale', ofField(2, 'scale', 0)],
  ['digits limited', 'breaking', 'fields/tree/scale', ofField(0, 'scale', 0)],
  ['another code list', 'breaking', 'fields/area/codes', ofField(1, 'codes', 'stages')],
  ['no code list', 'breaking', 'fields/area/codes', ofField(1, 'codes', undefined)],
  [
    'a narrower bound',
    'breaking',
    'fields/height/constraints/maximum',
    ofField(2, 'constraints', { minimum: 0, maximum: 80 }),
  ],
  [
    'a new bound',
    'breaking',
    'fields/seen/constraints/maximum',
    ofField(6, 'constraints', { minimum: '2020-01-01', maximum: '2030-01-01' }),
  ],
  ['a field that becomes a status', 'breaking', 'fields/area/role', ofField(1, 'role', 'status')],
  ['another key', 'breaking', 'primaryKey', set('primaryKey', ['tree', 'area'])],
  ['another period', 'breaking', 'period', set('period', 'school-year')],
  ['a format gone', 'breaking', 'formats', set('formats', ['json'])],
  ['a part gone', 'breaking', 'parts', (c) => void (c['parts'] as unknown[]).pop()],
  ['closing', 'breaking', 'openClass', set('openClass', 'not-open')],
  ['another licence', 'breaking', 'licence', set('licence', { name: 'CC-BY-4.0', title: {} })],
  ['a missing value gone', 'breaking', 'missingValues', set('missingValues', [''])],
  [
    'an intake of its own',
    'breaking',
    'intake',
    set('intake', { personal: false, fields: [], primaryKey: [] }),
  ],
]

for (const [what, verdict, path, change] of changes) {
  t.test(`${what}: ${verdict}`, async (t) => {
    const result = compareContracts(example(), example(change))
    t.equal(result.verdict, verdict)
    t.same(
      result.differences.map((difference) => difference.path),
      path === undefined ? [] : [path],
    )
    t.ok(result.differences.every(({ message }) => message.zh !== '' && message.en !== ''))
  })
}

t.test('the most serious difference decides, and all are reported', async (t) => {
  const next = example((contract) => {
    set('title', { zh: '树', en: 'All trees' })(contract)
    add({})(contract)
    ofField(2, 'unit', 'cm')(contract)
  })
  const { verdict, differences } = compareContracts(example(), next)
  t.equal(verdict, 'breaking')
  t.same(differences.map(({ kind }) => kind).sort(), ['additive', 'breaking', 'compatible'])
})

t.test('a difference has both values and a reason', async (t) => {
  const next = example((contract) => {
    add({})(contract)
    ofField(2, 'unit', 'cm')(contract)
    contract.fields.splice(6, 1)
  })
  const { differences } = compareContracts(example(), next)
  const byPath = new Map(differences.map((difference) => [difference.path, difference]))
  t.match(byPath.get('fields/height/unit'), {
    what: 'changed',
    before: 'm',
    after: 'cm',
    message: { en: /quantity/, zh: /单位/ },
  })
  t.match(byPath.get('fields/colour'), {
    what: 'added',
    before: null,
    after: colour,
    message: { en: /added/ },
  })
  t.match(byPath.get('fields/seen'), { what: 'removed', before: { name: 'seen' }, after: null })
})

t.test('intake fields are compared like published ones', async (t) => {
  const intake = (fields: unknown[]) => set('intake', { personal: false, fields, primaryKey: ['colour'] })
  const { verdict, differences } = compareContracts(
    example(intake([colour])),
    example(intake([{ ...colour, unit: 'nm' }])),
  )
  t.equal(verdict, 'breaking')
  t.equal(differences[0]?.path, 'intake/fields/colour/unit')
})

t.test('contracts of different datasets are not compared', async (t) => {
  t.throws(() => compareContracts(example(), example(set('dataset', 'hedges'))), /two datasets/)
})

t.test('aggregates may grow; another pin or weight changes answers', async (t) => {
  const measure = (more: object) => ({ field: 'height', functions: ['mean'], weight: 'tree', ...more })
  const offer = (more: object = {}) => ({ groupBy: ['area', 'item'], measures: [measure({})], ...more })
  const cases: readonly (readonly [string, VerdictName, unknown])[] = [
    ['one more group', 'additive', offer({ groupBy: ['item', 'seen', 'area'] })],
    ['one more function', 'additive', offer({ measures: [measure({ functions: ['max', 'mean'] })] })],
    ['another order', 'compatible', offer({ groupBy: ['item', 'area'] })],
    ['a group less', 'breaking', offer({ groupBy: ['area'] })],
    ['no measures', 'breaking', { groupBy: ['area', 'item'] }],
    ['another weight', 'breaking', offer({ measures: [measure({ weight: 'other' })] })],
    ['a pin', 'breaking', offer({ pinned: [{ field: 'item' }] })],
    ['none', 'breaking', undefined],
  ]
  for (const [what, verdict, next] of cases) {
    const result = compareContracts(example(set('aggregate', offer())), example(set('aggregate', next)))
    t.equal(result.verdict, verdict, what)
  }
})
