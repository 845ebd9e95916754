/**
 * Postgres and JavaScript write the same bytes, whatever the values: JSON lines, the plain CSV and the CSV
 * guarded for spreadsheets, in pages and in streams.
 */
import fc from 'fast-check'
import t from 'tap'
import { type Contracts, type Field, type FieldTypeName, fieldType } from '../../src/contract/index.ts'
import { quoteIdentifier } from '../../src/db/identifier.ts'
import {
  copyCsv,
  copyLines,
  csv,
  csvLines,
  geojson,
  guardCells,
  json,
  jsonRecord,
  ndjson,
  type RenderedFormat,
} from '../../src/formats/index.ts'
import { planRecords } from '../../src/records/query/plan.ts'
import { parseQuery } from '../../src/records/query/query.ts'
import { buildReader, copyAll, copyRecords } from '../../src/records/read/read-records.ts'
import { copyStatements, findUnwritable, lineColumns, plainColumns } from '../../src/records/read/sql.ts'
import { createTable, publishedTable } from '../../src/records/tables.ts'
import { testDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { runs } from '../support/runs.ts'
import { trialContext } from '../support/trial-records.ts'

const { database } = await testDatabase(t)

const text = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      '\\.',
      '\\',
      '"',
      '""',
      ',',
      '\n',
      '\r\n',
      '\t',
      '\u0001',
      '\u0002',
      '\u001f',
      '\u007f',
      '\u2028',
    ),
    fc.constantFrom(
      '=1',
      '+1',
      '-1',
      '@1',
      '＝1',
      '－',
      '😀',
      '\u{10ffff}',
      '\ufeff',
      ' x ',
      "'",
      'null',
      '{"a":1}',
      '\\n',
    ),
  )
  .filter((value) => !value.includes('\0'))
const digits = fc.integer({ min: 0, max: 999_999_999 })
const two = (value: number) => String(value).padStart(2, '0')
const day = fc
  .date({ min: new Date('1000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString())

/** Canonical texts of each type. */
const values: Readonly<Record<FieldTypeName, fc.Arbitrary<string>>> = {
  string: text,
  integer: fc.maxSafeInteger().map(String),
  number: fc
    .tuple(fc.boolean(), digits, digits)
    .map(([minus, whole, part]) => `${minus ? '-' : ''}${whole}.${part}`),
  boolean: fc.constantFrom('true', 'false'),
  date: day.map((instant) => instant.slice(0, 10)),
  time: fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => `${two(hour)}:${two(minute)}`),
  datetime: day.map((instant) => `${instant.slice(0, 19)}Z`),
  list: fc
    .uniqueArray(
      text.filter((one) => !one.includes(';')),
      { minLength: 1, maxLength: 3 },
    )
    .map((elements) => elements.join(';')),
}
const types = Object.keys(values) as readonly FieldTypeName[]

/** Random fields, and rows of their canonical texts. */
const table = fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 6 }).chain((chosen) =>
  fc.record({
    fields: fc.constant(chosen.map((type, index) => field(`f${index}`, type))),
    rows: fc.array(fc.tuple(...chosen.map((type) => fc.option(values[type], { freq: 4 }))), {
      minLength: 1,
      maxLength: 12,
    }),
  }),
)

type Row = readonly (string | null)[]

async function fill(fields: readonly Field[], rows: readonly Row[]) {
  const contract = contractOf(fields, [])
  const name = publishedTable('v_1')
  await database.work.unsafe(`DROP TABLE IF EXISTS ${name}`)
  await database.work.unsafe(createTable(contract, 'v_1'))
  const casts = fields.map(({ type }, index) => fieldType(type).cast(`$${index + 2}::text`))
  const columns = fields.map((one) => quoteIdentifier(one.name)).join(', ')
  for (const [index, row] of rows.entries()) {
    await database.work.unsafe(
      `INSERT INTO ${name} (_n, ${columns}) VALUES ($1::bigint, ${casts.join(', ')})`,
      [String(index + 1), ...row],
    )
  }
  const contracts = { get: () => ({ contract }) } as unknown as Contracts
  const version = { dataset: 'trial', edition: '2025', number: 1, contractVersion: 1, recordsTable: 'v_1' }
  return planRecords(parseQuery({}), [version], contracts)
}

async function streamed(statements: ReturnType<typeof copyStatements>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of copyRecords(database, statements, new AbortController().signal))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A contract in which the last two numbers are coordinates; without two numbers it has none. */
function withPoints(fields: readonly Field[]) {
  const [latitude, longitude] = fields.filter(({ type }) => type === 'number').toReversed()
  if (longitude === undefined || latitude === undefined) return contractOf(fields, [])
  const names = { longitude: longitude.name, latitude: latitude.name }
  return contractOf(fields, [], { coordinates: { system: 'WGS-84', ...names } })
}

/** A file of the records inserted by `fill`, written by Postgres and by JavaScript. */
async function bothWays(
  { copied, render }: Pick<RenderedFormat, 'copied' | 'render'>,
  fields: readonly Field[],
  rows: readonly Row[],
): Promise<readonly [string, string]> {
  const renderContext = trialContext(rows.length, { fields, contract: withPoints(fields) })
  const copy = copied?.(renderContext)
  if (copy === undefined) throw new Error('Postgres can write it')
  const batches = async function* () {
    yield rows.slice(0, 5)
    yield rows.slice(5)
  }
  return [
    await textOf(copy.complete(copyAll(database, 'v_1', copy))),
    await textOf(render(batches(), renderContext)),
  ]
}

async function textOf(chunks: AsyncIterable<string | Uint8Array>): Promise<string> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(Buffer.from(chunk))
  return Buffer.concat(all).toString()
}

t.test('a file without records', async (t) => {
  const fields = [field('a', 'string'), field('b', 'number'), field('c', 'number')]
  await fill(fields, [])
  for (const format of [csv, ndjson, json, geojson]) t.same(...(await bothWays(format, fields, [])))
})

t.test('Postgres and JavaScript write the same bytes', async (t) => {
  const reader = buildReader(database)
  let rowsSeen = 0
  const property = fc.asyncProperty(table, async ({ fields, rows }) => {
    const plan = await fill(fields, rows)
    const lines = rows.map(jsonRecord(fields))
    t.equal((await reader.json(plan, undefined, 100, '\n')).records.toString(), lines.join('\n'))
    t.same((await reader.rows(plan, undefined, 100)).records, rows)
    t.equal(
      await streamed(copyStatements(plan, undefined, lineColumns(plan), copyLines)),
      `${lines.join('\n')}\n`,
    )
    const plain = copyStatements(plan, undefined, plainColumns(plan, false), copyCsv)
    t.equal(await streamed(plain), csvLines(rows))
    const guarded = copyStatements(plan, undefined, plainColumns(plan, true), copyCsv)
    t.equal(await streamed(guarded), csvLines(rows.map(guardCells(fields))))
    for (const format of [csv, ndjson, json]) t.same(...(await bothWays(format, fields, rows)))
    if (withPoints(fields).coordinates !== undefined) t.same(...(await bothWays(geojson, fields, rows)))
    rowsSeen += rows.length
  })
  await fc.assert(property, runs(6, 25))
  t.ok(rowsSeen > 10, `${rowsSeen} rows`)
})

t.test('finds the field with a text that the encoding cannot represent', async (t) => {
  const fields = [field('a', 'string'), field('b', 'list'), field('c', 'integer')]
  const reader = buildReader(database)
  const plan = await fill(fields, [
    ['x', 'y;z', '1'],
    ['😀', 'y;z\ue5e5', '2'],
  ])
  const found = async (pattern: string) => {
    const statement = findUnwritable(plan, pattern)
    return statement === undefined ? 'no field can' : reader.first(statement)
  }
  t.equal(await found('[\ue5e5]'), 'b')
  t.equal(await found('[😀]'), 'a')
  t.equal(await found('[q]'), undefined)
  t.equal(findUnwritable({ ...plan, fields: [field('c', 'integer')] }, 'x'), undefined)
})
