import t from 'tap'
import type { Contracts } from '../../src/contract/index.ts'
import { Problem } from '../../src/platform/problem.ts'
import { planAggregate } from '../../src/records/aggregate/plan.ts'
import { groupByMax, groupsMax, measuresMax, parseAggregate } from '../../src/records/aggregate/query.ts'
import { editionsMax, valueLengthMax } from '../../src/records/query/query.ts'
import { contractOf, field } from '../support/fields.ts'

const dimension = { role: 'dimension' } as const
const names = Array.from({ length: 8 }, (_, index) => `measure_${index}`)
const contract = contractOf(
  [
    field('code', 'string', { role: 'key' }),
    field('district', 'string', { codes: 'districts', ...dimension }),
    field('level', 'string', { codes: 'levels', ...dimension }),
    field('indicator', 'string', { codes: 'indicators', ...dimension }),
    field('sex', 'string', dimension),
    field('tags', 'list', dimension),
    field('pupils', 'integer', { role: 'count' }),
    field('share', 'number', { role: 'measure', scale: 1 }),
    field('loose', 'number', { role: 'measure' }),
    ...names.map((name) => field(name, 'integer', { role: 'measure' })),
    field('status', 'string', { role: 'status' }),
  ],
  ['code'],
  {
    disclosure: {
      rule: 'minimum-count',
      count: 'pupils',
      minimum: 10,
      withhold: ['pupils'],
      status: 'status',
    },
    aggregate: {
      groupBy: ['district', 'level', 'indicator', 'sex'],
      measures: [
        { field: 'pupils', functions: ['sum'] },
        { field: 'share', functions: ['mean'], weight: 'pupils' },
        { field: 'loose', functions: ['max'] },
        ...names.map((name) => ({ field: name, functions: ['sum', 'min', 'max'] as const })),
      ],
      pinned: [{ field: 'indicator' }, { field: 'level', default: '_T' }],
    },
  },
)
const lists: Readonly<Record<string, readonly string[]>> = {
  districts: ['310101', '310104'],
  levels: ['_T', 'low'],
  indicators: ['bmi', 'total'],
}
const codes = (name: string) => ({
  codes: [],
  byCode: new Map((lists[name] ?? []).map((code) => [code, []])),
})
const contracts = { codes } as unknown as Contracts

const source = (edition: string) => ({ edition, recordsTable: `v_${edition}`, contract })
const plan = (parameters: Record<string, unknown>, editions: readonly string[] = ['2025']) =>
  planAggregate(parseAggregate(parameters), {
    contract,
    sources: editions.map(source),
    joinsEditions: editions.length > 1,
    contracts,
  })

/** The problem that a call throws: code, path and detail. */
function refusal(work: () => unknown): { readonly text: string; readonly problem?: Problem } {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return { text: `${error.code} ${error.detail.path}`, problem: error }
    throw error
  }
  return { text: 'not refused' }
}

const pinned = { indicator: 'bmi' }
const many = names.flatMap((name) => ['sum', 'min', 'max'].map((operation) => `${operation}:${name}`))

t.test('refusals name the parameter', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ gruop_by: 'district' }, 'parameter-unknown gruop_by'],
    [{ cursor: 'x' }, 'parameter-unknown cursor'],
    [{ group_by: 'code' }, 'parameter-invalid group_by'],
    [{ group_by: 'pupils' }, 'parameter-invalid group_by'],
    [{ group_by: 'district,district' }, 'parameter-invalid group_by'],
    [{ group_by: 'district,' }, 'parameter-invalid group_by'],
    [{ group_by: ['district', 'sex'] }, 'parameter-invalid group_by'],
    [{ group_by: '' }, 'parameter-invalid group_by'],
    [{ group_by: 'district,level,indicator,sex,edition' }, 'parameter-invalid group_by'],
    [{ measures: 'sum' }, 'parameter-invalid measures'],
    [{ measures: 'sum:' }, 'parameter-invalid measures'],
    [{ measures: 'sum:pupils:x' }, 'parameter-invalid measures'],
    [{ measures: 'median:pupils' }, 'parameter-invalid measures'],
    [{ measures: 'count:pupils' }, 'parameter-invalid measures'],
    [{ measures: 'mean:pupils' }, 'parameter-invalid measures'],
    [{ measures: 'sum:code' }, 'parameter-invalid measures'],
    [{ measures: 'sum:pupils,sum:pupils' }, 'parameter-invalid measures'],
    [{ measures: 'x'.repeat(valueLengthMax + 1) }, 'parameter-invalid measures'],
    [{ measures: many.slice(0, measuresMax + 1).join(','), ...pinned }, 'parameter-invalid measures'],
    [{ sort: 'district', ...pinned }, 'parameter-invalid sort'],
    [{ sort: 'suppressed', ...pinned }, 'parameter-invalid sort'],
    [{ sort: 'count,-count', ...pinned }, 'parameter-invalid sort'],
    [{ limit: '0' }, 'parameter-invalid limit'],
    [{ limit: String(groupsMax + 1) }, 'parameter-invalid limit'],
    [{ limit: '1e3' }, 'parameter-invalid limit'],
    [{ edition: '2025,2025' }, 'parameter-invalid edition'],
    [
      { edition: Array.from({ length: editionsMax + 1 }, (_, n) => 2000 + n).join() },
      'parameter-invalid edition',
    ],
    [{ pupils: '12', ...pinned }, 'parameter-invalid pupils'],
    [{ pupils__isnull: 'true', ...pinned }, 'parameter-invalid pupils'],
    [{ pupils__gte: '0', ...pinned }, 'parameter-invalid pupils'],
    [{ status: 'F', ...pinned }, 'parameter-invalid status'],
    [{ status__ne: 'C', ...pinned }, 'parameter-invalid status'],
    [{ district: '999999' }, 'parameter-invalid district'],
    [{ '"; DROP TABLE x; --': '1' }, 'parameter-unknown "; DROP TABLE x; --'],
  ]
  for (const [parameters, expected] of cases)
    t.equal(refusal(() => plan(parameters)).text, expected, JSON.stringify(parameters).slice(0, 80))
})

t.test('a refusal names what is allowed, and the nearest', async (t) => {
  t.match(refusal(() => plan({ group_by: 'distrcit' })).problem?.detail, {
    allowed: ['district', 'level', 'indicator', 'sex', 'edition'],
    nearest: 'district',
  })
  t.match(refusal(() => plan({ measures: 'sum:pupil' })).problem?.detail, {
    allowed: ['count', 'sum:pupils', 'mean:share'],
    nearest: 'sum:pupils',
  })
  t.match(refusal(() => plan({ sort: 'pupils', ...pinned })).problem?.detail, { allowed: ['count'] })
})

t.test('each limit is accepted, one more is refused', async (t) => {
  const whole = {
    group_by: 'district,level,indicator,sex',
    measures: many.slice(0, measuresMax).join(','),
    limit: String(groupsMax),
    edition: Array.from({ length: editionsMax }, (_, n) => 2000 + n).join(),
  }
  const { groups, measures, limit } = plan(whole)
  t.same([groups.length, measures.length, limit], [groupByMax, measuresMax, groupsMax])
  t.equal(plan({ limit: '1', ...pinned }).limit, 1)
  t.equal(
    plan(pinned).parameters.at(-1),
    String(groupsMax + 1),
    'one more than a response holds, to detect too many groups',
  )
})

t.test('a contract without aggregates refuses with its own code', async (t) => {
  const { aggregate: _, ...bare } = contract
  const chosen = { contract: bare, sources: [source('2025')], joinsEditions: false, contracts }
  t.equal(refusal(() => planAggregate(parseAggregate({}), chosen)).text, 'aggregate-not-offered slug')
})

t.test('a field with totals is grouped by, pinned to one code, or refused', async (t) => {
  const open = [{}, { level: 'low' }, { group_by: 'level' }]
  for (const parameters of open) t.equal(refusal(() => plan(parameters)).text, 'parameter-invalid indicator')
  const several = [
    { level__ne: '_T' },
    { level__in: '_T,low' },
    { level__notin: 'low' },
    { level__isnull: 'false' },
  ]
  for (const parameters of several)
    t.equal(refusal(() => plan({ ...pinned, ...parameters })).text, 'parameter-invalid level')
  const level = (parameters: Record<string, unknown>) => plan({ ...pinned, ...parameters }).pinned
  t.same(level({}), [{ field: 'level', code: '_T' }])
  t.same(level({ level: 'low' }), [])
  t.same(level({ level__in: 'low' }), [])
  t.same(level({ level: 'low', level__ne: '_T' }), [])
  t.same(level({ group_by: 'level', level__ne: '_T' }), [])
  t.same(plan({ group_by: 'indicator' }).pinned, [{ field: 'level', code: '_T' }])
})

t.test('several editions are never added up', async (t) => {
  t.equal(refusal(() => plan(pinned, ['2024', '2025'])).text, 'parameter-invalid group_by')
  const { statement, parameters } = plan({ ...pinned, group_by: 'edition,sex' }, ['2024', '2025'])
  t.match(statement, /published."v_2024" UNION ALL SELECT/)
  t.same(parameters.slice(0, 2), ['2024', '2025'])
  t.equal(
    refusal(() => plan({ ...pinned, group_by: 'edition' })).text,
    'not refused',
    'a single edition is accepted',
  )
})

t.test('values become parameters, whatever they contain', async (t) => {
  const attack = `x' OR 1=1; DROP TABLE published.v_1; --`
  const { statement, parameters } = plan({ ...pinned, code__contains: attack, tags: attack })
  t.notMatch(statement, /DROP|OR 1=1/)
  t.equal(parameters.filter((value) => value === attack).length, 2)
})

t.test('a field that an older contract lacks is null', async (t) => {
  const older = {
    ...contract,
    fields: contract.fields.filter(({ name }) => name !== 'sex' && name !== 'loose'),
  }
  const sources = [{ ...source('2024'), contract: older }, source('2025')]
  const query = parseAggregate({ ...pinned, group_by: 'edition,sex', measures: 'max:loose', sex__ne: 'x' })
  const { statement } = planAggregate(query, { contract, sources, joinsEditions: false, contracts })
  t.match(
    statement,
    /NULL::text COLLATE "C" AS "sex", NULL::numeric AS "loose", false AS _f0 FROM published."v_2024"/,
  )
})

t.test('fields that an older contract withheld cannot be grouped by', async (t) => {
  const disclosure = { rule: 'other', withhold: ['sex', 'level'], status: 'status' }
  const sources = [{ ...source('2024'), contract: { ...contract, disclosure } }]
  const refusalOf = (parameters: Record<string, unknown>) =>
    refusal(() =>
      planAggregate(parseAggregate(parameters), { contract, sources, joinsEditions: false, contracts }),
    ).text
  t.equal(refusalOf({ indicator: 'bmi', group_by: 'sex,level' }), 'parameter-invalid group_by')
  t.equal(refusalOf({ indicator: 'bmi' }), 'parameter-invalid level', 'nor be pinned to one code')
  t.equal(refusalOf({ group_by: 'indicator,level' }), 'parameter-invalid group_by')
})

t.test('without a status field every null counts as withheld', async (t) => {
  const bare = { ...contract, disclosure: { rule: 'other', withhold: ['pupils', 'share'] } }
  const query = parseAggregate({ ...pinned, measures: 'mean:share,sum:pupils,max:loose' })
  const { statement } = planAggregate(query, {
    contract: bare,
    sources: [{ ...source('2025'), contract: bare }],
    joinsEditions: false,
    contracts,
  })
  t.match(statement, '("share" IS NULL OR "pupils" IS NULL) AS _f0, ("pupils" IS NULL) AS _f1, false AS _f2')
})
