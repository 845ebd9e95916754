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
  listSamples,
  listSeparator,
  loadContracts,
  partsOf,
  periodOf,
  type Sample,
} from '../src/contract/index.ts'
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
  for (const sample of samples) {
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

t.test('the fitness samples are plausible and consistent', async (t) => {
  const files = samples.filter((sample) => sample.dataset === 'student-fitness')
  t.equal(files.length, 32)
  const totals = new Map<string, { tested: number; good: number; passed: number }>()
  const untested: string[] = []
  let few = 0
  for (const sample of files) {
    const rows: Record<string, string>[] = parse(await readFile(sample.file), { columns: true })
    const sums = new Map<string, number>()
    for (const row of rows) {
      const cell = [row['grade'], row['sex'], row['indicator']].join('/')
      const pupils = Number(row['pupils'])
      if (row['level'] !== '_T') {
        sums.set(cell, (sums.get(cell) ?? 0) - pupils)
        if (pupils < 10) few += 1
        continue
      }
      sums.set(cell, (sums.get(cell) ?? 0) + pupils)
      if (row['tested'] !== row['pupils']) untested.push(`${sample.file} ${cell}`)
      if (row['indicator'] === 'total') add(totals, sample, row)
    }
    t.ok(
      [...sums.values()].every((sum) => sum === 0),
      'the levels add up',
    )
  }
  t.same(untested, [])
  t.ok(few > 100, 'some groups are small enough for suppression')
  for (const [edition, { tested, good, passed }] of totals) {
    t.ok(good / tested > 0.24 && good / tested < 0.4, `${edition} 优良率 ${good / tested}`)
    t.ok(passed / tested > 0.9 && passed / tested < 1, `${edition} 合格率 ${passed / tested}`)
  }
})

type Totals = Map<string, { tested: number; good: number; passed: number }>

function add(totals: Totals, { edition }: Sample, row: Readonly<Record<string, string>>): void {
  const sum = totals.get(edition) ?? { tested: 0, good: 0, passed: 0 }
  totals.set(edition, {
    tested: sum.tested + Number(row['tested']),
    good: sum.good + Number(row['excellent_good']),
    passed: sum.passed + Number(row['passed']),
  })
}

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
