/**
 * The core metadata of the national guide of 2017: the same in JSON, CSV and XLSX, both vocabularies of
 * sharing side by side, unknown elements empty, and nothing that the reader may not see.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { readXlsx } from 'hucre/xlsx'
import t from 'tap'
import { fieldTypes } from '../../src/contract/index.ts'
import { itemTypes } from '../../src/protocols/core-metadata/guide-labels.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const contract = (dataset: string, more = {}) =>
  contractOf(
    [
      field('tree', 'string', { role: 'key', ...required }),
      field('height', 'number'),
      field('planted', 'date'),
    ],
    ['tree'],
    {
      dataset,
      title: { zh: `=${dataset}`, en: dataset },
      themes: ['education'],
      formats: ['csv', 'xlsx', 'ndjson'],
      ...more,
    },
  )
// A provider with a credit code and a theme with a class, as an operator adds them: a code list of its own.
const providers = 'code,zh,en,credit_code\ncoded-bureau,有码局,Coded bureau,11310000MB2F30000X\n'
const themes = 'code,zh,en,catalogue_2017\nclassed,有类,Classed,306002\n'
const coded = { themes: ['classed'], providers: ['coded-bureau'] }
const testContext = await openTestContext(t, {
  contracts: [
    contract('a-general', { ...coded, shareMethods: ['interface', 'file', 'offline'] }),
    contract('b-conditional', {
      providers: ['sports-bureau', 'edu-commission'],
      parts: [{ provider: 'edu-commission' }],
      shareClass: 'on-demand',
      openClass: 'conditional',
      updateFrequency: 'half-yearly',
    }),
    contract('c-secret', { shareClass: 'none', openClass: 'not-open' }),
  ],
  files: { 'a-general/codes/providers.csv': providers, 'a-general/codes/themes.csv': themes },
  // In Shanghai it is already the next day.
  at: '2026-01-10T17:00:00Z',
})
const { get } = testContext
await testContext.take({
  dataset: 'b-conditional',
  edition: '2025',
  rows: 'tree,height,planted\noak,3,2020-01-01\n',
})
await testContext.publish('b-conditional', '2025')

interface Resource extends Readonly<Record<string, unknown>> {
  readonly items: readonly object[]
}

t.test('each element of the guide, with national and municipal classes', async (t) => {
  const { data } = (await get('/v1/core-metadata')).json<{ data: Resource[] }>()
  t.match(data, [
    {
      category: '306002',
      code: '306002/a-general',
      name: '=a-general',
      provider: '有码局',
      providerCode: '11310000MB2F30000X',
      format: '电子表格（csv、xlsx）；自描述格式（ndjson）；服务接口',
      shareType: '1',
      shareTypeLabel: '无条件共享',
      shareClass: '普遍共享',
      shareCondition: null,
      shareWay: '平台方式（服务接口）；平台方式（文件下载）；邮件/介质',
      open: '1',
      openClass: '无条件开放',
      openCondition: null,
      updateCycle: '每年',
      published: null,
      related: null,
      items: [
        { name: '测试 tree', field: 'tree', type: '字符型C' },
        { name: '测试 height', field: 'height', type: '数值型N' },
        { name: '测试 planted', field: 'planted', type: '日期型D' },
      ],
    },
    {
      category: null,
      code: 'b-conditional',
      provider: '市体育局；市教育委员会',
      providerCode: null,
      shareType: '2',
      shareTypeLabel: '有条件共享',
      shareClass: '按需共享',
      open: '1',
      openClass: '有条件开放',
      openCondition: '测试',
      updateCycle: '每半年',
      published: '2026-01-11',
    },
  ])
  t.equal(data.length, 2)
})

t.test('every field type has a type of the guide', async (t) => {
  t.same(Object.keys(itemTypes).sort(), Object.keys(fieldTypes).sort())
})

t.test('CSV and XLSX have the same content, one row per information item', async (t) => {
  const { data } = (await get('/v1/core-metadata')).json<{ data: Resource[] }>()
  const csv = await get('/v1/core-metadata.csv')
  t.match(csv.headers, { 'content-type': 'text/csv; charset=utf-8' })
  const rows = parse(csv.bytes, { columns: true }) as Record<string, string>[]
  t.equal(rows.length, data.flatMap(({ items }) => items).length)
  t.match(rows, [
    { name: '=a-general', item: '测试 tree', item_type: '字符型C', share_type: '1', share_class: '普遍共享' },
    { item: '测试 height', provider_code: '11310000MB2F30000X' },
    { item_field: 'planted' },
    { name: '=b-conditional', open: '1', open_class: '有条件开放', published: '2026-01-11', category: '' },
  ])
  const xlsx = await get('/v1/core-metadata.xlsx')
  const book = await readXlsx(xlsx.bytes)
  const [sheet] = book.sheets
  const [header = [], ...cells] = sheet?.rows ?? []
  t.same(header, Object.keys(rows[0] ?? {}))
  const texts = cells.map((row) => header.map((_, index) => cellText(row[index])))
  t.same(
    texts,
    rows.map((row) => Object.values(row)),
  )
})

/** The workbook reader returns a day as a date. */
function cellText(cell: unknown): string {
  if (cell instanceof Date) return cell.toISOString().slice(0, 10)
  return cell === undefined || cell === null ? '' : String(cell)
}

t.test('the CSV for spreadsheets has titles and no formulas', async (t) => {
  const excel = await get('/v1/core-metadata.csv?variant=excel')
  t.equal(excel.text.codePointAt(0), 0xfeff)
  const [header = [], first = []] = parse(excel.bytes, { bom: true }) as string[][]
  t.same(header.slice(0, 5), [
    '信息资源分类',
    '信息资源名称',
    '信息资源代码',
    '信息资源提供方',
    '信息资源提供方代码',
  ])
  t.equal(first[1], "'=a-general")
  t.match((await get('/v1/core-metadata.csv?header=labels&lang=en')).text, /^Class,Name,Code/)
  t.match((await get('/v1/core-metadata.csv?headers=labels')).json(), { status: 400, nearest: 'header' })
  t.match((await get('/v1/core-metadata.xlsx?variant=excel')).json(), {
    status: 400,
    code: 'parameter-unknown',
  })
})

t.test('the elements are those of the guide', async (t) => {
  const known = readFileSync('test/protocols/core-metadata-2017.txt', 'utf8').trim().split('\n')
  const { text } = await get('/v1/core-metadata.csv?header=labels')
  const header = text.split('\n', 1)[0]?.split(',') ?? []
  t.same(
    known.filter((element) => !header.includes(element)),
    [],
  )
})

t.test('restricted datasets are absent', async (t) => {
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  for (const url of ['/v1/core-metadata', '/v1/core-metadata.csv', '/v1/core-metadata.xlsx']) {
    const anyone = await get(url)
    const trusted = await get(url, { authorization })
    t.match(anyone.headers, { 'cache-control': 'public, max-age=300' })
    t.match(trusted.headers, { 'cache-control': 'private, no-cache' })
    t.not(anyone.headers['etag'], trusted.headers['etag'])
    t.equal((await get(url, { 'if-none-match': String(anyone.headers['etag']) })).status, 304)
    if (url.endsWith('xlsx')) continue
    t.notMatch(anyone.text, /c-secret/)
    t.match(trusted.text, /c-secret[\s\S]*不予共享/)
  }
})
