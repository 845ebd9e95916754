import t from 'tap'
import type { Contract } from '../../src/contract/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { checksOf, contract, field, goodCsv, header, readRows } from '../support/bundle-fixture.ts'
import {
  formula,
  mainType,
  makeSheet,
  makeWorkbook,
  number,
  shared,
  type TestCell,
  type TestSheet,
  type TestWorkbook,
} from '../support/workbook.ts'

const headers = header.split(',')
const goodCells: readonly TestCell[] = [
  '01',
  'A1',
  'size',
  'big',
  number(12),
  number(3.5),
  '2020-05-01',
  'spade',
  'n',
]

/** The outcome of a sheet's rows under the fixture's header. */
function read(
  rows: readonly (readonly TestCell[])[],
  sheet: Partial<TestSheet> = {},
  book: Omit<TestWorkbook, 'sheets'> = {},
) {
  return readRows({ 'a.xlsx': makeSheet([headers, ...rows], sheet, book) })
}

/** A contract with a text field and one of each type that a cell can have. */
const typed: Contract = {
  ...contract,
  fields: [
    field('text', '文本', 'string'),
    field('whole', '整数', 'integer'),
    field('part', '小数', 'number'),
    field('share', '比率', 'number', { unit: '%' }),
    field('yes', '是否', 'boolean'),
    field('day', '日期', 'date'),
    field('clock', '时刻', 'time'),
    field('instant', '时间', 'datetime'),
  ],
  primaryKey: [],
}

/** What one cell of a field is taken as, or the check that refuses it. */
async function cellOf(name: string, cell: TestCell, book: Omit<TestWorkbook, 'sheets'> = {}) {
  const names = typed.fields.map((one) => one.name)
  const cells = names.map((one) =>
    one === name ? cell : one === 'text' ? 'x' : one === 'whole' ? '1' : undefined,
  )
  const { findings, rows } = await readRows(
    { 'a.xlsx': makeSheet([names, cells], {}, book) },
    { contract: typed },
  )
  const value = rows[0]?.values[names.indexOf(name)]
  return findings[0]?.check ?? value
}

t.test('a sheet gives the same rows as the equivalent CSV', async (t) => {
  const csv = await readRows({ 'a.csv': goodCsv })
  const { findings, rows, counts } = await read([
    goodCells.with(8, 'first'),
    ['01', 'A2', 'health', 'good', number(0), undefined, undefined, 'spade;rake'],
    ['02', 'A1', 'health', 'fair', number(7), number(10.2), '2021-06-30', undefined, 'two\nlines, "quoted"'],
  ])
  t.same(findings, [])
  t.same(rows, csv.rows)
  t.match(counts, [{ file: 'data/a.xlsx', rowsRead: 3, rowsTaken: 3, rowsRefused: 0, unreadable: false }])
})

t.test('cells are read as documented', async (t) => {
  const formats = [
    'yyyy/m/d',
    'h:mm',
    '[h]:mm',
    '0.0%',
    '00000',
    'yyyy-mm-dd hh:mm:ss',
    'yyyy-mm-dd"T"hh:mm:ss"Z"',
    '#,##0.0"d"',
  ]
  const [day, time, elapsed, percent, zeros, moment, utc, plain] = [1, 2, 3, 4, 5, 6, 7, 8]
  const strings = [
    '<si><t>shared</t></si>',
    '<si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh sb="0" eb="1"><t>phonetic</t></rPh></si>',
    '<si><t>a_x000D_b_x005F_x000D_</t></si>',
    '<si/>',
  ]
  const cases: readonly (readonly [string, TestCell, string | null | undefined])[] = [
    ['text', shared(0), 'shared'],
    ['text', shared(1), 'rich text'],
    ['text', shared(2), 'a\rb_x000D_'],
    ['text', shared(3), null],
    ['text', shared(4), 'cell-damaged'],
    ['text', shared('x'), 'cell-damaged'],
    ['text', shared(''), 'cell-damaged'],
    ['text', { xml: ' t="s"><is><t>x</t></is></c>' }, 'cell-damaged'],
    ['text', { xml: ' t="inlineStr"><v>0</v></c>' }, 'cell-damaged'],
    ['text', '00123', '00123'],
    ['text', number(123), '123'],
    ['text', number('1.1000000000000001'), '1.1'],
    ['text', number('0.30000000000000004'), '0.3'],
    ['text', number('1E-7'), '0.0000001'],
    ['text', number('1.5E5'), '150000'],
    ['text', number('-0'), '0'],
    ['text', number('999999999999999'), '999999999999999'],
    ['text', number('1E15'), 'number-damaged'],
    ['whole', number('3.10101201001011E+17'), 'number-damaged'],
    ['whole', number('1e21'), 'number-damaged'],
    ['whole', number('12.0'), '12'],
    ['part', number('-1234.5', plain), '-1234.5'],
    ['text', number(42, zeros), '00042'],
    ['text', number(-42, zeros), '-42'],
    ['text', number('INF'), 'cell-damaged'],
    ['text', number('1e999'), 'cell-damaged'],
    ['text', { xml: ' t="q"><v>1</v></c>' }, 'cell-damaged'],
    ['share', number(0.372, percent), '37.2'],
    ['share', number('0.07', percent), '7'],
    ['part', number(0.372, percent), 'type'],
    ['yes', { xml: ' t="b"><v>1</v></c>' }, 'true'],
    ['text', { xml: ' t="b"><v>0</v></c>' }, 'FALSE'],
    ['yes', { xml: ' t="b"><v>2</v></c>' }, 'cell-damaged'],
    ['text', { xml: ' t="e"><v>#N/A</v></c>' }, 'cell-error'],
    ['text', { xml: ' t="e"><f>NA()</f><v>#N/A</v></c>' }, 'cell-error'],
    ['whole', formula('12'), '12'],
    ['text', formula('a', 'str'), 'a'],
    ['text', formula('', 'str'), null],
    ['whole', formula(), 'cell-uncached'],
    ['whole', { xml: '><f>1</f><v/></c>' }, 'cell-uncached'],
    ['day', number(45901, day), '2025-09-01'],
    ['day', number(1, day), '1900-01-01'],
    ['day', number(59, day), '1900-02-28'],
    ['day', number(60, day), 'cell-day'],
    ['day', number(61, day), '1900-03-01'],
    ['day', number(0, day), 'cell-day'],
    ['day', number(-1, day), 'cell-day'],
    ['day', number(2958465, day), '9999-12-31'],
    ['day', number(2958466, day), 'cell-day'],
    ['day', number(45901.5, day), 'type'],
    ['text', number(45901.5, day), '2025-09-01T12:00:00'],
    ['text', number(45901), '45901'],
    ['day', number(45901), 'type'],
    ['clock', number(0.354166666666667, time), '08:30'],
    ['clock', number(0, time), '00:00'],
    ['clock', number(1, time), 'type'],
    ['clock', number(1, elapsed), '24:00'],
    ['text', number(0.354340277777778, time), '08:30:15'],
    ['instant', number(45901.5, moment), 'type'],
    ['instant', number(45901.5, utc), '2025-09-01T12:00:00Z'],
    ['day', { xml: ' t="d"><v>2025-09-01</v></c>' }, '2025-09-01'],
    ['day', { xml: ' t="d"><v>2025-09-01T00:00:00.000</v></c>' }, '2025-09-01'],
    ['instant', { xml: ' t="d"><v>2025-09-01T08:00:00Z</v></c>' }, '2025-09-01T08:00:00Z'],
    ['day', { xml: ' t="d"><v>soon</v></c>' }, 'cell-damaged'],
  ]
  for (const [name, cell, expected] of cases) {
    t.equal(await cellOf(name, cell, { formats, strings }), expected, `${name} ${JSON.stringify(cell)}`)
  }
  const from1904 = { formats, properties: 'date1904="1"' }
  t.equal(await cellOf('day', number(0, day), from1904), '1904-01-01')
  t.equal(await cellOf('day', number(44439, day), from1904), '2025-09-01')
  t.equal(await cellOf('day', number(2957003, day), from1904), '9999-12-31')
  t.equal(await cellOf('day', number(2957004, day), from1904), 'cell-day')
})

t.test('formulas are rejected if the contract requires it', async (t) => {
  const rows = [headers, goodCells.with(4, formula('12'))]
  const taken = await readRows({ 'a.xlsx': makeSheet(rows) })
  t.same(taken.findings, [])
  const refused = await readRows(
    { 'a.xlsx': makeSheet(rows) },
    { contract: { ...contract, formulas: 'refuse' } },
  )
  t.match(refused.findings, [{ check: 'cell-formula', row: 2, cell: 'E2', field: 'trees' }])
})

t.test('findings name the cells of the sheet and no value; missing rows count as blank', async (t) => {
  const secret = 'Ouyang-310101201001011234'
  const { findings, rows, counts } = await read([
    goodCells,
    goodCells.with(1, 'A2').with(4, secret),
    [],
    goodCells.with(1, 'A3').with(5, { xml: ' t="e"><v>#REF!</v></c>' }),
    [...goodCells.with(1, 'A4'), undefined, 'stray'],
    goodCells,
    [],
    ['', ' '],
  ])
  t.match(findings, [
    { check: 'key-doubled', row: 2, cell: 'A2' },
    { check: 'type', row: 3, cell: 'E3', field: 'trees', header: 'trees' },
    { check: 'row-blank', row: 4 },
    { check: 'cell-error', row: 5, cell: 'F5', field: 'height' },
    { check: 'header-unnamed', row: 6, cell: 'K6' },
    { check: 'key-doubled', row: 7, expected: 'area + plot (data/a.xlsx: 2)' },
  ])
  t.equal(findings.length, 6)
  t.notOk(findings.some(({ byteOffset }) => byteOffset !== undefined))
  t.notMatch(JSON.stringify(findings), /Ouyang|310101|stray/)
  t.same(rows, [])
  t.match(counts, [{ rowsRead: 6, rowsTaken: 0, rowsRefused: 6, unreadable: false }])
})

t.test('merged cells: titles and groups above headers are understood, others are reported', async (t) => {
  const title: readonly TestCell[] = ['2025 plots']
  const under = async (rows: readonly (readonly TestCell[])[], merges: readonly string[], options = {}) =>
    readRows({ 'a.xlsx': makeSheet(rows, { merges }) }, options)
  const titled = await under([title, headers, goodCells], ['A1:I1'])
  t.same(titled.findings, [])
  t.match(titled.rows, [{ row: 3 }])
  t.match(titled.counts, [{ rowsRead: 1 }])
  const bad = await under([title, headers, goodCells.with(4, 'x')], ['A1:I1'])
  t.match(bad.findings, [{ check: 'type', row: 3, cell: 'E3', header: 'trees' }])
  // Groups over two columns, the others merged downwards.
  const [area, plot, trait, grade, ...others] = headers
  const grouped = await under(
    [['Place', undefined, 'Rating', undefined, ...others], [area, plot, trait, grade], goodCells],
    ['A1:B1', 'C1:D1', ...'EFGHI'.split('').map((letter) => `${letter}1:${letter}2`)],
  )
  t.same(grouped.findings, [])
  t.match(grouped.rows, [{ row: 3, values: ['01', 'A1', 'size', 'big', '12'] }])
  // A name that is a header only with its group.
  const aliased: Contract = {
    ...contract,
    fields: [field('boys', '男生人数', 'integer'), field('girls', '女生人数', 'integer')],
    primaryKey: [],
  }
  const joined = await under(
    [
      ['男生', '女生'],
      ['人数', '人数'],
      [number(1), number(2)],
    ],
    ['C1:D1'],
    { contract: aliased },
  )
  t.same(checksOf(joined.findings), ['header-row'], 'two rows without groups are not a header')
  const four = await under(
    [
      ['男生', undefined, '女生', undefined],
      ['人数', undefined, '人数', undefined],
      [number(1), undefined, number(2)],
    ],
    ['A1:B1', 'C1:D1'],
    { contract: aliased },
  )
  t.same(four.findings, [])
  t.match(four.rows, [{ row: 3, values: ['1', '2'] }])
  const wide = await under([headers.with(6, ''), goodCells], ['F1:G1'])
  t.match(wide.findings, [{ check: 'header-merged', row: 1, cell: 'F1' }])
  t.equal(wide.counts[0]?.unreadable, true)
  const deep = await under([headers, goodCells], ['A1:A6'])
  t.same(checksOf(deep.findings), ['header-merged'])
  const data = await under(
    [headers, goodCells, ['', 'A2', ...goodCells.slice(2)], ['02', 'A3', ...goodCells.slice(2)]],
    ['A2:A3', 'K2:K9'],
  )
  t.match(data.findings, [
    { check: 'cell-merged', row: 2, cell: 'A2', field: 'area' },
    { check: 'cell-merged', row: 3, cell: 'A3', field: 'area' },
  ])
  t.equal(data.findings.length, 2)
  t.match(data.rows, [{ row: 4 }])
})

t.test('which sheet is read, and what is said of those that are not', async (t) => {
  const good: TestSheet = { name: '数据', rows: [headers, goodCells] }
  const other: TestSheet = { name: 'notes', rows: [['read me']] }
  const blank: TestSheet = { name: 'Sheet3' }
  const of = (sheets: readonly TestSheet[], sheet = {}) =>
    readRows({ 'a.xlsx': makeWorkbook({ sheets }) }, { sheet })
  t.same((await of([good, blank])).findings, [])
  t.match((await of([good, other])).findings, [{ check: 'sheet-others', severity: 'warning' }])
  t.same(checksOf((await of([{ ...other, state: 'hidden' }, good])).findings), ['hidden-sheets'])
  t.same(checksOf((await of([other, good])).findings), ['sheet-first', 'sheet-others'])
  const named = await of([other, good], { name: '数据' })
  t.same(checksOf(named.findings), ['sheet-others'])
  t.equal(named.rows.length, 1)
  t.equal((await of([other, { ...good, state: 'hidden' }], { number: 2 })).rows.length, 1)
  t.match((await of([good], { name: 'x' })).findings, [
    { check: 'sheet-unknown', expected: '--sheet "数据"' },
  ])
  t.match((await of([good], { number: 2 })).findings, [
    { check: 'sheet-unknown', expected: '--sheet "数据"' },
  ])
  t.same(checksOf((await of([blank, good])).findings), ['sheet-first', 'sheet-others'])
  t.same(checksOf((await of([blank, blank])).findings), ['file-empty'])
  t.match((await of([{ ...good, state: 'veryHidden' }])).findings, [{ check: 'sheet-unknown' }])
  const hidden = await read([goodCells, goodCells.with(1, 'A2')], {
    rowAttributes: { 3: 'hidden="1"' },
    head: '<cols><col min="2" max="3" hidden="1"/></cols>',
  })
  t.match(hidden.findings, [
    { check: 'hidden-rows', row: 3, severity: 'warning' },
    { check: 'hidden-columns', cell: 'B1', severity: 'warning' },
  ])
  t.equal(hidden.rows.length, 2)
  t.match((await of([blank])).findings, [{ check: 'file-empty' }])
  t.match((await of([{ name: 'x', rows: [headers] }])).findings, [{ check: 'rows-missing' }])
  t.match((await of([{ name: 'x', rows: [[], headers, goodCells] }])).findings, [
    { check: 'header-row', cell: 'A1' },
  ])
})

t.test('unsafe and unreadable workbooks are rejected', async (t) => {
  const rows = [headers, goodCells]
  const book = (more: Omit<TestWorkbook, 'sheets'>) => makeSheet(rows, {}, more)
  const sheet = (xml: string) => makeSheet([], { xml })
  const compound = (text: string) =>
    Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(1000), Buffer.from(text, 'utf16le')])
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'ha'.repeat(100)}"><!ENTITY b "&a;&a;&a;&a;">]>`
  const plain = (inside: string) => `<worksheet><sheetData>${inside}</sheetData></worksheet>`
  const good = makeSheet(rows)
  const flipped = Buffer.from(good)
  const at = flipped.indexOf('xl/worksheets/sheet1.xml') + 40
  flipped.fill(0xff, at, at + 8)
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ['an old workbook', compound('Workbook'), 'workbook-kind'],
    ['a password', compound('EncryptedPackage'), 'workbook-encrypted'],
    ['a CSV with the wrong extension', Buffer.from(goodCsv), 'workbook-kind'],
    ['nothing', Buffer.alloc(0), 'file-empty'],
    ['another kind of ZIP', book({ without: ['[Content_Types].xml'] }), 'workbook-kind'],
    [
      'a binary workbook',
      book({ mainType: 'application/vnd.ms-excel.sheet.binary.macroEnabled.main' }),
      'workbook-kind',
    ],
    ['a document', book({ mainType: 'application/wordprocessingml.document.main+xml' }), 'workbook-kind'],
    [
      'macro-enabled',
      book({ mainType: 'application/vnd.ms-excel.sheet.macroEnabled.main+xml' }),
      'workbook-macros',
    ],
    ['macros', book({ entries: [{ name: 'xl/vbaProject.bin', data: 'x' }] }), 'workbook-macros'],
    ['old macros', book({ entries: [{ name: 'xl/macrosheets/sheet1.xml', data: 'x' }] }), 'workbook-macros'],
    [
      'a link',
      book({ entries: [{ name: 'xl/externalLinks/externalLink1.xml', data: 'x' }] }),
      'workbook-external',
    ],
    [
      'a reference',
      book({ more: '<externalReferences><externalReference r:id="e"/></externalReferences>' }),
      'workbook-external',
    ],
    ['a connection', book({ entries: [{ name: 'xl/connections.xml', data: 'x' }] }), 'workbook-external'],
    ['a bomb in the sheet', sheet(`${bomb}${plain('&b;')}`), 'workbook-doctype'],
    [
      'a bomb in the texts',
      book({ entries: [{ name: 'xl/sharedStrings.xml', data: `${bomb}<sst/>` }] }),
      'workbook-doctype',
    ],
    ['an undefined entity', sheet(plain('<row><c t="str"><v>&b;</v></c></row>')), 'workbook-damaged'],
    ['truncated XML', sheet('<worksheet><sheetData><row>'), 'workbook-damaged'],
    [
      'XML in UTF-16',
      makeSheet(
        [],
        { xml: '' },
        { entries: [{ name: 'xl/worksheets/sheet1.xml', data: Buffer.from('\ufeff<a/>', 'utf16le') }] },
      ),
      'workbook-damaged',
    ],
    ['another encoding', sheet('<?xml version="1.0" encoding="GBK"?><worksheet/>'), 'workbook-damaged'],
    ['nested too deeply', sheet('<a>'.repeat(200_000)), 'workbook-damaged'],
    ['rows out of order', sheet(plain('<row r="3"/><row r="2"/>')), 'workbook-damaged'],
    ['cells out of order', sheet(plain('<row r="1"><c r="B1"/><c r="A1"/></row>')), 'workbook-damaged'],
    ['a cell of another row', sheet(plain('<row r="1"><c r="A2"/></row>')), 'workbook-damaged'],
    ['a row beyond the last', sheet(plain('<row r="1048577"/>')), 'workbook-damaged'],
    ['a column beyond the last', sheet(plain('<row r="1"><c r="XFE1"/></row>')), 'workbook-damaged'],
    ['merges that overlap', makeSheet(rows, { merges: ['A2:B3', 'B3:C4'] }), 'workbook-damaged'],
    ['an invalid merge', makeSheet(rows, { merges: ['A2:?'] }), 'workbook-damaged'],
    ['no sheet', book({ without: ['xl/worksheets/sheet1.xml'] }), 'workbook-damaged'],
    ['no relationships', book({ without: ['_rels/.rels'] }), 'workbook-kind'],
    ['cut off', good.subarray(0, good.length - 30), 'workbook-damaged'],
    ['data after the end', Buffer.concat([good, Buffer.from('more')]), 'workbook-trailing'],
    ['damaged bytes', flipped, 'workbook-damaged'],
    ['an encrypted entry', book({ entries: [{ name: 'x', flags: 1 }] }), 'workbook-encrypted'],
    ['a path outside', book({ entries: [{ name: '../x' }] }), 'workbook-damaged'],
    ['a zip bomb', sheet(plain(' '.repeat(20 << 20))), 'workbook-large'],
  ]
  for (const [name, bytes, check] of cases) {
    const { findings, rows: taken, counts } = await readRows({ 'a.xlsx': bytes })
    t.match(findings, [{ check, file: 'data/a.xlsx', severity: 'error' }], name)
    t.equal(findings.length, 1, name)
    t.same(taken, [], name)
    t.match(counts, [{ unreadable: true, rowsTaken: 0 }], name)
  }
  t.equal(mainType.includes('sheet.main'), true)
})

t.test('limits hold on both sides', async (t) => {
  const rows = [headers, goodCells.with(8, 'x'.repeat(1000)), goodCells.with(1, 'A2')]
  const file = { 'a.xlsx': makeSheet(rows) }
  const under = async (limits: Parameters<typeof readRows>[1]) =>
    checksOf((await readRows(file, limits)).findings)
  t.same(await under({ limits: { fieldBytesMax: 1000, rowsMax: 2, filesMax: 7 } }), [])
  const long: Partial<Finding>[] = (await readRows(file, { limits: { fieldBytesMax: 999 } })).findings.slice()
  t.match(long, [{ check: 'field-too-long', row: 2, cell: 'I2' }])
  t.same(await under({ limits: { rowsMax: 1 } }), ['too-many-rows'])
  t.same(await under({ limits: { filesMax: 6 } }), ['workbook-large'])
  t.same(await under({ limits: { bytesMax: 100 } }), ['workbook-large'])
  // One shared text in many cells: the rows are longer than the file.
  const text = 'x'.repeat(1 << 16)
  const many = makeSheet(
    [headers, ...Array.from({ length: 40 }, (_, n) => goodCells.with(1, `A${n}`).with(8, shared(0)))],
    {},
    { strings: [`<si><t>${text}</t></si>`] },
  )
  t.same(checksOf((await readRows({ 'a.xlsx': many }, { limits: { bytesMax: 1 << 20 } })).findings), [
    'workbook-large',
  ])
  t.equal((await readRows({ 'a.xlsx': many }, { limits: { bytesMax: 3 << 20 } })).rows.length, 40)
  const wide = makeSheet(
    [headers, [...goodCells.slice(0, 8), ...Array.from({ length: 20 }, () => shared(0))]],
    {},
    { strings: [`<si><t>${text}</t></si>`] },
  )
  t.same(checksOf((await readRows({ 'a.xlsx': wide }, { limits: { fieldBytesMax: 1 << 16 } })).findings), [
    'row-too-long',
  ])
})
