/** Parquet, read by the Rust implementation (parquet-wasm) and Arrow: types, digits, row groups. */
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import t from 'tap'
import { getFormat } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { readParquetFile } from '../support/read-back.ts'
import { runs } from '../support/runs.ts'
import { anyRows, bytesOf, trialContext, trialFields, trialRows } from '../support/trial-records.ts'

t.test('each field type has a column of its own type', async (t) => {
  const { types, rows } = readParquetFile(await bytesOf('parquet', trialRows), trialFields)
  t.strictSame(rows, trialRows)
  t.same(types, {
    code: 'Utf8',
    district: 'Utf8',
    name: 'Utf8',
    pupils: 'Int64',
    mean: 'Decimal[17e+2]',
    longitude: 'Decimal[9e+6]',
    wide: 'Decimal[21e+6]',
    free: 'Float64',
    open: 'Bool',
    day: 'Date32<DAY>',
    from: 'Utf8',
    at: 'Timestamp<MILLISECOND, UTC>',
    activities: 'List<Utf8>',
  })
})

t.test('random records survive an independent reader', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyRows({ minLength: 1, maxLength: 60 }), async (rows) => {
      t.strictSame(readParquetFile(await bytesOf('parquet', rows), trialFields).rows, rows)
    }),
    runs(10, 60),
  )
})

t.test('the footer describes the file', async (t) => {
  const metadata = footerOf(await bytesOf('parquet', trialRows))
  const facts = Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value]))
  t.match(JSON.parse(facts['qingdan.version'] ?? ''), {
    dataset: 'trial',
    edition: '2025',
    version: 1,
    synthetic: true,
    licence: { name: 'CC-BY-4.0' },
  })
  t.match(JSON.parse(facts['qingdan.fields'] ?? '')[3], { name: 'pupils', unit: '人' })
})

t.test('row groups are limited by values and characters, and depend on the records alone', async (t) => {
  const two = [field('code', 'string'), field('text', 'string')]
  const contract = contractOf(two, ['code'])
  const groups = async (rows: readonly (readonly string[])[]) => {
    const context = trialContext(rows.length, { contract, fields: two })
    const bytes = await bytesOf('parquet', rows, context)
    t.equal(readParquetFile(bytes, two).rows.length, rows.length)
    return footerOf(bytes).row_groups.map(({ num_rows }) => Number(num_rows))
  }
  const many = Array.from({ length: 100_001 }, (_, n) => [String(n), 'x'])
  t.same(await groups(many), [100_000, 1])
  const long = Array.from({ length: 5 }, (_, n) => [String(n), 'x'.repeat(5_000_000)])
  t.same(await groups(long), [4, 1])
})

t.test('a version without records has no Parquet', async (t) => {
  const { omits } = getFormat('parquet')
  t.match(omits?.(trialContext(0)), { en: /no records/, zh: /没有记录/ })
  t.equal(omits?.(trialContext(1)), undefined)
})

t.test('a number that does not fit its column is never rounded', async (t) => {
  const bounded = [
    field('code', 'string'),
    field('share', 'number', { scale: 1, constraints: { minimum: 0, maximum: 100 } }),
  ]
  const context = trialContext(1, { contract: contractOf(bounded, ['code']), fields: bounded })
  t.equal(readParquetFile(await bytesOf('parquet', [['a', '100.0']], context), bounded).rows[0]?.[1], '100.0')
  await t.rejects(bytesOf('parquet', [['a', '1000.0']], context), /the field share has more than 4 digits/)
})

function footerOf(bytes: Buffer) {
  return parquetMetadata(new Uint8Array(bytes).buffer)
}
