/** XLSX as opened by LibreOffice, and its parts where LibreOffice is lenient. */
import fc from 'fast-check'
import t from 'tap'
import { type Format, FormatRefusal, getFormat, type RecordValues } from '../../src/formats/index.ts'
import { keepsExactly } from '../../src/formats/xlsx/cells.ts'
import { contractOf, field } from '../support/fields.ts'
import { rowsByLibreOffice, withoutLibreOffice } from '../support/read-back.ts'
import { runs } from '../support/runs.ts'
import { anyRows, bytesOf, trialContext, trialFields, trialRows } from '../support/trial-records.ts'
import { zipEntries } from '../support/zip-entries.ts'

t.test('LibreOffice shows the same records', { skip: withoutLibreOffice }, async (t) => {
  t.strictSame(
    await rowsByLibreOffice('trial.xlsx', await bytesOf('xlsx', trialRows), trialFields),
    trialRows,
  )
  // LibreOffice takes seconds to start, so there are a few large workbooks instead of many small ones.
  await fc.assert(
    fc.asyncProperty(anyRows({ minLength: 300, maxLength: 400 }), async (rows) => {
      // One value that a spreadsheet alters makes its column a text; here numbers and dates are to be compared.
      const exact = rows.map((row) =>
        row.map((text, index) => {
          const keeps = keepsExactly[trialFields[index]?.type ?? 'string']
          return text === null || keeps === undefined || keeps(text) ? text : null
        }),
      )
      const read = await rowsByLibreOffice('any.xlsx', await bytesOf('xlsx', exact), trialFields)
      t.strictSame(read.map(withOneBreak), exact.map(withOneBreak))
    }),
    { ...runs(1, 3), endOnFailure: true },
  )
})

/** LibreOffice keeps a line break in a cell as one sign, and makes one of CR, or of CR LF; the file holds each (below). */
function withOneBreak(row: RecordValues): RecordValues {
  return row.map((text) => text?.replaceAll(/\r\n?/g, '\n') ?? null)
}

t.test('the file keeps each character of a line break', async (t) => {
  const two = [field('code', 'string'), field('note', 'string')]
  const context = trialContext(1, { contract: contractOf(two, ['code']), fields: two })
  const sheets = await zipEntries(await bytesOf('xlsx', [['1', 'a\r\nb\rc']], context))
  t.match(String(sheets.get('xl/worksheets/sheet1.xml')), /a_x000D_\nb_x000D_c/i)
})

const xlsx: Format = getFormat('xlsx')

t.test('too many rows or columns for a sheet: omitted with a reason', async (t) => {
  t.equal(xlsx.omits?.(trialContext(1_048_575)), undefined)
  t.match(xlsx.omits?.(trialContext(1_048_576)), { en: /^1048576 records and a header/, zh: /1048576 条/ })
  const fields = (count: number) => Array.from({ length: count }, (_, n) => field(`f${n}`, 'string'))
  t.equal(xlsx.omits?.(trialContext(1, { fields: fields(16_384) })), undefined)
  t.match(xlsx.omits?.(trialContext(1, { fields: fields(16_385) })), { en: /^16385 fields/, zh: /16385 个/ })
})

t.test('a text longer than a cell is refused, never cut', async (t) => {
  const two = [field('code', 'string'), field('note', 'string')]
  const context = trialContext(1, { contract: contractOf(two, ['code']), fields: two })
  // Each of these counts twice, as Excel counts.
  const longest = `${'😀'.repeat(16_383)}x`
  const sheet = (await zipEntries(await bytesOf('xlsx', [['1', longest]], context))).get(
    'xl/worksheets/sheet1.xml',
  )
  t.ok(String(sheet).includes(longest))
  const refused = await bytesOf('xlsx', [['1', `${longest}y`]], context).catch((error: unknown) => error)
  t.ok(refused instanceof FormatRefusal)
  t.match(refused, { reason: { zh: /字段 note/, en: /The field note .* 32767 characters/ } })
})

t.test('further sheets have fields, codes and licence', async (t) => {
  const sheets = await zipEntries(await bytesOf('xlsx', trialRows))
  const sheet = (n: number) => String(sheets.get(`xl/worksheets/sheet${n}.xml`))
  t.match(sheet(1), /<pane ySplit="1" topLeftCell="A2" .*state="frozen"\/>/)
  t.match(sheet(1), /<autoFilter ref="A1:M6"\/>/)
  t.match(sheet(2), /测试 longitude.*Test longitude.*°/)
  t.match(sheet(3), /districts.*310115.*浦东新区.*Pudong/)
  t.match(sheet(4), /署名 4.0 国际.*creativecommons.*合成示例数据/)
  t.equal([...sheets.keys()][0], '[Content_Types].xml', 'by which tools recognise the format')
})

t.test('one column has one type, and padding zeros are no digits', async (t) => {
  const fields = [
    field('code', 'string'),
    field('wide', 'number', { scale: 10 }),
    field('long', 'integer'),
    field('day', 'date'),
    field('max_xyz', 'integer'),
  ]
  const context = (records: number) =>
    trialContext(records, { contract: contractOf(fields, ['code']), fields })
  const sheetOf = async (rows: readonly RecordValues[]) =>
    String(
      (await zipEntries(await bytesOf('xlsx', rows, context(rows.length)))).get('xl/worksheets/sheet1.xml'),
    )
  const plain = await sheetOf([
    ['a', '123456.5000000000', '999999999999999', '1900-03-01', '1'],
    ['b', '0.0000000001', '-5', null, '2'],
  ])
  t.match(plain, /<c r="B2" s="16"><v>123456.5000000000<\/v>/)
  t.equal(plain.match(/t="inlineStr"/g)?.length, fields.length + 2, 'only the header and the codes are texts')
  t.match(plain, /<c r="D2" s="3"><v>61<\/v>/, 'the first day of the calendar is a date')
  t.match(plain, /<t>max_xyz<\/t>/, 'not escaped as max_x005F_xyz')
  const mixed = await sheetOf([
    ['a', '1.0000000000', '1', '2025-01-01', '1'],
    ['b', '123456.1234567891', '9007199254740991', '1850-01-01', '2'],
  ])
  for (const column of ['B', 'C', 'D'])
    for (const row of [2, 3]) t.match(mixed, new RegExp(`<c r="${column}${row}" s="2" t="inlineStr">`))
  t.match(mixed, /<c r="E3" s="6"><v>2</)
})

t.test('columns beyond Z have two and three letters', async (t) => {
  const fields = Array.from({ length: 703 }, (_, n) => field(`f${n}`, 'string'))
  const context = trialContext(0, { contract: contractOf(fields, ['f0']), fields })
  const sheet = String((await zipEntries(await bytesOf('xlsx', [], context))).get('xl/worksheets/sheet1.xml'))
  for (const name of ['A1', 'Z1', 'AA1', 'ZZ1', 'AAA1']) t.match(sheet, `<c r="${name}"`)
})

t.test('a failing source or a reader that stops leaves nothing pending', async (t) => {
  if (!('render' in xlsx)) throw new Error('XLSX is rendered')
  // No type whose values are all read before the first cell is written.
  const fields = [field('code', 'string')]
  const context = trialContext(1_000_000, { contract: contractOf(fields, ['code']), fields })
  let given = 0
  let closed = 0
  async function* endless() {
    try {
      for (;;) {
        given += 1
        yield [['x']]
      }
    } finally {
      closed += 1
    }
  }
  for await (const _ of xlsx.render(endless(), context)) if (given > 10) break
  t.equal(closed, 1, 'the source was ended')
  async function* broken() {
    yield trialRows
    throw new Error('the database is unavailable')
  }
  const read = async () => {
    for await (const _ of xlsx.render(broken(), trialContext(5)));
  }
  await t.rejects(read(), /the database is unavailable/)
})
