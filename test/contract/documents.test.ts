/** What follows from a contract: Table Schema, JSON Schema of a record, labels, kinds and headers. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import {
  bindingOf,
  codesOf,
  fieldType,
  findCode,
  getField,
  labelOf,
  labelText,
  listSamples,
  loadContracts,
  mayBeNull,
  normaliseHeader,
  recordSchema,
  tableSchema,
} from '../../src/contract/index.ts'
import { contractFolder, datasetsFolder, exampleContract } from './example.ts'

const contracts = await loadContracts({ folders: [datasetsFolder] })

t.test('table schema', async (t) => {
  const folder = contractFolder(t, { 'contract.v1.json': exampleContract() })
  const own = await loadContracts({ folders: [folder] })
  const { contract } = own.get('tree-register')
  const schema = tableSchema(contract, own, { language: 'zh' })
  const fields = schema['fields'] as readonly Record<string, unknown>[]
  t.same(schema['primaryKey'], ['tree'])
  t.same(schema['missingValues'], [''])
  t.same(
    fields.map(({ name }) => name),
    contract.fields.map(({ name }) => name),
  )
  t.match(fields[0], { type: 'integer', title: 'tree（中文）', constraints: { required: true, minimum: 1 } })
  t.match(fields[1], {
    type: 'string',
    titles: { en: 'area' },
    categories: [{ value: '310101', label: '黄浦区' }],
  })
  t.match(fields[1], { constraints: { enum: { length: 21 } } })
  t.match(fields[3], { type: 'list', delimiter: ';', codes: [{ value: 'basketball' }] })
  t.notOk(Object.hasOwn(fields[3] ?? {}, 'categories'))
  const intake = tableSchema(contract, own, { fields: 'intake' })
  t.equal(
    (intake['fields'] as unknown[]).length,
    contract.fields.length - 1,
    'a status is not an intake field',
  )
  t.same(intake['missingValues'], ['', '-'])
})

t.test('the schema of a record accepts the examples and rejects invalid records', async (t) => {
  for (const { contract } of contracts.list()) {
    const schema = recordSchema(contract, contracts, { required: 'all' })
    const validate = new Ajv2020({ strict: true, allErrors: true, formats: { date: true } }).compile(schema)
    const record = Object.fromEntries(
      contract.fields.map((field) => [
        field.name,
        field.example === undefined ? null : JSON.parse(fieldType(field.type).json(field.example)),
      ]),
    )
    t.ok(validate(record), `${contract.dataset} ${JSON.stringify(validate.errors)}`)
    const [first] = contract.primaryKey
    t.notOk(validate({ ...record, [first ?? '']: null }), 'a key is never null')
    t.notOk(validate({ ...record, extra: 1 }))
    const { [first ?? '']: _, ...short } = record
    t.notOk(validate(short))
    t.ok(
      new Ajv2020({ formats: { date: true } }).compile(recordSchema(contract, contracts))(short),
      'a partial record, as with select',
    )
    const coded = contract.fields.find((field) => field.codes !== undefined && field.type === 'string')
    if (coded !== undefined) t.notOk(validate({ ...record, [coded.name]: 'no-such-code' }))
  }
})

t.test('a withheld field may be null although a provider must fill it', async (t) => {
  const { contract } = contracts.get('student-fitness')
  t.ok(getField(contract, 'tested').constraints?.required)
  t.ok(mayBeNull(contract, getField(contract, 'tested')))
  t.notOk(mayBeNull(contract, getField(contract, 'grade')))
})

t.test('labels', async (t) => {
  const { contract } = contracts.get('student-fitness')
  t.same(labelOf(contracts, 'districts', '310106'), { zh: '静安区', en: "Jing'an District" })
  t.equal(labelOf(contracts, 'districts', '999999'), undefined)
  t.equal(findCode(contracts.codes('districts'), '310108', { day: '2025-01-01' }), undefined, 'retired')
  t.equal(findCode(contracts.codes('districts'), '310108')?.replacedBy, '310106')
  t.equal(findCode(contracts.codes('fitness-levels'), 'obese', { under: 'run_50m' }), undefined)
  t.equal(labelText(contracts, getField(contract, 'level'), 'obese', 'bmi').zh, '肥胖')
  t.equal(labelText(contracts, getField(contract, 'school_year'), '2024-2025').en, '2024-2025')
  const venues = contracts.get('school-sports-venues').contract
  t.equal(labelText(contracts, getField(venues, 'activities'), 'basketball;running').zh, '篮球;跑步')
  t.equal(codesOf(contracts, getField(venues, 'school')), undefined)
  t.equal(codesOf(contracts, getField(venues, 'district'))?.length, 21)
})

t.test('kinds, headers, samples', async (t) => {
  const list = contracts.get('annual-open-data-list').contract
  t.equal(bindingOf(list, 'annual-list')?.shareClass, 'share_class')
  t.equal(bindingOf(list, 'venues'), undefined)
  t.equal(normaliseHeader('\ufeff50米×8 往返跑（秒）'), normaliseHeader('50米*8往返跑(秒)'))
  t.equal(normaliseHeader('3″'), normaliseHeader('3"'))
  const folder = t.testdir({
    a: { sample: { 2025: { 'x.csv': '', 'notes.md': '' } } },
    codes: { 'y.csv': '' },
  })
  t.same(await listSamples(folder), [
    { dataset: 'a', edition: '2025', provider: 'x', file: `${folder}/a/sample/2025/x.csv` },
  ])
})
