/**
 * The difference of two versions as SQL. Pure. Both tables are joined by the key once; the differing records
 * are materialized, counted and returned in key order, so that the counts come first and no table is read
 * twice. Only published values are read, so withheld values can't appear.
 */
import { type Field, fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { copyCsv, copyLines, csvLines, csvValue, jsonToken } from '../../formats/index.ts'
import type { CopyStatement } from '../read/sql.ts'
import { numberColumn } from '../tables.ts'
import { type AlignedSide, alignSides, type DiffSide, sharedFields } from './count-difference.ts'

/** Two versions that can be compared, and the fields that are compared. */
export interface Diff {
  readonly before: AlignedSide
  readonly after: AlignedSide
  readonly key: readonly Field[]
  /** Fields outside the key that both have, of the same type. */
  readonly shared: readonly Field[]
}

/** Plans the difference. Undefined where the keys differ in fields or types. */
export function planDiff(from: DiffSide, to: DiffSide): Diff | undefined {
  const { before, after } = alignSides(from, to)
  const shared = sharedFields(before.contract, after.contract)
  if (shared === undefined) return undefined
  const names = after.contract.primaryKey
  const key = names.flatMap((name) => shared.filter((field) => field.name === name))
  return { before, after, key, shared: shared.filter(({ name }) => !names.includes(name)) }
}

/** Kinds of change of a record. */
const diffKinds = ['added', 'removed', 'changed'] as const

/**
 * A line of counts, `{"added":…,"removed":…,"changed":…}`, then one line of JSON for each differing record,
 * in key order.
 */
export function diffLines(diff: Diff): CopyStatement {
  const { key } = diff
  const keys = key.map(({ name }, index) => `${either(name)} AS k${index}`)
  const counts = diffKinds.map((kind) => `'"${kind}":' || count(*) FILTER (WHERE kind = '${kind}')`)
  const select = `WITH differing AS MATERIALIZED (
      SELECT ${kindOf} AS kind, ${keys.join(', ')}, ${lineOf(diff)} AS line FROM ${joined(diff)}
    ), lines AS (
      SELECT 0 AS part, ${key.map(({ type }, index) => `NULL::${fieldType(type).column} AS k${index}`).join(', ')},
        '{' || ${counts.join(` || ',' || `)} || '}' AS line FROM differing
      UNION ALL SELECT 1, ${key.map((_, index) => `k${index}`).join(', ')}, line || ',' FROM differing
    ) SELECT line FROM lines ORDER BY part, ${key.map((_, index) => `k${index}`).join(', ')}`
  return { text: `COPY (${select}) TO STDOUT WITH (${copyLines})`, values: {} }
}

/** First column of the CSV, before the key. No field name can begin with `_`. */
const changeColumn = '_change'

/** One CSV row for each differing record, in key order, without the header. */
export function diffRows(diff: Diff): CopyStatement {
  const { key, shared, before, after } = diff
  const order = key.map(({ name }) => either(name)).join(', ')
  const sides = [
    ...pairsOf(shared, 'a', 'b'),
    ...fieldsOnlyOf(before, diff).map((field) => columnOf(field, 'a')),
    ...fieldsOnlyOf(after, diff).map((field) => columnOf(field, 'b')),
  ]
  const keys = key.map((field) => csvValue(field.type, either(field.name)))
  const select = `SELECT ${[kindOf, ...keys, ...sides].join(', ')} FROM ${joined(diff)} ORDER BY ${order}`
  return { text: `COPY (${select}) TO STDOUT WITH (${copyCsv})`, values: {} }
}

/** The header of `diffRows`: `_change`, the key, then each field before and after. */
export function diffHeader(diff: Diff): string {
  const { key, shared, before, after } = diff
  const names = [
    changeColumn,
    ...key.map(({ name }) => name),
    ...shared.flatMap(({ name }) => [`${name}__before`, `${name}__after`]),
    ...fieldsOnlyOf(before, diff).map(({ name }) => `${name}__before`),
    ...fieldsOnlyOf(after, diff).map(({ name }) => `${name}__after`),
  ]
  return csvLines([names])
}

/** Fields of one version, outside its key, that the other lacks or has with another type. */
export function fieldsOnlyOf({ contract }: AlignedSide, { key, shared }: Diff): readonly Field[] {
  return contract.fields.filter(({ name }) => ![...key, ...shared].some((field) => field.name === name))
}

const kindOf = `CASE WHEN a.${numberColumn} IS NULL THEN 'added' WHEN b.${numberColumn} IS NULL THEN 'removed'
  ELSE 'changed' END`

const column = (side: 'a' | 'b', name: string) => `${side}.${quoteIdentifier(name)}`
const either = (name: string) => `coalesce(${column('b', name)}, ${column('a', name)})`

/** Both tables joined, differing records only: `a` is before, `b` is after. */
function joined({ before, after, key, shared }: Diff): string {
  const on = key.map(({ name }) => `${column('a', name)} = ${column('b', name)}`).join(' AND ')
  const differs = shared.map(({ name }) => `${column('a', name)} IS DISTINCT FROM ${column('b', name)}`)
  const isOnlyOne = `a.${numberColumn} IS NULL OR b.${numberColumn} IS NULL`
  return `${before.source} a FULL JOIN ${after.source} b ON ${on}
    WHERE ${[isOnlyOne, ...differs].join(' OR ')}`
}

/** One differing record as JSON: its key, and the added record, the removed record or the changed fields. */
function lineOf(diff: Diff): string {
  const { key, shared, before, after } = diff
  const keys = membersOf(key, (field) => jsonToken(field, either(field.name)))
  const record = (side: 'a' | 'b', { contract }: AlignedSide) =>
    membersOf(contract.fields, (field) => jsonToken(field, column(side, field.name)))
  const changes = shared.map((field) => {
    const [was, is] = [column('a', field.name), column('b', field.name)]
    return `CASE WHEN ${was} IS DISTINCT FROM ${is} THEN
      '"${field.name}":{"before":' || ${jsonToken(field, was)} || ',"after":' || ${jsonToken(field, is)} || '}' END`
  })
  return `CASE
    WHEN a.${numberColumn} IS NULL THEN '{"change":"added","key":' || ${keys} || ',"record":' || ${record('b', after)} || '}'
    WHEN b.${numberColumn} IS NULL THEN '{"change":"removed","key":' || ${keys} || ',"record":' || ${record('a', before)} || '}'
    ELSE '{"change":"changed","key":' || ${keys} || ',"fields":{' || concat_ws(',', ${changes.join(', ') || 'NULL'}) || '}}'
  END`
}

function membersOf(fields: readonly Field[], token: (field: Field) => string): string {
  const members = fields.map(
    (field, index) => `'${index === 0 ? '{' : ','}"${field.name}":' || ${token(field)}`,
  )
  return `${members.join(' || ')} || '}'`
}

function pairsOf(fields: readonly Field[], ...sides: readonly ('a' | 'b')[]): readonly string[] {
  return fields.flatMap((field) => sides.map((side) => columnOf(field, side)))
}

function columnOf(field: Field, side: 'a' | 'b'): string {
  return csvValue(field.type, column(side, field.name))
}
