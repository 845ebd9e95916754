/**
 * Data as offices really write it: the open-data plan of Shanghai for 2014 becomes an annual list, and the
 * football pitches of Hong Kong are accepted under a small contract, with a finding for each cell that can't
 * be accepted. We may not distribute the files: TRIAL_DATA names their folder. A small file with the same
 * faults is always tested.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t, { type Test } from 'tap'
import type { Contract } from '../../src/contract/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, type TestContext } from '../support/open-test-context.ts'
import { withoutLibreOffice } from '../support/read-back.ts'
import { waysOut } from '../support/ways-out.ts'

type Row = Readonly<Record<string, string>>

const trialFolder = process.env['TRIAL_DATA'] ?? ''
const plan = join(trialFolder, 'shanghai-2014-open-plan.csv')
const pitches = join(trialFolder, 'hong-kong-football-fields.csv')
const missing =
  trialFolder === ''
    ? 'TRIAL_DATA is not set: name the folder that holds the real files'
    : [plan, pitches].every((file) => existsSync(file))
      ? false
      : 'TRIAL_DATA names a folder that does not hold the real files'

const columns = ['number', 'district', 'name_chi', 'type', 'address', 'longitude', 'latitude'].concat([
  'opening_hours',
  'facilities',
  'phone',
  'status',
  'other',
])
/** The file writes "not provided" in words as well as by an empty cell. */
const missingValues = ['', '未提供']
const plain = '^[^<>]*$'
/** The required fields, and those in which mark-up is not accepted. */
const needed = ['opening_hours']
const unmarked = ['opening_hours', 'facilities', 'other']
/** Looks like a key, but is not unique: a park may have several pitches. */
const key = ['district', 'name_chi']

/**
 * The contract, tolerating this many errors. Coordinates are text, because our numbers don't have 17 digits.
 */
const pitchContract = (dataset: string, errors: number): Contract =>
  contractOf(
    columns.map((name) => {
      const constraints = {
        ...(needed.includes(name) || key.includes(name) ? { required: true } : {}),
        ...(unmarked.includes(name) ? { pattern: plain } : {}),
      }
      return field(name, 'string', Object.keys(constraints).length === 0 ? {} : { constraints })
    }),
    key,
    {
      dataset,
      themes: ['education'],
      missingValues,
      formats: ['csv', 'ndjson', 'json', 'xlsx', 'parquet'],
      openClass: 'unconditional',
      tolerance: { errors },
    },
  )

interface Trouble {
  readonly check: string
  readonly row: number
  readonly cell: string
  readonly field: string
}

/** The expected findings, by an independent reading of the same file, row by row and cell by cell. */
function troublesOf(rows: readonly Row[]): readonly Trouble[] {
  const keyOf = (row: Row) => key.map((name) => row[name]?.trim()).join('\u0000')
  const times = new Map<string, number>()
  for (const row of rows) times.set(keyOf(row), (times.get(keyOf(row)) ?? 0) + 1)
  const at = (check: string, index: number, name: string): Trouble => ({
    ...{ check, row: index + 2, field: name },
    cell: `${String.fromCharCode(65 + columns.indexOf(name))}${index + 2}`,
  })
  return rows.flatMap((row, index) => [
    ...needed
      .filter((name) => missingValues.includes(row[name]?.trim() ?? ''))
      .map((name) => at('required', index, name)),
    ...unmarked.filter((name) => /[<>]/.test(row[name] ?? '')).map((name) => at('constraint', index, name)),
    ...((times.get(keyOf(row)) ?? 0) > 1 ? [at('key-doubled', index, 'district')] : []),
  ])
}

/**
 * Accepts a file under a contract that tolerates its errors, and refuses it under one that tolerates one
 * fewer.
 */
async function takePitches(t: Test, csv: string): Promise<Readonly<Record<string, number>>> {
  const rows = parse(csv, { columns: true }) as Row[]
  const troubles = troublesOf(rows)
  const valid = rows.filter((_row, index) => !troubles.some(({ row }) => row === index + 2))
  const testContext = await openTestContext(t, {
    contracts: [
      pitchContract('pitches', troubles.length),
      pitchContract('strict-pitches', troubles.length - 1),
    ],
  })
  const strict = await testContext.bring({ dataset: 'strict-pitches', edition: '2026', rows: csv })
  t.match(strict, { state: 'quarantined', errors: troubles.length })
  const receipt = await testContext.take({ dataset: 'pitches', edition: '2026', rows: csv })
  t.equal(receipt.errors, troubles.length)
  t.match(receipt.files, [
    { rowsRead: rows.length, rowsTaken: valid.length, rowsRefused: rows.length - valid.length },
  ])
  const order = (found: readonly Trouble[]) =>
    found.map(({ row, cell, check, field }) => `${row} ${cell} ${check} ${field}`).sort()
  for (const of of [receipt, strict]) {
    const findings = (await testContext.findingsOf(of)).map(({ check, row = 0, cell = '', field = '' }) => ({
      ...{ check, row, cell, field },
    }))
    t.same(order(findings), order(troubles), 'every finding, with its row, cell and field')
  }
  await readersSee(t, testContext, valid)
  const kinds: Record<string, number> = {}
  for (const { check } of troubles) kinds[check] = (kinds[check] ?? 0) + 1
  return { ...kinds, rows: rows.length, taken: valid.length }
}

async function readersSee(t: Test, testContext: TestContext, valid: readonly Row[]): Promise<void> {
  t.equal((await testContext.publish('pitches', '2026')).state, 'done')
  const missing = (text: string) => (missingValues.includes(text) ? null : text)
  const expected = valid.map((row) => columns.map((name) => missing(row[name]?.trim() ?? '')))
  const order = (rows: readonly (readonly (string | null)[])[]) =>
    rows.map((cells) => JSON.stringify(cells)).sort()
  const { fields } = testContext.context.contracts.get('pitches').contract
  const ways = await waysOut(testContext, { dataset: 'pitches', edition: '2026' }, fields)
  t.same(Object.keys(ways).length, withoutLibreOffice ? 6 : 7, Object.keys(ways).join(', '))
  for (const [way, rows] of Object.entries(ways))
    t.same(order(rows), order(expected), `the valid rows, and no others: ${way}`)
}

t.test('a small file with the faults of the real one', async (t) => {
  const pitch = (name: string, hours: string, other = '未提供', facilities = '洗手间') =>
    `1,东区,${name},五人场,示例街1号,114.14788048996633,22.284585864268614,${hours},${facilities},,open,${other}`
  const csv = [
    columns.join(),
    pitch('甲公园', '上午7时至晚上11时'),
    pitch('乙公园', ''),
    pitch('丙公园', '<p>上午7时</p>', '<a href="x">详情</a>'.replaceAll('"', "'")),
    pitch('丁公园', '"上午7时, 晚上10时"'),
    pitch(' 丁公园', '"上午7时\n晚上11时"', '', '<br>'),
    pitch('戊公园', ' ', '3 > 2'),
    pitch('己公园', '未知', '', ''),
    pitch('庚公园', '未提供'),
  ].join('\n')
  t.same(await takePitches(t, `${csv}\n`), {
    ...{ required: 3, constraint: 4, 'key-doubled': 2 },
    ...{ rows: 8, taken: 2 },
  })
})

t.test('the football pitches of Hong Kong', { skip: missing }, async (t) => {
  const counts = await takePitches(t, await readFile(pitches, 'utf8'))
  t.same(counts, { required: 35, constraint: 46, 'key-doubled': 97, rows: 362, taken: 207 })
})

interface List {
  readonly rates: {
    readonly items: number
    readonly states: object
    readonly completion: number
    onTime: null
  }
  readonly byProvider: readonly { readonly provider: string; readonly rates: { readonly items: number } }[]
  readonly items: readonly {
    readonly number: string
    readonly providers: readonly string[]
    readonly state: string
    readonly dataset: null
    readonly record: Readonly<Record<string, unknown>>
  }[]
}

/** Brings a plan as it is, and compares the list of its year with the rows of the file. */
async function takePlan(t: Test, csv: string | Uint8Array, rows: readonly Row[]): Promise<List> {
  const dataset = 'annual-open-data-list'
  const testContext = await openTestContext(t, { at: '2015-01-01T00:00:00Z' })
  const receipt = await testContext.take({ dataset, edition: '2014', contractVersion: 2, rows: csv })
  t.match(receipt.files, [{ rowsRead: rows.length, rowsTaken: rows.length, rowsRefused: 0 }])
  t.equal((await testContext.publish(dataset, '2014')).state, 'done')
  const list = (await testContext.get('/v1/lists/2014')).json<List>()
  const none = { published: 0, late: 0, planned: rows.length, overdue: 0, withdrawn: 0 }
  t.same(list.rates, { items: rows.length, states: none, completion: 0, onTime: null })
  const names = (row: Row) => row['提供部门']?.split('、') ?? []
  t.same(
    list.items.map(({ number, providers, state, dataset, record }) => ({
      ...{ number, providers, state, dataset, name: record['name'], content: record['content'] },
    })),
    rows.map((row) => ({
      ...{ number: row['编号'], providers: names(row), state: 'planned', dataset: null },
      ...{ name: row['数据项名称']?.trim(), content: row['数据项内容（包括但不仅限于）'] || null },
    })),
  )
  const counts = new Map<string, number>()
  for (const name of rows.flatMap(names)) counts.set(name, (counts.get(name) ?? 0) + 1)
  t.same(
    new Map(list.byProvider.map(({ provider, rates }) => [provider, rates.items])),
    counts,
    'a joint item counts once under each of its providers',
  )
  await planIsReadBack(t, testContext, rows)
  return list
}

/** The columns of a plan by field; it has no others. */
const planColumns: Readonly<Record<string, string>> = {
  number: '编号',
  providers: '提供部门',
  name: '数据项名称',
  description: '数据项描述',
  content: '数据项内容（包括但不仅限于）',
  theme: '领域',
}

/** Compares every way out with the rows of the file, in the order of their numbers. */
async function planIsReadBack(t: Test, testContext: TestContext, rows: readonly Row[]): Promise<void> {
  const { fields } = testContext.context.contracts.get('annual-open-data-list').contract
  const expected = rows
    .map((row) =>
      fields.map(({ name }) => {
        const text = row[planColumns[name] ?? '']?.trim() ?? ''
        return text === '' ? null : name === 'providers' ? text.split('、').join(';') : text
      }),
    )
    .sort((one, other) => Number(one[0]) - Number(other[0]))
  const ways = await waysOut(testContext, { dataset: 'annual-open-data-list', edition: '2014' }, fields)
  t.same(Object.keys(ways).length, withoutLibreOffice ? 6 : 7, Object.keys(ways).join(', '))
  for (const [way, found] of Object.entries(ways)) t.same(found, expected, `the rows of the plan: ${way}`)
}

t.test('a small plan in the columns of the real one', async (t) => {
  const csv = `编号,提供部门,数据项名称,数据项描述,数据项内容（包括但不仅限于）,领域
1,市体育局、市教育委员会,体育设施对外开放学校,相关信息,“学校名称”、地址等,文化娱乐
2,市教育委员会,学生体质健康监测中心,相关信息,"名称, 地址",教育科技
10,市统计局,人口,,,经济发展
`
  const list = await takePlan(t, csv, parse(csv, { columns: true }) as Row[])
  t.same(list.items[0]?.providers, ['市体育局', '市教育委员会'])
  t.equal(
    list.byProvider.reduce((sum, { rates }) => sum + rates.items, 0),
    4,
  )
})

t.test('the open-data plan of Shanghai for 2014', { skip: missing }, async (t) => {
  const bytes = await readFile(plan)
  const list = await takePlan(t, bytes, parse(bytes, { columns: true, bom: true }) as Row[])
  t.equal(list.rates.items, 190)
  const joint = list.items.find(({ number }) => number === '139')
  t.same(joint?.providers, ['市体育局', '市教育委员会'])
  t.ok(list.byProvider.reduce((sum, { rates }) => sum + rates.items, 0) > 190)
})
