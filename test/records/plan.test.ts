import t from 'tap'
import type { Contract, Contracts } from '../../src/contract/index.ts'
import { writeCursor } from '../../src/platform/cursor.ts'
import { Problem } from '../../src/platform/problem.ts'
import { operators, planConditions } from '../../src/records/query/filters.ts'
import { type Position, planSegments } from '../../src/records/query/order.ts'
import { canonicalQuery, planRecords } from '../../src/records/query/plan.ts'
import {
  editionsMax,
  limitMax,
  parseFilters,
  parseQuery,
  valueLengthMax,
} from '../../src/records/query/query.ts'
import { readRecordCursor, writeRecordCursor } from '../../src/records/query/record-cursor.ts'
import { parseValues, valuesMax, writeValues } from '../../src/records/query/values.ts'
import { copyStatements, jsonPage } from '../../src/records/read/sql.ts'
import { createIndexes, createTable } from '../../src/records/tables.ts'
import { contractOf, field } from '../support/fields.ts'

const contract = contractOf(
  [
    field('code', 'string'),
    field('district', 'string', { codes: 'districts' }),
    field('total', 'integer'),
    field('mean', 'number', { scale: 1 }),
    field('day', 'date'),
    field('open', 'boolean'),
    field('tags', 'list'),
  ],
  ['code'],
  { indexes: [['district'], ['total', 'day'], ['tags']] },
)
const label = (code: string, zh: string, en: string) => ({ code, label: { zh, en }, extra: {} })
const districts = [
  label('310101', '黄浦区', 'Huangpu District'),
  label('310115', '浦东新区', 'Pudong New Area'),
  label('310119', '南汇区', 'Pudong New Area'),
]
const byCode = new Map(districts.map((entry) => [entry.code, [entry]]))
const contractsWith = (...all: readonly Contract[]): Contracts =>
  ({
    codes: () => ({ name: 'districts', codes: districts, byCode }),
    get: (_dataset: string, version = 1) => ({ contract: all[version - 1], digest: '', file: '' }),
  }) as unknown as Contracts
const contracts = contractsWith(contract)
const version = (edition: string, contractVersion = 1) => ({
  dataset: 'trial',
  edition,
  number: 1,
  contractVersion,
  recordsTable: `v_${edition}`,
})
const plan = (parameters: Record<string, unknown>, versions = [version('2025')]) =>
  planRecords(parseQuery(parameters), versions, contracts)
const statement = (parameters: Record<string, unknown>, position?: Position) =>
  jsonPage(plan(parameters), position, 5, ',\n')

/** The problem that a call throws: code, path and nearest name. */
function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { path, nearest } = error.detail
    return `${error.code} ${path}${nearest === undefined ? '' : ` (${nearest})`}`
  }
  return 'nothing was refused'
}

t.test('values become parameters, whatever they contain', async (t) => {
  const attack = `x' OR 1=1; DROP TABLE published.v_1; --`
  const { text, parameters } = statement({ code: attack, total__gte: '007', tags: '篮球', open__ne: '否' })
  t.notMatch(text, /DROP|OR 1=1/)
  t.same(parameters, [attack, 'false', '篮球', '7'])
  t.match(
    text,
    /WHERE "code" = \$1::text AND \("open" = \$2::text::boolean\) IS NOT TRUE AND "tags" @> ARRAY\[\$3::text\] AND "total" >= \$4::text::bigint ORDER BY _n LIMIT 6/,
  )
})

t.test('each operator on exactly the types that it supports', async (t) => {
  const values: Readonly<Record<string, string>> = {
    code: 'a',
    district: '310101',
    total: '5',
    mean: '5.5',
    day: '2025-01-01',
    open: 'true',
    tags: 'a',
  }
  let taken = 0
  for (const [name, { types, expects }] of Object.entries(operators)) {
    for (const one of contract.fields) {
      const parameter = name === 'eq' ? one.name : `${one.name}__${name}`
      const value = expects === 'boolean' ? 'true' : expects === 'label' ? '黄浦区' : values[one.name]
      const fits =
        (types as readonly string[]).includes(one.type) && (name !== 'label' || one.codes !== undefined)
      const work = () =>
        planConditions(parseFilters({ [parameter]: value }), contract, contracts, { offset: 3 })
      if (!fits) {
        t.equal(refusal(work), `parameter-invalid ${parameter}`)
        continue
      }
      const { conditions, parameters } = work()
      t.match(conditions[0], `"${one.name}"`)
      t.equal(parameters.length, name === 'isnull' ? 0 : 1, parameter)
      if (name !== 'isnull') t.match(conditions[0], '$4::text')
      taken += 1
    }
  }
  t.ok(taken > 40, `${taken} were taken`)
})

t.test('refusals name the parameter', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ distrcit: '310101' }, 'parameter-unknown distrcit (district)'],
    [{ distrcit__in: '310101' }, 'parameter-unknown distrcit__in (district__in)'],
    [{ total__get: '1' }, 'parameter-unknown total__get (total__gt)'],
    [{ lmit: '1' }, 'parameter-unknown lmit (limit)'],
    [{ code__eq: 'x' }, 'parameter-unknown code__eq (code)'],
    [{ district: '310102' }, 'parameter-invalid district (310101)'],
    [{ district__in: '310101,5' }, 'parameter-invalid district__in'],
    [{ district: '黄浦区' }, 'parameter-invalid district (310101)'],
    [{ district: '黄埔区' }, 'parameter-invalid district (310101)'],
    [{ district: '月球' }, 'parameter-invalid district'],
    [{ district__label: '浦东' }, 'parameter-invalid district__label (浦东新区)'],
    [{ district__label: '黄浦' }, 'parameter-invalid district__label (黄浦区)'],
    [{ district__label: 'pudong new area' }, 'parameter-invalid district__label'],
    [{ code__label: '黄浦区' }, 'parameter-invalid code__label'],
    [{ open__gt: 'true' }, 'parameter-invalid open__gt'],
    [{ tags__contains: 'a' }, 'parameter-invalid tags__contains'],
    [{ total: 'many' }, 'parameter-invalid total'],
    [{ total__isnull: 'yes' }, 'parameter-invalid total__isnull'],
    [{ day: '2025-02-30' }, 'parameter-invalid day'],
    [{ mean: '1e5' }, 'parameter-invalid mean'],
    [{ mean: '1.25' }, 'parameter-invalid mean'],
    [{ code: ['a', 'b'] }, 'parameter-invalid code'],
    [{ code: '' }, 'parameter-invalid code'],
    [{ code: 'a\0b' }, 'parameter-invalid code'],
    [{ code__contains: 'a\ud800' }, 'parameter-invalid code__contains'],
    [{ code: '\udc00a' }, 'parameter-invalid code'],
    [{ code: 'x'.repeat(valueLengthMax + 1) }, 'parameter-invalid code'],
    [{ code__in: Array(10_000).fill('x').join() }, 'parameter-invalid code__in'],
    [
      {
        code__in: Array(valuesMax + 1)
          .fill('x')
          .join(),
      },
      'parameter-invalid code__in',
    ],
    [{ code__in: 'a,,b' }, 'parameter-invalid code__in'],
    [{ code__notin: '"a' }, 'parameter-invalid code__notin'],
    [{ limit: '0' }, 'parameter-invalid limit'],
    [{ limit: String(limitMax + 1) }, 'parameter-invalid limit'],
    [{ limit: '-1' }, 'parameter-invalid limit'],
    [{ limit: '1e3' }, 'parameter-invalid limit'],
    [{ select: 'code,coed' }, 'parameter-invalid select (code)'],
    [{ select: 'code,code' }, 'parameter-invalid select'],
    [{ select: 'code,' }, 'parameter-invalid select'],
    [{ sort: 'mean' }, 'parameter-invalid sort'],
    [{ sort: 'tags' }, 'parameter-invalid sort'],
    [{ sort: 'total,-total' }, 'parameter-invalid sort'],
    [{ sort: 'total,day,code,district' }, 'parameter-invalid sort'],
    [{ sort: '--total' }, 'parameter-invalid sort (total)'],
    [{ count: 'estimated' }, 'parameter-invalid count'],
    [{ edition: '2025,2025' }, 'parameter-invalid edition'],
    [
      { edition: Array.from({ length: editionsMax + 1 }, (_, i) => 2000 + i).join() },
      'parameter-invalid edition',
    ],
    [{ header: 'none' }, 'parameter-invalid header'],
    [{ lang: 'fr' }, 'parameter-invalid lang'],
    [{ bom: '1', encoding: 'gb18030' }, 'parameter-invalid bom'],
    [{ encoding: 'gbk' }, 'parameter-invalid encoding'],
    [{ '"; DROP TABLE x; --': '1' }, 'parameter-unknown "; DROP TABLE x; --'],
  ]
  for (const [parameters, expected] of cases)
    t.equal(
      refusal(() => plan(parameters)),
      expected,
    )
  t.ok(plan({ code: 'x'.repeat(valueLengthMax), limit: String(limitMax) }))
  t.ok(plan({ code__in: Array.from({ length: valuesMax }, (_, i) => i).join() }))
  t.ok(plan({ sort: 'total,-day,code', select: 'mean' }))
  const { known, operators: listed } = detailOf(() => plan({ distrcit__in: '1' }))
  t.ok(
    (known as string[]).length < 30 && (listed as string[]).length < 15,
    'names and operators are listed separately',
  )
  t.same(detailOf(() => plan({ sort: 'mean' }))['sortable'], ['code', 'district', 'total', 'day'])
  t.same(detailOf(() => plan({ open__gt: 'true' }))['operators'], ['eq', 'ne', 'in', 'notin', 'isnull'])
  t.same(detailOf(() => plan({ district__label: 'Pudong New Area' }))['codes'], ['310115', '310119'])
})

function detailOf(work: () => unknown): Readonly<Record<string, unknown>> {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return error.detail
  }
  throw new Error('nothing was refused')
}

t.test('equal queries have the same canonical text', async (t) => {
  const text = (parameters: Record<string, unknown>) => canonicalQuery(plan(parameters))
  const one = text({ district__label: '浦东新区', total__in: '7,5,007', mean: '5.50' })
  t.equal(text({ mean: ' 5.5', total__in: '5,7', district: '310115' }), one)
  t.equal(
    text({ total__in: '7,5', mean: '5.5', district__label: ' 浦东新区 ', limit: '7', count: 'exact' }),
    one,
  )
  const others = [
    { total__in: '5' },
    { sort: 'total' },
    { select: 'total' },
    { edition: '2025' },
    { bom: '1' },
    {},
  ]
  t.equal(new Set(others.map(text)).size, others.length)
  t.equal(text({ edition: '2025,2024' }), text({ edition: '2024,2025' }))
})

t.test('a list of values survives writing and parsing', async (t) => {
  for (const values of [['a'], ['a', 'b c', '5"'], ['a,b', '"', '""', ',']]) {
    t.same(parseValues('x', writeValues(values)), values)
  }
  t.same(parseValues('x', ' a , "b, ""c""" ,d"e'), ['a', 'b, "c"', 'd"e'])
})

t.test('a cursor belongs to its dataset and its query', async (t) => {
  const query = canonicalQuery(plan({ district: '310101' }))
  const position = { versions: [['2025', 1]] as const, at: 0, after: 5 }
  const cursor = writeRecordCursor('trial', query, position)
  const read = readRecordCursor('trial', cursor)
  t.same(read.position, position)
  t.doesNotThrow(() => read.verifyQuery(query))
  const refused = 'cursor-invalid cursor'
  t.equal(
    refusal(() => read.verifyQuery(canonicalQuery(plan({})))),
    refused,
  )
  t.equal(
    refusal(() => readRecordCursor('other', cursor)),
    refused,
  )
  t.equal(
    refusal(() => readRecordCursor('trial', `A${cursor}`)),
    refused,
  )
  const many = Array.from({ length: editionsMax }, (_, i) => [`${2000 + i}-${2001 + i}`, 99_999] as const)
  const longest = writeRecordCursor('trial', query, { versions: many, at: 29, after: 9_999_999_999 })
  t.equal(readRecordCursor('trial', longest).position.versions.length, editionsMax)
  for (const body of [null, 5, [], {}]) {
    t.equal(
      refusal(() => readRecordCursor('trial', writeCursor('trial', body))),
      refused,
    )
  }
  const wrong = [
    { ...position, after: '5' },
    { ...position, at: 1 },
    { ...position, versions: [] },
    { ...position, versions: [['2025', 1.5]] },
    { ...position, versions: [["2025'; --", 1]] },
    { ...position, versions: [...many, ['2031', 1]] },
  ]
  for (const forged of wrong) {
    t.equal(
      refusal(() => readRecordCursor('trial', writeRecordCursor('trial', query, forged as never))),
      refused,
    )
  }
})

t.test('the segments of a page, each an index scan', async (t) => {
  const segments = (sort: string, position?: Omit<Position, 'at' | 'after'>) => {
    const { order } = plan({ sort }, [version('2024'), version('2025')])
    const from = position === undefined ? undefined : { at: 0, after: 9, ...position }
    const groups = planSegments(order, 2, from, (value) => `<${value}>`)
    return groups.map(([first, second]) => {
      const targets = second === undefined ? first?.target : `${first?.target}${second.target}`
      return `${targets}: ${first?.conditions.join(' & ')} / ${first?.order}`
    })
  }
  t.same(segments('total'), ['01:  / "total", _n'])
  t.same(segments('-total'), [
    '10: "total" IS NOT NULL / "total" DESC, _n DESC',
    '10: "total" IS NULL / "total" DESC, _n DESC',
  ])
  t.same(segments('-code'), ['10:  / "code" DESC, _n DESC'], 'a key is never null')
  t.same(segments('total', { values: ['5'] }), [
    '0: ("total", _n) > (<5>, <9>) & ("total", _n) < (<5>, 9223372036854775807::bigint) / "total", _n',
    '1: "total" = <5> / "total", _n',
    '01: "total" > <5> / "total", _n',
    '01: "total" IS NULL / "total", _n',
  ])
  t.same(segments('-total', { values: [null] }), ['0: "total" IS NULL & _n < <9> / "total" DESC, _n DESC'])
  t.same(segments('-total,-day', { values: ['5', null] }), [
    '0: "total" = <5> & "day" IS NULL & _n < <9> / "total" DESC, "day" DESC, _n DESC',
    '10: "total" < <5> / "total" DESC, "day" DESC NULLS LAST, _n DESC',
    '10: "total" IS NULL / "total" DESC, "day" DESC NULLS LAST, _n DESC',
  ])
  t.same(
    plan({ sort: '-code' }).order,
    { keys: [], descending: true },
    'sorting by the key is sorting by number',
  )
})

t.test('joined editions use the newest contract', async (t) => {
  const newer: Contract = {
    ...contract,
    contractVersion: 2,
    fields: [...contract.fields, field('added', 'date')],
  }
  const broken: Contract = { ...contract, contractVersion: 3, fields: contract.fields.slice(0, 3) }
  const all = contractsWith(contract, newer, broken)
  const versions = [version('2024', 1), version('2025', 2)]
  const joined = planRecords(parseQuery({ edition: 'all', added__isnull: 'true' }), versions, all)
  t.equal(joined.loaded.contract.contractVersion, 2)
  const { text, parameters } = jsonPage(joined, undefined, 5, ',\n')
  t.match(text, 'NULL::date AS "added", $1::text AS "edition" FROM published."v_2024"')
  t.match(text, 'LIMIT (SELECT 6 - (SELECT count(*) FROM g0))')
  t.match(text, 'ORDER BY _group, _rank, _n')
  t.same(parameters, ['2024', '2025'])
  const breaking = () => planRecords(parseQuery({ edition: 'all' }), [...versions, version('2026', 3)], all)
  t.equal(refusal(breaking), 'contract-breaking edition')
  t.match(detailOf(breaking), { edition: '2024', contractVersion: 1, newest: 3 })
})

t.test('a stream reads its values from settings, one statement per group of segments', async (t) => {
  const found = copyStatements(
    plan({ sort: '-total', district: '310101' }),
    undefined,
    '"code"',
    'FORMAT csv',
  )
  t.same(found, [
    {
      text:
        `COPY (SELECT "code" FROM published."v_2025" WHERE "total" IS NOT NULL AND "district" = (SELECT current_setting('qingdan.p1'))` +
        ' ORDER BY "total" DESC, _n DESC) TO STDOUT WITH (FORMAT csv)',
      values: { p1: '310101' },
    },
    {
      text:
        `COPY (SELECT "code" FROM published."v_2025" WHERE "total" IS NULL AND "district" = (SELECT current_setting('qingdan.p1'))` +
        ' ORDER BY "total" DESC, _n DESC) TO STDOUT WITH (FORMAT csv)',
      values: { p1: '310101' },
    },
  ])
})

t.test('the tables follow from the contract', async (t) => {
  t.equal(
    createTable(contract, 'v_1'),
    'CREATE TABLE published."v_1" (_n bigint NOT NULL, "code" text COLLATE "C" NOT NULL, ' +
      '"district" text COLLATE "C", "total" bigint, "mean" numeric, "day" date, "open" boolean, "tags" text[] COLLATE "C")',
  )
  t.same(createIndexes(contract, 'v_1'), [
    'ALTER TABLE published."v_1" ADD PRIMARY KEY (_n)',
    'CREATE UNIQUE INDEX ON published."v_1" ("code")',
    'CREATE INDEX ON published."v_1" ("district", _n)',
    'CREATE INDEX ON published."v_1" ("total", "day", _n)',
    'CREATE INDEX ON published."v_1" USING gin ("tags")',
    'CREATE INDEX ON published."v_1" ("day", _n)',
  ])
})
