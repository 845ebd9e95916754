import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fieldType } from '../../src/contract/index.ts'
import { csv, formats, getFormat, jsonRecord } from '../../src/formats/index.ts'
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
  t.same([...formats.keys()], ['csv', 'csv.gz', 'ndjson', 'json', 'xlsx', 'parquet', 'geojson', 'zip'])
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
