import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { fieldType } from '../../src/contract/index.ts'
import { formats, getFormat, jsonRecord, type Row } from '../../src/formats/index.ts'
import { field } from '../support/fields.ts'

const fields = [
  field('code', 'string'),
  field('name', 'string'),
  field('count', 'integer'),
  field('mean', 'number', { scale: 2 }),
  field('open', 'boolean'),
  field('day', 'date'),
  field('tags', 'list'),
]

const rows: readonly Row[] = [
  ['001', '浦东, "新区"', '12', '85.40', 'true', '2025-09-01', 'a;b'],
  ['002', '两行\n文本', null, '-0.50', 'false', null, null],
  ['003', '回车\r表情😀', '9007199254740991', null, null, '2024-02-29', 'c'],
]

async function* batches(all: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (const row of all) yield [row]
}

async function bytesOf(name: string, all: readonly Row[]): Promise<Buffer> {
  const format = getFormat(name)
  const source =
    'from' in format
      ? format.recode(one(await bytesOf(format.from, all)))
      : format.render(batches(all), fields)
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

t.test('the golden bytes of each format', async (t) => {
  const csv = await bytesOf('csv', rows)
  t.equal(
    csv.toString(),
    'code,name,count,mean,open,day,tags\n' +
      '001,"浦东, ""新区""",12,85.40,true,2025-09-01,a;b\n' +
      '002,"两行\n文本",,-0.50,false,,\n' +
      '003,"回车\r表情😀",9007199254740991,,,2024-02-29,c\n',
  )
  t.ok(gunzipSync(await bytesOf('csv.gz', rows)).equals(csv))
  t.ok((await bytesOf('csv.gz', rows)).equals(await bytesOf('csv.gz', rows)), 'gzip carries no time')
  t.equal(
    (await bytesOf('ndjson', rows)).toString().split('\n')[0],
    '{"code":"001","name":"浦东, \\"新区\\"","count":12,"mean":85.40,"open":true,"day":"2025-09-01","tags":["a","b"]}',
  )
  t.same([...formats.keys()], ['csv', 'csv.gz', 'ndjson'])
  t.throws(() => getFormat('xls'), /no format xls/)
})

t.test('what is rendered and read back is the same, whatever the text', async (t) => {
  const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !value.includes('\0'))
  const row = fc.tuple(text, fc.option(text))
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (pairs) => {
      const two = fields.slice(0, 2)
      const format = getFormat('csv')
      if (!('render' in format)) throw new Error('CSV is rendered')
      let csv = ''
      for await (const chunk of format.render(batches(pairs), two)) csv += chunk
      const back = parse(csv, { from_line: 1, relax_column_count: false }).slice(1) as string[][]
      t.strictSame(
        back,
        pairs.map(([a, b]) => [a, b ?? '']),
      )
      const record = jsonRecord(two)
      t.strictSame(
        pairs.map((pair) => JSON.parse(record(pair))),
        pairs.map(([code, name]) => ({ code, name })),
      )
    }),
    { numRuns: 200 },
  )
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
