/**
 * Files as people save them who have not read the documentation: each is accepted unaltered, or has the finding that
 * says what to do.
 */
import t from 'tap'
import { header, readRows } from '../support/bundle-fixture.ts'
import { makeSheet } from '../support/workbook.ts'

const row = '01,A1,size,big,12,3.5,2020-05-01,spade,first'
const withCells = (cells: Readonly<Record<number, string>>) =>
  row
    .split(',')
    .map((cell, at) => cells[at] ?? cell)
    .join(',')
const file = (...rows: readonly string[]) => `${[header, ...rows].join('\n')}\n`

/** About the file, the file, its findings as `check cell`, the rows accepted. */
const cases: readonly (readonly [string, string | Buffer, readonly string[], number])[] = [
  ['the sep= line of Excel', `sep=,\n${file(row)}`, ['header-row A1'], 0],
  ['a title above the header', `2026 年统计表,,,,,,,,\n${file(row)}`, ['header-row A1'], 0],
  ['a comment above the header', `# exported\n${file(row)}`, ['header-row A1'], 0],
  ['a web page', '<html><body><table>', ['file-not-text '], 0],
  ['a sheet of XML', '<?xml version="1.0"?><Workbook/>', ['file-not-text '], 0],
  ['a bar between cells', file(row).replaceAll(',', '|'), ['header-row A1'], 0],
  ['a full-width comma between cells', file(row).replaceAll(',', '，'), ['header-row A1'], 0],
  ['a comma at the end of each line', file(row).replaceAll('\n', ',\n'), [], 1],
  ['English titles, with the unit', file(row).replace('height', 'The height (m)'), [], 1],
  ['a line break in a header', file(row).replace('area', '"area\n"'), [], 1],
  ['a header of another meaning', file(row).replace('note', '棵数'), ['header-unknown I1'], 0],
  ['a header alone', file(), ['rows-missing '], 0],
  ['an empty file', '', ['file-empty '], 0],
  ['a header twice', file(`${row},01`).replace('note', 'note,area'), ['header-doubled J1'], 0],
  ['UTF-16 without a mark', Buffer.from(file(row), 'utf16le'), ['nul-byte '], 0],
  ['two byte order marks', `\ufeff\ufeff${file(row)}`, ['stray-bom '], 0],
  ['a formula that keeps a zero', file(withCells({ 0: '"=""01"""' })), ['code-unknown A2'], 0],
  ['an apostrophe before a number', file(withCells({ 4: "'12" })), ['type E2'], 0],
  ['a number with its unit', file(withCells({ 4: '12棵' })), ['type E2'], 0],
  ['a number in words', file(withCells({ 4: '十二' })), ['type E2'], 0],
  ['two numbers in a cell', file(withCells({ 4: '12/13' })), ['type E2'], 0],
  ['a decimal comma', file(withCells({ 5: '"3,5"' })), ['type F2'], 0],
  ['a minus before zero', file(withCells({ 5: '-0.0' })), [], 1],
  ['a day that is none', file(withCells({ 6: '1900-01-00' })), ['type G2'], 0],
  ['the serial number of a day', file(withCells({ 6: '45901' })), ['type G2'], 0],
  ['a day before the month', file(withCells({ 6: '31/12/2025' })), ['type G2'], 0],
  ['a label with more words', file(withCells({ 0: '北片区' })), ['code-unknown A2'], 0],
  ['an element twice', file(withCells({ 7: 'spade;铲' })), ['type H2'], 0],
  ['typographic quotes', file(withCells({ 8: '“first”' })), [], 1],
  ['a lost character', file(withCells({ 8: '北\ufffd京' })), ['text-lost I2'], 1],
  ['a number of the page', file(row, '第 1 页 共 2 页,,,,,,,,'), ['row-note A3'], 1],
  ['a total without the word', file(row, ',,,,12,,,,'), ['required C3'], 1],
  ['keys that differ in case', file(row, row.replace('A1', 'a1')), [], 2],
]

t.test('each odd file has its finding', async (t) => {
  const [found, expected]: [unknown[], unknown[]] = [[], []]
  for (const [about, data, findings, taken] of cases) {
    const outcome = await readRows({ 'a.csv': data })
    const shown = outcome.findings.filter(({ check }) => check !== 'header-absent')
    found.push([about, shown.map(({ check, cell = '' }) => `${check} ${cell}`), outcome.rows.length])
    expected.push([about, findings, taken])
  }
  t.strictSame(found, expected)
})

t.test('a header below titles is named by its row, in a text and in a workbook', async (t) => {
  const titles = '2026 年统计表,,,,,,,,\n单位：棵,,,,,,,,\n'
  const sheet = `${titles}${header}\n${row}\n`.split('\n').map((line) => line.split(','))
  for (const files of [{ 'a.csv': `${titles}${file(row)}` }, { 'a.xlsx': makeSheet(sheet) }]) {
    const { findings, rows } = await readRows(files)
    t.match(findings, [{ check: 'header-row', cell: 'A1', expected: /第 3 行.* in row 3/ }])
    t.equal(rows.length, 0)
  }
  const { findings } = await readRows({ 'a.csv': `${titles}${'x,\n'.repeat(13)}${file(row)}` })
  t.match(findings, [{ check: 'header-row', expected: /^片区 \/ area/ }], 'too far below')
})
