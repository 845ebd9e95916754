/** Aggregates in a contract: what the loader takes, and each fault that it names. */
import t from 'tap'
import { answerNames, ContractError, loadContracts } from '../../src/contract/index.ts'
import { contractFolder, exampleContract } from './example.ts'

type Json = Record<string, unknown>

/** A contract of every sort of field that aggregates care for. */
function countedTrees(aggregate: Json, more: Json = {}): Json {
  const contract = exampleContract()
  const field = (name: string, type: string, own: Json) => ({
    ...contract.fields[0],
    name,
    title: { zh: `${name}（中文）`, en: name },
    type,
    role: 'attribute',
    constraints: { maxLength: 100 },
    example: undefined,
    ...own,
  })
  return {
    ...contract,
    fields: [
      ...contract.fields.map((own) =>
        own['name'] === 'height'
          ? { ...own, role: 'measure' }
          : own['role'] === 'attribute' && own['codes'] !== undefined
            ? { ...own, role: 'dimension' }
            : own,
      ),
      field('trees', 'integer', { role: 'count', constraints: { minimum: 0 } }),
      field('saplings', 'integer', { role: 'count', constraints: { minimum: -1 } }),
      field('loose', 'number', { role: 'measure', constraints: undefined }),
      field('short_text', 'string', {}),
      field('long_text', 'string', { constraints: { maxLength: 101 } }),
      field('free_text', 'string', { constraints: undefined }),
      field('few', 'string', { constraints: { enum: ['a', 'b'] } }),
      field('sum_trees', 'string', { role: 'dimension', constraints: undefined }),
      field('yes', 'boolean', { constraints: undefined }),
    ],
    aggregate: { pinned: [{ field: 'grade_of_item', default: '_T' }], ...aggregate },
    ...more,
  }
}

async function faultsOf(t: Parameters<typeof contractFolder>[0], contract: Json): Promise<string> {
  try {
    await loadContracts({ folders: [contractFolder(t, { 'contract.v1.json': contract })] })
    return 'nothing'
  } catch (error) {
    if (error instanceof ContractError) return error.message
    throw error
  }
}

t.test('valid aggregates are loaded', async (t) => {
  const aggregate = {
    groupBy: ['area', 'tree', 'short_text', 'few', 'yes', 'seen', 'item'],
    measures: [
      { field: 'trees', functions: ['sum', 'mean', 'min', 'max'], weight: 'trees' },
      { field: 'height', functions: ['mean'], weight: 'trees' },
      { field: 'loose', functions: ['sum'] },
    ],
    pinned: [{ field: 'grade_of_item', default: '_T' }, { field: 'item' }],
  }
  t.equal(await faultsOf(t, countedTrees(aggregate)), 'nothing')
  t.same(answerNames({ groupBy: [], measures: [{ field: 'height', functions: ['mean', 'max'] }] }), [
    'count',
    'suppressed',
    'mean_height',
    'mean_height_missing',
    'mean_height_weight',
    'max_height',
    'max_height_missing',
  ])
})

const group = (...groupBy: string[]) => ({ groupBy })
const measure = (...measures: Json[]) => ({ groupBy: ['area'], measures })

const invalid: readonly (readonly [what: string, aggregate: Json, message: RegExp])[] = [
  ['no groups', {}, /\/aggregate: add "groupBy"/],
  ['an unknown word', { ...group('area'), colour: 1 }, /\/aggregate: unknown property "colour"/],
  ['a group that is no field', group('trunk'), /\/aggregate\/groupBy\/0: "trunk" is not a field/],
  ['a group by a measure', group('loose'), /groupBy\/0: "loose" has the role measure/],
  ['a group by a count', group('area', 'trees'), /groupBy\/1: "trees" has the role count/],
  ['a group by the status', group('state'), /groupBy\/0: "state" has the role status/],
  ['a group by a list', group('uses'), /groupBy\/0: "uses" is a list; a record must fall into one group/],
  ['a group by a long text', group('long_text'), /groupBy\/0: "long_text" is free text/],
  ['a group by a free text', group('free_text'), /groupBy\/0: "free_text" is free text/],
  [
    'a measure that is no field',
    measure({ field: 'trunk', functions: ['sum'] }),
    /measures\/0\/field: "trunk" is not a field/,
  ],
  [
    'a measure that is a key',
    measure({ field: 'tree', functions: ['sum'] }),
    /measures\/0\/field: "tree" has the role key/,
  ],
  [
    'a measure that is a text',
    measure({ field: 'sum_trees', functions: ['min'] }),
    /measures\/0\/field: "sum_trees" is a string; it must be an integer or a number/,
  ],
  [
    'a measure twice',
    measure({ field: 'trees', functions: ['sum'] }, { field: 'trees', functions: ['min'] }),
    /measures\/1\/field: "trees" is listed twice/,
  ],
  [
    'an unknown function',
    measure({ field: 'trees', functions: ['median'] }),
    /functions\/0: use one of sum, mean, min, max/,
  ],
  ['a mean without weight', measure({ field: 'height', functions: ['mean'] }), /a mean needs a `weight`/],
  [
    'a weight without mean',
    measure({ field: 'height', functions: ['sum'], weight: 'trees' }),
    /measures\/0\/weight: only a mean is weighted/,
  ],
  [
    'a weight that is no field',
    measure({ field: 'height', functions: ['mean'], weight: 'trunk' }),
    /measures\/0\/weight: "trunk" is not a field/,
  ],
  [
    'a weight that is no count',
    measure({ field: 'height', functions: ['mean'], weight: 'tree' }),
    /measures\/0\/weight: "tree" must be an integer of the role count/,
  ],
  [
    'a weight below 0',
    measure({ field: 'height', functions: ['mean'], weight: 'saplings' }),
    /measures\/0\/weight: "saplings" may be below 0/,
  ],
  [
    'a mean without scale',
    measure({ field: 'loose', functions: ['mean'], weight: 'trees' }),
    /measures\/0\/functions: a mean is rounded by the scale/,
  ],
  ['a total that is not pinned', { ...group('area'), pinned: undefined }, /"grade_of_item" has a total "_T"/],
  [
    'a pin that is no field',
    { ...group('area'), pinned: [{ field: 'trunk' }] },
    /pinned\/0\/field: "trunk" is not a field/,
  ],
  [
    'a pin without codes',
    { ...group('area'), pinned: [{ field: 'short_text' }] },
    /pinned\/0\/field: "short_text" must be a dimension with a code list/,
  ],
  [
    'a pin twice',
    { ...group('area'), pinned: [{ field: 'item' }, { field: 'item' }] },
    /pinned\/1\/field: "item" is pinned already/,
  ],
  [
    'a default that is no code',
    { ...group('area'), pinned: [{ field: 'item', default: 'moon' }] },
    /pinned\/0\/default: "moon" is not in the code list "fitness-indicators"/,
  ],
  [
    'names that collide',
    { ...group('sum_trees'), measures: [{ field: 'trees', functions: ['sum'] }] },
    /\/aggregate: an answer would have "sum_trees" twice/,
  ],
]

for (const [what, aggregate, message] of invalid) {
  t.test(`${what} is refused`, async (t) => {
    t.match(await faultsOf(t, countedTrees(aggregate)), message)
  })
}

t.test('fields that may be withheld can be neither groups nor pinned', async (t) => {
  const withheld = { rule: 'minimum-count', count: 'tree', minimum: 10, withhold: ['few'], status: 'state' }
  const message = await faultsOf(t, countedTrees(group('few'), { disclosure: withheld }))
  t.match(message, /\/aggregate\/groupBy\/0: "few" may be withheld; a group would reveal it/)
  const pinned = { ...group('area'), pinned: [{ field: 'item' }, { field: 'grade_of_item' }] }
  const disclosure = { ...withheld, withhold: ['item'] }
  t.match(await faultsOf(t, countedTrees(pinned, { disclosure })), /pinned\/0\/field: "item" may be withheld/)
})
