/** Text whose bytes are valid in two encodings: never taken in the wrong one without a finding. */
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import t from 'tap'
import { inspectText } from '../../src/bundle/core/csv/encoding.ts'

const gbk = (text: string) => iconv.encode(text, 'gb18030')
const utf8 = (text: string) => Buffer.from(text)
const cp1252 = (text: string) => iconv.encode(text, 'windows-1252')
const join = (...parts: readonly Buffer[]) => Buffer.concat(parts)

/** The encoding taken, if any, and the first finding. */
async function verdict(bytes: Buffer, chunkBytes = 1 << 16): Promise<string> {
  const { shape, findings } = await inspectText(
    async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    },
    'f.csv',
    isUtf8,
  )
  return `${shape?.encoding ?? 'refused'} ${findings[0]?.check ?? ''}`.trim()
}

const ascii = utf8('id,name,kind\nA001,y,')
const head = gbk('编号,名称,备注\nA001,北京市第一中学,公办\nA002,上海市静安区小学,民办\nA003,')
const chinese = utf8('编号,名称,备注\nA001,北京市第一中学,公办\nA003,')
const marked = utf8('\ufeffid,name,kind\nA001,y,')
const row = (start: Buffer, cell: Buffer) => join(start, cell, utf8(',8\n'))

const isGb = 'gb18030 encoding-doubtful'
const mixed = 'refused encoding-mixed'
const doubtful = 'utf-8 encoding-doubtful'
const cases: readonly (readonly [string, Buffer, string])[] = [
  // Chinese in GBK that is valid UTF-8, alone.
  ...['小学', '学校', '学院', '医院', '校园', '一'].map(
    (word) => [`${word} in ASCII`, row(ascii, gbk(word)), isGb] as const,
  ),
  ['女 in ASCII', row(ascii, gbk('女')), 'refused encoding-ambiguous'],
  ['女 twice', join(row(ascii, gbk('女')), utf8('A002,z,'), gbk('女\n')), isGb],
  ['未 in ASCII', row(ascii, gbk('未')), doubtful],
  ['位委 in ASCII', row(ascii, gbk('位委')), doubtful],
  ['小学 and café', join(row(ascii, gbk('小学')), utf8('A002,z,café\n')), mixed],
  // … in a file that is UTF-8.
  ...['小学', '学院', '医院', '校园', '一'].flatMap((word) => [
    [`${word} in UTF-8`, row(chinese, gbk(word)), mixed] as const,
    [`${word} with a byte order mark`, row(marked, gbk(word)), mixed] as const,
  ]),
  ['女 in UTF-8', row(chinese, gbk('女')), doubtful],
  // UTF-8 of two-byte characters in a file in GBK.
  ['a row of UTF-8', join(head, utf8('Müller-Schule,x\nA004,'), utf8('Müller-Schule,Москва\n')), mixed],
  ...['Москва', 'crème brûlée', 'Łódź', 'Ωμέγα', '男A'].map(
    (text) => [`${text} in GBK`, row(head, utf8(text)), mixed] as const,
  ),
  ...['café', 'São Paulo', 'naïve', 'Zoë', 'Müller', '±5', '5°C'].map(
    (text) => [`${text} in GBK`, row(head, utf8(text)), isGb] as const,
  ),
  ['a line of single letters', join(head, utf8('x,y\nMüller,Zoë,1\n')), mixed],
  // A cell in two encodings, and Windows-1252.
  ['地址 and 上海市黄浦区', row(head, join(gbk('地址'), utf8('上海市黄浦区'))), mixed],
  ...['25°C', 'réélu', 'Größe'].flatMap((text) => [
    [`${text} of Windows-1252 in GBK`, row(head, cp1252(text)), isGb] as const,
    [`${text} of Windows-1252 in ASCII`, row(ascii, cp1252(text)), 'refused encoding-foreign'] as const,
  ]),
  ['öä of Windows-1252 in ASCII', row(ascii, cp1252('öä')), isGb],
  ['锟斤拷 in GBK', row(head, gbk('锟斤拷')), 'gb18030 encoding-garbled'],
  ['?????? in GBK', row(head, utf8('??????')), 'gb18030 encoding-garbled'],
  ['锟斤拷 in UTF-8', row(chinese, utf8('锟斤拷')), 'utf-8 encoding-garbled'],
  ['?????? in ASCII', row(ascii, utf8('??????')), 'utf-8 encoding-garbled'],
  // A few characters of other encodings in a file in ASCII.
  ['Иван of Windows-1251', row(ascii, iconv.encode('Иван', 'windows-1251')), isGb],
  ['臺灣 of Big5', row(ascii, iconv.encode('臺灣', 'big5')), 'refused encoding-foreign'],
  ['國 of Big5', row(ascii, iconv.encode('國', 'big5')), isGb],
  ['学校 of Shift_JIS', row(ascii, iconv.encode('学校', 'shift_jis')), 'refused encoding-foreign'],
  ['김민수 of EUC-KR', row(ascii, iconv.encode('김민수', 'euc-kr')), isGb],
  // Joined files of DOS.
]

/** Text of one reading only, which is taken without a finding. */
const plain: readonly (readonly [string, Buffer, string])[] = [
  ...['Москва', 'café', 'Zoë', 'Łódź', 'Ελλάδα', 'да', 'Цена', '25°C', '±5', '¥5', 'm³', '5Ω', 'μg'].flatMap(
    (text) => [
      [`${text} in UTF-8`, row(chinese, utf8(text)), 'utf-8'] as const,
      [`${text} in ASCII`, row(ascii, utf8(text)), 'utf-8'] as const,
    ],
  ),
  ...['ئۇيغۇر', 'ירושלים', 'Հայաստան', 'ߒߞߏ', '买买提·艾力', '·甲', 'à Paris'].map(
    (text) => [`${text} in UTF-8`, row(chinese, utf8(text)), 'utf-8'] as const,
  ),
  ...['小学', '学院', '女', '一', '茅台路', '马路', '3楼', 'T恤', 'A座', '丁喆', 'x与y', '301路A线'].map(
    (text) => [`${text} in GBK`, row(head, gbk(text)), 'gb18030'] as const,
  ),
  ['end-of-file characters at the end', utf8('id,name\nA001,x\n\x1a\x1a'), 'utf-8'],
]

for (const chunkBytes of [1 << 16, 3])
  t.test(`in chunks of ${chunkBytes} bytes`, async (t) => {
    const wanted = [...cases, ...plain].map(([about, , expected]) => `${about}: ${expected}`)
    const found: string[] = []
    for (const [about, bytes] of [...cases, ...plain])
      found.push(`${about}: ${await verdict(bytes, chunkBytes)}`)
    t.same(found, wanted)
  })
