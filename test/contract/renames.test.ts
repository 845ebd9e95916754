/** Stand-ins for empty keys, declared renames, markers, and files that are set aside. */
import { join } from 'node:path'
import t from 'tap'
import {
  type Contract,
  ContractError,
  compareContracts,
  fillInMarker,
  inNamesOf,
  loadContracts,
  renamesSince,
} from '../../src/contract/index.ts'
import { contractFolder, datasetsFolder, exampleContract } from './example.ts'

const example = (change: Partial<Contract> = {}): Contract => ({
  ...(exampleContract() as unknown as Contract),
  ...change,
})

/** The next contract, with changed fields by name. */
function next(fields: Readonly<Record<string, object>>, change: Partial<Contract> = {}): Contract {
  const former = example()
  return {
    ...former,
    contractVersion: 2,
    fields: former.fields.map((field) => ({ ...field, ...fields[field.name] })),
    ...change,
  }
}

async function complaintsOf(contract: Contract): Promise<readonly string[]> {
  try {
    await loadContracts({ folders: [contractFolder(t, { 'contract.v1.json': contract as never })] })
    return []
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    return error.faults.map(({ path, message }) => `${path} ${message}`)
  }
}

const [first] = example().fields
const keyName = example().primaryKey[0] ?? ''

t.test('a renamed field is additive; an undeclared one is breaking', (t) => {
  const renamed = next({ [keyName]: { name: 'label', renamedFrom: keyName } })
  const primaryKey = renamed.primaryKey.map((name) => (name === keyName ? 'label' : name))
  const declared = JSON.parse(
    JSON.stringify({ ...renamed, primaryKey }).replaceAll(`"field":"${keyName}"`, '"field":"label"'),
  )
  const aligned = inNamesOf(example(), declared)
  t.ok(aligned.primaryKey.includes('label'))
  t.strictSame(renamesSince(example(), declared), { fields: [{ from: keyName, to: 'label' }], codes: [] })
  const { differences } = compareContracts(example(), declared)
  t.match(
    differences.find(({ path }) => path === 'fields/label/name'),
    { kind: 'additive', before: keyName, after: 'label' },
  )
  t.notOk(differences.some(({ path }) => path === 'primaryKey'))
  t.notOk(differences.some(({ path, what }) => path === `fields/${keyName}` && what === 'removed'))
  const { renamedFrom: _, ...undeclared } = declared.fields.find(
    ({ name }: { name: string }) => name === 'label',
  )
  const fields = declared.fields.map((field: { name: string }) =>
    field.name === 'label' ? undeclared : field,
  )
  t.equal(compareContracts(example(), { ...declared, fields }).verdict, 'breaking')
  t.end()
})

t.test('renamed codes are additive, and listed', (t) => {
  const declared = next({ [first?.name ?? '']: { renamedCodes: { old: 'new' } } })
  t.equal(compareContracts(example(), declared).verdict, 'additive')
  t.strictSame(renamesSince(example(), declared).codes, [{ field: first?.name, from: 'old', to: 'new' }])
  t.strictSame(
    renamesSince(declared, { ...declared, contractVersion: 3 }).codes,
    [],
    'a kept declaration is not new',
  )
  t.end()
})

t.test('a stand-in for an empty key', async (t) => {
  t.equal(compareContracts(example(), next({}, { keyMissing: '_Z' })).verdict, 'additive')
  t.equal(compareContracts(example({ keyMissing: '_Z' }), next({}, { keyMissing: '_X' })).verdict, 'breaking')
  const numeric = example({ keyMissing: '_Z' })
  const fields = numeric.fields.map((field) =>
    numeric.primaryKey.includes(field.name)
      ? { ...field, constraints: { required: true, pattern: '^[a-z]$' } }
      : field,
  )
  t.match(
    (await complaintsOf({ ...numeric, fields } as Contract)).join('\n'),
    /\/keyMissing no text field of the key allows "_Z"/,
  )
})

t.test('faulty renames are refused', async (t) => {
  const [one, other] = example().fields.map(({ name }) => name)
  const faulty = example()
  const fields = faulty.fields.map((field) => (field.name === one ? { ...field, renamedFrom: other } : field))
  t.match(
    (await complaintsOf({ ...faulty, fields } as Contract)).join('\n'),
    /renamedFrom is a field of this contract/,
  )
})

t.test('a text that is to be filled in is a fault', async (t) => {
  const marked = example({ title: { zh: `${fillInMarker}树木`, en: 'Trees' } })
  t.match((await complaintsOf(marked)).join('\n'), /\/title\/zh replace 【待填 fill in】/)
})

t.test('faulty files of one folder are set aside by name, and all others are loaded', async (t) => {
  const good = JSON.stringify({ ...example(), dataset: 'good' })
  const text = (contract: object) => JSON.stringify(contract)
  const folder = t.testdir({
    good: { 'contract.v1.json': good },
    broken: { 'contract.v1.json': '{' },
    empty: {},
    half: { 'contract.v1.json': text({ ...example(), dataset: 'half' }), 'contract.v2.json': 'x' },
    late: { 'contract.v2.json': text({ ...example(), dataset: 'late', contractVersion: 2 }) },
    codes: { 'providers.csv': 'code,zh,en\nedu-commission,别的,Another\n', 'shapes.csv': 'code\n' },
  })
  const contracts = await loadContracts({ folders: [datasetsFolder, folder], setAsideIn: [folder] })
  const own = contracts
    .list()
    .flatMap(({ file, contract }) => (file.startsWith(folder) ? [contract.dataset] : []))
  t.strictSame(own, ['good', 'half'])
  const named = [...new Set(contracts.setAside.map(({ file }) => file.slice(folder.length + 1)))].sort()
  t.strictSame(named, [
    'broken/contract.v1.json',
    'codes/providers.csv',
    'codes/shapes.csv',
    'empty',
    'half/contract.v2.json',
    'late/contract.v2.json',
  ])
  t.ok(contracts.codes('providers').byCode.has('edu-commission'), 'the shipped part of the list stays')
  await t.rejects(loadContracts({ folders: [datasetsFolder, folder] }), ContractError)
})

t.test('a contract in use stays as it was, whatever becomes of its file', async (t) => {
  const former = await loadContracts({
    folders: [contractFolder(t, { 'contract.v1.json': exampleContract() })],
  })
  const { contract, digest, document } = former.get('tree-register')
  const inUse = [{ dataset: 'tree-register', contractVersion: 1, digest, document }]
  for (const [name, text] of [
    ['edited', JSON.stringify({ ...example(), updateFrequency: 'monthly' })],
    ['broken', '{'],
  ] as const) {
    const folder = t.testdir({ 'tree-register': { 'contract.v1.json': text } })
    const contracts = await loadContracts({ folders: [datasetsFolder, folder], setAsideIn: [folder], inUse })
    t.strictSame(contracts.get('tree-register').contract, contract, name)
    t.equal(contracts.setAside[0]?.file, join(folder, 'tree-register', 'contract.v1.json'), name)
  }
})
