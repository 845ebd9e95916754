/**
 * From a query to a plan: which fields of which versions are read, by which conditions and in which order.
 * Pure, so that every refusal can be tested without a database. `read/sql.ts` turns the plan into SQL.
 */

import {
  type Contract,
  type Contracts,
  type CoordinateFields,
  compareContracts,
  coordinateFields,
  type Field,
  type LoadedContract,
} from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { type Area, areaNames, areaParameters } from './area.ts'
import { type Condition, parameterName, resolveFilters } from './filters.ts'
import { type Order, planOrder } from './order.ts'
import { emptyKeys, type Query, reservedNames } from './query.ts'

/** A version to read, as the catalogue lists it. */
interface Target {
  readonly dataset: string
  readonly edition: string
  readonly number: number
  readonly contractVersion: number
  readonly recordsTable: string
  /** Number of records, if known: a count without conditions then needs no query. */
  readonly records?: number
}

/** A version and its contract. */
export interface PlannedTarget<T extends Target = Target> {
  readonly version: T
  readonly contract: Contract
}

/** A word that a record must contain in one of these fields, ignoring case. */
export interface PlannedWord {
  readonly text: string
  readonly fields: readonly Field[]
}

export interface Plan<T extends Target = Target> {
  /** The versions to read, the earliest period first. */
  readonly targets: readonly PlannedTarget<T>[]
  /** The newest contract of the targets; every record has its fields. */
  readonly loaded: LoadedContract
  /** Whether editions are joined, so that each record begins with its edition. */
  readonly joinsEditions: boolean
  /** The fields of the response, in order. */
  readonly fields: readonly Field[]
  readonly conditions: readonly Condition[]
  readonly words?: readonly PlannedWord[]
  /** Where the records must be, with the fields of their coordinates. */
  readonly area?: { readonly of: Area; readonly fields: CoordinateFields }
  /** The fields of coordinates that the response needs, also if they are not selected. */
  readonly points?: CoordinateFields
  /** Whether each record becomes a feature of GeoJSON. */
  readonly isFeatures?: boolean
  readonly order: Order
  /** Whether the stand-in of an empty key is returned as nothing; conditions and order still see it. */
  readonly emptiesKeys?: boolean
  /** Canonical parameters that reproduce the query, in a fixed order, without limit, cursor and count. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

/**
 * Plans a query over versions, the earliest period first. Throws `parameter-unknown` and `parameter-invalid`,
 * naming the parameter and what it expects, and `contract-breaking`.
 */
export function planRecords<T extends Target>(
  query: Query,
  versions: readonly T[],
  contracts: Contracts,
): Plan<T> {
  const targets = versions.map((version) => ({
    version,
    contract: contracts.get(version.dataset, version.contractVersion).contract,
  }))
  const loaded = newestContract(targets, contracts)
  const { contract } = loaded
  const joinsEditions = requestsSeveralEditions(query.editions)
  const points = coordinateFields(contract)
  const own = reservedNames.filter((name) => points !== undefined || !coordinateNames.includes(name))
  const conditions = resolveFilters(query.filters, contract, contracts, own)
  if (points === undefined) refuseCoordinates(query, own)
  const fields = query.select === undefined ? contract.fields : selectFields(query.select, contract)
  const order = planOrder(query.sort, contract, targets.length === 1)
  const plan = {
    targets,
    loaded,
    joinsEditions,
    fields,
    conditions,
    order,
    parameters: parametersOf(query, conditions),
    ...(query.area === undefined || points === undefined ? {} : { area: { of: query.area, fields: points } }),
  }
  return {
    ...plan,
    ...(query.words === undefined ? {} : { words: planWords(query.words, contract) }),
    ...(query.emptiesKeys === true ? { emptiesKeys: true } : {}),
  }
}

/** Words are looked for in free texts: codes have filters of their own. */
function planWords(words: readonly string[], { fields }: Contract): readonly PlannedWord[] {
  const texts = fields.filter(
    ({ type, codes }) => codes === undefined && (type === 'string' || type === 'list'),
  )
  if (texts.length > 0) return words.map((text) => ({ text, fields: texts }))
  throw problem('parameter-invalid', {
    path: 'q',
    detail: 'The dataset has no free texts: filter by its fields.',
    known: fields.map(({ name }) => name),
  })
}

/** The parameters that only datasets with coordinates have. */
export const coordinateNames: readonly string[] = [...areaNames, 'crs']

function refuseCoordinates({ area, crs }: Query, known: readonly string[]): void {
  const [path] = [...areaParameters(area).map(([name]) => name), ...(crs === undefined ? [] : ['crs'])]
  if (path === undefined) return
  throw problem('parameter-unknown', {
    path,
    detail: 'The records of this dataset have no coordinates.',
    known,
  })
}

/** Whether a query requests several editions, even if only one exists. */
export function requestsSeveralEditions(editions: Query['editions'] | undefined): boolean {
  return editions === 'all' || (editions !== undefined && editions.length > 1)
}

/**
 * The canonical text of a query, to which cursors are bound. `limit` and `count` may change between pages.
 */
export function canonicalQuery({ loaded, parameters }: Pick<Plan, 'loaded' | 'parameters'>): string {
  // Not canonicalJson: the order is fixed already, and sorting would cost more than the rest of a plan.
  return JSON.stringify({ dataset: loaded.contract.dataset, parameters })
}

function newestContract(targets: readonly PlannedTarget[], contracts: Contracts): LoadedContract {
  const [newest] = [...targets].sort((a, b) => b.contract.contractVersion - a.contract.contractVersion)
  if (newest === undefined) throw new Error('a plan needs at least one version')
  const { dataset, contractVersion } = newest.contract
  for (const { version, contract } of targets) {
    if (contract.contractVersion === contractVersion) continue
    if (compareContracts(contract, newest.contract).verdict !== 'breaking') continue
    throw problem('contract-breaking', {
      path: 'edition',
      detail: `Edition ${version.edition} has contract ${contract.contractVersion}, edition ${newest.version.edition} has contract ${contractVersion}.`,
      edition: version.edition,
      contractVersion: contract.contractVersion,
      newest: contractVersion,
    })
  }
  return contracts.get(dataset, contractVersion)
}

function selectFields(names: readonly string[], contract: Contract): readonly Field[] {
  return names.map((name) => {
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field !== undefined) return field
    const known = contract.fields.map((candidate) => candidate.name)
    const path = name.slice(0, 100)
    const nearest = nearestOf(path, known)
    throw problem('parameter-invalid', {
      path: 'select',
      detail: 'The contract has no such field.',
      ...defined({ nearest }),
      known,
    })
  })
}

function parametersOf(query: Query, conditions: readonly Condition[]): Plan['parameters'] {
  const { editions, select, sort } = query
  const own: (readonly [string, string | undefined])[] = [
    ['edition', editions === 'all' ? editions : editions && [...editions].sort().join(',')],
    ...conditions.map(({ field, operator, value }) => [parameterName(field, operator), value] as const),
    ['q', query.words?.join(' ')],
    ['select', select?.join(',')],
    [
      'sort',
      sort.length === 0
        ? undefined
        : sort.map(({ field, descending }) => `${descending ? '-' : ''}${field}`).join(','),
    ],
    ['key_missing', query.emptiesKeys === true ? emptyKeys : undefined],
    ...areaParameters(query.area),
    ['crs', query.crs],
    ...Object.entries(query.csv),
  ]
  return own.filter((pair): pair is readonly [string, string] => pair[1] !== undefined)
}
