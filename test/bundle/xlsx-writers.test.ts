/** Workbooks from our own writer and from LibreOffice, random rows compared with the same rows as CSV, and a full sheet. */
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import t from 'tap'
import { validateBag } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { getFormat, repeatable } from '../../src/formats/index.ts'
import { checksOf, contract, field, type Outcome, readRows, validationOf } from '../support/bundle-fixture.ts'
import { drawTable, everyType } from '../support/csv-arbitrary.ts'
import { contractOf } from '../support/fields.ts'
import { convert, withoutLibreOffice } from '../support/read-back.ts'
import { isFull, runs } from '../support/runs.ts'
import { bytesOf, trialContext, trialFields, trialRows } from '../support/trial-records.ts'
import { makeSheet } from '../support/workbook.ts'

/** The outcome of a file, without its name, encoding and byte offsets. */
function plain({ findings, rows, counts }: Outcome): unknown {
  const reported = findings.map(({ byteOffset: _byteOffset, ...finding }) => finding)
  const counted = counts.map(({ digest: _digest, encoding: _encoding, ...count }) => count)
  return JSON.parse(JSON.stringify({ reported, rows, counted }).replaceAll('data/a.xlsx', 'data/a.csv'))
}

for (const every of [false, true]) {
  t.test(
    `the same texts as CSV and as XLSX give the same outcome, ${every ? 'every type' : 'codes and lists'}`,
    async (t) => {
      let taken = 0
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (draw) => {
          const table = drawTable(draw, every)
          const options = every ? { contract: everyType } : {}
          const csv = await readRows({ 'a.csv': stringify([...table], { quoted: true }) }, options)
          const sheet = await readRows({ 'a.xlsx': makeSheet(table) }, options)
          taken += sheet.rows.length
          t.strictSame(plain(sheet), plain(csv))
        }),
        { ...runs(20, 150), endOnFailure: true },
      )
      t.ok(taken > 15, `${taken} rows taken`)
    },
  )
}

t.test('output of our own writer is read back', async (t) => {
  const fields = trialFields.map(({ codes: _codes, ...one }) => one)
  const options = { contract: { ...contract, fields, primaryKey: [], missingValues: [''] } }
  const book = await readRows({ 'a.xlsx': await bytesOf('xlsx', trialRows) }, options)
  const csv = await readRows({ 'a.csv': await bytesOf('csv', trialRows) }, options)
  t.strictSame(book.rows, csv.rows)
  t.ok(book.rows.length > 2)
  const reported = ({ findings }: Outcome) => findings.map(({ check, cell }) => `${check} ${cell}`)
  t.strictSame(reported(book), ['sheet-others undefined', ...reported(csv)])
})

const cell = (type: string, attributes: string, text: string) =>
  `<table:table-cell office:value-type="${type}" ${attributes}><text:p>${text}</text:p></table:table-cell>`

/** A spreadsheet of LibreOffice as one XML file, with a title merged above and a formula without its value. */
const flat = `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
 xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>
<number:date-style style:name="D"><number:year number:style="long"/><number:text>/</number:text><number:month/><number:text>/</number:text><number:day/></number:date-style>
<number:time-style style:name="T"><number:hours/><number:text>:</number:text><number:minutes number:style="long"/></number:time-style>
<number:percentage-style style:name="P"><number:number number:decimal-places="1"/><number:text>%</number:text></number:percentage-style>
<number:boolean-style style:name="B"><number:boolean/></number:boolean-style>
<style:style style:name="b" style:family="table-cell" style:data-style-name="B"/>
<style:style style:name="d" style:family="table-cell" style:data-style-name="D"/>
<style:style style:name="t" style:family="table-cell" style:data-style-name="T"/>
<style:style style:name="p" style:family="table-cell" style:data-style-name="P"/>
</office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="表">
<table:table-row><table:table-cell table:number-columns-spanned="7" table:number-rows-spanned="1" office:value-type="string"><text:p>2025 年地块表</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="6"/></table:table-row>
<table:table-row>${['code', 'whole', 'part', 'share', 'day', 'clock', 'yes'].map((name) => cell('string', '', name)).join('')}</table:table-row>
<table:table-row>${[
  cell('string', '', '0012'),
  cell('float', 'office:value="1234567"', '1,234,567'),
  cell('float', 'table:formula="of:=[.B3]/8"', ''),
  cell('percentage', 'table:style-name="p" office:value="0.372"', '37.2%'),
  cell('date', 'table:style-name="d" office:date-value="2025-09-01"', '2025/9/1'),
  cell('time', 'table:style-name="t" office:time-value="PT08H30M00S"', '8:30'),
  cell('boolean', 'table:style-name="b" office:boolean-value="true"', 'TRUE'),
].join('')}</table:table-row>
</table:table></office:spreadsheet></office:body></office:document>`

t.test('output of LibreOffice is read', { skip: withoutLibreOffice }, async (t) => {
  const bytes = await convert('a.fods', Buffer.from(flat), 'xlsx:Calc MS Excel 2007 XML', 'xlsx')
  const typed: Contract = {
    ...contract,
    fields: [
      field('code', '编码', 'string'),
      field('whole', '整数', 'integer'),
      field('part', '小数', 'number'),
      field('share', '比率', 'number', { unit: '%' }),
      field('day', '日期', 'date'),
      field('clock', '时刻', 'time'),
      field('yes', '是否', 'boolean'),
    ],
    primaryKey: [],
  }
  const { findings, rows } = await readRows({ 'a.xlsx': bytes }, { contract: typed })
  t.same(findings, [])
  t.same(rows, [
    { file: 0, row: 3, values: ['0012', '1234567', '154320.875', '37.2', '2025-09-01', '08:30', 'true'] },
  ])
})

t.test('a long sheet, at most of 1,048,576 rows, is written and read in bounded memory', async (t) => {
  const records = isFull ? 1_048_575 : 150_000
  const fields = [field('k', '键', 'integer')]
  const format = getFormat('xlsx')
  if (!('render' in format)) throw new Error('XLSX is rendered')
  async function* numbers() {
    for (let from = 2; from <= records + 1; from += 10_000) {
      const rows = Math.min(10_000, records + 2 - from)
      yield Array.from({ length: rows }, (_, index) => [String(from + index)])
    }
  }
  const written: Uint8Array[] = []
  const rendering = format.render(
    repeatable(numbers),
    trialContext(records, { contract: contractOf(fields, ['k']), fields }),
  )
  for await (const chunk of rendering) written.push(Buffer.from(chunk))
  const keyed: Contract = { ...contract, fields: [field('k', '键', 'integer')], primaryKey: ['k'] }
  const { validation, findings } = validationOf({ 'a.xlsx': Buffer.concat(written) }, { contract: keyed })
  const before = process.memoryUsage().rss
  let peak = before
  const reading = validateBag({
    ...validation,
    onProgress: () => {
      peak = Math.max(peak, process.memoryUsage().rss)
    },
  })
  let last = 0
  for await (const batch of reading) last = batch.at(-1)?.row ?? last
  t.same(checksOf(findings), ['sheet-others'])
  t.equal(last, records + 1)
  t.match(reading.counts(), [{ rowsRead: records, rowsTaken: records, unreadable: false }])
  t.comment(`${Math.round((peak - before) / 2 ** 20)} MiB over idle`)
  t.ok(
    peak - before < (isFull ? 300 : 200) * 2 ** 20,
    `${Math.round((peak - before) / 2 ** 20)} MiB over idle`,
  )
})
