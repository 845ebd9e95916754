/**
 * The total order of a walk, and where it goes on behind a record. Pure. The order is that of the fields asked for
 * (what has no value comes last either way, texts by their bytes), then the edition, then the record's number; these
 * two run in the direction of the first field, so that one index serves. Refuses fields that no index serves.
 */

import { type Contract, type Field, fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { nearestOf } from '../../http/index.ts'
import { problem } from '../../platform/problem.ts'
import { numberColumn, sortableFields } from '../tables.ts'
import type { Bind } from './filters.ts'
import type { SortField } from './query.ts'

export interface OrderKey {
  readonly field: Field
  readonly descending: boolean
  /** False for fields of the primary key alone: only they are NOT NULL in every table. */
  readonly nullable: boolean
}

export interface Order {
  readonly keys: readonly OrderKey[]
  /** The direction of what decides between equals: the edition and the record's number. */
  readonly descending: boolean
}

/** A record in a walk: its table by its place among the targets, its number, and its texts for each key. */
export interface Position {
  readonly at: number
  readonly after: number
  readonly values: readonly (string | null)[]
}

/** A share of one table, which one index scan can give in order. */
export interface Segment {
  /** The table, by its place among the targets. */
  readonly target: number
  readonly conditions: readonly string[]
  /** `ORDER BY` of the share, by the table's own columns. */
  readonly order: string
}

/** Shares of several tables whose records are interleaved by the order; those of one table come as they are. */
export type SortGroup = readonly Segment[]

/** Plans the order. `single` where all records are of one table. Throws `parameter-invalid` naming the sortable fields. */
export function planOrder(sort: readonly SortField[], contract: Contract, single: boolean): Order {
  const sortable = sortableFields(contract)
  const keys = sort.map(({ field: name, descending }): OrderKey => {
    const field = sortable.find((candidate) => candidate.name === name)
    if (field === undefined) throw notSortable(name, sortable)
    return { field, descending, nullable: !contract.primaryKey.includes(name) }
  })
  const descending = keys[0]?.descending ?? false
  // Records are numbered by their key, so an order by the key, or by how it begins, is that of their numbers.
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
    detail: `Records are sorted by fields that the contract indexes: ${names.join(', ')}.`,
    sortable: names,
    ...(nearest === undefined ? {} : { nearest }),
  })
}

/**
 * What a walk gives over so many tables, from the start or behind a position, in groups that follow each other: whoever
 * has enough after one needs none of the next.
 */
export function planGroups(
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
  // Among equals the edition decides before the number, so that each table's are a group of their own.
  const groups: SortGroup[] = targets.slice(targets.indexOf(position.at)).map((target) => {
    const conditions = target === position.at ? amongEquals(order, position, values, equal, bind) : equal
    return [{ target, conditions, order: orderBy(order, order.keys.length) }]
  })
  for (let index = order.keys.length - 1; index >= 0; index--) {
    const [key, value] = [order.keys[index], values[index] ?? null]
    // Behind what has no value there is nothing.
    if (key === undefined || value === null) continue
    const column = quoteIdentifier(key.field.name)
    const beyond = [`${column} ${key.descending ? '<' : '>'} ${value}`]
    if (key.nullable) beyond.push(`${column} IS NULL`)
    for (const share of beyond) {
      const conditions = [...equal.slice(0, index), share]
      groups.push(targets.map((target) => ({ target, conditions, order: orderBy(order, index + 1) })))
    }
  }
  return groups
}

/** An index read backwards begins with what has no value; read in two shares, that comes last. */
function fromTheStart(order: Order, targets: readonly number[]): readonly SortGroup[] {
  const [first] = order.keys
  if (first === undefined)
    return targets.map((target) => [{ target, conditions: [], order: orderBy(order, 0) }])
  const share = (conditions: readonly string[], settled: number): SortGroup =>
    targets.map((target) => ({ target, conditions, order: orderBy(order, settled) }))
  if (!first.descending || !first.nullable) return [share([], 0)]
  const column = quoteIdentifier(first.field.name)
  return [share([`${column} IS NOT NULL`], 1), share([`${column} IS NULL`], 1)]
}

/** More than any record's number. */
const numberMax = '9223372036854775807'

/**
 * What lies behind a number among records that are equal by all keys. Where the last key has an index with the number
 * behind it, the place is told as one range of both: by the number alone the planner may walk all records and look for
 * the few that are equal, and with an equality beside it the index is read from where that begins. The key's value is
 * not null there, so that a comparison of rows loses none.
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
  const [behind, before, end] = descending ? ['<', '>', '0'] : ['>', '<', numberMax]
  return [
    ...equal.slice(0, -1),
    `${row} ${behind} (${value}, ${number})`,
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
 * The order within a share. The first `settled` keys are all null or all not null there, so they are written as an
 * index has them, which puts nulls first where it is read backwards.
 */
function orderBy({ keys, descending }: Order, settled: number): string {
  const written = keys.map((key, index) => {
    const nullsLast = key.descending && key.nullable && index >= settled ? ' NULLS LAST' : ''
    return `${quoteIdentifier(key.field.name)}${key.descending ? ' DESC' : ''}${nullsLast}`
  })
  return [...written, `${numberColumn}${descending ? ' DESC' : ''}`].join(', ')
}
