/**
 * Paging by cursor with any filter, order and page size returns what a naive query in JavaScript over the
 * published file returns.
 */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { type FieldTypeName, fieldType } from '../../src/contract/index.ts'
import { csvLines, jsonRecord } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { runs } from '../support/runs.ts'

const dataset = 'odd-records'
const fields = [
  field('id', 'string', { role: 'key', constraints: { required: true } }),
  field('part_of', 'string', { role: 'key', constraints: { required: true } }),
  field('name', 'string'),
  field('amount', 'integer'),
  field('mean', 'number', { scale: 2 }),
  field('open', 'boolean'),
  field('day', 'date'),
  field('opens', 'time'),
  field('seen', 'datetime'),
  field('tags', 'list'),
]
const contract = contractOf(fields, ['part_of', 'id'], {
  dataset,
  themes: ['education'],
  indexes: [['name'], ['amount', 'mean'], ['mean'], ['open', 'day'], ['opens'], ['seen'], ['tags']],
  formats: ['csv', 'ndjson'],
})
const sortable = ['id', 'part_of', 'name', 'amount', 'mean', 'open', 'day', 'opens', 'seen']

/** Texts that sort, match and escape in unusual ways. None has outer blanks, which intake would trim. */
const texts = [
  ...[
    'a',
    'A',
    'b',
    'ab',
    'é',
    'e\u0301',
    'z',
    '~',
    '中',
    '浦东新区',
    '😀',
    '\uffee',
    '\u{10ffff}',
    '%',
    'a%b',
    'a_b',
  ],
  ...[
    'a\\b',
    '\\',
    '\\.',
    '.*',
    '[a]',
    "o'clock; --",
    '"quoted"',
    'a,b',
    'two\nlines',
    'cr\rhere',
    'tab\there',
    '\u0001x',
  ],
  ...[
    'a\u2028b',
    '\u007f',
    '=1+1',
    '-',
    '+86',
    '@x',
    '0',
    '007',
    'null',
    'NULL',
    'true',
    'x'.repeat(300),
    '＝1',
  ],
]
const amounts = ['0', '-1', '1', '7', '10', '9', '999999999999999', '-999999999999999', '100000']
const means = ['0.00', '-0.50', '0.50', '85.40', '85.04', '9999999999999.99', '-3.00', '100.00']
const days = ['1000-01-01', '1970-01-01', '2024-02-29', '2025-09-01', '9999-12-31']
const times = ['00:00', '08:30', '23:59', '24:00']
const instants = [
  '1970-01-01T00:00:00Z',
  '2025-12-31T23:59:59Z',
  '9999-12-31T23:59:59Z',
  '1000-01-01T00:00:00Z',
]
const lists = ['a', 'a;b', 'b;a', '中;😀', '"q";a,b', '\\']
const pools: readonly (readonly string[])[] = [
  [],
  ['P', 'p', '中', 'Q'],
  ...[texts, amounts, means, ['true', 'false'], days, times, instants, lists],
]

type Row = readonly (string | null)[]

/** A reproducible source of numbers, so that each run walks the same records. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
}

/** Rows with nulls, duplicates and extremes in every field except the key. */
function rowsOf(seed: number, count: number): readonly Row[] {
  const draw = numbersFrom(seed)
  return Array.from({ length: count }, (_, index) =>
    pools.map((pool, at) => {
      if (at === 0) return `${texts[index % 12]}${index}`
      if (at > 1 && draw(4) === 0) return null
      return pool[draw(pool.length)] ?? null
    }),
  )
}

const header = csvLines([fields.map(({ name }) => name)])
const service = await openTestContext(t, { contracts: [contract] })
const { get } = service
const total = 160
async function publish(edition: string, seed: number, count: number, reason?: string) {
  await service.take({ dataset, edition, rows: header + csvLines(rowsOf(seed, count)) })
  const done = await service.publish(dataset, edition, reason === undefined ? {} : { reason })
  if (done.state !== 'done') throw new Error(`publication is ${done.state}`)
}
await publish('2024', 7, total / 2)
await publish('2025', 11, total)

/** The records of a version, from its published file. */
async function fileOf(edition: string, version = 1): Promise<readonly Row[]> {
  const base = `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`
  const { text } = await get(`${base}/files/${dataset}-${edition}-v${version}.csv`)
  const rows = parse(text, { record_delimiter: '\n' }) as string[][]
  return rows.slice(1).map((row) => row.map((cell) => (cell === '' ? null : cell)))
}

/** Compares two canonical texts: numbers by value, all other types by bytes. */
function compare(type: FieldTypeName, a: string, b: string): number {
  if (type === 'integer') return Number(BigInt(a) - BigInt(b) > 0n) - Number(BigInt(a) - BigInt(b) < 0n)
  if (type === 'number') return Number(a) - Number(b)
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

interface NaiveQuery {
  readonly filters: readonly {
    readonly at: number
    readonly operator: string
    readonly values: readonly string[]
  }[]
  readonly sort: readonly { readonly name: string; readonly descending: boolean }[]
}

/** The naive oracle of one filter. Null is not equal to any value, so `ne` and `notin` match it. */
function holds(row: Row, { at, operator, values }: NaiveQuery['filters'][number]): boolean {
  const type = fields[at]?.type ?? 'string'
  const text = row[at] ?? null
  const [value = ''] = values
  const isOne = (one: string) =>
    text !== null && (type === 'list' ? text.split(';').includes(one) : compare(type, text, one) === 0)
  const rules: Readonly<Record<string, () => boolean>> = {
    eq: () => isOne(value),
    ne: () => !isOne(value),
    in: () => values.some(isOne),
    notin: () => !values.some(isOne),
    gt: () => text !== null && compare(type, text, value) > 0,
    gte: () => text !== null && compare(type, text, value) >= 0,
    lt: () => text !== null && compare(type, text, value) < 0,
    lte: () => text !== null && compare(type, text, value) <= 0,
    contains: () => text?.includes(value) ?? false,
    startswith: () => text?.startsWith(value) ?? false,
    isnull: () => (text === null) === (value === 'true'),
  }
  return rules[operator]?.() ?? false
}

interface Placed {
  readonly row: Row
  readonly rank: number
  readonly number: number
}

/**
 * The naive oracle of the order: nulls last either way, then edition and number in the first field's
 * direction.
 */
function naive(editions: readonly (readonly Row[])[], { filters, sort }: NaiveQuery): readonly Placed[] {
  const records = editions.flatMap((rows, rank) => rows.map((row, number): Placed => ({ row, rank, number })))
  const sign = sort[0]?.descending === true ? -1 : 1
  return records
    .filter(({ row }) => filters.every((filter) => holds(row, filter)))
    .sort((a, b) => {
      for (const { name, descending } of sort) {
        const at = fields.findIndex((one) => one.name === name)
        const [one = null, other = null] = [a.row[at], b.row[at]]
        if (one === other) continue
        if (one === null) return 1
        if (other === null) return -1
        const order = compare(fields[at]?.type ?? 'string', one, other)
        if (order !== 0) return descending ? -order : order
      }
      return sign * (a.rank - b.rank || a.number - b.number)
    })
}

const quoted = (value: string) => (/^"|,/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)

function queryOf(
  { filters, sort }: NaiveQuery,
  more: Readonly<Record<string, string>> = {},
): URLSearchParams {
  const query = new URLSearchParams(more)
  for (const { at, operator, values } of filters) {
    const name = fields[at]?.name ?? ''
    const isList = operator === 'in' || operator === 'notin'
    const text = isList ? values.map(quoted).join() : (values[0] ?? '')
    query.set(operator === 'eq' ? name : `${name}__${operator}`, text)
  }
  if (sort.length > 0)
    query.set('sort', sort.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join())
  return query
}

const filter = fc.integer({ min: 1, max: fields.length - 1 }).chain((at) => {
  const type = fields[at]?.type
  const pool = type === 'list' ? ['a', 'b', '中', '"q"', 'a,b', '\\', 'zz'] : (pools[at] ?? [])
  const operators = [
    ...['eq', 'ne', 'in', 'notin', 'isnull'],
    ...(type === 'boolean' || type === 'list' ? [] : ['gt', 'gte', 'lt', 'lte']),
    ...(type === 'string' ? ['contains', 'startswith'] : []),
  ]
  const value = fc.constantFrom(...pool)
  return fc
    .constantFrom(...operators)
    .chain((operator) =>
      (operator === 'isnull'
        ? fc.constantFrom(['true'], ['false'])
        : fc.array(value, { minLength: 1, maxLength: operator.endsWith('in') ? 5 : 1 })
      ).map((values) => ({ at, operator, values })),
    )
})
const queries: fc.Arbitrary<NaiveQuery> = fc.record({
  filters: fc.uniqueArray(filter, { maxLength: 3, selector: ({ at, operator }) => `${at} ${operator}` }),
  sort: fc.uniqueArray(fc.record({ name: fc.constantFrom(...sortable), descending: fc.boolean() }), {
    maxLength: 3,
    selector: ({ name }) => name,
  }),
})

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly meta: { readonly count?: number; readonly edition?: string; readonly version?: number }
  readonly links: { readonly next: string | null; readonly self: string }
}

/** Follows `links.next` and returns the pages. */
async function walk(
  url: string,
  between: () => Promise<void> = async () => undefined,
): Promise<readonly Page[]> {
  const pages: Page[] = []
  for (let next: string | null = url; next !== null; ) {
    const answer = await get(next)
    if (answer.status !== 200) throw new Error(`${answer.status} ${next} ${answer.text}`)
    const page: Page = answer.json()
    pages.push(page)
    next = page.links.next
    await between()
  }
  return pages
}

const recordOf = (row: Row) =>
  Object.fromEntries(
    fields.map(({ name, type }, at) => {
      const text = row[at] ?? null
      return [name, text === null ? null : JSON.parse(fieldType(type).json(text))]
    }),
  )

const records = `/v1/datasets/${dataset}/records`
const editions = [await fileOf('2024'), await fileOf('2025')] as const

t.test('paging by cursor equals the naive query', async (t) => {
  let matched = 0
  const property = fc.asyncProperty(queries, fc.integer({ min: 3, max: 60 }), async (one, limit) => {
    const expected = naive([editions[1]], one).map(({ row }) => recordOf(row))
    const query = queryOf(one, { limit: String(limit), count: 'exact' })
    const pages = await walk(`${records}?${query}`)
    t.strictSame(
      pages.flatMap(({ data }) => data),
      expected,
    )
    t.equal(pages.length, Math.max(1, Math.ceil(expected.length / limit)))
    t.equal(pages[0]?.meta.count, expected.length)
    matched += expected.length
  })
  await fc.assert(property, runs(10, 60))
  t.comment(`${matched} records were paged through`)
  t.ok(matched > 100)
})

t.test('paging over joined editions equals the naive query', async (t) => {
  const property = fc.asyncProperty(queries, fc.integer({ min: 5, max: 90 }), async (one, limit) => {
    const expected = naive(editions, one).map(({ row, rank }) => ({
      edition: ['2024', '2025'][rank],
      ...recordOf(row),
    }))
    const pages = await walk(`${records}?${queryOf(one, { edition: 'all', limit: String(limit) })}`)
    t.strictSame(
      pages.flatMap(({ data }) => data),
      expected,
    )
  })
  await fc.assert(property, runs(5, 30))
})

t.test('streams return the same records in the same order', async (t) => {
  const property = fc.asyncProperty(queries, fc.boolean(), async (one, joined) => {
    const found = naive(joined ? editions : [editions[1]], one)
    const query = queryOf(one, joined ? { edition: '2025,2024' } : {})
    const lines = await get(`${records}.ndjson?${query}`)
    const rows = found.map(({ row, rank }) => [...(joined ? [['2024', '2025'][rank] ?? ''] : []), ...row])
    const columns = [...(joined ? [field('edition', 'string')] : []), ...fields]
    const write = jsonRecord(columns)
    t.equal(lines.text, rows.map((row) => `${write(row)}\n`).join(''))
    const csv = await get(`${records}.csv?${query}`)
    const names = columns.map(({ name }) => name)
    t.equal(csv.text, csvLines([names, ...rows]))
  })
  await fc.assert(property, runs(3, 15))
})

t.test('a walk is not affected by another version being published', async (t) => {
  const sorted: NaiveQuery = { filters: [], sort: [{ name: 'name', descending: true }] }
  const url = `${records}?${queryOf(sorted, { edition: '2025', limit: '40' })}`
  const publication = publish('2025', 23, total, 'Counted again.')
  const seen = await Promise.all([
    walk(url),
    walk(url, () => new Promise((resolve) => setImmediate(resolve))),
  ])
  await publication
  const pages = [...seen, await walk(url)]
  const versions = [editions[1], await fileOf('2025', 2)]
  for (const walked of pages) {
    const version = walked[0]?.meta.version ?? 0
    t.ok(
      walked.every(({ meta }) => meta.version === version),
      'a walk stays on its version',
    )
    t.strictSame(
      walked.flatMap(({ data }) => data),
      naive([versions[version - 1] ?? []], sorted).map(({ row }) => recordOf(row)),
    )
  }
  t.equal(pages[2]?.[0]?.meta.version, 2)
})
