/**
 * The dataset of the corpus, and random tables for it from a seed: every field type, codes with labels, a key
 * of two fields, a check across fields. All data are synthetic.
 */
import type { Contract } from '../../src/contract/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { between, oneOf, type Random } from '../support/samples/random.ts'

export const corpusDataset = 'corpus-trial'
export const corpusEdition = '2025'
export const corpusProvider = 'edu-commission'

const needed = { required: true }

export const corpusContract: Contract = contractOf(
  [
    field('site', 'string', {
      role: 'key',
      aliases: ['地点名称'],
      constraints: { ...needed, maxLength: 12 },
    }),
    field('district', 'string', { role: 'key', codes: 'districts', constraints: needed }),
    field('sex', 'string', { role: 'dimension', codes: 'sex' }),
    field('pupils', 'integer', { role: 'count', constraints: { ...needed, minimum: 0, maximum: 100_000 } }),
    field('mean', 'number', { role: 'measure', scale: 1 }),
    field('share', 'number', { role: 'measure', scale: 1, unit: '%' }),
    field('tested_on', 'date'),
    field('opens', 'time'),
    field('verified', 'boolean'),
    field('tags', 'list', { separators: ['、'] }),
    field('note', 'string'),
    field('phone', 'string'),
    field('code', 'string'),
    field('seen_at', 'datetime'),
  ],
  ['site', 'district'],
  {
    dataset: corpusDataset,
    themes: ['education'],
    missingValues: ['', '-', '未提供'],
    ignoredHeaders: ['序号'],
    formats: ['csv'],
    checks: [
      { check: 'not-above', field: 'mean', other: 'share' },
      { check: 'phone', field: 'phone' },
      { check: 'fixed-length', field: 'code', lengths: [4, 6] },
    ],
  },
)

/** The texts of a column: those that are accepted, perhaps with corrections, and those that may not be. */
interface TrialColumn {
  /** Its name, title and alias, and equivalent spellings of them. */
  readonly headers: readonly string[]
  readonly good: (random: Random) => string
  readonly odd: readonly string[]
}

const constant =
  (...texts: readonly string[]) =>
  (random: Random) =>
    oneOf(random, texts)

export const trialColumns: readonly TrialColumn[] = [
  {
    headers: ['site', '测试 site', 'Test site', '地点名称', ' SITE', 'ｓｉｔｅ', '地点\n名称'],
    good: (random) => `${oneOf(random, ['S', '校', '第一 ', 'é', '😀'])}${between(random, 1, 9_999)}`,
    odd: [
      '',
      '-',
      'a site whose name is too long',
      '3.1E+17',
      'S1',
      ' S2 ',
      '\u3000S3',
      '未提供',
      '"',
      "'=",
      '合计',
      'Total',
      '小计',
    ],
  },
  {
    headers: ['district', '测试 district', 'Test District'],
    good: constant('310101', '310104', '310105', '310106', '黄浦区', 'Xuhui District', ' 310101 '),
    odd: ['310103', '３１０１０１', '310999', '', 'xuhui  district', '浦东', '310,101', '310101.0'],
  },
  {
    headers: ['sex', '测试 sex'],
    good: constant('1', '2', '男', 'Female', '', '-'),
    odd: ['3', '１', 'M', 'FEMALE', '1.0', '男女'],
  },
  {
    headers: ['pupils', '测试 pupils', 'TEST PUPILS'],
    good: constant(
      ...['0', '7', '12', '345', '0012', '1,234', '１２', ' 5 ', '+6', '-0'],
      ...['5.0', '1000.000', '1E3', '2.5e1', '1,234.0', '2.9999999999999996', '7.'],
    ),
    odd: [
      ...['', '-1', '100000', '100001', '1.0', '1E3', '9999999999999999', '999999999999999', '1,23', '12a'],
      ...['１，２３４', '1 234', '١٢', '0x10', '1_000', '−5', '12,345,678', '\u00a07', '1.2E+5', 'NaN'],
    ],
  },
  {
    headers: ['mean', '测试 mean'],
    good: constant(
      ...['', '3', '3.5', '-1.5', '0.0', '007.5', '－２．５', '12.50', '未提供'],
      ...[
        '.5',
        '-.5',
        '3.',
        '1E1',
        '25e-1',
        '3.5000000000000004',
        '0.1000000000000000',
        '7.4000000000000004',
      ],
    ),
    odd: [
      ...['.5', '5.', '1e5', '10.25', '1.2.3', '99999', '1,234.5', '12345678901234.5', '123456789012345.6'],
      ...['1E-07', '1e-07', '1.00E+02', '0.30000000000000004', '1e99', 'e5', '.'],
      ...['-', '--1', '3.5%', '3。5', '３.5', '-0.0', '∞', '99.9999999999999999'],
    ],
  },
  {
    headers: ['share', '测试 share', '测试 share(%)', 'Test share (%)', '测试 share（%）'],
    good: constant('', '99999.5', '100000', '99999.5%', '９９９９９％', '99,999.5'),
    odd: ['99999 %', '%', '1%%', '0.5', '99999.55', '99,999%', '10E+2', '99999.5 ％'],
  },
  {
    headers: ['tested_on', '测试 tested_on'],
    good: constant(
      '',
      '2025-03-01',
      '2025/3/1',
      '2025年3月1日',
      '2025.12.31',
      '２０２５-03-01',
      '20250301',
      '2025-03-01 00:00:00',
      '2025-03-01T00:00:00.000',
      '2025/3/1 0:00',
    ),
    odd: [
      '2025-02-29',
      '2024-02-29',
      '3/1/2025',
      '20250301',
      '2025-3-1 0:01',
      '2025-03-01T00:00:00Z',
      '2025-03-01 24:00',
      '45717',
      '2025年13月1日',
      '0999-01-01',
    ],
  },
  {
    headers: ['opens', '测试 opens'],
    good: constant('', '08:30', '8:30', '8:30:00', '24:00', '８：３０', '08:30:00.000'),
    odd: ['25:00', '24:01', '8', '08:30:15', '8.30', '0.354166666666667', '08：30:00'],
  },
  {
    headers: ['verified', '测试 verified'],
    good: constant('', 'true', 'FALSE', '是', '否', 'ｔｒｕｅ', 'True', '1', '0', 'No', 't', 'Y', '√', '×'),
    odd: ['ja', '2', 'tru', '是的', '是 ', '#N/A'],
  },
  {
    headers: ['tags', '测试 tags'],
    good: constant('', 'a', 'a;b', 'a、b', ' a ; b '),
    odd: ['a;a', ';', 'a;', 'a,b', 'ａ；ｂ', 'a;;b', '、'],
  },
  {
    headers: ['note', '测试 note'],
    good: constant(
      '',
      'plain',
      'with, comma',
      'with "quotes"',
      'two\nlines',
      '中文',
      '\\N',
      '\t',
      'a\r\nb',
      '😀',
    ),
    odd: [
      '3.1E+17',
      '1E+5',
      '1E+05',
      '1.00E+05',
      '1E+11',
      '1E5',
      '#N/A',
      '########',
      '#1',
      "'00012",
      '=1+1',
      '\u200b',
      '\u2028',
      '\b',
      '\\.',
      '\u00a0',
      '-',
      'e\u0301',
    ],
  },
  {
    headers: ['phone', '测试 phone', 'TEST phone'],
    good: constant(
      ...['', '021-61234567', '02161234567', '(021)6123 4567', '13800000000', '+86 13800000000', '12345'],
      ...['400-820-8820', '61234567', '021-61234567-801', '021-61234567转801', '61234567;13800000000'],
    ),
    odd: [
      ...[
        '2161234567',
        '21-61234567',
        '5718712345',
        '1380000000',
        '无',
        '612345',
        '6.1234567E+7',
        '１２３４５',
      ],
      ...['021-6123456l', '021-61234567 021-61234568', '00862161234567', '0'.repeat(40), '门卫：61234567'],
    ],
  },
  {
    headers: ['code', '测试 code', 'Ｃｏｄｅ'],
    good: constant('', '0012', '310101', '徐汇12', '00-9', ' 0007 '),
    odd: ['12', '7', '00123', '0012.0', '310101000', '1E+4', '😀😀😀😀', '１２'],
  },
  {
    headers: ['seen_at', '测试 seen_at', 'test SEEN_AT'],
    good: constant(
      ...['', '2025-03-01T08:00:00Z', '2025-03-01T08:00:00.000Z', '2025-03-01t08:00:00z'],
      ...['2025-03-01 08:00:00Z', '2025-03-01T08:00+08:00', '2025-03-01 08:00:00+08', '2025/3/1 8:00 +0800'],
      ...['2025年3月1日 23:59:59Z', '２０２５-03-01T00:00:00-11:30'],
    ),
    odd: [
      ...['2025-03-01 08:00:00', '2025-03-01T08:00:00.5Z', '2025-02-29T00:00:00Z', '2025-03-01T24:00:00Z'],
      ...['2025-03-01T08:00:60Z', '9999-12-31T23:00:00-08:00', '1000-01-01T00:00:00+08:00', '2025-03-01'],
      ...['2025-03-01T08:00:00+25:00', '2025-03-01T08:00:00+08:60', '2025-03-01T25:00:00Z', '08:00Z'],
    ],
  },
]

export type Table = string[][]

/** A header and acceptable rows. Sites are distinct by file and row. */
export function drawTable(random: Random, file: number): Table {
  const columns = trialColumns.filter((_column, index) => index < 4 || random() > 0.1)
  if (random() < 0.4) columns.sort(() => random() - 0.5)
  const header = columns.map(({ headers }) => (random() < 0.5 ? (headers[0] ?? '') : oneOf(random, headers)))
  const rows = Array.from({ length: between(random, 1, 12) }, (_, n) =>
    columns.map((column) =>
      column === trialColumns[0] ? `${'abc'[file]}${n}${random() < 0.3 ? '校' : ''}` : column.good(random),
    ),
  )
  return [header, ...rows]
}

/** How a table is written as bytes. */
export interface CsvForm {
  readonly delimiter: ',' | ';' | '\t'
  readonly lineEnd: '\n' | '\r\n' | '\r'
  readonly quotesAll: boolean
  readonly encoding: 'utf-8' | 'utf-8-sig' | 'gb18030'
  readonly tail: string
}

export function drawForm(random: Random): CsvForm {
  return {
    delimiter: oneOf(random, [',', ',', ',', ';', '\t'] as const),
    lineEnd: oneOf(random, ['\n', '\r\n', '\r\n', '\r'] as const),
    quotesAll: random() < 0.15,
    encoding: oneOf(random, ['utf-8', 'utf-8', 'utf-8', 'utf-8-sig', 'gb18030'] as const),
    tail: oneOf(random, ['end', 'end', 'end', 'none', 'blank', 'empty cells']),
  }
}

/** The text of a table. */
export function csvText(table: Table, { delimiter, lineEnd, quotesAll, tail }: CsvForm): string {
  const cell = (text: string) =>
    quotesAll || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const lines = table.map((row) => row.map(cell).join(delimiter)).join(lineEnd)
  const width = table[0]?.length ?? 1
  const tails: Record<string, string> = {
    none: '',
    end: lineEnd,
    blank: lineEnd.repeat(3),
    'empty cells': `${lineEnd}${delimiter.repeat(Math.max(0, width - 1))}${lineEnd} ${lineEnd}`,
  }
  return `${lines}${tails[tail] ?? ''}`
}
