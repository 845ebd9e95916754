/**
 * How well the encoding of a file is recognised: false alarms on Chinese names and addresses in GB18030, with rare
 * characters, and mixtures and other encodings that are missed. Everything comes from a seed.
 */
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { inspectText } from '../../src/bundle/core/csv/encoding.ts'
import { between, oneOf, type Random, randomOf } from '../support/samples/random.ts'

const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤',
  ...[
    '欧阳',
    '上官',
    '司徒',
    '诸葛',
    '端木',
    '褚',
    '逄',
    '亓',
    '仝',
    '佘',
    '佟',
    '冼',
    '厍',
    '妫',
    '嵇',
    '昝',
    '笪',
    '郗',
    '隗',
  ],
]
const given = [
  ...'伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红文玲建国志海燕晓东春梅雪峰佳琪子涵雨轩梓晨欣怡浩宇思远嘉乐一诺',
]
const rare = [
  ...'喆堃镕淼昇翀玥彧祎頔旻龑犇骉燚垚赟奡昉婞茆芃暐珺瑄璟甯祐禛筱紘綦罡翾臻艽荻菡蕤衎袆訚谖軦郦钰锜阆霈韫頫颋飏骐鬯鱻麒黟',
  ...['䶮', '㛃', '㭎', '𬭎', '𬍛', '茅', '联', '滢', '湜'],
]
const places = [
  '上海市',
  '浦东新区',
  '黄浦区',
  '徐汇区',
  '闵行区',
  '嘉定区',
  '松江区',
  '青浦区',
  '奉贤区',
  '崇明区',
]
const roads = [
  ...[
    '南京西路',
    '淮海中路',
    '漕溪北路',
    '莘朱路',
    '沪闵路',
    '泖港镇',
    '曹杨路',
    '洋泾街道',
    '廊下镇中丰村',
    '朱泾镇',
    '陈家镇',
    '瀛东村',
  ],
  ...[
    '堍浜路',
    '塸溇村',
    '㘭里',
    '枫泾镇',
    '张堰镇',
    '罗泾镇',
    '华漕镇',
    '茅台路',
    '芷江西路',
    '虬江路',
    '溧阳路',
    '邯郸路',
  ],
]
const remarks = [
  ...[
    '',
    '',
    '',
    '走读',
    '住宿',
    '寄宿（周末回家）',
    '父亲：驻外',
    'A座3楼',
    'B1层',
    '5号楼B栋',
    '“三好学生”',
    '转自 IB 课程',
  ],
  ...[
    '学费 €1,200',
    '€',
    'T恤尺码 XL',
    '买买提·艾力',
    'iPad借用',
    '①',
    '90㎡',
    '25℃',
    '〇三班',
    'Ⅲ级',
    'No.5 中学',
    '甲、乙',
  ],
]

/** A row of a name, an address and a remark. */
function drawRow(random: Random, rareShare: number): readonly string[] {
  const name = () => (random() < rareShare ? oneOf(random, rare) : oneOf(random, given))
  const who = `${oneOf(random, surnames)}${name()}${random() < 0.6 ? name() : ''}`
  const where = `${random() < 0.7 ? oneOf(random, places) : ''}${oneOf(random, roads)}${between(random, 1, 2999)}`
  const place = `${where}${oneOf(random, ['号', '弄12号301室', '号A座', '号B栋', '村5组'])}`
  return [who, place, oneOf(random, remarks)]
}

const csv = (rows: readonly (readonly string[])[]) =>
  rows
    .map((row, n) => `${n + 1},${row.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(',')}\n`)
    .join('')

/** Windows writes the euro sign as one byte in GBK; GB18030 has two for it. */
const asGbk = (text: string, random: Random) => {
  if (random() < 0.5) return iconv.encode(text, 'gb18030')
  const [before = '', ...parts] = text.split('€')
  const others = parts.flatMap((part) => [Buffer.of(0x80), iconv.encode(part, 'gb18030')])
  return Buffer.concat([iconv.encode(before, 'gb18030'), ...others])
}

type Verdict = 'taken' | 'warned' | 'refused'

async function verdictOf(bytes: Buffer): Promise<{ readonly verdict: Verdict; readonly check: string }> {
  const { shape, findings } = await inspectText(
    async function* () {
      yield bytes
    },
    'f.csv',
    isUtf8,
  )
  const check = findings[0]?.check ?? ''
  if (shape === undefined) return { verdict: 'refused', check }
  return { verdict: findings.length > 0 ? 'warned' : 'taken', check }
}

const header = '序号,姓名,地址,备注\n'
const englishHeader = 'number,name,address,remark\n'

/** Text in other languages as offices write it, by encoding. */
const others: Readonly<Record<string, readonly string[]>> = {
  'windows-1252': [
    'École française',
    'Schüler',
    'Zoë Müller',
    'José Núñez',
    'Straße',
    'Señor',
    'Ångström',
    'café à Paris',
  ],
  big5: [
    '臺北市大安區',
    '陳怡君',
    '林志豪',
    '國立臺灣師範大學',
    '學生人數',
    '備註說明',
    '體育館',
    '高雄市鹽埕區',
  ],
  'euc-kr': [
    '서울특별시 강남구',
    '김민수',
    '이영희',
    '초등학교',
    '체육관',
    '부산광역시',
    '학생 수',
    '운동장 개방',
  ],
  shift_jis: [
    '東京都新宿区',
    'さくら小学校',
    'タナカ イチロウ',
    '体育館',
    '生徒数',
    '横浜市立',
    '運動場の開放',
    '備考なし',
  ],
}

/** Text in UTF-8 that a program took for another encoding; what it could not read became a question mark. */
const misread = (text: string, wrong: string) => decodeOn(Buffer.from(text), wrong).replaceAll('\ufffd', '?')

/** As Windows decodes, which keeps the five bytes that Windows-1252 does not define. */
const decodeOn = (bytes: Buffer, encoding: string) =>
  encoding === 'gb18030'
    ? iconv.decode(bytes, encoding)
    : [...bytes]
        .map((byte) => {
          const sign = iconv.decode(Buffer.of(byte), encoding)
          return sign === '\ufffd' ? String.fromCharCode(byte) : sign
        })
        .join('')

function garbledFile(random: Random, wrong: string): Buffer {
  const lines = (header + csv(rowsOf(random, 1, 30))).split('\n')
  // A program reads byte by byte, but a delimiter lost to the character before it makes the file unreadable.
  return Buffer.from(
    lines
      .map((line) =>
        line
          .split(',')
          .map((cell) => misread(cell, wrong))
          .join(','),
      )
      .join('\n'),
  )
}

interface Mixture {
  readonly kind: string
  readonly make: (random: Random) => Buffer
}

const rowsOf = (random: Random, from: number, to: number) =>
  Array.from({ length: between(random, from, to) }, () => drawRow(random, 0.05))

/** Words whose bytes in GBK are also two-byte characters of UTF-8. Not `路`, which is `·` and is undecidable. */
const twins = [
  ...['小学', '学校', '学院', '医院', '校园', '学员', '一院', '一校', '小院', '学位', '小羊', '学习'],
  ...[
    '一楼',
    '录取',
    '学业',
    '乡学校',
    '小学一',
    '选修',
    '讯息',
    '一医院',
    '职校',
    '省一院',
    '省学院',
    '一',
    '女',
  ],
  ...[
    '学分',
    '女校',
    '女学员',
    '医学院',
    '小学医学院',
    '学校职员',
    '医院职员',
    '一路',
    '小路',
    '校医院',
    '医学',
    '约一',
  ],
].filter((word) => isUtf8(iconv.encode(word, 'gb18030')))

/** Words of other languages, whose characters have two bytes in UTF-8, in a cell with others. */
const words = [
  ...[
    'Müller-Schule',
    'Москва',
    'crème brûlée',
    'Łódź',
    'Ωμέγα',
    'Größe',
    'réélu',
    'Αθήνα',
    'Санкт-Петербург',
  ],
  ...['École française', 'José Núñez', 'Đặng', 'Київ', 'Ålesund', 'ئۈرۈمچى', 'القاهرة', 'ירושלים', 'Երևան'],
]
const singles = ['café', 'São Paulo', 'naïve', 'Zoë', 'Müller', 'Köln', 'señor', 'Malmö', '25°C', '±5', '£12']

/** One cell of other bytes in a row behind others. */
const withCell = (file: Buffer, cell: Buffer) =>
  Buffer.concat([file, Buffer.from('99,'), cell, Buffer.from(',12,3\n')])

const smallFile = (random: Random) =>
  Buffer.from(`${englishHeader}${'1,x,y,5\n'.repeat(between(random, 0, 20))}`)

/** A text of at least two Chinese characters: fewer bytes are evidence of nothing. */
const mixtures: readonly Mixture[] = [
  {
    kind: 'GBK file, then UTF-8 rows',
    make: (random) =>
      Buffer.concat([
        asGbk(header + csv(rowsOf(random, 1, 40)), random),
        Buffer.from(csv(rowsOf(random, 1, 5))),
      ]),
  },
  {
    kind: 'UTF-8 file, then GBK rows',
    make: (random) =>
      Buffer.concat([
        Buffer.from(header + csv(rowsOf(random, 1, 40))),
        asGbk(csv(rowsOf(random, 1, 5)), random),
      ]),
  },
  {
    kind: 'rows in turn',
    make: (random) =>
      Buffer.concat([
        Buffer.from(englishHeader),
        ...rowsOf(random, 2, 30).map((row, n) =>
          n % 2 === 0 ? asGbk(csv([row]), random) : Buffer.from(csv([row])),
        ),
      ]),
  },
  {
    kind: 'one UTF-8 cell in a GBK file',
    make: (random) => {
      const cell = oneOf(random, [
        '上海市区',
        '北京',
        '备注',
        '静安区实验小学',
        '王芳',
        '学校名称',
        '体育',
        '徐汇',
      ])
      const rows = asGbk(header + csv(rowsOf(random, 1, 30)), random)
      return Buffer.concat([rows, Buffer.from('99,'), asGbk('李娜', random), Buffer.from(`,${cell},\n`)])
    },
  },
  {
    kind: 'UTF-8 read as GBK, saved as UTF-8',
    make: (random) => garbledFile(random, 'gb18030'),
  },
  {
    kind: 'UTF-8 read as Windows-1252, saved as UTF-8',
    make: (random) => garbledFile(random, 'windows-1252'),
  },
  {
    kind: 'GBK read as Windows-1252, saved as UTF-8',
    make: (random) => {
      const text = decodeOn(asGbk(header + csv(rowsOf(random, 1, 30)), random), 'windows-1252')
      return Buffer.from(text)
    },
  },
  {
    kind: 'one garbled cell in a UTF-8 file',
    make: (random) => {
      const cell = oneOf(random, ['上海市区', '北京', '备注', '静安区', '王芳', '学校名称', '体育馆', '徐汇'])
      const garbled = misread(cell, oneOf(random, ['gb18030', 'windows-1252']))
      return Buffer.from(`${header}${csv(rowsOf(random, 1, 30))}99,李娜,${garbled},\n`)
    },
  },
  {
    kind: 'GBK that is valid UTF-8, alone',
    make: (random) => withCell(smallFile(random), iconv.encode(oneOf(random, twins), 'gb18030')),
  },
  {
    kind: 'the same, a row in a UTF-8 file',
    make: (random) => {
      const mark = random() < 0.5 ? '\ufeff' : ''
      const file = Buffer.from(mark + header + csv(rowsOf(random, 1, 30)))
      return withCell(file, iconv.encode(oneOf(random, twins), 'gb18030'))
    },
  },
  {
    kind: 'two-byte UTF-8 in a GBK file',
    make: (random) =>
      withCell(asGbk(header + csv(rowsOf(random, 1, 30)), random), Buffer.from(oneOf(random, words))),
  },
  {
    kind: 'the same, one character',
    make: (random) =>
      withCell(asGbk(header + csv(rowsOf(random, 1, 30)), random), Buffer.from(oneOf(random, singles))),
  },
  {
    kind: 'GBK and UTF-8 in one cell',
    make: (random) => {
      const cell = [iconv.encode(oneOf(random, roads), 'gb18030'), Buffer.from(oneOf(random, places))]
      return withCell(asGbk(header + csv(rowsOf(random, 1, 30)), random), Buffer.concat(cell))
    },
  },
  {
    kind: 'Windows-1252 in a GBK file',
    make: (random) => {
      const word = oneOf(random, [
        '25°C',
        'réélu',
        'Größe',
        'Schüler',
        'Zoë Müller',
        'Señor',
        'Köln',
        'Malmö AB',
      ])
      return withCell(asGbk(header + csv(rowsOf(random, 1, 30)), random), iconv.encode(word, 'windows-1252'))
    },
  },
  ...Object.entries({ ...others, 'windows-1251': ['Иван', 'Москва', 'школа', 'Анна'] }).map(
    ([encoding, texts]): Mixture => ({
      kind: `one word of ${encoding} in ASCII`,
      make: (random) => withCell(smallFile(random), iconv.encode(oneOf(random, texts), encoding)),
    }),
  ),
  ...Object.entries(others).map(
    ([encoding, texts]): Mixture => ({
      kind: `${encoding} alone`,
      make: (random) => {
        const rows = Array.from({ length: between(random, 3, 30) }, () => [
          oneOf(random, texts),
          oneOf(random, texts),
        ])
        return iconv.encode(`number,name,place\n${csv(rows)}`, encoding)
      },
    }),
  ),
]

export interface EncodingTally {
  /** Chinese files by how they are cut: files, refused, warned. */
  readonly alarms: readonly {
    readonly about: string
    readonly files: number
    refused: number
    warned: number
  }[]
  /** Mixtures by kind: made, refused, warned, missed. */
  readonly mixtures: readonly {
    readonly kind: string
    made: number
    refused: number
    warned: number
    missed: number
  }[]
}

/** Measures both on `lines` lines and `count` mixtures of a seed. */
export async function measureEncodings(seed: number, lines = 10_000, count = 1_000): Promise<EncodingTally> {
  const alarms = []
  for (const [share, about] of [
    [0.05, '5 % rare characters'],
    [0.3, '30 % rare characters'],
  ] as const) {
    for (const perFile of [lines, 10, 1]) {
      const random = randomOf(seed, 'encodings', share * 100)
      const tally = { about: `${about}, ${perFile} lines a file`, files: 0, refused: 0, warned: 0 }
      for (let line = 0; line < lines; line += perFile) {
        const rows = Array.from({ length: perFile }, () => drawRow(random, share))
        const { verdict } = await verdictOf(
          asGbk((perFile === 1 ? englishHeader : header) + csv(rows), random),
        )
        tally.files += 1
        if (verdict !== 'taken') tally[verdict] += 1
      }
      alarms.push(tally)
    }
  }
  for (const perFile of [lines, 10, 1]) {
    const random = randomOf(seed, 'encodings', 'utf-8')
    const tally = { about: `the same in UTF-8, ${perFile} lines a file`, files: 0, refused: 0, warned: 0 }
    for (let line = 0; line < lines; line += perFile) {
      const rows = Array.from({ length: perFile }, () => drawRow(random, 0.3))
      const { verdict } = await verdictOf(Buffer.from(header + csv(rows)))
      tally.files += 1
      if (verdict !== 'taken') tally[verdict] += 1
    }
    alarms.push(tally)
  }
  const tallies = mixtures.map(({ kind }) => ({ kind, made: 0, refused: 0, warned: 0, missed: 0 }))
  for (let n = 0; n < count; n += 1) {
    const [mixture, tally] = [mixtures[n % mixtures.length], tallies[n % mixtures.length]]
    if (mixture === undefined || tally === undefined) continue
    const { verdict } = await verdictOf(mixture.make(randomOf(seed, 'mixture', n)))
    tally.made += 1
    tally[verdict === 'taken' ? 'missed' : verdict] += 1
  }
  return { alarms, mixtures: tallies }
}

/** The tally as lines of text. */
export function formatEncodings({ alarms, mixtures: kinds }: EncodingTally): readonly string[] {
  return [
    'Chinese names and addresses, in GB18030 unless said: false alarms',
    ...alarms.map(
      ({ about, files, refused, warned }) =>
        `  ${about.padEnd(44)}${files} files: ${refused} refused, ${warned} warned`,
    ),
    'Mixtures and other encodings',
    ...kinds.map(
      ({ kind, made, refused, warned, missed }) =>
        `  ${kind.padEnd(44)}${made} made: ${refused} refused, ${warned} warned, ${missed} missed`,
    ),
  ]
}
