/**
 * From an aggregate query to one SQL statement. Pure. It reads published records only, so a response
 * discloses nothing that the records don't. A group with a withheld value has no value; queries that would
 * silently drop withheld records or count something twice are refused. Decision 0010 gives the reasons.
 */

import {
  type AggregateOffer,
  type Contract,
  type Contracts,
  type Field,
  fieldType,
  inNamesOf,
  statusField,
  withheldFields,
} from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import {
  type Bind,
  bindConditions,
  type Condition,
  numberedParameters,
  parameterName,
  resolveFilters,
} from '../query/filters.ts'
import { parseValues } from '../query/values.ts'
import { renamedTable } from '../tables.ts'
import { editionField, type GroupColumn, type Measure, planGroups, planMeasures } from './columns.ts'
import { type AggregateQuery, aggregateParameters, groupsMax } from './query.ts'
import { columnSql, flagSql, measureColumns } from './sql.ts'

/** One version whose records are grouped, and its contract. */
interface Source {
  readonly edition: string
  readonly recordsTable: string
  readonly contract: Contract
}

export interface AggregatePlan {
  readonly statement: string
  readonly parameters: readonly string[]
  readonly groups: readonly Field[]
  readonly measures: readonly Measure[]
  /** The fields of groups and values, in order; after them the statement returns one flag per measure. */
  readonly columns: readonly Field[]
  /** Codes that apply because the query neither groups by the field nor filters it to one code. */
  readonly pinned: readonly { readonly field: string; readonly code: string }[]
  /** The requested limit, if any. */
  readonly limit?: number
  /** Canonical parameters that reproduce the query, in a fixed order. */
  readonly canonical: readonly (readonly [name: string, value: string])[]
}

/** What a query is checked against. */
export interface AggregateSource {
  /** The contract that defines the offer and the fields. */
  readonly contract: Contract
  readonly sources: readonly Source[]
  /** Whether several editions are requested, even if only one exists. */
  readonly joinsEditions: boolean
  readonly contracts: Pick<Contracts, 'codes'>
}

/**
 * Plans an aggregate. Throws `aggregate-not-offered`, `parameter-unknown` and `parameter-invalid`, naming the
 * parameter and what it allows.
 */
export function planAggregate(query: AggregateQuery, chosen: AggregateSource): AggregatePlan {
  const { contract, sources } = chosen
  const offer = contract.aggregate
  if (offer === undefined) throw problem('aggregate-not-offered', { path: 'slug' })
  const groups = planGroups(query, contract, offer, chosen.joinsEditions)
  const measures = planMeasures(query, contract, offer)
  const filters = resolveFilters(query.filters, contract, chosen.contracts, aggregateParameters)
  const pins = planPins(offer, groups, filters, contract)
  const conditions = [...filters, ...pins]
  refuseWithheld(
    [
      ...groups.map(({ field }) => ['group_by', field] as const),
      ...conditions.map(({ field }) => [field.name, field] as const),
    ],
    [contract, ...sources.map((source) => source.contract)],
  )
  const columns = [...groups.map(({ field }) => field), ...measures.flatMap(measureColumns)]
  const { bind, parameters } = numberedParameters()
  const statement = write({ query, groups, measures, columns, conditions, sources, contract, bind })
  return {
    statement,
    parameters,
    groups: groups.map(({ field }) => field),
    measures,
    columns,
    pinned: pins.map(({ field, value }) => ({ field: field.name, code: value })),
    canonical: canonicalOf(query, filters),
    ...defined({ limit: query.limit }),
  }
}

function canonicalOf(query: AggregateQuery, conditions: readonly Condition[]): AggregatePlan['canonical'] {
  const { editions, groupBy, measures, sort, limit } = query
  const own = {
    edition: editions === 'all' ? editions : editions?.join(','),
    group_by: groupBy.length === 0 ? undefined : groupBy.join(','),
    measures: measures
      .map((measure) => (measure.name === 'count' ? measure.name : `${measure.name}:${measure.field}`))
      .join(','),
    sort:
      sort.length === 0
        ? undefined
        : sort.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join(','),
    limit: limit?.toString(),
  }
  const filters = conditions.map(
    ({ field, operator, value }) => [parameterName(field, operator), value] as const,
  )
  return [
    ...filters,
    ...Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  ]
}

/**
 * A filter on a withheld field would drop the records in which it is withheld, a filter on the status would
 * do the same, and a field that an older contract withheld can't form groups: each would silently leave
 * records out. The record routes accept such filters.
 */
function refuseWithheld(
  named: readonly (readonly [path: string, field: Field])[],
  contracts: readonly Contract[],
): void {
  const withheld = new Set(
    contracts.flatMap((contract) => [...withheldFields(contract), statusField(contract)]),
  )
  const refused = named.find(([, field]) => withheld.has(field.name))
  if (refused === undefined) return
  const [path, { name }] = refused
  throw problem('parameter-invalid', {
    path,
    detail:
      `Values of ${name} may be withheld, or it marks records with withheld values: records would be left out silently. ` +
      'Filter the records instead, or filter aggregates by other fields.',
  })
}

/** The conditions that pin dimensions to one code if the query leaves them open. */
function planPins(
  offer: AggregateOffer,
  groups: readonly GroupColumn[],
  filters: readonly Condition[],
  contract: Contract,
): readonly Condition[] {
  return (offer.pinned ?? []).flatMap(({ field: name, default: code }) => {
    if (groups.some(({ field }) => field.name === name)) return []
    const own = filters.filter(({ field }) => field.name === name)
    if (own.some(isSingleCode)) return []
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field === undefined || own.length > 0 || code === undefined) {
      throw problem('parameter-invalid', {
        path: name,
        detail:
          'Values cannot be added up over this field: one of its codes is the total of others, or each has its own ' +
          `unit. Group by ${name}, or filter by one of its codes.`,
        codes: field?.codes,
      })
    }
    return [{ field, operator: 'eq' as const, value: code }]
  })
}

/** Whether a condition leaves one code: equality, or a list of one value. */
function isSingleCode({ field, operator, value }: Condition): boolean {
  return operator === 'eq' || (operator === 'in' && parseValues(field.name, value).length === 1)
}

interface Parts {
  readonly query: AggregateQuery
  readonly groups: readonly GroupColumn[]
  readonly measures: readonly Measure[]
  readonly columns: readonly Field[]
  readonly conditions: readonly Condition[]
  readonly sources: readonly Source[]
  readonly contract: Contract
  readonly bind: Bind
}

/** Columns inside the statement are named `c0` …, so that no name can be too long for Postgres. */
const alias = (index: number) => `c${index}`
const flag = (index: number) => `_f${index}`

function write(parts: Parts): string {
  const { query, groups, measures, columns, conditions, sources, bind } = parts
  const needed = neededFields(parts)
  const selects = sources.map((source) => sourceSelect(parts, source, needed))
  const where = bindConditions(conditions, bind)
  const keys = groups.map((_, index) => alias(index))
  const values = [
    ...groups.map(({ field }) => quoteIdentifier(field.name)),
    ...measures.flatMap((measure, index) => columnSql(measure, flag(index))),
  ].map((sql, index) => `${sql} AS ${alias(index)}`)
  const flags = measures.map((_, index) => `coalesce(bool_or(${flag(index)}), false) AS ${flag(index)}`)
  const texts = columns.map((field, index) => fieldType(field.type).select(alias(index)))
  return `SELECT ${[...texts, ...measures.map((_, index) => `${flag(index)}::text`), '_groups::text'].join(', ')}
    FROM (
      SELECT ${[...values, ...flags, 'count(*) OVER () AS _groups'].join(', ')}
      FROM (${selects.join(' UNION ALL ')}) AS records
      ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
      ${keys.length === 0 ? '' : `GROUP BY ${keys.map((_, index) => index + 1).join(', ')}`}
    ) AS groups
    ${orderBy(query, groups, columns)} LIMIT ${bind(String(query.limit ?? groupsMax + 1))}::int`
}

/** The contract's fields that the statement uses, each once. */
function neededFields({ groups, measures, conditions, contract }: Parts): readonly Field[] {
  const names = new Set([
    ...groups.map(({ field }) => field.name),
    ...measures.flatMap((measure) =>
      measure.function === 'count' ? [] : [measure.field.name, measure.weight?.name],
    ),
    ...conditions.map(({ field }) => field.name),
  ])
  return contract.fields.filter((field) => names.has(field.name))
}

/**
 * The records of one version under the contract's names; a field that the version's contract lacks is null.
 */
function sourceSelect(
  { groups, measures, contract, bind }: Parts,
  source: Source,
  needed: readonly Field[],
): string {
  const stored = inNamesOf(source.contract, contract)
  const has = (name: string) => stored.fields.some((field) => field.name === name)
  const columns = needed.map((field) => {
    const column = quoteIdentifier(field.name)
    return has(field.name) ? column : `NULL::${fieldType(field.type).column} AS ${column}`
  })
  const edition = groups.some(({ field }) => field === editionField)
    ? [`${bind(source.edition)} COLLATE "C" AS ${quoteIdentifier(editionField.name)}`]
    : []
  const flags = measures.map((measure, index) => `${flagSql(measure, stored)} AS ${flag(index)}`)
  return `SELECT ${[...edition, ...columns, ...flags].join(', ')} FROM ${renamedTable(source.recordsTable, source.contract, contract)}`
}

/** The requested order, then that of the groups, so that it is total; nulls last. */
function orderBy(query: AggregateQuery, groups: readonly GroupColumn[], columns: readonly Field[]): string {
  const requested = query.sort.map(({ name, descending }) => {
    const index = columns.findIndex((field) => field.name === name)
    if (index < 0) {
      const allowed = columns.map((field) => field.name)
      throw problem('parameter-invalid', {
        path: 'sort',
        detail: 'Sort by a column of the response: a field of group_by, or a measure by its name there.',
        allowed,
      })
    }
    return { index, descending }
  })
  const rest = groups
    .map((_, index) => ({ index, descending: false }))
    .filter(({ index }) => !requested.some((column) => column.index === index))
  const order = [...requested, ...rest].map(
    // Qualified, because the bare name would refer to the selected text, which sorts differently.
    ({ index, descending }) => `groups.${alias(index)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  return order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`
}
