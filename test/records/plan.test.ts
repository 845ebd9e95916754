import t from 'tap'
import { Problem } from '../../src/base/problem.ts'
import type { Contracts, LoadedContract } from '../../src/contract/index.ts'
import { cursorAfter, placeOf, planPage } from '../../src/records/plan.ts'
import { limitMax, parseQuery, valueLengthMax } from '../../src/records/query.ts'
import { createIndexes, createTable } from '../../src/records/tables.ts'
import { contractOf, field } from '../support/fields.ts'

const contract = contractOf(
  [
    field('code', 'string'),
    field('district', 'string', { codes: 'districts' }),
    field('count', 'integer'),
    field('mean', 'number'),
    field('day', 'date'),
    field('tags', 'list'),
  ],
  ['code'],
  { indexes: [['district'], ['tags']] },
)
const loaded = { contract } as LoadedContract
const codes = { byCode: new Map([['310101', []]]) }
const contracts = { codes: () => codes } as unknown as Contracts
const target = { dataset: 'trial', edition: '2025', number: 1, recordsTable: 'v_1' }
const plan = (parameters: Record<string, unknown>) =>
  planPage(parseQuery(parameters), target, loaded, contracts, 0)

/** The problem that a call throws, as code and path. */
function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return `${error.code} ${error.detail.path}`
    throw error
  }
  return 'nothing was refused'
}

t.test('values travel as parameters, whatever they say', async (t) => {
  const attack = `x' OR 1=1; DROP TABLE published.v_1; --`
  const { statement, parameters } = plan({ code: attack, count: '007', tags: '篮球' })
  t.notMatch(statement, /DROP|OR 1=1/)
  t.same(parameters, [0, 101, attack, '7', '篮球'])
  t.match(statement, /"code" = \$3::text AND "count" = \$4::text::bigint AND "tags" @> ARRAY\[\$5::text\]/)
  t.match(statement, /_n > \$1::bigint/)
})

t.test('what is refused, and by which name', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ distrcit: '310101' }, 'parameter-unknown distrcit'],
    [{ district: '999999' }, 'parameter-invalid district'],
    [{ count: 'many' }, 'parameter-invalid count'],
    [{ day: '2025-02-30' }, 'parameter-invalid day'],
    [{ mean: '1e5' }, 'parameter-invalid mean'],
    [{ code: ['a', 'b'] }, 'parameter-invalid code'],
    [{ code: '' }, 'parameter-invalid code'],
    [{ code: 'a\0b' }, 'parameter-invalid code'],
    [{ code: 'x'.repeat(valueLengthMax + 1) }, 'parameter-invalid code'],
    [{ limit: '0' }, 'parameter-invalid limit'],
    [{ limit: String(limitMax + 1) }, 'parameter-invalid limit'],
    [{ limit: '-1' }, 'parameter-invalid limit'],
    [{ limit: '1e3' }, 'parameter-invalid limit'],
    [{ '"; DROP TABLE x; --': '1' }, 'parameter-unknown "; DROP TABLE x; --'],
  ]
  for (const [parameters, expected] of cases)
    t.equal(
      refusal(() => plan(parameters)),
      expected,
    )
  t.equal(plan({ code: 'x'.repeat(valueLengthMax), limit: String(limitMax) }).limit, limitMax)
})

t.test('a cursor belongs to its dataset and its filters', async (t) => {
  const query = parseQuery({ district: '310101', limit: '5' })
  const place = { edition: '2025', version: 1, after: 5 }
  const cursor = cursorAfter('trial', query, place)
  t.same(placeOf('trial', { ...query, cursor }), place)
  t.same(
    placeOf('trial', { ...parseQuery({ district: '310101', limit: '9' }), cursor }),
    place,
    'the limit may change',
  )
  t.equal(placeOf('trial', query), undefined)
  const refused = 'cursor-invalid cursor'
  t.equal(
    refusal(() => placeOf('other', { ...query, cursor })),
    refused,
  )
  t.equal(
    refusal(() => placeOf('trial', { ...parseQuery({}), cursor })),
    refused,
  )
  t.equal(
    refusal(() => placeOf('trial', { ...query, cursor: `A${cursor}` })),
    refused,
  )
  for (const wrong of [null, 5, {}, { ...place, after: '5' }, { ...place, version: 1.5 }]) {
    const forged = cursorAfter('trial', query, wrong as never)
    t.equal(
      refusal(() => placeOf('trial', { ...query, cursor: forged })),
      refused,
    )
  }
})

t.test('the tables follow from the contract', async (t) => {
  t.equal(
    createTable(contract, 'v_1'),
    'CREATE TABLE published."v_1" (_n bigint NOT NULL, "code" text COLLATE "C" NOT NULL, ' +
      '"district" text COLLATE "C", "count" bigint, "mean" numeric, "day" date, "tags" text[] COLLATE "C")',
  )
  t.same(createIndexes(contract, 'v_1'), [
    'ALTER TABLE published."v_1" ADD PRIMARY KEY (_n)',
    'CREATE UNIQUE INDEX ON published."v_1" ("code")',
    'CREATE INDEX ON published."v_1" ("district", _n)',
    'CREATE INDEX ON published."v_1" USING gin ("tags")',
  ])
})
