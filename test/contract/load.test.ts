/** The loader: what it takes, and every fault that it names, with file, place and cure. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import {
  ContractError,
  codeListsOf,
  compareContracts,
  type KnownNames,
  loadContracts,
} from '../../src/contract/index.ts'
import { canonicalJson, digestOf } from '../../src/platform/digest.ts'
import { Problem } from '../../src/platform/problem.ts'
import { contractFolder, datasetsFolder, exampleContract } from './example.ts'

const known: KnownNames = {
  checks: {
    ascending: {
      type: 'object',
      additionalProperties: false,
      required: ['fields'],
      properties: { fields: { type: 'array', minItems: 2, items: { type: 'string', format: 'field-name' } } },
    },
  },
  formats: { csv: {} },
  disclosure: { 'minimum-count': { type: 'object', required: ['count', 'minimum', 'withhold', 'status'] } },
  derivations: {},
}

type Example = ReturnType<typeof exampleContract>

/** Sets what a JSON pointer names; undefined removes it. */
function put(contract: Example, pointer: string, value: unknown): Example {
  const steps = pointer.slice(1).split('/')
  const last = steps.pop() ?? ''
  let place: Record<string, unknown> = contract
  for (const step of steps) place = place[step] as Record<string, unknown>
  if (value === undefined) delete place[last]
  else place[last] = value
  return contract
}

async function faultsOf(load: Promise<unknown>): Promise<ContractError> {
  try {
    await load
  } catch (error) {
    if (error instanceof ContractError) return error
    throw error
  }
  throw new Error('nothing was rejected')
}

t.test('a valid contract is loaded, frozen, and found again', async (t) => {
  const contract = exampleContract()
  const contracts = await loadContracts({
    folders: [contractFolder(t, { 'contract.v1.json': contract })],
    known,
  })
  t.equal(contracts.list().length, 1)
  t.same(contracts.get('tree-register').contract, contract)
  t.match(contracts.get('tree-register', 1).digest, /^[0-9a-f]{64}$/)
  t.ok(Object.isFrozen(contracts.get('tree-register').contract.fields[0]?.title))
  t.equal(contracts.find('tree-register', 2), undefined)
  t.same(contracts.versions('hedges'), [])
  t.throws(() => contracts.get('hedges'), { code: 'dataset-not-found' })
  t.throws(() => contracts.get('tree-register', 2), { code: 'contract-not-found' })
  t.throws(() => contracts.get('hedges'), Problem)
  t.throws(() => contracts.codes('colours'), /no code list colours/)
})

/** A pointer, the value put there, and the expected message. */
const invalid: readonly (readonly [pointer: string, value: unknown, expected: RegExp])[] = [
  ['/title/zh', ' ', /\/title\/zh: write it so that it matches \\S/],
  ['/title/en', undefined, /\/title: add "en"/],
  ['/colour', 'red', / unknown property "colour"; remove it/],
  ['/fields/0/colour', 'red', /\/fields\/0: unknown property "colour"/],
  ['/licence/name', undefined, /\/licence: add "name"/],
  ['/contractVersion', 0, /\/contractVersion: must be >= 1/],
  ['/contractVersion', 2, /\/contractVersion: must be 1, as the file is named/],
  ['/dataset', 'hedges', /\/dataset: must be "tree-register", as the folder is named/],
  ['/period', 'month', /\/period: use one of year, school-year/],
  ['/missingValues', ['-'], /\/missingValues: add the empty text/],
  ['/fields/1/name', 'Area', /\/fields\/1\/name: write it so that it matches/],
  ['/fields/1/name', 'two__words', /\/fields\/1\/name: is a reserved name/],
  ['/fields/1/name', 'limit', /\/fields\/1\/name: is a reserved name/],
  ['/fields/1/name', 'preview', /\/fields\/1\/name: is a reserved name/],
  ['/approval', { required: 'yes' }, /\/approval\/required/],
  ['/fields/1/name', 'tree', /\/fields\/1\/name: field 0 has this name already/],
  ['/fields/1/type', 'text', /\/fields\/1\/type: use one of string, integer/],
  ['/fields/1/type', 'integer', /\/fields\/1\/codes: codes are text/],
  [
    '/fields/1/codes',
    'colours',
    /\/fields\/1\/codes: there is no code list "colours"; add codes\/colours.csv/,
  ],
  ['/fields/1/codesBy', 'item', /\/fields\/1\/codesBy: the list "districts" depends on no other/],
  ['/fields/5/codesBy', 'seen', /\/fields\/5\/codesBy: must name a string field/],
  ['/fields/5/codesBy', 'area', /\/fields\/5\/codesBy: "fitness-levels" refers to bmi/],
  ['/fields/4/codesBy', 'area', /\/fields\/4\/codesBy: the list/],
  ['/fields/0/scale', 1, /\/fields\/0\/scale: only a number has a scale/],
  ['/fields/0/separators', [','], /\/fields\/0\/separators: only a list/],
  ['/fields/7/constraints', { required: true }, /\/fields\/7\/constraints\/required: a status is filled/],
  ['/fields/2/constraints/minimum', 91, /\/fields\/2\/constraints\/minimum: must not be above the maximum/],
  [
    '/fields/2/constraints/minimum',
    '0',
    /\/fields\/2\/constraints\/minimum: write bounds of numbers as JSON/,
  ],
  [
    '/fields/2/constraints/minimum',
    0.25,
    /\/fields\/2\/constraints\/minimum: must be a number, as the field/,
  ],
  ['/fields/1/constraints', { minimum: 1 }, /\/fields\/1\/constraints\/minimum: a string has no bounds/],
  ['/fields/6/constraints', { maxLength: 3 }, /\/fields\/6\/constraints: lengths, patterns and enum are for/],
  ['/fields/6/constraints/minimum', '2020-02-30', /\/fields\/6\/constraints\/minimum: must be a date/],
  ['/fields/4/constraints', { minLength: 3, maxLength: 2 }, /\/constraints\/minLength: must not be above/],
  ['/fields/4/constraints', { pattern: '[a-z]' }, /\/constraints\/pattern: begin it with \^/],
  ['/fields/4/constraints', { pattern: '^(a$' }, /\/constraints\/pattern: is not a regular expression/],
  ['/fields/4/constraints', { enum: ['bmi'] }, /\/constraints\/enum: the code list says/],
  ['/fields/2/example', 'tall', /\/fields\/2\/example: must be a number/],
  ['/fields/2/example', '9.50', /\/fields\/2\/example: must be a number/],
  ['/fields/2/example', '90.1', /\/fields\/2\/example: must meet the constraints/],
  ['/fields/3/example', 'running;chess', /\/fields\/3\/example: must be of the code list "venue-activities"/],
  ['/fields/1/aliases', ['ＴＲＥＥ '], /\/fields\/1: the header "ＴＲＥＥ " could be "tree" too/],
  ['/ignoredHeaders', ['Tree'], /\/ignoredHeaders\/0: is the header of a field/],
  ['/primaryKey', ['trunk'], /\/primaryKey\/0: "trunk" is not a field/],
  ['/primaryKey', ['area'], /\/primaryKey\/0: "area" must be required/],
  ['/indexes/0', ['trunk'], /\/indexes\/0: "trunk" is not a field/],
  ['/themes', ['gardens'], /\/themes\/0: "gardens" is not in the code list "themes"/],
  ['/providers', ['nobody'], /\/providers\/0: "nobody" is not in the code list "providers"/],
  ['/updateFrequency', 'seldom', /\/updateFrequency: "seldom" is not in the code list "update-frequencies"/],
  ['/shareClass', 'mine', /\/shareClass: "mine" is not in/],
  ['/openClass', 'ajar', /\/openClass: "ajar" is not in/],
  ['/shareMethods', ['fax'], /\/shareMethods\/0: "fax" is not in/],
  ['/shareClass', 'none', /\/shareClass: unconditionally open data are also shared/],
  ['/due', '02-29', /\/due: is not a day of every year/],
  ['/due', '13-01', /\/due: write it so that it matches/],
  ['/parts/1/provider', 'edu-310101', /\/parts\/1\/provider: "edu-310101" already has a part/],
  ['/parts/1/provider', 'nobody', /\/parts\/1\/provider: "nobody" is not in/],
  ['/parts/0/scope', { trunk: '1' }, /\/parts\/0\/scope\/trunk: is not a field/],
  ['/parts/0/scope', { area: '1' }, /\/parts\/0\/scope\/area: "1" is not in the code list "districts"/],
  [
    '/kind',
    { name: 'forest', bind: {} },
    /\/kind\/name: no such kind; use one of annual-list, venues, calendar/,
  ],
  ['/kind', { name: 'calendar', bind: { starts: 'seen' } }, /\/kind\/bind: bind "ends" \(last day/],
  ['/kind', { name: 'calendar', bind: { starts: 'tree' } }, /\/kind\/bind\/starts: "tree" is a integer/],
  [
    '/kind',
    { name: 'calendar', bind: { entry: 'area' } },
    /\/kind\/bind\/entry: "area" must use the code list/,
  ],
  [
    '/kind',
    { name: 'calendar', bind: { moon: 'seen' } },
    /\/kind\/bind\/moon: "calendar" has no such property/,
  ],
  ['/kind', { name: 'calendar', bind: { starts: 'trunk' } }, /\/kind\/bind\/starts: "trunk" is not a field/],
  [
    '/coordinates',
    { system: 'WGS-84', longitude: 'height', latitude: 'area' },
    /\/coordinates\/latitude: must name a field of type number/,
  ],
  ['/disclosure', undefined, /\/fields: "state" has the role status, but no `disclosure` fills it/],
  ['/disclosure/count', 'area', /\/disclosure\/count: must name a field of type integer/],
  ['/disclosure/status', 'area', /\/disclosure\/status: must name a field of role status/],
  ['/disclosure/withhold', ['trunk'], /\/disclosure\/withhold\/0: "trunk" is not a field/],
  ['/disclosure/withhold', ['tree'], /\/disclosure\/withhold\/0: "tree" belongs to the key or is the status/],
  ['/disclosure/minimum', undefined, /\/disclosure: add "minimum"/],
  ['/disclosure/rule', 'blur', /\/disclosure\/rule: "blur" is not known; use one of minimum-count/],
  ['/checks/0/check', 'pretty', /\/checks\/0\/check: "pretty" is not known; use one of ascending/],
  ['/checks/0/fields', ['tree', 'trunk'], /\/checks\/0\/fields\/1: name a field of this contract/],
  ['/checks/0/colour', 'red', /\/checks\/0: unknown property "colour"/],
  ['/checks/0/severity', 'fatal', /\/checks\/0\/severity: use one of error, warning/],
  ['/formats', ['papyrus'], /\/formats\/0: "papyrus" is not known; use one of csv/],
  ['/derivation', { name: 'magic' }, /\/derivation\/name: "magic" is not known/],
  ['/derivation', { name: 'magic' }, /\/derivation: needs the `intake` fields/],
  [
    '/kind',
    { name: 'calendar', bind: {}, hierarchies: [{ fields: ['area'], total: '_T' }] },
    /\/kind\/hierarchies: only the kind statistics has hierarchies/,
  ],
  [
    '/kind',
    { name: 'statistics', bind: { count: 'tree' }, hierarchies: [{ fields: ['area'], total: '_T' }] },
    /\/kind\/hierarchies\/0\/fields\/0: "area" must be a field of role dimension/,
  ],
  [
    '/intake',
    { personal: false, quarantineDays: 3, fields: exampleContract().fields, primaryKey: ['tree'] },
    /\/intake\/quarantineDays: is only for rows about persons/,
  ],
  [
    '/intake',
    { personal: false, fields: exampleContract().fields, primaryKey: ['trunk'] },
    /\/intake: needs a `derivation`[\s\S]*\/intake\/primaryKey\/0: "trunk" is not a field/,
  ],
]

for (const [pointer, value, expected] of invalid) {
  t.test(`${pointer} as ${(JSON.stringify(value) ?? 'nothing').slice(0, 40)} is refused`, async (t) => {
    const folder = contractFolder(t, { 'contract.v1.json': put(exampleContract(), pointer, value) })
    const error = await faultsOf(loadContracts({ folders: [folder], known }))
    t.match(error.message, expected)
    t.ok(error.faults.every(({ file }) => file.endsWith('tree-register/contract.v1.json')))
  })
}

t.test('all faults are reported together', async (t) => {
  const contract = put(put(exampleContract(), '/updateFrequency', 'seldom'), '/due', '02-29')
  const error = await faultsOf(
    loadContracts({ folders: [contractFolder(t, { 'contract.v1.json': contract })] }),
  )
  t.same(
    error.faults.map(({ path }) => path),
    ['/updateFrequency', '/due'],
  )
  t.match(error.message, /^2 faults in the contracts:/)
})

t.test('files and folders', async (t) => {
  const second = { ...exampleContract(), contractVersion: 2 }
  const third = { ...exampleContract(), contractVersion: 3 }
  for (const [name, files, expected] of [
    ['no JSON', { 'contract.v1.json': '{' }, /contract.v1.json: is not valid JSON/],
    ['a wrong name', { 'contract.json': exampleContract() }, /contract.json: name it contract.v1.json/],
    ['a leading zero', { 'contract.v01.json': exampleContract() }, /contract.v01.json: name it/],
    ['no contract', { 'CHANGELOG.md': '' }, /tree-register: holds no contract.v1.json/],
    ['a gap', { 'contract.v1.json': exampleContract(), 'contract.v3.json': third }, /the contract 2 of/],
    ['no first one', { 'contract.v2.json': second }, /the contract 1 of "tree-register" is missing/],
  ] as const) {
    t.test(name, async (t) => {
      const error = await faultsOf(loadContracts({ folders: [contractFolder(t, files)] }))
      t.match(error.message, expected)
    })
  }
  t.test('two versions', async (t) => {
    const files = { 'contract.v1.json': exampleContract(), 'contract.v2.json': second }
    const contracts = await loadContracts({ folders: [contractFolder(t, files)] })
    t.equal(contracts.versions('tree-register').length, 2)
    t.equal(contracts.list()[0]?.contract.contractVersion, 2)
  })
  t.test('empty folders', async (t) => {
    const error = await faultsOf(loadContracts({ folders: [t.testdir({}), '/nowhere/at/all'] }))
    t.match(error.message, /holds no <slug>\/contract.v1.json; add one/)
  })
})

t.test('later folders add to earlier ones', async (t) => {
  const own = { ...exampleContract(), providers: ['parks'], parts: [{ provider: 'parks' }] }
  const added = t.testdir({
    'tree-register': {
      'contract.v1.json': JSON.stringify(own),
      codes: { 'providers.csv': 'code,zh,en\nparks,绿化局,Parks Bureau\n' },
    },
  })
  const contracts = await loadContracts({ folders: [datasetsFolder, added] })
  t.equal(contracts.list().length, (await loadContracts({ folders: [datasetsFolder] })).list().length + 1)
  t.ok(contracts.codes('providers').byCode.has('parks'))
  t.ok(contracts.codes('providers').byCode.has('edu-310101'))
  const again = await loadContracts({ folders: [datasetsFolder, added, added] })
  t.equal(again.versions('tree-register').length, 1, 'the same contract twice is one')
})

t.test('a contract cannot be changed, not even by a later folder', async (t) => {
  const edited = { ...exampleContract(), updateFrequency: 'monthly' }
  const folder = t.testdir(
    Object.fromEntries(
      Object.entries({ first: exampleContract(), second: edited }).map(([name, contract]) => [
        name,
        { 'tree-register': { 'contract.v1.json': JSON.stringify(contract) } },
      ]),
    ),
  )
  const folders = [datasetsFolder, `${folder}/first`, `${folder}/second`]
  const error = await faultsOf(loadContracts({ folders }))
  t.match(error.message, /second.*differs from .*first.*give this one the next number/)
})

t.test('former keywords are read, and the document stays as written', async (t) => {
  const { updateFrequency: rhythm, shareMethods: shareWays, ...others } = exampleContract()
  const former = { ...others, rhythm, shareWays }
  const next = { ...exampleContract(), contractVersion: 2 }
  const folder = contractFolder(t, { 'contract.v1.json': former, 'contract.v2.json': next })
  const contracts = await loadContracts({ folders: [folder], known })
  const loaded = contracts.get('tree-register', 1)
  t.same(loaded.contract, exampleContract(), 'the code knows the current keywords only')
  t.same(loaded.document, former)
  t.equal(loaded.digest, digestOf(canonicalJson(former)), 'the digest is that of the document as written')
  t.same(loaded.formerKeywords, [
    { path: '/rhythm', replacement: '/updateFrequency' },
    { path: '/shareWays', replacement: '/shareMethods' },
  ])
  t.same(contracts.get('tree-register', 2).formerKeywords, [])
  const { verdict, differences } = compareContracts(
    loaded.contract,
    contracts.get('tree-register', 2).contract,
  )
  t.same([verdict, differences], ['compatible', []], 'a keyword and its former name are the same')
  t.same(codeListsOf([loaded]).slice(3), [
    'fitness-levels',
    'open-classes',
    'providers',
    'rhythms',
    'share-classes',
    'share-ways',
    'themes',
    'venue-activities',
  ])
  t.same(contracts.codes('rhythms').codes, contracts.codes('update-frequencies').codes)
})

t.test('former keywords: faults use the names in the file', async (t) => {
  const { updateFrequency: _, ...others } = exampleContract()
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ ...exampleContract(), rhythm: 'yearly' }, /\/rhythm: is the former name of "updateFrequency"/],
    [{ ...others, rhythm: 'seldom' }, /\/rhythm: "seldom" is not in the code list/],
    [{ ...others, rhythm: 7 }, /\/rhythm: /],
    [others, /add "updateFrequency"/],
  ]
  for (const [contract, message] of cases) {
    const folder = contractFolder(t, { 'contract.v1.json': contract })
    t.match((await faultsOf(loadContracts({ folders: [folder], known }))).message, message)
  }
})

t.test('former names of code lists and kind properties', async (t) => {
  const example = exampleContract()
  const named = (codes: string, property: string) => ({
    ...put(exampleContract(), '/fields/1/codes', codes),
    kind: {
      name: 'annual-list',
      bind: { number: 'tree', name: 'item', providers: 'uses', [property]: 'area' },
    },
    parts: undefined,
    fields: example.fields.map((field) =>
      field['name'] === 'area' ? { ...field, codes, example: 'yearly' } : field,
    ),
  })
  const folder = contractFolder(t, {
    'contract.v1.json': named('rhythms', 'rhythm'),
    'contract.v2.json': { ...named('update-frequencies', 'updateFrequency'), contractVersion: 2 },
  })
  const codes = join(folder, 'tree-register', 'codes')
  await mkdir(codes)
  await writeFile(join(codes, 'rhythms.csv'), 'code,zh,en\nhourly,每小时,Hourly\n')
  const contracts = await loadContracts({ folders: [folder], known })
  const [first, second] = contracts.versions('tree-register')
  t.match(first?.contract.kind?.bind, { updateFrequency: 'area' })
  t.match(first?.formerKeywords, [{ path: '/kind/bind/rhythm', replacement: '/kind/bind/updateFrequency' }])
  t.equal(
    contracts.codes('update-frequencies').byCode.get('hourly')?.length,
    1,
    'a list file of the former name',
  )
  if (first === undefined || second === undefined) return
  t.match(compareContracts(first.contract, second.contract), {
    verdict: 'compatible',
    differences: [{ path: 'fields/area/codes', before: 'rhythms', after: 'update-frequencies' }],
  })
})

t.test('code lists', async (t) => {
  const cases = [
    ['code,zh\na,甲\n', /line 1: add the column "en"/],
    ['code,zh,en,en\na,甲,A,A\n', /line 1: name each column once/],
    ['\ufeffcode,zh,en\na,甲,A\n', /save it as UTF-8 without a byte order mark/],
    ['code,zh,en\n', /colours.csv: add at least one code/],
    ['code,zh,en\na,甲\n', /is not valid CSV in UTF-8/],
    ['code,zh,en\na b,甲,A\n', /line 2: write the code in letters/],
    ['code,zh,en\na,,A\n', /line 2: label the code/],
    ['code,zh,en,valid_from\na,甲,A,2025-02-30\n', /line 2: write days as YYYY-MM-DD/],
    [
      'code,zh,en,valid_from,valid_until\na,甲,A,2025-02-02,2025-02-01\n',
      /line 2: valid_from must not be after/,
    ],
    ['code,zh,en,replaced_by\na,甲,A,b\nb,乙,B,\n', /line 2: a code with a successor needs its last day/],
    [
      'code,zh,en,valid_until,replaced_by\na,甲,A,2025-02-02,c\n',
      /"a" is replaced by "c", which is not a code/,
    ],
    ['code,zh,en\na,甲,A\na,乙,B\n', /"a" is listed twice for the same time/],
    ['code,zh,en\na,甲,A\nb,甲,B\n', /"a" and "b" have the same label/],
    [new Uint8Array([0x63, 0xd6, 0xd0]), /is not valid CSV in UTF-8/],
  ] as const
  for (const [bytes, expected] of cases) {
    const folder = t.testdir({ codes: { 'colours.csv': Buffer.from(bytes) } })
    t.match((await faultsOf(loadContracts({ folders: [datasetsFolder, folder] }))).message, expected)
  }
  const dated = 'code,zh,en,valid_from,valid_until\na,甲,A,,2024-12-31\na,甲乙,A new,2025-01-01,\n'
  const folder = t.testdir({ codes: { 'colours.csv': dated } })
  const list = (await loadContracts({ folders: [datasetsFolder, folder] })).codes('colours')
  t.equal(list.byCode.get('a')?.length, 2, 'one code may follow itself in time')
})

t.test('a check can report errors in its use', async (t) => {
  const folder = contractFolder(t, { 'contract.v1.json': exampleContract() })
  const checkUse = () => ['ascending needs numbers']
  const error = await faultsOf(loadContracts({ folders: [folder], known: { checkUse } }))
  t.match(error.message, /\/checks\/0: ascending needs numbers/)
})
