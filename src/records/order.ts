/**
 * The total order of a walk, and where it goes on behind a record. Pure. The order is that of the fields asked for
 * (what has no value comes last either way, texts by their bytes), then the edition, then the record's number; these
 * two run in the direction of the first field, so that one index serves. Refuses fields that no index serves.
 */
import { nearestOf } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import { type Contract, type Field, fieldType } from '../contract/index.ts'
import { quoteIdentifier } from '../store/identifier.ts'
import type { Bind } from './conditions.ts'
import type { SortField } from './query.ts'
import { numberColumn } from './tables.ts'

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

/** A share of what lies behind a record, within one table, that one index scan can give in order. */
export interface Segment {
  readonly conditions: readonly string[]
  /** `ORDER BY` of the share, by the table's own columns. */
  readonly order: string
}

/** The fields that a contract lets records be sorted by: those of its key and of its indexes, lists aside. */
export function sortableFields(contract: Contract): readonly Field[] {
  const indexed = new Set([...contract.primaryKey, ...(contract.indexes ?? []).flat()])
  return contract.fields.filter((field) => indexed.has(field.name) && field.type !== 'list')
}

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

/** The shares of a table that a walk gives, in their order: all of it from the start, else what lies behind `position`. */
export function planSegments(
  order: Order,
  target: number,
  position: Position | undefined,
  bind: Bind,
): readonly Segment[] {
  if (position === undefined) return wholeTable(order)
  const values = order.keys.map((key, index) => bindKey(key, position.values[index] ?? null, bind))
  const segments: Segment[] = []
  const tie = behindNumber(order, target, position, bind)
  if (tie !== undefined) {
    const equal = order.keys.map((key, index) => isEqual(key, values[index] ?? null))
    segments.push({ conditions: [...equal, ...tie], order: orderBy(order, order.keys.length) })
  }
  for (let index = order.keys.length - 1; index >= 0; index--) {
    const equal = order.keys.slice(0, index).map((key, before) => isEqual(key, values[before] ?? null))
    const key = order.keys[index]
    const value = values[index] ?? null
    // Behind what has no value there is nothing.
    if (key === undefined || value === null) continue
    const column = quoteIdentifier(key.field.name)
    const beyond = [`${column} ${key.descending ? '<' : '>'} ${value}`]
    if (key.nullable) beyond.push(`${column} IS NULL`)
    for (const share of beyond) {
      segments.push({ conditions: [...equal, share], order: orderBy(order, index + 1) })
    }
  }
  return segments
}

/** An index read backwards begins with what has no value; read in two shares, it comes last. */
function wholeTable(order: Order): readonly Segment[] {
  const [first] = order.keys
  if (first === undefined || !first.descending || !first.nullable) {
    return [{ conditions: [], order: orderBy(order, 0) }]
  }
  const column = quoteIdentifier(first.field.name)
  return [`${column} IS NOT NULL`, `${column} IS NULL`].map((share) => ({
    conditions: [share],
    order: orderBy(order, 1),
  }))
}

/** The condition on the number among records with equal keys; undefined where the whole table lies before. */
function behindNumber(
  { descending }: Order,
  target: number,
  { at, after }: Position,
  bind: Bind,
): readonly string[] | undefined {
  if (target !== at) return target > at === !descending ? [] : undefined
  return [`${numberColumn} ${descending ? '<' : '>'} ${bind(String(after), (text) => `${text}::bigint`)}`]
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
