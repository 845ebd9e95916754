/** Damage to a table, as by people who fill in, copy and sort: cells, headers, rows and columns. */
import { between, oneOf, type Random } from '../support/samples/random.ts'
import { type Table, trialColumns } from './trial.ts'

const row = (random: Random, table: Table) => between(random, 1, Math.max(1, table.length - 1))
const column = (random: Random, table: Table) => between(random, 0, Math.max(0, (table[0]?.length ?? 1) - 1))
const anyText = (random: Random) => {
  const from = oneOf(random, trialColumns)
  return random() < 0.5 ? oneOf(random, from.odd) : from.good(random)
}

function edit(table: Table, at: number, col: number, text: string): void {
  const cells = table[at]
  if (cells !== undefined && col < cells.length) cells[col] = text
}

/** The trial column of a header, if known here. */
const columnOf = (header: string | undefined) =>
  trialColumns.find(({ headers }) => headers.includes(header ?? ''))

export const tableDamage: Readonly<Record<string, (random: Random, table: Table) => void>> = {
  'odd cell': (random, table) => {
    const col = column(random, table)
    edit(
      table,
      row(random, table),
      col,
      oneOf(random, (columnOf(table[0]?.[col]) ?? oneOf(random, trialColumns)).odd),
    )
  },
  'other cell': (random, table) => edit(table, row(random, table), column(random, table), anyText(random)),
  'cell emptied': (random, table) =>
    edit(
      table,
      row(random, table),
      column(random, table),
      oneOf(random, ['', ' ', '\u3000', '\u00a0', '\n']),
    ),
  'blanks around a cell': (random, table) => {
    const [at, col] = [row(random, table), column(random, table)]
    const blank = () => oneOf(random, ['', ' ', '\u3000', '\t', '\u00a0'])
    edit(table, at, col, `${blank()}${table[at]?.[col] ?? ''}${blank()}`)
  },
  'digits in full width': (random, table) => {
    const [at, col] = [row(random, table), column(random, table)]
    const wide = (sign: string) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)
    edit(table, at, col, (table[at]?.[col] ?? '').replace(/[!-~]/g, wide))
  },
  'cell content repeated': (random, table) => {
    const [at, col] = [row(random, table), column(random, table)]
    edit(table, at, col, `${table[at]?.[col]}${table[at]?.[col]}`)
  },
  'cells moved': (random, table) => {
    const cells = table[row(random, table)]
    if (cells === undefined) return
    if (random() < 0.5) cells.splice(column(random, table), 0, '')
    else cells.splice(column(random, table), 1)
  },
  'cells exchanged': (random, table) => {
    const cells = table[row(random, table)]
    const [a, b] = [column(random, table), column(random, table)]
    if (cells !== undefined) [cells[a], cells[b]] = [cells[b] ?? '', cells[a] ?? '']
  },
  'header exchanged': (random, table) => {
    const header = table[0] ?? []
    const [a, b] = [column(random, table), column(random, table)]
    ;[header[a], header[b]] = [header[b] ?? '', header[a] ?? '']
  },
  'header changed': (random, table) => {
    const odd = [
      '',
      ' ',
      'colour',
      'SITE ',
      '序号',
      '地点名称',
      'pupils*',
      '测试share（％）',
      'site\nname',
      '"note"',
      '1',
    ]
    const known = oneOf(random, trialColumns).headers
    edit(table, 0, column(random, table), oneOf(random, [...odd, ...known]))
  },
  'column lost': (random, table) => {
    const col = column(random, table)
    for (const cells of table) cells.splice(col, 1)
  },
  'column added': (random, table) => {
    const [col, header] = [column(random, table), oneOf(random, ['', '序号', 'remarks', 'note', '测试 sex'])]
    const fill = oneOf(random, ['', '', 'x', ' '])
    for (const [n, cells] of table.entries()) cells.splice(col, 0, n === 0 ? header : fill)
  },
  'columns exchanged': (random, table) => {
    const [a, b] = [column(random, table), column(random, table)]
    for (const cells of table) [cells[a], cells[b]] = [cells[b] ?? '', cells[a] ?? '']
  },
  'row repeated': (random, table) => {
    const at = row(random, table)
    table.splice(between(random, 1, table.length), 0, [...(table[at] ?? [])])
  },
  'row lost': (random, table) => void table.splice(row(random, table), 1),
  'row blank': (random, table) => {
    const width = table[0]?.length ?? 1
    const blank = oneOf(random, [
      [],
      [''],
      new Array<string>(width).fill(''),
      new Array<string>(width).fill(' '),
    ])
    table.splice(between(random, 0, table.length), 0, [...blank])
  },
  'rows in another order': (random, table) =>
    void table.splice(1, table.length, ...table.slice(1).sort(() => random() - 0.5)),
  'title above': (random, table) =>
    void table.unshift([
      oneOf(random, ['Report 2025', '2025年度', '', 'site']),
      ...(random() < 0.5 ? ['', ''] : []),
    ]),
  'sum below': (random, table) => void table.push(['合计', '', '', String(between(random, 0, 9_999))]),
  'header repeated': (random, table) =>
    void table.splice(between(random, 1, table.length), 0, [...(table[0] ?? [])]),
  'total in a key': (random, table) => {
    const site = table[0]?.findIndex((header) => columnOf(header) === trialColumns[0]) ?? -1
    edit(
      table,
      row(random, table),
      site,
      oneOf(random, [
        '合计',
        '总计',
        '小计',
        'Total',
        '合 计',
        '合 计：',
        'ＴＯＴＡＬ',
        '小\u3000 计 :',
        '合计小学',
      ]),
    )
  },
  'note below': (random, table) =>
    void table.push([
      oneOf(random, ['注：不含分校', '数据来源：市教委', '* estimated']),
      ...(random() < 0.5 ? ['', ''] : []),
    ]),
  'zeros lost': (random, table) => {
    const [at, col] = [row(random, table), column(random, table)]
    const name = oneOf(random, ['phone', 'code'])
    const own = table[0]?.findIndex((header) => columnOf(header)?.headers[0] === name) ?? -1
    const from = own < 0 ? col : own
    edit(table, at, from, (table[at]?.[from] ?? '').replace(/^0+/, ''))
  },
  'key in another form': (random, table) => {
    const site = table[0]?.findIndex((header) => columnOf(header) === trialColumns[0]) ?? -1
    const again = [...(table[row(random, table)] ?? [])]
    const wide = (sign: string) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)
    if (site >= 0) again[site] = (again[site] ?? '').replace(/[!-~]/g, wide)
    table.push(again)
  },
  'rows in a cell': (random, table) => {
    const at = row(random, table)
    const note = table[0]?.findIndex((header) => /note/.test(header)) ?? -1
    const next = table[at + 1]
    const cells = table[at]
    if (note < 0 || next === undefined || cells === undefined) return
    cells[note] = [[...cells.slice(note)].join(','), [...next.slice(0, note + 1)].join(',')].join('\n')
    table.splice(at + 1, 1)
  },
  'cells beyond': (random, table) => void table[row(random, table)]?.push(oneOf(random, ['', 'x', ' '])),
  'header alone': (_random, table) => void table.splice(1),
}
