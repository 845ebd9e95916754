/**
 * Random CSV files as people and programs write them: cells that are accepted, normalised or refused, quotes
 * where they belong and where they don't, all line ends, byte order marks, GB18030, blank rows, broken ends.
 */
import fc from 'fast-check'
import iconv from 'iconv-lite'
import type { Contract } from '../../src/contract/index.ts'
import { contract, field } from './bundle-fixture.ts'

export type TrialFiles = Readonly<Record<string, Uint8Array>>

type Draw = fc.GeneratorValue

/** Values of a column: accepted as they are, accepted after normalising, and refused. */
interface TrialColumn {
  readonly header: string
  readonly good: fc.Arbitrary<string>
  readonly bad: fc.Arbitrary<string>
}

const characters = [
  ...[
    'a',
    'B',
    '7',
    ' ',
    '\t',
    '\\',
    '\\N',
    '\\.',
    ',',
    '"',
    "'",
    'E+',
    '1.5E+17',
    '.',
    '-',
    '中',
    '（',
    '。',
    '。”',
  ],
  ...[
    '\u3000',
    '\u00a0',
    '\u2003',
    '\u1680',
    '\u200b',
    '\u2060',
    '\u00ad',
    '\u2028',
    '\b',
    '\v',
    '\f',
    '\u001f',
    '😀',
    'é',
    '\u007f',
    ';',
    '\r',
    '\n',
    '\r\n',
  ],
] as const
const anyText = fc.array(fc.constantFrom(...characters), { maxLength: 6 }).map((parts) => parts.join(''))
const oneOf = (...texts: readonly string[]) => fc.constantFrom(...texts)

/** The columns of the fixture's contract. Keys contain a number, so that most are unique. */
const fixtureColumns: readonly TrialColumn[] = [
  {
    header: 'area',
    good: oneOf('01', '02', '北片', 'NORTH', '０１', ' 01'),
    bad: oneOf('09', '10', 'x', ''),
  },
  {
    header: 'plot',
    good: fc.tuple(oneOf('A', '地块', 'b '), fc.nat(5000)).map(([name, n]) => `${name}${n}`),
    bad: oneOf('same', '3.1E+17', '', '未提供'),
  },
  { header: 'trait', good: oneOf('size'), bad: oneOf('', 'colour', 'health') },
  { header: 'grade', good: oneOf('big', '大', 'fair', '', '-'), bad: oneOf('good', 'huge') },
  {
    header: 'trees',
    good: oneOf(
      '0',
      '12',
      '0012',
      '１２',
      '1,234',
      '+5',
      '999999999999999',
      ' 3 ',
      '-0',
      '\u200e12',
      '1\u200b2',
    ),
    bad: oneOf('', '-1', '1.5', '9999999999999999', '1E3', '1,23', '--1', '1-', '12a'),
  },
  {
    header: 'height',
    good: oneOf('3.5', '3', '-3.50', '0.0', '-0.0', '007.5', '', '未提供', '－１．５', '12345678901234.5'),
    bad: oneOf('.5', '5.', '1e5', '10.25', '1.2.3', '123456789012345.6', '-', '+', '3.5%'),
  },
  {
    header: 'opened',
    good: oneOf(
      '2020-05-01',
      '2020/5/1',
      '2020年5月1日',
      '',
      '-',
      '２０２０-05-01',
      '2020.5.1',
      '\u200e2020-05-01\u200e ',
    ),
    bad: oneOf('2021-02-29', '1/5/2020', '20200501', '2020/5-1', '2020年5/1'),
  },
  {
    header: 'tools',
    good: oneOf('spade', 'spade;rake', '铲、耙', ''),
    bad: oneOf('spade;spade', 'hoe', ';'),
  },
  { header: 'note', good: anyText, bad: oneOf('3.1E+17', '1E+5', '-1.5E+17') },
]

const titled = (name: string, type: Parameters<typeof field>[2], more: Parameters<typeof field>[3] = {}) =>
  field(name, `列${name}`, type, more)

/** A contract with each type of field, each constraint, and checks of both severities. */
export const everyType: Contract = {
  ...contract,
  fields: [
    titled('serial', 'integer', { constraints: { minimum: 1, maximum: 999_999 } }),
    titled('name', 'string', { constraints: { minLength: 2, maxLength: 5 } }),
    titled('code', 'string', { constraints: { pattern: '[A-Z]{2}\\d+|中.' } }),
    titled('kind', 'string', { constraints: { enum: ['one', 'two'] } }),
    titled('open', 'boolean'),
    titled('at', 'datetime', { constraints: { minimum: '2020-01-01T00:00:00Z' } }),
    titled('from', 'time', { constraints: { maximum: '20:00' } }),
    titled('part', 'number', { constraints: { minimum: -0.5, maximum: 1e15 } }),
    titled('whole', 'number', { scale: 2 }),
    titled('share', 'number', { scale: 1, unit: '%' }),
    titled('words', 'list', { separators: ['、'], constraints: { maxLength: 2 } }),
  ],
  primaryKey: ['serial', 'name'],
  checks: [
    { check: 'not-above', field: 'part', other: 'whole' },
    { check: 'required-when', field: 'code', when: 'kind', values: ['two'], severity: 'warning' },
  ],
}

const everyTypeColumns: readonly TrialColumn[] = [
  {
    header: 'serial',
    good: fc.integer({ min: 1, max: 9999 }).map(String),
    bad: oneOf('0', '1000000', 'x', '1.0'),
  },
  {
    header: 'name',
    good: oneOf('ab', '中文', '😀😀😀', 'abcde', 'é\u0301', ''),
    bad: oneOf('a', '中', 'abcdef', '😀'),
  },
  {
    header: 'code',
    good: oneOf('AB1', '中文', '中文', 'ZZ99', ''),
    bad: oneOf('ab1', 'AB', 'xAB1', 'AB1x', '中文文'),
  },
  { header: 'kind', good: oneOf('one', 'two', ''), bad: oneOf('three', 'One') },
  { header: 'open', good: oneOf('true', '是', 'FALSE', ''), bad: oneOf('yes', 'True') },
  {
    header: 'at',
    good: oneOf('2025-09-01T00:00:00Z', '2025-09-01T08:00:00+08:00', ''),
    bad: oneOf('2019-12-31T23:59:59Z', '2025-09-01', '2025-13-01T00:00:00Z'),
  },
  {
    header: 'from',
    good: oneOf('08:30', '8:30', '08:30:00', '', '20:00'),
    bad: oneOf('20:01', '25:00', '8'),
  },
  {
    header: 'part',
    good: oneOf('0', '-0.5', '0.1', '1.10', '00.5', '0.00000000000001', ''),
    bad: oneOf(
      '999999999999999',
      '0.000000000000001',
      '-0.51',
      '-0.500000000000001',
      '1000000000000000',
      '1e3',
    ),
  },
  {
    header: 'whole',
    good: oneOf('999999999999.99', '9999999999999', ''),
    bad: oneOf('1.234', '0.00', '-2.50'),
  },
  { header: 'share', good: oneOf('37.2', '37.2%', '37', '３７.2％', ''), bad: oneOf('37.25', '%') },
  { header: 'words', good: oneOf('a', 'a;b', 'a、b', ''), bad: oneOf('a;b;c', 'a;a') },
]

/** One to three files for the fixture's contract. */
export const drawFiles = (draw: Draw): TrialFiles => filesOf(draw, fixtureColumns)

/** The same for `everyType`. */
export const drawEveryType = (draw: Draw): TrialFiles => filesOf(draw, everyTypeColumns)

/**
 * A header and rows of texts, for a file of any kind. Most are accepted; one of them may contain a fault or
 * two.
 */
export function drawTable(draw: Draw, every: boolean): readonly (readonly string[])[] {
  const columns = every ? everyTypeColumns : fixtureColumns
  const order = draw(fc.shuffledSubarray<TrialColumn>, [...columns], { minLength: columns.length - 1 })
  const faultEvery = draw(fc.constantFrom, 1_000, 30, 8)
  const rows = Array.from({ length: draw(fc.integer, { min: 1, max: 12 }) }, () =>
    order.map(({ good, bad }) => draw(() => (draw(fc.nat, faultEvery) === 1 ? bad : good))),
  )
  return [order.map(({ header }) => header), ...rows]
}

function filesOf(draw: Draw, columns: readonly TrialColumn[]): TrialFiles {
  // The first fault hides most others, so half of the bundles have none and the others few.
  const faultEvery = draw(fc.constantFrom, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 60, 10)
  const files = draw(fc.constantFrom, 1, 1, 2, 3)
  return Object.fromEntries(
    Array.from({ length: files }, (_, n) => [`${n}.csv`, fileOf(draw, columns, faultEvery)]),
  )
}

function fileOf(draw: Draw, columns: readonly TrialColumn[], faultEvery: number): Uint8Array {
  const chance = (every: number) => every !== Number.POSITIVE_INFINITY && draw(fc.nat, every - 1) === 0
  const end = draw(fc.constantFrom, '\n', '\n', '\r\n', '\r')
  const quoteEvery = draw(fc.constantFrom, Number.POSITIVE_INFINITY, 5, 1)
  const order = draw(fc.shuffledSubarray<TrialColumn>, [...columns], {
    minLength: columns.length - Number(chance(3)),
  })
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const cell = ({ good, bad }: TrialColumn) => {
    const text = draw(() => (chance(faultEvery) ? bad : good))
    if (chance(4 * faultEvery)) return `${text}"`
    return chance(quoteEvery) || /[",\r\n]/.test(text) ? quoted(text) : text
  }
  const rows = Array.from({ length: draw(fc.nat, 12) }, () => order.map(cell).join(','))
  if (chance(3 * faultEvery)) rows.splice(draw(fc.nat, rows.length), 0, draw(fc.constantFrom, '', ',,', '"'))
  const tail = draw(fc.constantFrom, '', '', end, `${end}${end} ,,${end}`)
  const bom = draw(fc.constantFrom, '', '', '', '\ufeff')
  const text = `${bom}${[order.map(({ header }) => header).join(','), ...rows].join(end)}${tail}`
  const others = faultEvery === Number.POSITIVE_INFINITY ? ['utf-8'] : ['utf-8', 'utf-8', 'utf-8', 'gb18030']
  return iconv.encode(text, draw(fc.constantFrom, ...others))
}
