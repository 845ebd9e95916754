/** Properties: what is printed is read back, in several styles of writing; no text throws or hangs. */
import fc from 'fast-check'
import { test } from 'tap'
import { dayTypes, parseHours, printHours, type Session, weekdays } from '../../../src/derivations/index.ts'
import { comparable } from '../../support/hours-labels.ts'
import { runs } from '../../support/runs.ts'

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** Spans of one day that don't overlap, from 05:00. */
const spans = fc
  .uniqueArray(fc.integer({ min: 60, max: 288 }), { minLength: 2, maxLength: 6 })
  .map((marks) => marks.sort((a, b) => a - b).map((mark) => mark * 5))
  .map((marks) =>
    Array.from(
      { length: Math.floor(marks.length / 2) },
      (_, i) => [marks[2 * i] ?? 0, marks[2 * i + 1] ?? 0] as const,
    ),
  )

const seasons = fc.constantFrom(
  undefined,
  { from: '05-01', to: '09-30' },
  { from: '10-08', to: '04-30' },
  { from: '12-01', to: '02-28' },
)

/** Days of the groups of one cell: they don't meet. */
const dayGroups = fc.oneof(
  fc.constant([{ days: [...weekdays] }]),
  fc.subarray([...dayTypes], { minLength: 1 }).map((types) => types.map((type) => ({ dayTypes: [type] }))),
  fc
    .subarray([...weekdays], { minLength: 1, maxLength: 6 })
    .map((days) => [{ days }, { days: weekdays.filter((day) => !days.includes(day)) }]),
  fc.constant([{ days: ['Sa', 'Su'] as const, dayTypes: ['public-holiday'] as const }]),
)

const cells: fc.Arbitrary<readonly Session[]> = fc.tuple(dayGroups, seasons).chain(([groups, season]) =>
  fc.tuple(...groups.map((days) => spans.map((list) => ({ days, list })))).map((written) =>
    written.flatMap(({ days, list }) =>
      list.map(([from, to]) => ({
        ...days,
        from: clock(from),
        to: clock(to),
        ...(season === undefined ? {} : { season }),
      })),
    ),
  ),
)

const traditional: Readonly<Record<string, string>> = {
  周: '週',
  双: '雙',
  节: '節',
  时: '時',
  点: '點',
  国: '國',
}
const wide = (text: string) =>
  text.replace(/[\d:]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))

/** Styles of writing the same hours. */
const styles: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  'full width': wide,
  'ratio colon and long dash': (text) => text.replaceAll(':', '∶').replaceAll('-', '——'),
  'words 至 and 时': (text) =>
    text
      .replace(/(\d\d):(\d\d)/g, '$1时$2分')
      .replace(/时00分/g, '时')
      .replaceAll('-', '至'),
  'half hours': (text) =>
    text
      .replace(/(\d\d):30/g, '$1点半')
      .replace(/(\d\d):00/g, '$1点')
      .replaceAll('-', '～'),
  '上午 and 下午': (text) =>
    text.replace(/(\d\d):(\d\d)/g, (all, hour, minute) => {
      const h = Number(hour)
      if (h === 24 || h === 12 || h === 0) return all
      return h < 12 ? `上午${h}:${minute}` : `下午${h - 12}:${minute}`
    }),
  traditional: (text) => [...text].map((sign) => traditional[sign] ?? sign).join(''),
  'lines and spaces': (text) => text.replaceAll('；', '\n').replaceAll('、', ' 、 '),
  html: (text) => `<p>开放时间：${text.replaceAll('；', '<br/>')}</p>`,
}

test('printed sessions are read back in every style', async (t) => {
  fc.assert(
    fc.property(cells, fc.constantFrom(...Object.keys(styles)), (sessions, style) => {
      const text = (styles[style] as (text: string) => string)(printHours(sessions))
      const { sessions: read, finding } = parseHours({ text })
      if (finding !== null) throw new Error(`${text}: ${finding}`)
      if (comparable(read) !== comparable(sessions))
        throw new Error(`${text}\n${comparable(read)}\n${comparable(sessions)}`)
    }),
    runs(150, 20_000),
  )
  t.pass()
})

const fragments = fc.constantFrom(
  ...[
    '周一',
    '至',
    '周五',
    '工作日',
    '双休日',
    '节假日',
    '法定节假日',
    '上午',
    '下午',
    '晚',
    '8:00',
    '-',
    '17:00',
    '9时半',
  ],
  ...[
    '(',
    ')',
    '（',
    '闭馆',
    '除外',
    '除',
    '外',
    '全天',
    '5月1日',
    '次年',
    '、',
    '；',
    '\n',
    ' ',
    '<br>',
    '游泳馆',
    '24小时',
  ],
  ...[
    '十二',
    '：',
    '每',
    '逢',
    '12',
    '3',
    '.',
    '/',
    '年',
    '民国115年',
    '不少于',
    '中午',
    '次日',
    '暂停开放',
    '\u0000',
    '😀',
  ],
)

test('no text throws, and a reading is sessions or a finding that quotes', async (t) => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(texts, texts, (text, column) => {
      const { sessions, finding } = parseHours({ text, column })
      if (finding !== null) return sessions.length === 0 && finding.startsWith('“')
      return sessions.every(({ from, to }) => /^([01]\d|2[0-3]):[0-5]\d$/.test(from) && from !== to)
    }),
    runs(300, 50_000),
  )
  t.pass()
})

test('long repetitions end at once', async (t) => {
  const parts = [
    '周一',
    '一、',
    '8:00-',
    '1',
    '(',
    '<a ',
    '5月1日至',
    '以1',
    '上午',
    '、',
    ' ',
    '十',
    '每节1',
    '除周一',
    '24小时',
    '二楼',
    '体育',
  ]
  const slow = parts.filter((part) => {
    // CPU, not time: other processes may hold this one up.
    const before = process.cpuUsage()
    parseHours({ text: part.repeat(Math.floor(2000 / part.length)) })
    return process.cpuUsage(before).user > 500_000
  })
  t.same(slow, [])
})
