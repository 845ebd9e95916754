/**
 * Aggregates disclose nothing beyond the published records. Random datasets with withheld cells are
 * published, every query open to outsiders is run, and each response is recomputed from the CSV.
 */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { runs } from '../support/runs.ts'
import { type NaiveMeasure, naiveGroups, type PublishedRecord } from './naive-aggregates.ts'

const dataset = 'trial'
const required = { constraints: { required: true } }
const count = { role: 'count', constraints: { minimum: 0 } } as const
const contract = contractOf(
  [
    field('cell', 'integer', { role: 'key', ...required }),
    field('area', 'string', { role: 'dimension', ...required }),
    field('level', 'string', { role: 'dimension', codes: 'trial-levels', ...required }),
    field('band', 'string', { role: 'dimension' }),
    field('pupils', 'integer', count),
    field('tested', 'integer', count),
    field('rate', 'number', { role: 'measure', scale: 1 }),
    field('seats', 'integer', count),
    field('height', 'number', { role: 'measure', scale: 2 }),
    field('status', 'string', { role: 'status' }),
  ],
  ['cell'],
  {
    dataset,
    themes: ['education'],
    disclosure: {
      rule: 'minimum-count',
      count: 'pupils',
      minimum: 10,
      withhold: ['pupils', 'tested', 'rate'],
      status: 'status',
    },
    aggregate: {
      groupBy: ['area', 'level', 'band'],
      measures: [
        { field: 'pupils', functions: ['sum', 'min', 'max'] },
        { field: 'rate', functions: ['sum', 'mean', 'min', 'max'], weight: 'tested' },
        { field: 'height', functions: ['sum', 'mean', 'min', 'max'], weight: 'seats' },
      ],
      pinned: [{ field: 'level', default: '_T' }],
    },
  },
)

const measures: readonly NaiveMeasure[] = [
  ...(['sum', 'min', 'max'] as const).map((operation) => ({
    operation,
    field: 'pupils',
    scale: 0,
    withheld: true,
  })),
  { operation: 'mean', field: 'rate', scale: 1, weight: 'tested', withheld: true },
  ...(['sum', 'min', 'max'] as const).map((operation) => ({
    operation,
    field: 'rate',
    scale: 1,
    withheld: true,
  })),
  { operation: 'mean', field: 'height', scale: 2, weight: 'seats', withheld: false },
  ...(['sum', 'min', 'max'] as const).map((operation) => ({
    operation,
    field: 'height',
    scale: 2,
    withheld: false,
  })),
]
const allMeasures = ['count', ...measures.map(({ operation, field: name }) => `${operation}:${name}`)].join(
  ',',
)

/** Every combination of fields to group by. */
const groupings = [
  [],
  ['area'],
  ['level'],
  ['band'],
  ['area', 'level'],
  ['band', 'area'],
  ['level', 'band', 'area'],
]

/** Filters on dimensions, each with its predicate. */
type Predicate = (record: PublishedRecord) => boolean
const filters: readonly (readonly [text: string, matches: Predicate, pins?: boolean])[] = [
  ['', () => true],
  ['area=A', ({ area }) => area === 'A'],
  ['area__ne=A', ({ area }) => area !== 'A'],
  ['area__in=A,学区', ({ area }) => area === 'A' || area === '学区'],
  ['area__gt=A', ({ area = '' }) => area > 'A'],
  ['area__startswith=学', ({ area = '' }) => area.startsWith('学')],
  ['band=x', ({ band }) => band === 'x'],
  ['band__notin=x', ({ band }) => band !== 'x'],
  ['band__isnull=true', ({ band }) => band === ''],
  ['cell=3', ({ cell }) => cell === '3'],
  ['cell__lte=4&area__ne=B', ({ cell, area }) => Number(cell) <= 4 && area !== 'B'],
  ['height__gt=0', ({ height = '' }) => height !== '' && Number(height) > 0],
  ['seats__isnull=false', ({ seats }) => seats !== ''],
  ['level=low', ({ level }) => level === 'low', true],
  ['level__in=low&band__ne=y', ({ level, band }) => level === 'low' && band !== 'y', true],
]

const whole = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: null })
const tenths = fc.option(fc.integer({ min: -50, max: 1000 }), { nil: null })
const cellArbitrary = fc.record({
  area: fc.constantFrom('A', 'B', 'a', '学区'),
  level: fc.constantFrom('_T', 'low', 'high'),
  band: fc.constantFrom('', 'x', 'y'),
  // Most cells are above the minimum, so that groups with and without withheld members occur.
  pupils: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 10, max: 40 }) },
    fc.integer({ min: 0, max: 9 }),
  ),
  tested: whole(40),
  rate: tenths,
  seats: whole(6),
  height: fc.option(fc.integer({ min: -300, max: 300 }), { nil: null }),
  // An alternative value for a withheld cell.
  other: fc.record({ pupils: fc.integer({ min: 0, max: 9 }), tested: whole(40), rate: tenths }),
})
type Cell = (typeof cellArbitrary extends fc.Arbitrary<infer T> ? T : never) & object

const datasetArbitrary = (maxLength: number) =>
  fc.array(cellArbitrary, { maxLength }).map((random) => [...always, ...random])

const scaled = (value: number | null, scale: number) =>
  value === null ? '' : (value / 10 ** scale).toFixed(scale)

/** In every dataset: a withheld cell and a free one in the same group. */
const always: readonly Cell[] = [9, 10].map((pupils) => ({
  area: 'A',
  level: '_T',
  band: 'x',
  pupils,
  tested: pupils,
  rate: 455,
  seats: 1,
  height: 125,
  other: { pupils: 0, tested: null, rate: null },
}))

function csvOf(cells: readonly Cell[]): string {
  const lines = cells.map(({ area, level, band, pupils, tested, rate, seats, height }, index) =>
    [index + 1, area, level, band, pupils, tested, scaled(rate, 1), seats, scaled(height, 2)].join(','),
  )
  return `cell,area,level,band,pupils,tested,rate,seats,height\n${lines.join('\n')}\n`
}

const service = await openTestContext(t, {
  contracts: [contract],
  files: { [`${dataset}/codes/trial-levels.csv`]: 'code,zh,en\n_T,合计,All\nlow,低,Low\nhigh,高,High\n' },
})

let year = 2000
/** Publishes cells as an edition and returns its name. */
async function publish(cells: readonly Cell[]): Promise<string> {
  year += 1
  const edition = String(year)
  await service.take({ dataset, edition, rows: csvOf(cells) })
  await service.publish(dataset, edition)
  return edition
}

const read = async (url: string): Promise<string> => {
  const { status, text } = await service.get(url)
  if (status !== 200) throw new Error(`${status} ${url}: ${text}`)
  return text
}

/** Every query open to outsiders: each grouping with each filter, all measures at once. */
function queries() {
  return groupings.flatMap((groupBy) =>
    filters.map(([filter, matches, pins = false]) => {
      const isPinned = !groupBy.includes('level') && !pins
      const group = groupBy.length === 0 ? [] : [`group_by=${groupBy.join(',')}`]
      return {
        groupBy,
        matches: (record: PublishedRecord) => matches(record) && (!isPinned || record['level'] === '_T'),
        parameters: [...group, `measures=${allMeasures}`, ...(filter === '' ? [] : [encodeURI(filter)])].join(
          '&',
        ),
      }
    }),
  )
}

t.test('every response follows from the published records', async (t) => {
  let groups = 0
  let suppressed = 0
  await fc.assert(
    fc.asyncProperty(datasetArbitrary(30), async (cells) => {
      const edition = await publish(cells)
      const file = `/v1/datasets/${dataset}/editions/${edition}/versions/1/files/${dataset}-${edition}-v1.csv`
      const records: PublishedRecord[] = parse(await read(file), { columns: true })
      for (const { groupBy, matches, parameters } of queries()) {
        const text = await read(`/v1/datasets/${dataset}/aggregate.csv?edition=${edition}&${parameters}`)
        const [header = [], ...lines]: string[][] = parse(text)
        const matching = records.filter(matches)
        t.strictSame(lines, naiveGroups(matching, groupBy, measures), parameters)
        for (const line of lines) {
          const cell = (name: string) => line[header.indexOf(name)]
          const own = matching.filter((record) => groupBy.every((name) => record[name] === cell(name)))
          groups += 1
          if (own.every(({ status }) => status === 'F')) continue
          suppressed += 1
          const values = ['sum_pupils', 'mean_rate', 'mean_rate_weight', 'min_rate', 'max_rate'].map(cell)
          t.strictSame(values, ['', '', '', '', ''], 'a group with a withheld member has no value')
        }
      }
    }),
    runs(3, 6),
  )
  t.ok(suppressed > 0 && suppressed < groups, `${groups} groups, ${suppressed} of them suppressed`)
})

t.test('withheld values make no difference to any response', async (t) => {
  await fc.assert(
    fc.asyncProperty(datasetArbitrary(20), async (cells) => {
      const [one, other] = [
        await publish(cells),
        await publish(cells.map((cell) => (cell.pupils < 10 ? { ...cell, ...cell.other } : cell))),
      ]
      for (const { parameters } of queries()) {
        const answer = async (edition: string) => {
          const text = await read(`/v1/datasets/${dataset}/aggregate?edition=${edition}&${parameters}`)
          return text.slice(0, text.indexOf('"meta"'))
        }
        t.equal(await answer(one), await answer(other), parameters)
      }
    }),
    runs(2, 3),
  )
})
