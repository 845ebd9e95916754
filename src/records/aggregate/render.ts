/** Renders an aggregate as JSON and as CSV, with the same names in both and numbers digit for digit. */

import { addresses, isSynthetic, type PublishedVersion } from '../../catalogue/index.ts'
import { type Field, listSeparator } from '../../contract/index.ts'
import { csv, jsonRecord } from '../../formats/index.ts'
import type { Config } from '../../platform/config.ts'
import type { Measure } from './columns.ts'
import type { AggregatePlan } from './plan.ts'
import type { AggregateGroup, Groups } from './read.ts'
import type { ChosenVersions } from './versions.ts'

/** The last column of each group. */
const suppressedField: Field = {
  name: 'suppressed',
  type: 'list',
  role: 'status',
  title: { zh: '隐去的统计量', en: 'Suppressed' },
  description: {
    zh: '因组内有被隐去的值而不给出的统计量。',
    en: 'Measures without a value because a value in the group is withheld.',
  },
}

/** Why a group has no value, in words. */
const withheldWhy = {
  zh: '组内有不公布的值。由其余的值相加会得出不完整的结果，或使不公布的值可被推算，因此该统计量为空。',
  en:
    'A value in the group is withheld. A sum of the others would be wrong, or would show the withheld value, so the ' +
    'measure is empty.',
} as const

type PublicUrl = Pick<Config, 'QINGDAN_PUBLIC_URL'>

interface Answer {
  /** The path of the request. */
  readonly path: string
  readonly plan: AggregatePlan
  readonly chosen: ChosenVersions
  readonly groups: Groups
}

/** The whole response as JSON. */
export function jsonAnswer(config: PublicUrl, { path, plan, chosen, groups }: Answer): string {
  const { contract } = chosen
  const base = config.QINGDAN_PUBLIC_URL
  const query = textOf(plan.canonical)
  const links = {
    self: `${base}${path}?${query}`,
    csv: `${base}${path.replace(/\.json$/, '')}.csv?${query}`,
    contract: addresses(config).contract(contract.dataset, contract.contractVersion),
  }
  const meta = {
    ...metaOf(config, chosen),
    offeredBy: contract.contractVersion,
    groupBy: plan.groups.map(({ name }) => name),
    measures: plan.measures.map(measureOf),
    pinned: plan.pinned,
    groups: groups.total,
    withheld: groups.groups.some(({ suppressed }) => suppressed.length > 0) ? withheldWhy : null,
  }
  const data = jsonGroups(plan, groups.groups)
  return `{"data":[${data}],"meta":${JSON.stringify(meta)},"links":${JSON.stringify(links)}}`
}

/** The groups as the elements of a JSON array, without its brackets. */
function jsonGroups({ columns }: AggregatePlan, groups: readonly AggregateGroup[]): string {
  const record = jsonRecord(columns)
  return groups
    .map(({ row, suppressed }) => `${record(row).slice(0, -1)},"suppressed":${JSON.stringify(suppressed)}}`)
    .join(',')
}

/** Parameters as people type them: commas and colons need no escaping in a query (RFC 3986, section 3.4). */
function textOf(query: AggregatePlan['canonical']): string {
  const text = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()
  return text.replaceAll('%2C', ',').replaceAll('%3A', ':')
}

/**
 * The versions read, with the same members as a page of records: one version inline, several as `editions`.
 */
function metaOf(config: PublicUrl, { contract, versions, joinsEditions }: ChosenVersions) {
  const { dataset } = contract
  const [only] = versions
  if (!joinsEditions && only !== undefined) return { dataset, ...versionOf(only) }
  return {
    dataset,
    contractVersion: contract.contractVersion,
    records: versions.reduce((sum, { records }) => sum + records, 0),
    synthetic: versions.some(isSynthetic),
    editions: versions.map((version) => ({
      ...versionOf(version),
      href: addresses(config).version(version),
    })),
  }
}

function versionOf(version: PublishedVersion) {
  return {
    edition: version.edition,
    version: version.number,
    contractVersion: version.contractVersion,
    publishedAt: version.publishedAt.toISOString(),
    records: version.records,
    synthetic: isSynthetic(version),
  }
}

function measureOf(measure: Measure) {
  const { name, function: functionName } = measure
  if (measure.function === 'count') {
    return { name, function: functionName, field: null, unit: null, weight: null, digits: 0 }
  }
  const { field, weight, digits } = measure
  return {
    name,
    function: functionName,
    field: field.name,
    unit: field.unit ?? null,
    weight: weight?.name ?? null,
    digits: digits ?? null,
  }
}

/** The groups as a CSV with one header line. */
export function csvGroups(
  { columns }: AggregatePlan,
  groups: readonly AggregateGroup[],
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
