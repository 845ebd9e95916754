/** Text in GB18030, in another encoding, or in two at once: what is taken, and what is a finding. */
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import t from 'tap'
import { inspectText } from '../../src/bundle/core/csv/encoding.ts'
import { measureEncodings } from '../corpus/encodings.ts'
import { checksOf, header, readRows } from '../support/bundle-fixture.ts'
import { makeSheet } from '../support/workbook.ts'

const gbk = (text: string) => iconv.encode(text, 'gb18030')
const utf8 = (text: string) => Buffer.from(text)
const join = (...parts: readonly Buffer[]) => Buffer.concat(parts)

async function inspect(bytes: Uint8Array, claim?: string) {
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += 5) yield bytes.subarray(at, at + 5)
  }
  const { shape, findings } = await inspectText(chunks, 'f.csv', isUtf8, claim)
  return { encoding: shape?.encoding, findings, check: findings[0]?.check, at: findings[0]?.byteOffset }
}

/** In chunks as a file is read. */
const inspectLong = (bytes: Buffer) =>
  inspectText(
    async function* () {
      for (let at = 0; at < bytes.length; at += 1 << 18) yield bytes.subarray(at, at + (1 << 18))
    },
    'f.csv',
    isUtf8,
  )

const head = gbk('编号,备注\n1,北京\n')

t.test('mixtures and other encodings are refused, with the byte', async (t) => {
  const cases: readonly (readonly [string, Buffer, string, number?])[] = [
    ['GBK, then a row of UTF-8', join(head, utf8('2,上海市区\n')), 'encoding-mixed', head.length + 2],
    [
      'UTF-8, then a row of GBK',
      join(utf8('编号,备注\n1,北京\n2,上海\n'), gbk('3,区县\n')),
      'encoding-mixed',
      34,
    ],
    ['an odd number of UTF-8 characters', join(head, utf8('2,上海市\n')), 'encoding-mixed', head.length + 2],
    ['a quoted UTF-8 cell', join(head, utf8('2,"上海市区"\n')), 'encoding-mixed', head.length + 3],
    ['semicolons and CR', join(gbk('编号;备注\r1;北京\r'), utf8('2;上海市区\r')), 'encoding-mixed'],
    ['two UTF-8 characters', join(head, utf8('2,王芳\n')), 'encoding-mixed', head.length + 2],
    ['UTF-8 with Latin letters', join(head, utf8('2,A座上海B\n')), 'encoding-mixed'],
    ['a UTF-8 header alone', join(utf8('编号,备注\n'), gbk('1,北京\n2,上海\n3,广州\n')), 'encoding-mixed', 0],
    ['full-width punctuation', join(head, utf8('2,（走读）\n')), 'encoding-mixed'],
    ['Windows-1252', iconv.encode('name,place\nÉcole,Schüler\n', 'windows-1252'), 'encoding-foreign'],
    ['one German word', iconv.encode('name\nSchüler\n', 'windows-1252'), 'encoding-foreign', 8],
    ['Big5', iconv.encode('臺北市,陳怡君\n學生人數,體育館\n', 'big5'), 'encoding-private'],
    [
      'Shift_JIS',
      iconv.encode('東京都新宿区,さくら小学校,タナカ\n横浜市立,運動場の開放\n', 'shift_jis'),
      'encoding-foreign',
    ],
    [
      'Shift_JIS kana',
      iconv.encode('a,b\nタナカイチロウ,サクラショウガッコウ\n', 'shift_jis'),
      'encoding-foreign',
    ],
    [
      'EUC-KR',
      iconv.encode('서울특별시,강남구\n김민수,이영희\n초등학교,체육관\n부산광역시,학생\n', 'euc-kr'),
      'encoding-foreign',
    ],
    [
      'a user-defined character',
      join(head, gbk('2,张'), Buffer.from('aaa1', 'hex'), gbk('\n')),
      'encoding-private',
      head.length + 4,
    ],
    [
      'an unassigned one',
      join(head, gbk('2,张'), Buffer.from('8431a439', 'hex'), gbk('\n')),
      'encoding-private',
    ],
    ['a workbook', Buffer.from('504b030414000600', 'hex'), 'file-not-text', 0],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'file-not-text', 0],
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'file-not-text', 0],
    ['a web page', Buffer.from('\ufeff<html><table>'), 'file-not-text', 0],
    ['a gzip file', Buffer.from('1f8b0800', 'hex'), 'file-not-text', 0],
  ]
  for (const [about, bytes, check, at] of cases) {
    const found = await inspect(bytes)
    t.equal(found.encoding, undefined, about)
    t.equal(found.check, check, about)
    if (at !== undefined) t.equal(found.at, at, `${about}: the byte`)
    t.equal(found.findings.length, 1, about)
  }
})

t.test('the evidence is in the finding, counted over the whole file', async (t) => {
  const { findings } = await inspect(join(head, utf8('2,上海市区\n')))
  t.equal(findings[0]?.expected, 'UTF-8 1 个单元格，GB18030 3 个 / 1 cell in UTF-8, 3 cells in GB18030')
  const claimed = await inspect(utf8('编号,备注\n1,北京市区\n'), 'gbk')
  t.equal(claimed.check, 'encoding-claim')
})

t.test('true GB18030 is taken, with rare characters, signs and what is UTF-8 by chance', async (t) => {
  const texts = [
    ...[
      '茅台',
      '茅台路',
      '联通',
      '王茅',
      '朱镕基',
      '陈䶮',
      '㛃㭎',
      '𠮷野家',
      '犇犇',
      '丁喆',
      '〇三班',
      '①②',
      '90㎡',
    ],
    ...[
      '€ 5',
      '“三好”学生',
      'A座B栋',
      'T恤XL',
      '买买提·艾力',
      '妫昇茅',
      '毛韫珺',
      '郑锜燚',
      'ⅲ级',
      'É 座',
      '北京',
    ],
  ]
  for (const text of texts) {
    const found = await inspect(gbk(`编号,备注\n1,${text}\n`))
    t.equal(found.encoding, 'gb18030', text)
    t.same(found.findings, [], text)
  }
  const euro = await inspect(join(head, gbk('2,学费'), Buffer.from([0x80, 0x35, 0x0a])))
  t.equal(euro.encoding, 'gb18030', 'the euro sign as Windows writes it')
})

t.test(
  'a rare character between Latin letters is a warning in a file that is Chinese otherwise',
  async (t) => {
    const { encoding, findings } = await inspect(join(head, iconv.encode('2,Schüler\n', 'windows-1252')))
    t.equal(encoding, 'gb18030')
    t.match(findings, [{ check: 'encoding-doubtful', severity: 'warning', byteOffset: head.length + 5 }])
    const blank = await inspect(join(head, gbk('2,李'), utf8('\u3000'), gbk('娜\n')))
    t.match(blank.findings, [{ check: 'encoding-doubtful' }], 'a full-width blank of UTF-8 reads as 銆€')
  },
)

/** What a program saves that took UTF-8 for GBK. */
const garbled = (text: string) => utf8(iconv.decode(utf8(text), 'gbk'))

t.test('text that was garbled before it was saved as UTF-8 is a warning, with the byte', async (t) => {
  const start = utf8('编号,备注\n1,北京\n2,')
  const cases: readonly (readonly [string, Buffer, number])[] = [
    ['read as GBK', garbled('上海市区'), 1],
    ['an odd number of characters', garbled('上海市'), 1],
    ['with punctuation', garbled('（走读）'), 1],
    ['with Latin letters and digits', garbled('A座上海B栋12号'), 1],
    ['a cell of a rare name', garbled('喆堃'), 1],
    ['read as Windows-1252', utf8('ä¸Šæµ·å¸‚åŒº'), 1],
    ['GBK read as Windows-1252', utf8('ÉÏº£ÊÐÇø'), 1],
  ]
  for (const [about, cell, places] of cases) {
    const { encoding, findings } = await inspect(join(start, cell, utf8('\n')))
    t.equal(encoding, 'utf-8', about)
    const expected = `${places} 处 / ${places === 1 ? '1 place' : `${places} places`}`
    t.match(findings, [{ check: 'encoding-garbled', severity: 'warning', expected }], about)
    t.equal(findings[0]?.byteOffset, start.length + (about.startsWith('with Latin') ? 1 : 0), about)
  }
  const whole = await inspect(garbled('编号,备注\n1,北京\n'))
  t.match(whole.findings, [{ check: 'encoding-garbled', byteOffset: 0 }], 'a whole file')
})

t.test('a workbook has the warning with the cell', async (t) => {
  const rows = [header.split(','), [...'01,A1,size,big,12,3.5,2020-05-01,spade'.split(','), '涓婃捣甯傚尯']]
  const { findings, rows: taken } = await readRows({ 'a.xlsx': makeSheet(rows) })
  t.match(findings, [{ check: 'encoding-garbled', severity: 'warning', row: 2, cell: 'I2' }])
  t.equal(taken.length, 1)
})

t.test('other text in UTF-8 is not garbled', async (t) => {
  const texts = [
    ...[
      '犇骉龘',
      '陈䶮',
      '㛃㭎',
      '𠮷野家',
      '郏鄏',
      '茅台联通',
      '職員聯絡',
      '臺北市大安區',
      '學校職員',
      '鬯鱻麒黟',
    ],
    ...['École Schüler Zoë', 'ÅÄÖ åäö', 'Łódź', 'Ñandú', 'naïve café', '« été »', 'ÀÉÎÕÜ', 'Đặng Thị Mỹ'],
    ...[
      '東京都さくら小学校',
      'タナカ',
      '서울특별시',
      'Москва',
      'Ελλάδα',
      'العربية',
      '😀😀',
      '①②③',
      '———',
      '……',
    ],
    ...['€€€', '°°°°', '“引号”', '×÷±§', '\ufffd\ufffd'],
  ]
  const { findings } = await inspect(utf8(`编号,备注\n${texts.map((text, n) => `${n},${text}\n`).join('')}`))
  t.same(findings, [])
})

t.test('of a long file the beginning is searched, and a part of each further mebibyte', async (t) => {
  const line = utf8('1,北京市教育委员会\n')
  const lines = (bytes: number) =>
    Buffer.concat(Array.from({ length: Math.ceil(bytes / line.length) }, () => line))
  const found = async (before: number, after = 0) =>
    (await inspectLong(join(utf8('编号,备注\n'), lines(before), garbled('2,上海\n'), lines(after)))).findings
      .length
  t.same(
    [await found(4_100_000), await found(4_400_000), await found(5 * 1_048_576), await found(4_400_000, 99)],
    [1, 0, 1, 0],
  )
})

t.test('the file names the encoding that it was read in', async (t) => {
  const csv = 'area,plot,trait,grade,trees,height,opened,tools,note\n01,A1,size,big,12,3.5,,,一块好地\n'
  for (const [bytes, encoding] of [
    [utf8(csv), 'utf-8'],
    [gbk(csv), 'gb18030'],
  ] as const) {
    const { findings, counts } = await readRows({ 'a.csv': bytes })
    t.same(checksOf(findings), [])
    t.equal(counts[0]?.encoding, encoding)
  }
})

t.test('few false alarms on Chinese names and addresses; no mixture is missed', async (t) => {
  const { alarms, mixtures } = await measureEncodings(7, 500, 64)
  for (const { about, refused, warned } of alarms) t.same([refused, warned <= 1], [0, true], about)
  for (const { kind, missed } of mixtures) if (!/^euc-kr|^one garbled/.test(kind)) t.equal(missed, 0, kind)
})
