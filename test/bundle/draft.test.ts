/** Drafting contracts: what is inferred from files of different shapes, and that the file fits the draft. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type DraftNote, draftContract, limitsOf, readLooseTable } from '../../src/bundle/index.ts'
import { loadContractFolders, shippedDatasets } from '../../src/context.ts'
import { type Contract, fillInMarker, readReservedNames } from '../../src/contract/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { contract, readRows } from '../support/bundle-fixture.ts'
import { makeSheet, makeWorkbook, number } from '../support/workbook.ts'

const contracts = await loadContractFolders([shippedDatasets])
const reserved = await readReservedNames()
const { pinyin } = await import('pinyin-pro')
const folder = t.testdir({})
const limits = limitsOf(loadConfig({}))

async function draftOf(
  name: string,
  bytes: string | Uint8Array,
  options: { readonly key?: readonly string[]; readonly given?: ReadonlyMap<string, string> } = {},
) {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  const { table } = await readLooseTable(path, { limits, rowsMax: 1000 })
  if (table === undefined) throw new Error('unreadable')
  const { contract, notes } = draftContract({
    dataset: 'trial',
    headers: table.headers,
    firstRow: table.headerRow + 1,
    rows: table.rows,
    title: table.above[0] ?? name,
    contracts,
    provider: 'edu-commission',
    given: new Map(),
    reserved,
    spell: (text) => pinyin(text, { toneType: 'none', type: 'array', nonZh: 'consecutive', v: true }),
    day: '2026-11-01',
    ...options,
  })
  return { table, contract, notes }
}

const shapes = ({ fields }: Contract) =>
  fields.map(({ name, type, codes, scale }) => [name, codes ?? type, scale ?? null])
const about = (notes: readonly DraftNote[], text: string) =>
  notes.filter(({ message }) => message.includes(text)).length

t.test('a Chinese list with separators of Excel in Europe', async (t) => {
  const rows = Array.from({ length: 60 }, (_, n) =>
    [
      `${n + 1}`.padStart(4, '0'),
      `实验学校${n}`,
      ['学生食堂', '教工食堂'][n % 2],
      `${100 + 7 * n}`,
      `2020/${(n % 12) + 1}/3`,
      ['是', '否'][n % 2],
      ['早餐、午餐', '午餐'][n % 2],
      `${n}.5%`,
      n % 3 === 0 ? '-' : `${n}.25`,
    ].join(';'),
  )
  const header = '食堂编号;学校名称;食堂类型;就餐人数;开业日期;是否自营;供餐时段;达标率(%);人均面积（平方米）'
  const { contract, table } = await draftOf('canteens.csv', `${header}\n${rows.join('\n')}\n`)
  t.equal(table.delimiter, ';')
  t.strictSame(shapes(contract), [
    ['shi_tang_bian_hao', 'string', null],
    ['xue_xiao_ming_cheng', 'string', null],
    ['shi_tang_lei_xing', 'string', null],
    ['jiu_can_ren_shu', 'integer', null],
    ['kai_ye_ri_qi', 'date', null],
    ['shi_fou_zi_ying', 'boolean', null],
    ['gong_can_shi_duan', 'string', null],
    ['da_biao_lv', 'number', 1],
    ['ren_jun_mian_ji', 'number', 2],
  ])
  t.strictSame(contract.primaryKey, ['shi_tang_bian_hao'])
  t.strictSame(contract.missingValues, ['', '-'])
  t.equal(contract.fields[0]?.constraints?.pattern, '^\\d{4}$', 'leading zeros stay')
  t.strictSame(contract.fields[2]?.constraints?.enum, ['学生食堂', '教工食堂'])
  t.strictSame(
    [contract.fields[7]?.unit, contract.fields[7]?.constraints],
    ['%', { minimum: 0, maximum: 100 }],
  )
  t.ok(contract.fields[1]?.title.en.startsWith(fillInMarker), 'other contracts name it differently')
  t.ok(contract.fields[2]?.title.en.startsWith(fillInMarker), 'what nobody wrote is marked')
})

t.test('a workbook with a title and grouped headers', async (t) => {
  const rows = ['黄浦区', '徐汇区'].flatMap((district, n) =>
    ['小学', '初中'].map((stage, m) => [district, stage, number(100 + n), number(90 + m)]),
  )
  const { contract, table } = await draftOf(
    'grouped.xlsx',
    makeWorkbook({
      sheets: [
        {
          name: '表1',
          merges: ['A1:D1', 'A2:A3', 'B2:B3', 'C2:D2'],
          rows: [
            ['2025-2026学年学生情况'],
            ['区', '学段', '在校生', undefined],
            [undefined, undefined, '男', '女'],
            ...rows,
          ],
        },
      ],
    }),
  )
  t.strictSame(table.headers, ['区', '学段', '在校生男', '在校生女'])
  t.notOk(table.mustBeginLater)
  t.equal(contract.period, 'school-year')
  t.equal(contract.title.zh, '2025-2026学年学生情况')
  t.strictSame(shapes(contract).slice(0, 2), [
    ['district', 'districts', null],
    ['xue_duan', 'stages', null],
  ])
  t.strictSame(contract.primaryKey, ['district', 'xue_duan'])
  t.equal(contract.fields[0]?.title.en, 'District', 'known from other contracts')
})

t.test('titles above the header are found and reported', async (t) => {
  const { table, contract } = await draftOf(
    'titled.csv',
    '某市名单,,\n\n学校,地址,电话\n一中,路1号,021-1\n二中,路2号,021-2\n',
  )
  t.strictSame([table.headers, table.headerRow, table.mustBeginLater], [['学校', '地址', '电话'], 3, true])
  t.equal(contract.title.zh, '某市名单')
})

t.test('tidy statistics with empty keys', async (t) => {
  const header =
    'time_period,time_identifier,geographic_level,country_code,region_code,region_name,school_urn,sex,pupils,rate'
  const lines = ['202324', '202425'].flatMap((year) =>
    [
      ['National', '', '', ''],
      ['Regional', 'E12000001', 'North East', ''],
      ['Regional', 'E12000007', 'London', ''],
      ['School', 'E12000001', 'North East', '100100'],
      ['School', 'E12000001', 'North East', '100101'],
    ].flatMap(([level, code, name, urn]) =>
      ['Total', 'Male', 'Female'].map((sex, n) =>
        [
          year,
          'Academic year',
          level,
          'E92000001',
          code,
          name,
          urn,
          sex,
          n === 1 ? 'c' : '12',
          `${n}.25`,
        ].join(','),
      ),
    ),
  )
  const { contract, notes } = await draftOf('tidy.csv', `${header}\n${lines.join('\n')}\n`)
  t.strictSame(contract.primaryKey, ['time_period', 'region_code', 'school_urn', 'sex'])
  t.equal(contract.keyMissing, '_Z')
  t.equal(contract.fields[6]?.constraints?.pattern, '^(\\d{6}|_Z)$')
  t.equal(contract.period, 'school-year')
  t.strictSame(contract.missingValues, ['', 'c'])
  t.equal(about(notes, 'become _Z'), 1)
})

t.test('without a key the equal rows are named, and a person can choose one', async (t) => {
  const text = 'place,kind,size\na,x,1\na,x,2\nb,y,3\n'
  const { notes } = await draftOf('equal.csv', text)
  t.equal(about(notes, 'rows 2 and 3 are equal'), 1)
  const { contract } = await draftOf('equal.csv', text, { key: ['size'] })
  t.strictSame(contract.primaryKey, ['size'])
  await t.rejects(draftOf('equal.csv', text, { key: ['colour'] }), /There is no column "colour"/)
})

t.test('names are valid, not reserved, and used once', async (t) => {
  const header = '版本,版本 ,edition,Größe,2024年,schoolName,长度,長度,!!'
  const { contract } = await draftOf('names.csv', `${header}\n1,2,3,4,5,6,7,8,9\n`)
  const names = contract.fields.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const name of names) t.match(name, /^[a-z][a-z0-9_]{0,49}$/)
  t.ok(names.every((name) => !reserved.has(name)))
  t.strictSame(names.slice(2, 6), ['edition_value', 'grosse', 'n_2024_nian', 'school_name'])
})

t.test(
  'numbers with more digits than a number keeps stay text, unless they only have float noise',
  async (t) => {
    const rounded = await draftOf('float.csv', 'id,lon\na,114.14788048996633\nb,114.1511710728324\n')
    t.equal(rounded.contract.fields[1]?.type, 'number')
    const { contract, notes } = await draftOf(
      'long.csv',
      'id,lon\na,114.14788048996633000123\nb,114.15117107283\n',
    )
    t.equal(contract.fields[1]?.type, 'string')
    t.equal(about(notes, 'more than 15 digits'), 1)
  },
)

t.test(
  'a table as an office has it: row numbers, a total, signatures, a cell that breaks its column',
  async (t) => {
    const rows = [
      '1,合唱团,2026-03-01,３２',
      '2,围棋社,2026年3月8日,"1,020"',
      '3,舞蹈社,3月15日,约40',
      '4,科创社,2026/3/22,12',
    ]
    const text = `序号,社团,成立日期,人数\n${rows.join('\n')}\n合计,,,1104\n填表人：张某,,审核人：李某,\n`
    const { contract, notes } = await draftOf('clubs.csv', text)
    t.strictSame(shapes(contract), [
      ['she_tuan', 'string', null],
      ['cheng_li_ri_qi', 'string', null],
      ['ren_shu', 'string', null],
    ])
    t.strictSame(contract.ignoredHeaders, ['序号'])
    t.strictSame(contract.primaryKey, ['she_tuan'])
    t.equal(about(notes, 'rows 6 to 7 are no records'), 1)
    t.equal(about(notes, '3 of 4 values are dates, but not that of row 4'), 1)
    t.equal(about(notes, '3 of 4 values are numbers, but not that of row 4'), 1)
    const { contract: fixed } = await draftOf(
      'clubs2.csv',
      text.replace('3月15日', '2026.3.15').replace('约40', '40'),
    )
    t.strictSame(
      shapes(fixed).map(([, type]) => type),
      ['string', 'date', 'integer'],
    )
  },
)

/** The errors of a file that is read under the contract drafted from it. */
async function errorsUnder(own: Contract, csv: string) {
  const { findings } = await readRows({ 'a.csv': csv }, { contract: { ...contract, ...own } })
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ check, field: name }) => [check, name])
}

t.test('a tidy file with totals in its key fits the contract drafted from it', async (t) => {
  for (const [total, girls, boys] of [
    ['Total', 'Girls', 'Boys'],
    ['合计', '女', '男'],
  ] as const) {
    const places = Array.from({ length: 18 }, (_, n) => `Place ${n}`)
    const rows = places.flatMap((place) =>
      [total, girls, boys].flatMap((sex) =>
        [total, 'EAL', 'FSM'].map((group, n) => [place, sex, group, 10 * n].join()),
      ),
    )
    const csv = `place,sex,characteristic,headcount\n${rows.join('\n')}\n`
    const { contract: own, notes } = await draftOf('tidy.csv', csv)
    t.strictSame(
      own.fields.slice(1).map(({ role, constraints }) => [role, constraints?.enum]),
      [
        ['dimension', [total, girls, boys]],
        ['dimension', [total, 'EAL', 'FSM']],
        ['count', undefined],
      ],
    )
    t.equal(about(notes, 'has totals'), 2)
    t.same(await errorsUnder(own, csv), [])
  }
})

t.test('shares with all their digits are numbers', async (t) => {
  const shares = [1 / 14, 1 / 3, 2 / 3, 0.5]
  const csv = `id,share\n${shares.map((share, n) => `A${n},${share.toPrecision(15)}`).join('\n')}\n`
  const sheet = makeSheet([['id', 'share'], ...shares.map((share, n) => [`A${n}`, number(String(share))])])
  for (const [name, bytes] of [
    ['shares.csv', csv],
    ['shares.xlsx', sheet],
  ] as const) {
    const { contract: own } = await draftOf(name, bytes)
    t.equal(own.fields[1]?.type, 'number', name)
    t.same(await errorsUnder(own, csv), [])
  }
})

t.test('postcodes and months are no school years', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['编号,邮编\nA001,200001\nA002,200002\n', 'year'],
    ['id,opened\nA001,2011-12\nA002,2010-11\n', 'year'],
    ['time_period,id\n202526,A1\n202526,A2\n', 'school-year'],
    ['id,note\nA1,2025-2026\nA2,x\n', 'school-year'],
    ['学年,编号\n2025-26,A1\n2025-26,A2\n', 'school-year'],
  ]
  for (const [csv, period] of cases) {
    const { contract: own, notes } = await draftOf('period.csv', csv)
    t.equal(own.period, period, csv)
    t.equal(about(notes, 'set period to'), 1)
  }
})

t.test('names that a person chose are used or refused', async (t) => {
  const csv = '编号,人数（人）\nA001,5\nA002,6\n'
  const named = (header: string, name: string) =>
    draftOf('names.csv', csv, { given: new Map([[header, name]]) })
  t.equal((await named('人数（人）', 'heads')).contract.fields[1]?.name, 'heads')
  t.equal((await named('人数', 'heads')).contract.fields[1]?.name, 'heads')
  await t.rejects(named('人数', 'count'), /can't be named "count"/)
  await t.rejects(named('没有', 'abc'), /no column "没有"/)
})

t.test('what other contracts or this file alone suggest is said', async (t) => {
  const csv = 'phone,pupils\n021-61234567,5\n021-61234568,6\n'
  const { contract: own, notes } = await draftOf('said.csv', csv)
  t.equal(own.fields[0]?.constraints?.pattern, undefined, 'a mobile number may follow')
  t.equal(about(notes, 'from another dataset'), 1)
  t.equal(
    about((await draftOf('codes.csv', '代码,x\n0001,a\n0002,a\n')).notes, 'its values have the form'),
    1,
  )
})
