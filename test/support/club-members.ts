/** A dataset of statistics under the rule of audited suppression, with dimensions of its own. */
import { contractOf, field } from './fields.ts'

export const clubMembers = 'club-members'
const key = ['area', 'form', 'level'] as const
const required = { constraints: { required: true } }
export const clubMembersContract = contractOf(
  [
    ...key.map((name) => field(name, 'string', { role: 'dimension', ...required })),
    field('asked', 'integer', { role: 'count', ...required }),
    field('pupils', 'integer', { role: 'count', ...required }),
    field('share', 'number', { role: 'measure', scale: 1 }),
    field('pupils_low', 'integer'),
    field('pupils_high', 'integer'),
    field('status', 'string', { role: 'status' }),
  ],
  key,
  {
    dataset: clubMembers,
    formats: ['csv', 'ndjson', 'json', 'xlsx', 'parquet', 'zip'],
    themes: ['education'],
    aggregate: { groupBy: ['area', 'form'], measures: [{ field: 'pupils', functions: ['sum'] }] },
    disclosure: {
      rule: 'audited-suppression',
      base: { count: 'asked', minimum: 10 },
      levels: { field: 'level', count: 'pupils', sensitive: { '*': ['never'] }, small: 10, keep: ['often'] },
      protection: { width: 5 },
      versions: { heldBelow: 10 },
      ranges: { low: 'pupils_low', high: 'pupils_high' },
      withhold: ['asked', 'pupils', 'share'],
      status: 'status',
    },
  },
)
export type Counts = readonly [never: number, some: number, often: number]

/** An edition as CSV: three areas and forms; `own` replaces cells. */
export function editionOf(own: Readonly<Record<string, Counts>> = {}): string {
  const sums = new Map<string, number>()
  for (const [a, area] of ['A', 'B', 'C'].entries())
    for (const [f, form] of ['x', 'y', 'z'].entries()) {
      const counts = own[`${area}${form}`] ?? [14 + a + f, 60 + 3 * a, 41 + f]
      for (const [n, level] of ['never', 'some', 'often'].entries())
        for (const at of [area, '_T'])
          for (const of of [form, '_T'])
            for (const which of [level, '_T']) {
              const name = `${at},${of},${which}`
              sums.set(name, (sums.get(name) ?? 0) + (counts[n] ?? 0))
            }
    }
  const lines = [...sums].map(([name, count]) => {
    const asked = sums.get(name.replace(/[^,]*$/, '_T')) ?? 0
    return `${name},${asked},${count},${((100 * count) / asked).toFixed(1)},,`
  })
  return `area,form,level,asked,pupils,share,pupils_low,pupils_high\n${lines.join('\n')}\n`
}
