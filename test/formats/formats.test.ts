import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fieldType } from '../../src/contract/index.ts'
import { csv, formats, getFormat, jsonRecord } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { rowsOfCsv, rowsOfJson } from '../support/read-back.ts'
import { runs } from '../support/runs.ts'
import {
  anyRows,
  bytesOf,
  inBatches,
  trialContext,
  trialFields,
  trialRows,
} from '../support/trial-records.ts'

t.test('the formats by name', async (t) => {
  const names = ['csv', 'csv.gz', 'ndjson', 'json', 'xlsx', 'parquet', 'geojson', 'sdmx.csv', 'zip']
  t.same([...formats.keys()], names)
  t.throws(() => getFormat('xls'), /no format xls/)
  t.ok(
    (await bytesOf('csv.gz', trialRows)).equals(await bytesOf('csv.gz', trialRows)),
    'gzip carries no time',
  )
})

t.test('random records survive rendering and parsing', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyRows({ maxLength: 20 }), async (rows) => {
      const plain = await bytesOf('csv', rows)
      t.strictSame(rowsOfCsv(plain, trialFields), rows)
      t.ok(gunzipSync(await bytesOf('csv.gz', rows)).equals(plain))
      const lines = String(await bytesOf('ndjson', rows)).split('\n')
      t.equal(lines.pop(), '', 'the last line is ended')
      t.strictSame(
        rowsOfJson(
          lines.map((line) => JSON.parse(line)),
          trialFields,
        ),
        rows,
      )
      t.strictSame(rowsOfJson(JSON.parse(String(await bytesOf('json', rows))), trialFields), rows)
    }),
    runs(15, 100),
  )
})

t.test('the array of JSON is the lines of NDJSON between brackets', async (t) => {
  const lines = String(await bytesOf('ndjson', trialRows))
    .trimEnd()
    .split('\n')
  t.equal(String(await bytesOf('json', trialRows)), `[\n${lines.join(',\n')}\n]\n`)
  t.equal(String(await bytesOf('json', [])), '[]\n')
  t.equal(String(await bytesOf('ndjson', [])), '')
})

t.test('GeoJSON has the records of JSON as properties, and their points', async (t) => {
  const { type, features } = JSON.parse(String(await bytesOf('geojson', trialRows)))
  t.equal(type, 'FeatureCollection')
  t.strictSame(
    features.map(({ properties }: { properties: unknown }) => properties),
    JSON.parse(String(await bytesOf('json', trialRows))),
  )
  t.strictSame(
    features.map(({ geometry }: { geometry: unknown }) => geometry),
    [
      { type: 'Point', coordinates: [121.4785, 0.000001] },
      null,
      { type: 'Point', coordinates: [0, 999999999999999] },
      { type: 'Point', coordinates: [180, -0.000001] },
      null,
    ],
  )
  const lines = String(await bytesOf('geojson', [])).split('\n')
  t.same(lines, ['{"type":"FeatureCollection","features":[]}', ''])
  const { contract, ...others } = trialContext(0)
  const { coordinates: _, ...without } = contract
  t.match(getFormat('geojson').omits?.({ contract: without, ...others }), { en: /no `coordinates`/ })
})

t.test('a plain format needs only the fields', async (t) => {
  let text = ''
  for await (const piece of csv.render(inBatches([['001', null]]), { fields: trialFields.slice(0, 2) }))
    text += piece
  t.equal(text, 'code,district\n001,\n')
  t.equal(jsonRecord(trialFields.slice(0, 2))(['001', null]), '{"code":"001","district":null}')
})

t.test('SDMX-CSV has the records as components, and a withheld value is never zero', async (t) => {
  const fields = [
    field('district', 'string', { role: 'key', constraints: { required: true } }),
    field('pupils', 'integer', { role: 'count' }),
    field('conf_status', 'string', { role: 'status' }),
  ]
  const kind = { name: 'statistics', bind: { count: 'pupils', status: 'conf_status' } }
  const context = (period: 'year' | 'school-year', edition: string) => {
    const contract = contractOf(fields, ['district'], { dataset: 'trial-counts', kind, period })
    const version = { dataset: 'trial-counts', edition, number: 1, records: 2, synthetic: true }
    return trialContext(2, { contract, fields, version })
  }
  const rows = [
    ['310101', '12', 'F'],
    ['310115', null, 'C'],
  ]
  const text = String(await bytesOf('sdmx.csv', rows, context('school-year', '2024-2025')))
  t.equal(
    text,
    'STRUCTURE,STRUCTURE_ID,ACTION,DISTRICT,PUPILS,CONF_STATUS,TIME_PERIOD\n' +
      'dataflow,QINGDAN:TRIAL_COUNTS(1.0.0),I,310101,12,F,2024-09-01/P1Y\n' +
      'dataflow,QINGDAN:TRIAL_COUNTS(1.0.0),I,310115,,C,2024-09-01/P1Y\n',
  )
  t.match(String(await bytesOf('sdmx.csv', rows, context('year', '2025'))), /,F,2025\n/)
  t.equal(getFormat('sdmx.csv').omits?.(context('year', '2025')), undefined)
  t.match(getFormat('sdmx.csv').omits?.(trialContext(1)), { en: /statistics/, zh: /统计/ })
})

t.test('a number keeps its digits from text to JSON', async (t) => {
  const scale = 2
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -1e9, max: 1e9 }), async (hundredths) => {
      const sign = hundredths < 0 ? '-' : ''
      const digits = String(Math.abs(hundredths)).padStart(3, '0')
      const text = `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
      t.equal(fieldType('number').parse(text, { scale }), text)
      t.equal(fieldType('number').json(text), text)
    }),
  )
})
