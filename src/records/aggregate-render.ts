/** The groups of an aggregate as JSON and as CSV, with the same names in both and numbers with their very digits. */
import { type Field, listSeparator } from '../contract/index.ts'
import { csv, jsonRecord } from '../formats/index.ts'
import type { AggregatePlan } from './aggregate-plan.ts'
import type { Group } from './aggregate-read.ts'

/** What stands behind the measures of each group. */
const suppressedField: Field = {
  name: 'suppressed',
  type: 'list',
  role: 'status',
  title: { zh: '隐去的统计量', en: 'Suppressed' },
  description: {
    zh: '因组内有被隐去的值而不给出的统计量。',
    en: 'Measures without a value, as one of the group is withheld.',
  },
}

/** The groups as the elements of a JSON array, without its brackets. */
export function jsonGroups({ columns }: AggregatePlan, groups: readonly Group[]): string {
  const record = jsonRecord(columns)
  return groups
    .map(({ row, suppressed }) => `${record(row).slice(0, -1)},"suppressed":${JSON.stringify(suppressed)}}`)
    .join(',')
}

/** The groups as a CSV with one header line. */
export function csvGroups(
  { columns }: AggregatePlan,
  groups: readonly Group[],
): { readonly mediaType: string; readonly bytes: AsyncIterable<string | Uint8Array> } {
  const rows = groups.map(({ row, suppressed }) => [
    ...row,
    suppressed.length === 0 ? null : suppressed.join(listSeparator),
  ])
  return {
    mediaType: csv.mediaType,
    bytes: csv.render(once(rows), { fields: [...columns, suppressedField] }),
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}
