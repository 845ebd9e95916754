/**
 * Inputs written from the requirements alone, as offices send them: more than twenty of each kind. Each is taken with
 * the value that a person reads in it, or has a finding; none is altered.
 */
import { isUtf8 } from 'node:buffer'
import { stringify } from 'csv-stringify/sync'
import iconv from 'iconv-lite'
import t from 'tap'
import { mapHeaders } from '../../src/bundle/core/cells/map-headers.ts'
import { buildCodeReader } from '../../src/bundle/core/cells/read-code.ts'
import { inspectText } from '../../src/bundle/core/csv/encoding.ts'
import { loadContractFolders, shippedDatasets } from '../../src/context.ts'
import type { Contract } from '../../src/contract/index.ts'
import { contract, field, readRows } from '../support/bundle-fixture.ts'
import { makeSheet } from '../support/workbook.ts'

const as = (encoding: string) => (text: string) => iconv.encode(text, encoding)
const [gbk, utf8, big5] = [as('gb18030'), as('utf8'), as('big5')]
const join = (...parts: readonly (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))

t.test(
  'encodings: what is one Chinese text is taken, anything else is not taken without a word',
  async (t) => {
    const school = '学校,地址,电话\n第一中学,人民路1号,021-61234567\n'
    const cases: readonly (readonly [string, Buffer, 'taken' | 'finding'])[] = [
      ['a roster in GBK', gbk(`${school}古丽·买买提,团结街,\n`), 'taken'],
      ['a zero written as a circle', gbk('编号,年份\n1,二〇二六\n'), 'taken'],
      ['Chinese in the header alone', gbk('编号,人数\n1,20\n2,30\n'), 'taken'],
      ['one Chinese cell in all', gbk('id,name\n1,abc\n2,王\n'), 'taken'],
      ['pinyin with tones', gbk('姓名,拼音\n张伟,Zhāng Wěi\n吕绿,Lǚ Lǜ\n'), 'taken'],
      ['a rare given name of four bytes', gbk(`${school}𠮷野小学,䶮路3号,\n`), 'taken'],
      ['a shop with kana', gbk('名称,地址\nローソン便利店人民路店,人民路8号\n'), 'taken'],
      ['units and signs', gbk('场地,面积,费用\n操场,1,200㎡,￥30/小时\n泳池,25m×50m,免费①\n'), 'taken'],
      ['brackets of all kinds', gbk('名称\n《朝花夕拾》（上）【新版】「全」\n'), 'taken'],
      ['UTF-8 with Vietnamese and Arabic names', utf8('name\nNguyễn Thị Ánh\nمحمد\n'), 'taken'],
      ['UTF-8 with decomposed accents', utf8('name\nE\u0301cole\n'), 'taken'],
      ['UTF-8 with emoji', utf8('备注\n已完成✅👍\n'), 'taken'],
      ['UTF-8 with a mark', utf8(`\ufeff${school}`), 'taken'],
      ['GBK behind a mark of UTF-8', join(utf8('\ufeff'), gbk(school)), 'finding'],
      ['a UTF-8 file with mark behind a GBK file', join(gbk(school), utf8(`\ufeff${school}`)), 'finding'],
      ['a GBK file behind a UTF-8 file', join(utf8(school), gbk(school)), 'finding'],
      ['a last note in another encoding', join(utf8(school), gbk('注：截至年底,,\n')), 'finding'],
      ['one quoted cell in another encoding', join(gbk(school), utf8('"第二中学，分校",a,b\n')), 'finding'],
      [
        'a long UTF-8 cell between GBK cells',
        join(gbk('第三,'), utf8('中山北路三千号'), gbk(',电话\n')),
        'finding',
      ],
      ['a mixture of lines with CR alone', join(gbk('学校\r一中\r'), utf8('第二中学\r')), 'finding'],
      [
        'a cell cut within a character by a program',
        join(gbk('实验小'), '\xd1', gbk(',人民路\n')),
        'finding',
      ],
      ['a UTF-8 cell cut within a character', join(utf8('实验小'), '\xe5\xad', utf8(',人民路\n')), 'finding'],
      [
        'French in Windows-1252',
        as('windows-1252')('nom,lieu\nÉcole élémentaire,Orléans\nJosé,Besançon\n'),
        'finding',
      ],
      [
        'one accent in a list in ASCII',
        as('windows-1252')('name,place\nJosé Martin,London\nAnn,York\n'),
        'finding',
      ],
      ['German as DOS wrote it', as('cp850')('Name,Ort\nMüller,Zürich\nJäger,Köln\n'), 'finding'],
      ['French as old Macs wrote it', as('macroman')('nom\nélève\ncafé\nMarée\n'), 'finding'],
      ['Polish in ISO-8859-2', as('iso-8859-2')('nazwa\nŁódź\nSzkoła Święta\nŻółw\n'), 'finding'],
      [
        'Russian in Windows-1251',
        as('windows-1251')('имя,город\nИван Петров,Москва\nОльга,Тверь\n'),
        'finding',
      ],
      ['Russian in KOI8-R', as('koi8-r')('имя,город\nИван Петров,Москва\nОльга,Тверь\n'), 'finding'],
      ['Greek', as('iso-8859-7')('όνομα,πόλη\nΜαρία,Αθήνα\nΓιώργος,Πάτρα\n'), 'finding'],
      ['Thai', as('tis620')('ชื่อ,ที่อยู่\nโรงเรียน,กรุงเทพ\nสมชาย,เชียงใหม่\n'), 'finding'],
      ['Taiwan', big5('學校,地址\n國立臺灣師範大學,臺北市大安區\n建國中學,南海路\n'), 'finding'],
      ['Japan in Shift_JIS', as('shift_jis')('学校,住所\nさくら小学校,東京都\nひまわり,横浜市\n'), 'finding'],
      ['Japan in EUC-JP', as('euc-jp')('学校,住所\nさくら小学校,東京都港区\nひまわり園,横浜市\n'), 'finding'],
      ['Korea', as('euc-kr')('학교,주소\n서울초등학교,강남구\n부산중학교,해운대\n대구,수성구\n'), 'finding'],
      ['UTF-16 of Windows', join('\xff\xfe', iconv.encode(school, 'utf16-le')), 'finding'],
      ['UTF-16 without a mark', iconv.encode(school, 'utf16-be'), 'finding'],
      ['UTF-16 without a mark in another order', iconv.encode(school, 'utf16-le'), 'finding'],
      [
        'surrogates in UTF-8, as old databases write emoji',
        join(utf8('备注\n好'), '\xed\xa0\xbd\xed\xb8\x80\n'),
        'finding',
      ],
      ['a character of a user', join(gbk('姓名\n张'), '\xaa\xa1', gbk('\n李四\n')), 'finding'],
      ['a file saved in the wrong encoding', utf8(iconv.decode(utf8(school), 'gbk')), 'finding'],
      ['the same the other way round', utf8(iconv.decode(gbk(school), 'latin1')), 'finding'],
      ['characters that were lost', utf8('姓名\n张\ufffd\n'), 'taken'],
    ]
    const found = []
    for (const [about, bytes] of cases) {
      const chunks = async function* () {
        yield bytes
      }
      const { shape, findings } = await inspectText(chunks, 'f.csv', isUtf8)
      const isPlain = shape !== undefined && findings.length === 0
      found.push([about, isPlain ? 'taken' : findings.length > 0 ? 'finding' : 'refused without a word'])
    }
    t.strictSame(
      found,
      cases.map(([about, , expected]) => [about, expected]),
    )
  },
)

const typed: Contract = {
  ...contract,
  fields: [
    field('key', '序', 'string'),
    field('text', '文本', 'string'),
    field('whole', '整数', 'integer'),
    field('number', '小数', 'number'),
    field('share', '比率', 'number', { unit: '%' }),
    field('day', '日期', 'date'),
    field('time', '时刻', 'time'),
    field('moment', '时间', 'datetime'),
    field('yes', '是否', 'boolean'),
  ],
  primaryKey: ['key'],
  missingValues: ['', '-'],
}

/** By field: cells, each with the value that is read, or null where it must be refused. */
const cells: Readonly<Record<string, readonly (readonly [string, string | null])[]>> = {
  text: [
    ...[
      ['0012', '0012'],
      ['1E5', '1E5'],
      ['=1+1', '=1+1'],
      [' 甲 乙 ', '甲 乙'],
      ["'007", "'007"],
    ],
    ...[
      ['12,000', '12,000'],
      ['2026/3/1', '2026/3/1'],
      ['TRUE', 'TRUE'],
      ['N/A', 'N/A'],
      ['1-2', '1-2'],
    ],
    ...[
      ['３１０', '３１０'],
      ['1e+5', '1e+5'],
      ['3.10', '3.10'],
      ['+86 21', '+86 21'],
      ['\u3000校', '校'],
    ],
    ...[
      ['甲\n乙', '甲\n乙'],
      ['"引"', '"引"'],
      ['\\N', '\\N'],
      ['null', 'null'],
      ['1.2E+15', null],
    ],
    ...[
      ['1.20E+02', null],
      ['#N/A', null],
      ['#REF!', null],
      ['#DIV/0!', null],
      ['########', null],
    ],
    ...[
      ['#1 教学楼', '#1 教学楼'],
      ['#', '#'],
      ['C#', 'C#'],
    ],
  ] as const,
  whole: [
    ...[
      ['3.0', '3'],
      ['12.00', '12'],
      ['1e3', '1000'],
      ['+12', '12'],
      ['１，２００', '1200'],
      ['007', '7'],
    ],
    ...[
      ['-0', '0'],
      ['1.5e1', '15'],
      ['12\u00a0', '12'],
      ['\u200e12', '12'],
      ['12.', '12'],
      ['-3', '-3'],
    ],
    ...[
      ['1,234,567.0', '1234567'],
      ['9007199254740991', '9007199254740991'],
      ['1E2', '100'],
    ],
    ...[
      ['1 200', null],
      ['12人', null],
      ['约12', null],
      ['0x1F', null],
      ['1_000', null],
      ['十二', null],
    ],
    ...[
      ['12-15', null],
      ['٣', null],
      ['¥1,200', null],
      ['1,2000', null],
      ['(12)', null],
      ['12-', null],
    ],
    ...[
      ['null', null],
      ['NA', null],
      ['9007199254740993', null],
      ['1.0E+02', null],
      ['3.5', null],
      ['..', null],
    ],
  ] as const,
  number: [
    ...[
      ['3.140', '3.14'],
      ['.25', '0.25'],
      ['-.5', '-0.5'],
      ['1E-3', '0.001'],
      ['2.5000000000000001', '2.5'],
    ],
    ...[
      ['100.00000000000001', '100'],
      ['－３．５', '-3.5'],
      ['1,000.5', '1000.5'],
      ['5e0', '5'],
      ['00.10', '0.1'],
    ],
    ...[
      ['12345678901.25', '12345678901.25'],
      ['6.02e23', null],
      ['1/2', null],
      ['3,14', null],
      ['1e400', null],
    ],
    ...[
      ['inf', null],
      ['5％', null],
      ['0.1+', null],
      ['3。5', null],
      ['1.2.3', null],
      ['约3.5', null],
    ],
    ...[
      ['3.5 m', null],
      ['1.7976931348623157e308', null],
      ['--1', null],
      ['NaN', null],
    ],
  ] as const,
  share: [
    ['12.5%', '12.5'],
    ['１２．５％', '12.5'],
    ['12.5 %', '12.5'],
    ['0.125', '0.125'],
    ['12.5%%', null],
    ['百分之五', null],
  ],
  day: [
    ...[
      ['2026-3-1', '2026-03-01'],
      ['2026/03/01', '2026-03-01'],
      ['2026.3.1', '2026-03-01'],
    ],
    ...[
      ['２０２６年３月１日', '2026-03-01'],
      ['20260301', '2026-03-01'],
      ['2026-03-01T00:00', '2026-03-01'],
    ],
    ...[
      ['2026-03-01 00:00', '2026-03-01'],
      ['2026/3/1 00:00:00.000', '2026-03-01'],
      ['2024-02-29', '2024-02-29'],
    ],
    ...[
      ['2026年3月', null],
      ['01/03/2026', null],
      ['Mar 1, 2026', null],
      ['2026-02-30', null],
      ['26-3-1', null],
    ],
    ...[
      ['二〇二六年三月一日', null],
      ['2026-03-01 12:00', null],
      ['45000', null],
      ['2026\\3\\1', null],
    ],
    ...[
      ['2026-03-01Z', null],
      ['2026年03月01日（周日）', null],
      ['2026-3-1上午', null],
      ['2026-13-01', null],
    ],
  ] as const,
  moment: [
    ...[
      ['2026-01-01T08:00:00.000+08:00', '2026-01-01T00:00:00Z'],
      ['2026-01-01T08:00:00+0800', '2026-01-01T00:00:00Z'],
    ],
    ...[
      ['2026-01-01 08:00:00 +08:00', '2026-01-01T00:00:00Z'],
      ['2026-1-1 8:00Z', '2026-01-01T08:00:00Z'],
    ],
    ...[
      ['2026-01-01T08:00:00z', '2026-01-01T08:00:00Z'],
      ['2026-01-01T08:00:00', null],
      ['1767225600', null],
    ],
    ...[
      ['2026-01-01T08:00:00.123Z', null],
      ['2026-01-01', null],
      ['今天', null],
      ['2026-01-01T08:00:00 CST', null],
    ],
  ] as const,
  time: [
    ...[
      ['8:30', '08:30'],
      ['8：30', '08:30'],
      ['08:30:00', '08:30'],
      ['24:00', '24:00'],
      ['0:05', '00:05'],
    ],
    ...[
      ['8.30', null],
      ['830', null],
      ['8:30 AM', null],
      ['下午2:00', null],
      ['24:30', null],
      ['8时30分', null],
    ],
  ] as const,
  yes: [
    ...[
      ['True', 'true'],
      ['FALSE', 'false'],
      ['yes', 'true'],
      ['NO', 'false'],
      ['是', 'true'],
      ['1', 'true'],
    ],
    ...[
      ['Y', 'true'],
      ['n', 'false'],
      ['√', 'true'],
      ['×', 'false'],
      ['ｔｒｕｅ', 'true'],
    ],
    ...[
      ['2', null],
      ['是的', null],
      ['有', null],
      ['不详', null],
      ['0.0', 'false'],
      ['？', null],
    ],
  ] as const,
}

t.test('cells: one meaning is read, another is refused', async (t) => {
  const names = typed.fields.map(({ name }) => name)
  const [found, expected]: [unknown[], unknown[]] = [[], []]
  for (const [name, forms] of Object.entries(cells)) {
    for (const [text, value] of forms) {
      const row = names.map((other) => (other === 'key' ? 'k' : other === name ? text : ''))
      const { rows, findings } = await readRows({ 'a.csv': stringify([names, row]) }, { contract: typed })
      const error = findings.find(({ severity }) => severity === 'error')
      found.push([name, text, error === undefined ? rows[0]?.values[names.indexOf(name)] : null])
      expected.push([name, text, value])
    }
  }
  t.strictSame(found, expected)
})

const schools: Contract = {
  ...contract,
  fields: [
    field('school', '学校名称', 'string', { role: 'key' }),
    field('address', '地址', 'string'),
    field('phone', '联系电话', 'string'),
    field('pupils', '学生数', 'integer'),
  ],
  primaryKey: ['school'],
  checks: [{ check: 'phone', field: 'phone' }],
}

t.test('rows that are no records, and rows that are', async (t) => {
  const start = '学校名称,地址,联系电话,学生数\n一小,人民路1号,021-61234567,600\n'
  const cases: readonly (readonly [string, string])[] = [
    ...['学校名称,地址,联系电话,学生数', '学校名称,地址,,', ' 学校名称 ,地 址,联系电话,学生数'].map(
      (row) => [row, 'row-header'] as const,
    ),
    ...['school,address,phone,pupils', '学校名称,地址,联系电话,人数'].map(
      (row) => [row, 'row-header'] as const,
    ),
    ...[
      '合计,,,1200',
      '总计,,,1200',
      '小 计,,,1200',
      '合  计：,,,1200',
      'TOTAL,,,1200',
      'Sub-total:,,,1200',
    ].map((row) => [row, 'row-total'] as const),
    ...['合計,,,1200', '共计：,,,1200', 'Ｔｏｔａｌ,,,1200', '\u3000合\u3000计,,,1200', '总 数,,,1200'].map(
      (row) => [row, 'row-total'] as const,
    ),
    ...[
      '注：数据截至2026年底,,,',
      '备注:不含民办,,,',
      '说明：见附件,,,',
      '资料来源：市教委,,,',
      'Note: provisional,,,',
    ].map((row) => [row, 'row-note'] as const),
    ...[
      '填表人：,,,',
      '制表单位：教务处,,,',
      '审核人：李某,,,',
      '填报日期：2026-03-01,,,',
      '* 估计数,,,',
      '※不含分校,,,',
    ].map((row) => [row, 'row-note'] as const),
    ...['二小,"人民路2号,021-61234568,700\n三小,人民路3号",021-61234569,800'].map(
      (row) => [row, 'cell-swallowed'] as const,
    ),
    ...['一小,别处,021-61234568,1', ' 一小,别处,,', '一\u200b小,别处,,'].map(
      (row) => [row, 'key-doubled'] as const,
    ),
    ...[
      '二小,路,2161234567,1',
      '二小,路,21-61234567,1',
      '二小,路,1380000000,1',
      '二小,路,6123456,1',
      '二小,路,O21-61234567,1',
    ].map((row) => [row, row.includes('6123456,') ? '' : 'phone'] as const),
    ...[
      '合计小学,路,,',
      '总计,路,021-61234568,3',
      '二小,合计,,',
      '注册路小学,路,,',
      '二小,,,',
      '小计,,,,',
    ].map((row) => [row, /^(总计|小计)/.test(row) ? 'row-total' : ''] as const),
    ...[
      '二小,"东门\n西门",,',
      '二小,"甲,乙,丙,丁",,5',
      '说明小学,,,',
      '二小,路,021-61234567转8,3',
      '来源路小学,,,',
    ].map((row) => [row, ''] as const),
  ]
  const found = []
  for (const [row] of cases) {
    const { findings } = await readRows({ 'a.csv': `${start}${row}\n` }, { contract: schools })
    const errors = [
      ...new Set(findings.filter(({ severity }) => severity === 'error').map(({ check }) => check)),
    ]
    found.push([row, errors.join(' ')])
  }
  t.strictSame(found, cases)
})

t.test('messages: files of another kind, and the header that was meant', async (t) => {
  const sheet = makeSheet([['学校名称'], ['一小']])
  const files: readonly (readonly [string, string, Buffer | string, string])[] = [
    ['a workbook named as a CSV', 'a.csv', sheet, 'file-not-text'],
    ['a Word file named as a workbook', 'a.xlsx', join('PK\x03\x04', Buffer.alloc(60)), 'workbook-damaged'],
    [
      'an old workbook with the new name',
      'a.xlsx',
      join('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', Buffer.alloc(600)),
      'workbook-kind',
    ],
    ['a CSV named as a workbook', 'a.xlsx', '学校名称\n一小\n', 'workbook-kind'],
    ['a PDF', 'a.csv', '%PDF-1.4\n', 'file-not-text'],
    ['a web page saved by a portal', 'a.csv', '<!DOCTYPE html><html>', 'file-not-text'],
    ['a ZIP', 'a.csv', 'PK\x03\x04abc', 'file-not-text'],
    ['a picture', 'a.csv', join('\x89PNG\r\n\x1a\n', Buffer.alloc(20)), 'file-not-text'],
    ['a photograph', 'a.csv', join('\xff\xd8\xff\xe0\x00\x10JFIF', Buffer.alloc(20)), 'file-not-text'],
    ['nothing', 'a.csv', '', 'file-empty'],
    ['blank lines alone', 'a.csv', '\n\n\n', 'header-row'],
    ['JSON', 'a.csv', '[{"学校名称":"一小"}]', 'file-not-text'],
    ['lines of JSON', 'a.csv', '{"学校名称":"一小"}\n', 'file-not-text'],
    ['a table of another dataset', 'a.csv', '日期,天气\n2026-03-01,晴\n', 'header-row'],
    ['a bar as separator', 'a.csv', '学校名称|地址|联系电话\n一小|路|021-61234567\n', 'header-row'],
  ]
  const found = []
  for (const [about, name, bytes, expected] of files) {
    const { findings } = await readRows({ [name]: bytes }, { contract: schools }).catch((error) => ({
      findings: [{ check: String(error), severity: 'error' }],
    }))
    const checks = findings.filter(({ severity }) => severity === 'error').map(({ check }) => check)
    found.push([about, checks.includes(expected) ? expected : checks.join(' ')])
  }
  t.strictSame(
    found,
    files.map(([about, , , expected]) => [about, expected]),
  )

  const meant: readonly (readonly [string, string | undefined])[] = [
    ...['校名', '学校', '单位名称', '学校名', '学校名稱', 'School name', 'shcool'].map(
      (text) => [text, 'school'] as const,
    ),
    ...['详细地址', '地点', 'adress', 'Location', '学校地址'].map((text) => [text, 'address'] as const),
    ...['电话', '电话号码', '咨询电话', 'Telephone', 'Phone number', '联糸电话'].map(
      (text) => [text, 'phone'] as const,
    ),
    ...['学生人数', '在校生数', 'Students', '学生总数'].map((text) => [text, 'pupils'] as const),
    ...['学段', '性别', '面积', '邮编', '年份', 'fax', '学区', '校长'].map(
      (text) => [text, undefined] as const,
    ),
  ]
  const guessed = meant.map(([text]) => {
    const cells = ['学校名称', '地址', '联系电话', '学生数', text]
    const row = { cells, rows: 1, placeOf: () => ({ row: 1, cell: 'E1' }), offsetOf: () => undefined }
    const { findings } = mapHeaders(row, schools, 'a.csv')
    const unknown = findings.find(({ check }) => check === 'header-unknown')
    // A header that means the field is a second column of it, which is reported too.
    const conflict = findings.find(({ check }) => check === 'header-conflict')
    return [text, unknown === undefined ? conflict?.field : unknown.expected?.split(' / ')[1]]
  })
  t.strictSame(guessed, meant)
})

t.test('messages: the code that was meant', async (t) => {
  const contracts = await loadContractFolders([shippedDatasets])
  const read = buildCodeReader(contracts.codes('venue-activities'), '2026-12-31')
  const cases: readonly (readonly [string, string])[] = [
    ...['篮球', 'basketball', 'Basketball', 'ＢＡＳＫＥＴＢＡＬＬ', '篮 球'].map(
      (text) => [text, 'basketball'] as const,
    ),
    ...['TABLE TENNIS', '乒乓球', 'table-tennis'].map((text) => [text, 'table-tennis'] as const),
    ...['蓝球', '兰球', 'basketbal', 'basket-ball', '室外篮球', '篮球场'].map(
      (text) => [text, '~basketball'] as const,
    ),
    ...['乒兵球', 'tabletenis'].map((text) => [text, '~table-tennis'] as const),
    ...['雨毛球', '羽毛求', '羽毛球馆', 'badmington'].map((text) => [text, '~badminton'] as const),
    ...['footbal', '足球（五人制）'].map((text) => [text, '~football'] as const),
    ...['swiming', '由泳'].map((text) => [text, '~swimming'] as const),
    ...['voleyball', '牌球'].map((text) => [text, '~volleyball'] as const),
    ...['体操', 'soccer', '足球、篮球', '3', '其他', '网秋', 'x', '篮'].map((text) => [text, ''] as const),
  ]
  const found = cases.map(([text]) => {
    const outcome = read(text, undefined, () => {})
    if (typeof outcome === 'string') return [text, outcome]
    const [, nearest] = / nearest: ([\w-]+)/.exec(outcome.expected ?? '') ?? []
    return [text, nearest === undefined ? '' : `~${nearest}`]
  })
  t.strictSame(found, cases)
})
