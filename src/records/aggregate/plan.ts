/**
 * From a question for aggregates to one SQL statement: pure. It reads published records alone, so an answer can tell
 * nothing that the records don't; a group with a withheld value has no value, and what would drop withheld records
 * unseen, or count something twice, is refused. Decision 0010 gives the reasons.
 */

import {
  type AggregateOffer,
  type Contract,
  type Contracts,
  type Field,
  fieldType,
  statusField,
  withheldFields,
} from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
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
import { publishedTable } from '../tables.ts'
import { editionField, type GroupColumn, type Measure, planGroups, planMeasures } from './columns.ts'
import { type AggregateQuery, aggregateParameters, groupsMax } from './query.ts'
import { columnSql, flagSql, measureColumns } from './sql.ts'

/** One version whose records are grouped, with the contract that it keeps. */
export interface Source {
  readonly edition: string
  readonly recordsTable: string
  readonly contract: Contract
}

export interface AggregatePlan {
  readonly statement: string
  readonly parameters: readonly string[]
  readonly groups: readonly Field[]
  readonly measures: readonly Measure[]
  /** The fields of an answer's groups and values, in order; behind them the statement gives one flag a measure. */
  readonly columns: readonly Field[]
  /** Codes that apply because the question neither grouped by the field nor held it to one code. */
  readonly pinned: readonly { readonly field: string; readonly code: string }[]
  /** Groups asked for, where a limit was given. */
  readonly limit?: number
  /** The parameters that ask for this again, in one order: equal questions are equal texts. */
  readonly question: readonly (readonly [name: string, value: string])[]
}

/** What a question is held against. */
export interface AggregateSource {
  /** The contract that says what is offered, and whose fields are named. */
  readonly contract: Contract
  readonly sources: readonly Source[]
  /** Whether several editions are asked for, though there may be one of them only. */
  readonly joined: boolean
  readonly contracts: Pick<Contracts, 'codes'>
}

/**
 * Plans an aggregate. Throws `aggregate-not-offered`, `parameter-unknown` and `parameter-invalid`, naming the
 * parameter and what is allowed there.
 */
export function planAggregate(query: AggregateQuery, ground: AggregateSource): AggregatePlan {
  const { contract, sources } = ground
  const offer = contract.aggregate
  if (offer === undefined) throw problem('aggregate-not-offered', { path: 'slug' })
  const groups = planGroups(query, contract, offer, ground.joined)
  const measures = planMeasures(query, contract, offer)
  const asked = resolveFilters(query.filters, contract, ground.contracts, aggregateParameters)
  const pins = planPins(offer, groups, asked, contract)
  const conditions = [...asked, ...pins]
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
    question: questionOf(query, asked),
    ...(query.limit === undefined ? {} : { limit: query.limit }),
  }
}

function questionOf(query: AggregateQuery, asked: readonly Condition[]): AggregatePlan['question'] {
  const { editions, groupBy, measures, sort, limit } = query
  const own = {
    edition: editions === 'all' ? editions : editions?.join(','),
    group_by: groupBy.length === 0 ? undefined : groupBy.join(','),
    measures: measures.map((one) => (one.name === 'count' ? one.name : `${one.name}:${one.field}`)).join(','),
    sort:
      sort.length === 0 ? undefined : sort.map((one) => `${one.descending ? '-' : ''}${one.name}`).join(','),
    limit: limit?.toString(),
  }
  const filters = asked.map(({ field, operator, value }) => [parameterName(field, operator), value] as const)
  return [
    ...filters,
    ...Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  ]
}

/**
 * A filter on a withheld field drops the records in which it is withheld, one on the status carves groups around them,
 * and a group by what an older contract withheld would be no group: each way an answer would be silently less. The
 * records themselves take such filters.
 */
function refuseWithheld(
  named: readonly (readonly [path: string, field: Field])[],
  contracts: readonly Contract[],
): void {
  const kept = new Set(contracts.flatMap((contract) => [...withheldFields(contract), statusField(contract)]))
  const refused = named.find(([, field]) => kept.has(field.name))
  if (refused === undefined) return
  const [path, { name }] = refused
  throw problem('parameter-invalid', {
    path,
    detail:
      `Values of ${name} may be withheld, or it says where they are: records would be left out unseen. ` +
      'Filter the records instead, or aggregates by other fields.',
  })
}

/** The conditions that hold dimensions to one code where the question has left them open. */
function planPins(
  offer: AggregateOffer,
  groups: readonly GroupColumn[],
  asked: readonly Condition[],
  contract: Contract,
): readonly Condition[] {
  return (offer.pinned ?? []).flatMap(({ field: name, default: code }) => {
    if (groups.some(({ field }) => field.name === name)) return []
    const own = asked.filter(({ field }) => field.name === name)
    if (own.some(holdsOne)) return []
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field === undefined || own.length > 0 || code === undefined) {
      throw problem('parameter-invalid', {
        path: name,
        detail:
          'Over this field nothing may be added up: one of its codes is the total of others, or each has a unit of ' +
          `its own. Group by ${name}, or filter by one code of it.`,
        codes: field?.codes,
      })
    }
    return [{ field, operator: 'eq' as const, value: code }]
  })
}

/** Whether a condition leaves one code: equality, or a list of one. */
function holdsOne({ field, operator, value }: Condition): boolean {
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

/** The names of columns inside the statement are ours, `c0` …, so that no name can be too long for Postgres. */
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

/** The contract's fields that the statement speaks of, each once. */
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

/** The records of one version under the contract's names; a field that its own contract doesn't have is null. */
function sourceSelect({ groups, measures, bind }: Parts, source: Source, needed: readonly Field[]): string {
  const has = (name: string) => source.contract.fields.some((field) => field.name === name)
  const columns = needed.map((field) => {
    const column = quoteIdentifier(field.name)
    return has(field.name) ? column : `NULL::${fieldType(field.type).column} AS ${column}`
  })
  const edition = groups.some(({ field }) => field === editionField)
    ? [`${bind(source.edition)} COLLATE "C" AS ${quoteIdentifier(editionField.name)}`]
    : []
  const flags = measures.map((measure, index) => `${flagSql(measure, source.contract)} AS ${flag(index)}`)
  return `SELECT ${[...edition, ...columns, ...flags].join(', ')} FROM ${publishedTable(source.recordsTable)}`
}

/** The order asked for, then that of the groups, so that it is total; what has no value comes last. */
function orderBy(query: AggregateQuery, groups: readonly GroupColumn[], columns: readonly Field[]): string {
  const asked = query.sort.map(({ name, descending }) => {
    const index = columns.findIndex((field) => field.name === name)
    if (index < 0) {
      const allowed = columns.map((field) => field.name)
      throw problem('parameter-invalid', {
        path: 'sort',
        detail: 'Sort by what the answer has: a field of group_by, or a measure by its name in the answer.',
        allowed,
      })
    }
    return { index, descending }
  })
  const rest = groups
    .map((_, index) => ({ index, descending: false }))
    .filter(({ index }) => !asked.some((one) => one.index === index))
  const order = [...asked, ...rest].map(
    // Said with its table: a bare name would mean the text that is selected under it, and texts sort otherwise.
    ({ index, descending }) => `groups.${alias(index)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  return order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`
}
