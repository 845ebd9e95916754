/**
 * Tidy statistics leave region, authority and school empty on national rows: a stand-in fills the key, is counted,
 * and reads back as nothing where asked. Every way out is compared with a reading of the file by csv-parse alone. The
 * headers are those of England's statistics; the numbers are synthetic. Then a field and codes are renamed.
 */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import type { Field } from '../../src/contract/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { rowsOfCsv, rowsOfJson, withoutLibreOffice } from '../support/read-back.ts'
import { waysOut } from '../support/ways-out.ts'

const standIn = '_Z'
const key = { role: 'key', constraints: { required: true } } as const
const places = [
  field('time_period', 'string', { role: 'key', constraints: { required: true, pattern: '^\\d{6}$' } }),
  field('time_identifier', 'string'),
  field('geographic_level', 'string', { role: 'dimension' }),
  field('country_code', 'string'),
  field('country_name', 'string'),
  field('region_code', 'string', key),
  field('region_name', 'string'),
  field('new_la_code', 'string', key),
  field('la_name', 'string'),
]
const school = [field('school_urn', 'string', key), field('school_name', 'string')]
/** A dimension, because a total is one of its members. */
const sex = field('sex', 'string', { ...key, role: 'dimension' })
const files: Readonly<Record<string, readonly Field[]>> = {
  absence: [
    ...places,
    ...school,
    field('enrolments', 'integer'),
    field('sess_overall_percent', 'number', { scale: 5 }),
  ],
  'pupils-sex': [
    ...places,
    sex,
    field('headcount', 'integer'),
    field('percent_of_pupils', 'number', { scale: 1 }),
  ],
  attainment: [
    ...places,
    ...school,
    sex,
    field('t_pupils', 'integer'),
    field('avg_att8', 'number', { scale: 1 }),
  ],
}

/** A file as a statistics office publishes it: national, regional, local and school rows, with marks for "no value". */
function fileOf(fields: readonly Field[]): string {
  const lines = [fields.map(({ name }) => name)]
  const names = new Set(lines[0])
  const area = [
    ['National', '', '', '', '', '', ''],
    ['Regional', 'E12000001', 'North East', '', '', '', ''],
    ['Local authority', 'E12000001', 'North East', 'E06000047', 'County Durham', '', ''],
    ['School', 'E12000001', 'North East', 'E06000047', 'County Durham', '114000', 'School, "A"'],
    ['School', 'E12000001', 'North East', 'E06000047', 'County Durham', '114001', 'School B'],
    ['Regional', 'E12000007', 'London', '', '', '', ''],
  ].filter(([level]) => level !== 'School' || names.has('school_urn'))
  for (const period of ['202324', '202425']) {
    for (const [
      level = '',
      region = '',
      regionName = '',
      la = '',
      laName = '',
      urn = '',
      name = '',
    ] of area) {
      for (const group of names.has('sex') ? ['Total', 'Male', 'Female'] : ['Total']) {
        const number = lines.length * 37
        const values: Readonly<Record<string, string>> = {
          ...{ time_period: period, time_identifier: 'Academic year', geographic_level: level },
          ...{
            country_code: 'E92000001',
            country_name: 'England',
            region_code: region,
            region_name: regionName,
          },
          ...{ new_la_code: la, la_name: laName, school_urn: urn, school_name: name, sex: group },
        }
        const figure = ({ scale }: Field) =>
          number % 5 === 0 ? 'z' : scale === undefined ? `${number}` : (number / 7).toFixed(scale)
        lines.push(fields.map((one) => values[one.name] ?? figure(one)))
      }
    }
  }
  const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return `${lines.map((cells) => cells.map(quoted).join(',')).join('\n')}\n`
}

const keyOf = (fields: readonly Field[]) =>
  fields.filter(({ constraints }) => constraints?.required === true).map(({ name }) => name)
const formats = ['csv', 'ndjson', 'json', 'xlsx', 'parquet']
const contracts = Object.entries(files).map(([dataset, fields]) => ({
  ...contractOf(fields, keyOf(fields), { dataset, themes: ['education'], formats, missingValues: ['', 'z'] }),
  keyMissing: standIn,
  openClass: 'unconditional',
}))
const [absence] = contracts
if (absence === undefined) throw new Error('no contract')
const next = {
  ...absence,
  contractVersion: 2,
  fields: absence.fields.map((one) =>
    one.name === 'region_code'
      ? { ...one, name: 'region', renamedFrom: 'region_code', renamedCodes: { E12000007: 'E12000009' } }
      : one,
  ),
  primaryKey: absence.primaryKey.map((name) => (name === 'region_code' ? 'region' : name)),
}
const context = await openTestContext(t, { contracts: [...contracts, next] as never })
const { get } = context

for (const [dataset, fields] of Object.entries(files)) {
  t.test(dataset, async (t) => {
    const text = fileOf(fields)
    const [, ...cells] = parse(text) as string[][]
    const receipt = await context.take({ dataset, edition: '2024', contractVersion: 1, rows: text })
    await context.publish(dataset, '2024')
    const keys = new Set(keyOf(fields))
    const emptyKeys = cells
      .flat()
      .filter((cell, at) => cell === '' && keys.has(fields[at % fields.length]?.name ?? ''))
    t.equal(receipt.files[0]?.repairs['key-missing'], emptyKeys.length, 'each stand-in is counted')

    /** The reading of the file, with the stand-in or nothing for an empty key, in key order. */
    const expected = (missing: string | null) => {
      const filled = cells.map((row) =>
        fields.map(({ name }, at) => (row[at] === '' && keys.has(name) ? standIn : row[at])),
      )
      const order = filled.map((row, at) => ({
        at,
        key: fields.flatMap(({ name }, n) => (keys.has(name) ? [row[n] ?? ''] : [])),
      }))
      order.sort((a, b) => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1))
      return order.map(({ at }) =>
        fields.map(({ name }, n) => {
          const cell = cells[at]?.[n] ?? ''
          return cell === '' || cell === 'z' ? (keys.has(name) ? missing : null) : cell
        }),
      )
    }
    const filled = expected(standIn)
    const base = `/v1/datasets/${dataset}`
    const ways = await waysOut(context, { dataset, edition: '2024' }, fields)
    t.equal(Object.keys(ways).length, withoutLibreOffice ? 6 : 7, Object.keys(ways).join(', '))
    for (const [way, rows] of Object.entries(ways)) t.strictSame(rows, filled, way)
    const lines = (bytes: Buffer) =>
      bytes
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))

    const empty = expected(null)
    t.strictSame(
      rowsOfCsv((await get(`${base}/records.csv?edition=2024&key_missing=empty`)).bytes, fields),
      empty,
    )
    t.strictSame(
      rowsOfJson(lines((await get(`${base}/records.ndjson?edition=2024&key_missing=empty`)).bytes), fields),
      empty,
    )
    const page = (await get(`${base}/records?edition=2024&key_missing=empty&limit=1000`)).json<{
      data: Record<string, unknown>[]
    }>()
    t.strictSame(rowsOfJson(page.data, fields), empty)
    t.equal((await get(`${base}/records?key_missing=none`)).status, 400)
    const national = (await get(`${base}/records?edition=2024&region_code=${standIn}&limit=1000`)).json<{
      data: object[]
    }>()
    t.equal(national.data.length, cells.filter((row) => row[5] === '').length, 'filters see the stand-in')
  })
}

t.test('a renamed field and renamed codes', async (t) => {
  const base = '/v1/datasets/absence'
  const rows = fileOf(files['absence'] ?? [])
    .replaceAll('E12000007', 'E12000009')
    .replace('202324,Academic year,National', '202324,Academic year,Country')
  // The provider still sends the former header.
  await context.take({ dataset: 'absence', edition: '2025', contractVersion: 2, rows })
  await context.publish('absence', '2025')
  const diff = (await get(`${base}/editions/2025/versions/1/diff?against=2024`)).json<{
    meta: object
    data: object[]
  }>()
  t.match(JSON.stringify(diff), /"added":0,"removed":0,"changed":1/)
  t.match(JSON.stringify(diff), /"geographic_level":\{"before":"National","after":"Country"\}/)
  const csv = await get(`${base}/editions/2025/versions/1/diff.csv?against=2024`)
  t.match(csv.text, /^_change,time_period,region,new_la_code,school_urn,/)
  const back = await get(`${base}/editions/2024/versions/1/diff?against=2025`)
  t.match(JSON.stringify(back.json()), /"added":0,"removed":0,"changed":1/)
  const joined = (await get(`${base}/records?edition=all&region=E12000001&sort=region&limit=1000`)).json<{
    data: { edition: string; region: string }[]
  }>()
  t.strictSame([...new Set(joined.data.map(({ edition }) => edition))].sort(), ['2024', '2025'])
  t.ok(joined.data.every(({ region }) => region === 'E12000001'))
  const comparison = (await get(`${base}/contracts/1/compare/2`)).json<{ verdict: string }>()
  t.equal(comparison.verdict, 'additive')
  const feed = (await get('/v1/changes?type=contract-added&dataset=absence')).json<{
    data: { contract?: { contractVersion: number; renamed?: object } }[]
  }>()
  const added = feed.data.find(({ contract }) => contract?.contractVersion === 2)
  t.strictSame(added?.contract?.renamed, {
    fields: [{ from: 'region_code', to: 'region' }],
    codes: [{ field: 'region', from: 'E12000007', to: 'E12000009' }],
  })
})
