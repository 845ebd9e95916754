/**
 * The datasets as they are shipped: contracts, code lists, and samples that conform to the contracts.
 * A new dataset is tested by its folder alone; nothing is listed here.
 */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import {
  type Contract,
  type Contracts,
  type Field,
  fieldType,
  findCode,
  intakeFields,
  intakeKey,
  isPersonal,
  listSamples,
  listSeparator,
  loadContracts,
  partsOf,
  periodOf,
} from '../src/contract/index.ts'
import { getDerivation, type StatisticsRow, templateContract } from '../src/derivations/index.ts'
import { datasetsFolder } from './contract/example.ts'
import { writeSamples } from './support/samples.ts'

const contracts = await loadContracts({ folders: [datasetsFolder] })
const samples = await listSamples(datasetsFolder)

t.test('every dataset is documented in both languages, with examples', async (t) => {
  t.ok(contracts.list().length >= 5)
  for (const { contract } of contracts.list()) {
    const changes = await readFile(join(datasetsFolder, contract.dataset, 'CHANGELOG.md'), 'utf8')
    for (const { contract: version } of contracts.versions(contract.dataset)) {
      t.match(changes, `## Contract ${version.contractVersion}`)
    }
    for (const field of contract.fields) {
      t.ok(field.example !== undefined, `${contract.dataset}/${field.name} has an example`)
      t.not(field.title.zh, field.title.en)
    }
    t.ok(samples.some((sample) => sample.dataset === contract.dataset))
  }
})

t.test('new contracts use the current keywords', async (t) => {
  const all = contracts.list().flatMap(({ contract }) => contracts.versions(contract.dataset))
  // The two versions of each dataset that were in use before the keywords were renamed.
  const later = all.filter(({ contract }) => contract.contractVersion > 2)
  t.same(
    later.filter(({ formerKeywords }) => formerKeywords.length > 0).map(({ file }) => file),
    [],
  )
})

t.test('the code lists have the codes that the service needs', async (t) => {
  const codes = (list: string) => contracts.codes(list).codes
  t.equal(codes('districts').filter((code) => code.validUntil === undefined).length, 16)
  t.ok(
    codes('districts')
      .filter((code) => code.validUntil !== undefined)
      .every((code) => code.replacedBy),
  )
  t.equal(codes('providers').filter((code) => code.code === `edu-${code.extra['district']}`).length, 16)
  t.equal(
    findCode(contracts.codes('grades'), '21')?.extra['scoring_table_5_4'],
    '16',
    'grade 21 of the 5+4 school system',
  )
  t.equal(findCode(contracts.codes('grades'), '24')?.extra['scoring_table_6_3'], '')
  const under = (indicator: string) =>
    codes('fitness-levels').filter((code) => code.under?.includes(indicator))
  t.same(
    under('bmi').map(({ code }) => code),
    ['_T', 'low', 'normal', 'overweight', 'obese'],
  )
  for (const { code } of codes('fitness-indicators')) {
    if (code !== 'bmi')
      t.same(
        under(code).map((level) => level.code),
        ['_T', 'excellent', 'good', 'pass', 'fail'],
      )
  }
  for (const { code } of codes('open-classes'))
    t.ok(['unconditional', 'conditional', 'not-open'].includes(code))
})

t.test('the samples conform to their contracts', async (t) => {
  // Rows about persons are checked by their derivation, not field by field.
  for (const sample of samples.filter(({ dataset }) => !isPersonal(contracts.get(dataset).contract))) {
    const { contract } = contracts.get(sample.dataset)
    const period = periodOf(contract, sample.edition)
    t.ok(period !== undefined, `${sample.file} is of an edition`)
    const part = partsOf(contract).find(({ provider }) => provider === sample.provider)
    t.ok(part !== undefined, `${sample.file} is of a part`)
    const [header = [], ...rows]: string[][] = parse(await readFile(sample.file))
    const fields = intakeFields(contract)
    t.same(
      header,
      fields.map(({ name }) => name),
    )
    t.ok(rows.length > 0)
    t.same(
      wrongCells(contract, rows, period?.end ?? '', part?.scope ?? {}),
      [],
      relative(datasetsFolder, sample.file),
    )
  }
})

/** Places, by row and field, at which a sample breaks its contract. */
function wrongCells(
  contract: Contract,
  rows: readonly string[][],
  day: string,
  scope: Readonly<Record<string, string>>,
): readonly string[] {
  const fields = intakeFields(contract)
  const keys = new Set<string>()
  return rows.flatMap((row, index) => {
    const cell = (name: string | undefined) => row[fields.findIndex((field) => field.name === name)] ?? ''
    const key = JSON.stringify(intakeKey(contract).map(cell))
    const wrong = fields.filter(
      (field, n) => !isRight(contracts, field, row[n] ?? '', { day, under: cell(field.codesBy) }),
    )
    const outside = Object.entries(scope).some(([name, value]) => cell(name) !== value)
    const duplicates = keys.has(key)
    keys.add(key)
    return [
      ...wrong.map(({ name }) => `row ${index + 2} ${name}`),
      ...(outside ? [`row ${index + 2} is outside its part`] : []),
      ...(duplicates ? [`row ${index + 2} has the key of another`] : []),
    ]
  })
}

function isRight(
  all: Contracts,
  field: Field,
  text: string,
  { day, under }: { readonly day: string; readonly under: string },
): boolean {
  if (text === '') return field.constraints?.required !== true
  if (fieldType(field.type).parse(text, field) !== text) return false
  const { codes, constraints = {} } = field
  if (constraints.pattern !== undefined && !new RegExp(constraints.pattern, 'u').test(text)) return false
  if (typeof constraints.minimum === 'number' && Number(text) < constraints.minimum) return false
  if (typeof constraints.maximum === 'number' && Number(text) > constraints.maximum) return false
  if (codes === undefined) return true
  const elements = field.type === 'list' ? text.split(listSeparator) : [text]
  const query = field.codesBy === undefined ? { day } : { day, under }
  return elements.every((code) => findCode(all.codes(codes), code, query) !== undefined)
}

t.test('the samples of pupils are whole rows, plausible as statistics', async (t) => {
  const dataset = 'student-fitness'
  const { contract } = contracts.get(dataset)
  const { derivation: use = { name: '' } } = contract
  for (const edition of new Set(samples.filter((one) => one.dataset === dataset).map((one) => one.edition))) {
    const schoolFile = samples.find((one) => one.dataset === 'schools' && one.edition === edition)?.file ?? ''
    const schools: Record<string, string>[] = parse(await readFile(schoolFile), { columns: true })
    const derivation = getDerivation(use.name)
    const context = { contract, use, edition, directories: { schools } }
    const statistics: StatisticsRow[] = []
    for (const { file, provider } of samples) {
      if (!file.includes(join(dataset, 'sample', edition))) continue
      const [header = [], ...rows]: string[][] = parse(await readFile(file))
      const places = intakeFields(contract).map(({ title, aliases = [], name }) =>
        header.findIndex((text) => [title.zh, name, ...aliases].includes(text)),
      )
      t.equal(places.filter((place) => place >= 0).length, header.length, 'each column is read')
      const part = derivation.openPart(context, { provider, scope: { district: provider.slice(4) } })
      const reports: string[] = []
      for (const [row, cells] of rows.entries()) {
        const values = places.map((place) => cells[place] || null)
        part.add(values, { file, row: row + 2 }, (fault) => reports.push(`${row + 2} ${fault}`))
      }
      t.same(reports, [], file)
      statistics.push(...part.finish())
    }
    const totals = statistics.filter(({ cell }) => cell[4] === 'total' && /^[a-z]/.test(cell[5] ?? ''))
    const count = (...levels: readonly string[]) =>
      totals.reduce((sum, { cell, amount }) => sum + (levels.includes(cell[5] ?? '') ? amount : 0), 0)
    const tested = count('excellent', 'good', 'pass', 'fail')
    const [good, passed] = [count('excellent', 'good') / tested, count('excellent', 'good', 'pass') / tested]
    t.ok(tested > 3_000, `${tested} pupils`)
    t.ok(good > 0.3 && good < 0.65, `${edition} 优良率 ${good}`)
    t.ok(passed > 0.9 && passed < 1, `${edition} 合格率 ${passed}`)
  }
})

t.test('the contract of student fitness reads the headers that the desk of a school reads', async (t) => {
  const { contract } = contracts.get('student-fitness')
  const aliasesOf = (fields: readonly Field[]) =>
    Object.fromEntries(fields.map(({ name, aliases = [] }) => [name, aliases]))
  t.match(aliasesOf(intakeFields(contract)), aliasesOf(templateContract.fields))
})

t.test('the committed samples equal the output of the generator', async (t) => {
  const folder = t.testdir({})
  const written = await writeSamples({ out: folder })
  t.same(
    samples.map(({ file }) => relative(datasetsFolder, file)),
    written.map((file) => relative(folder, file)).sort(),
  )
  for (const file of written) {
    const committed = await readFile(join(datasetsFolder, relative(folder, file)))
    t.ok(committed.equals(await readFile(file)), relative(folder, file))
  }
})

t.test('seed, scale and rows', async (t) => {
  const venues = async (options: { seed?: number; scale?: number; rows?: number }) => {
    const out = t.testdir({})
    await writeSamples({ out, ...options })
    const files = (await listSamples(out)).filter(
      ({ dataset, edition }) => dataset === 'school-sports-venues' && edition === '2026',
    )
    const texts = await Promise.all(files.map(({ file }) => readFile(file, 'utf8')))
    return { text: texts.join(''), rows: texts.reduce((sum, text) => sum + text.split('\n').length - 2, 0) }
  }
  const once = await venues({ seed: 1 })
  t.not((await venues({ seed: 2 })).text, once.text)
  const thrice = await venues({ seed: 1, scale: 3 })
  t.ok(thrice.rows > 2.5 * once.rows && thrice.rows < 3.5 * once.rows)
  t.equal((await venues({ rows: 10_001 })).rows, 10_001)
})
