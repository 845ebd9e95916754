/**
 * The total order of records, and how to continue after a given record. Pure. The order is that of the
 * requested fields (nulls last in both directions, texts by bytes), then the edition, then the record's
 * number; these two follow the direction of the first field, so that one index is enough. Refuses fields that
 * no index serves.
 */

import { type Contract, type Field, fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { nearestOf } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { numberColumn, sortableFields } from '../tables.ts'
import type { Bind } from './filters.ts'
import type { SortField } from './query.ts'

interface OrderKey {
  readonly field: Field
  readonly descending: boolean
  /** False only for fields of the primary key: only they are NOT NULL in every table. */
  readonly nullable: boolean
}

export interface Order {
  readonly keys: readonly OrderKey[]
  /** The direction of the tie-breakers: the edition and the record's number. */
  readonly descending: boolean
}

/**
 * The position after a record: the index of its table among the targets, its number, and its texts for each
 * key.
 */
export interface Position {
  readonly at: number
  readonly after: number
  readonly values: readonly (string | null)[]
}

/** A part of one table that one index scan returns in order. */
export interface Segment {
  /** Index of the table among the targets. */
  readonly target: number
  readonly conditions: readonly string[]
  /** `ORDER BY` of the segment, by the table's own columns. */
  readonly order: string
}

/** Segments that are merged by the order; a single segment is already in order. */
export type SortGroup = readonly Segment[]

/**
 * Plans the order. `single`: all records are in one table. Throws `parameter-invalid` naming the sortable
 * fields.
 */
export function planOrder(sort: readonly SortField[], contract: Contract, single: boolean): Order {
  const sortable = sortableFields(contract)
  const keys = sort.map(({ field: name, descending }): OrderKey => {
    const field = sortable.find((candidate) => candidate.name === name)
    if (field === undefined) throw notSortable(name, sortable)
    return { field, descending, nullable: !contract.primaryKey.includes(name) }
  })
  const descending = keys[0]?.descending ?? false
  // Records are numbered in key order, so sorting by the key or a prefix of it is sorting by number.
  const isOfKey = keys.every(
    (key, index) => key.descending === descending && key.field.name === contract.primaryKey[index],
  )
  return { keys: single && isOfKey ? [] : keys, descending }
}

function notSortable(name: string, sortable: readonly Field[]) {
  const names = sortable.map((field) => field.name)
  const nearest = nearestOf(name.slice(0, 100), names)
  return problem('parameter-invalid', {
    path: 'sort',
    detail: `Records can be sorted by the fields that the contract indexes: ${names.join(', ')}.`,
    sortable: names,
    ...defined({ nearest }),
  })
}

/**
 * The segments to read over several tables, from the start or after a position, as groups in order: a page
 * that is full after one group needs none of the next.
 */
export function planSegments(
  order: Order,
  tables: number,
  position: Position | undefined,
  bind: Bind,
): readonly SortGroup[] {
  const targets = Array.from({ length: tables }, (_, index) => index)
  if (order.descending) targets.reverse()
  if (position === undefined) return fromTheStart(order, targets)
  const values = order.keys.map((key, index) => bindKey(key, position.values[index] ?? null, bind))
  const equal = order.keys.map((key, index) => isEqual(key, values[index] ?? null))
  // Ties are ordered by edition before number, so that each table is a group of its own.
  const groups: SortGroup[] = targets.slice(targets.indexOf(position.at)).map((target) => {
    const conditions = target === position.at ? amongEquals(order, position, values, equal, bind) : equal
    return [{ target, conditions, order: orderBy(order, order.keys.length) }]
  })
  for (let index = order.keys.length - 1; index >= 0; index--) {
    const [key, value] = [order.keys[index], values[index] ?? null]
    // Nulls are last: nothing follows them.
    if (key === undefined || value === null) continue
    const column = quoteIdentifier(key.field.name)
    const beyond = [`${column} ${key.descending ? '<' : '>'} ${value}`]
    if (key.nullable) beyond.push(`${column} IS NULL`)
    for (const condition of beyond) {
      const conditions = [...equal.slice(0, index), condition]
      groups.push(targets.map((target) => ({ target, conditions, order: orderBy(order, index + 1) })))
    }
  }
  return groups
}

/** An index read backwards begins with nulls. Reading it in two segments puts them last. */
function fromTheStart(order: Order, targets: readonly number[]): readonly SortGroup[] {
  const [first] = order.keys
  if (first === undefined)
    return targets.map((target) => [{ target, conditions: [], order: orderBy(order, 0) }])
  const groupOf = (conditions: readonly string[], settled: number): SortGroup =>
    targets.map((target) => ({ target, conditions, order: orderBy(order, settled) }))
  if (!first.descending || !first.nullable) return [groupOf([], 0)]
  const column = quoteIdentifier(first.field.name)
  return [groupOf([`${column} IS NOT NULL`], 1), groupOf([`${column} IS NULL`], 1)]
}

/** The largest bigint, above any record's number. */
const numberMax = '9223372036854775807'

/**
 * The records after a number among those equal by all keys. If the last key has an index that continues with
 * the number, the condition is one range over both. With the number alone the planner may scan all records
 * for the few that are equal; with a separate equality it reads the index from the start of the equal ones.
 * The key's value is not null here, so a row comparison loses no record.
 */
function amongEquals(
  { keys, descending }: Order,
  { after }: Position,
  values: readonly (string | null)[],
  equal: readonly string[],
  bind: Bind,
): readonly string[] {
  const number = bind(String(after), (text) => `${text}::bigint`)
  const [key, value] = [keys.at(-1), values.at(-1) ?? null]
  if (key === undefined || value === null || key.descending !== descending) {
    return [...equal, `${numberColumn} ${descending ? '<' : '>'} ${number}`]
  }
  const row = `(${quoteIdentifier(key.field.name)}, ${numberColumn})`
  const [beyondIt, before, end] = descending ? ['<', '>', '0'] : ['>', '<', numberMax]
  return [
    ...equal.slice(0, -1),
    `${row} ${beyondIt} (${value}, ${number})`,
    `${row} ${before} (${value}, ${end}::bigint)`,
  ]
}

function bindKey({ field }: OrderKey, value: string | null, bind: Bind): string | null {
  return value === null ? null : bind(value, fieldType(field.type).cast)
}

function isEqual({ field }: OrderKey, value: string | null): string {
  const column = quoteIdentifier(field.name)
  return value === null ? `${column} IS NULL` : `${column} = ${value}`
}

/**
 * The order within a segment. There the first `settled` keys are all null or all not null, so NULLS LAST is
 * omitted to match an index, which has nulls first when read backwards.
 */
function orderBy({ keys, descending }: Order, settled: number): string {
  const written = keys.map((key, index) => {
    const nullsLast = key.descending && key.nullable && index >= settled ? ' NULLS LAST' : ''
    return `${quoteIdentifier(key.field.name)}${key.descending ? ' DESC' : ''}${nullsLast}`
  })
  return [...written, `${numberColumn}${descending ? ' DESC' : ''}`].join(', ')
}
