/**
 * The tables of records: one per version in the schema `published`, built from the contract alone. `_n`
 * numbers the records from 1 in key order, so that paging by cursor scans one small index.
 */
import {
  type Contract,
  type CoordinateFields,
  coordinateFields,
  type Field,
  fieldType,
  renamesSince,
} from '../contract/index.ts'
import { quoteIdentifier } from '../db/identifier.ts'

/** Name of the column that numbers a version's records; a contract's fields can't begin with `_`. */
export const numberColumn = '_n'

/** Name of a version's table, without its schema. */
export function recordsTable(versionId: number): string {
  return `v_${versionId}`
}

/** A table's name as SQL writes it. */
export function publishedTable(table: string): string {
  return `published.${quoteIdentifier(table)}`
}

/** A version's table as a FROM item in which renamed fields also have the names of a later contract. */
export function renamedTable(table: string, stored: Contract, later: Contract): string {
  const added = renamesSince(stored, later).fields.map(
    ({ from, to }) => `${quoteIdentifier(from)} AS ${quoteIdentifier(to)}`,
  )
  const source = publishedTable(table)
  return added.length === 0 ? source : `(SELECT *, ${added.join(', ')} FROM ${source}) AS records`
}

/** SQL select list of the fields' canonical texts, in order. */
export function selectTexts(fields: readonly Field[]): string {
  return fields.map((field) => fieldType(field.type).select(quoteIdentifier(field.name))).join(', ')
}

/**
 * `CREATE TABLE` for a version's records. Only key fields are NOT NULL: disclosure control may empty any
 * other.
 */
export function createTable(contract: Contract, table: string): string {
  const columns = contract.fields.map((field) => {
    const notNull = contract.primaryKey.includes(field.name) ? ' NOT NULL' : ''
    return `${quoteIdentifier(field.name)} ${fieldType(field.type).column}${notNull}`
  })
  return `CREATE TABLE ${publishedTable(table)} (${numberColumn} bigint NOT NULL, ${columns.join(', ')})`
}

/** The fields that records can be sorted by: those of the key and of the contract's indexes, except lists. */
export function sortableFields(contract: Contract): readonly Field[] {
  const found = sortableOf.get(contract) ?? findSortable(contract)
  sortableOf.set(contract, found)
  return found
}

/** A cache, since every plan needs the sortable fields of its contract. */
const sortableOf = new WeakMap<Contract, readonly Field[]>()

function findSortable(contract: Contract): readonly Field[] {
  const indexed = new Set([...contract.primaryKey, ...(contract.indexes ?? []).flat()])
  return contract.fields.filter((field) => indexed.has(field.name) && field.type !== 'list')
}

/** A coordinate as SQL. Doubles, because the geometric types of Postgres have no other numbers. */
export const degreesSql = ({ name }: Field) => `${quoteIdentifier(name)}::double precision`

/** The point of a record as SQL, as the index over it has it; null without coordinates. */
export function pointSql({ longitude, latitude }: CoordinateFields): string {
  return `point(${degreesSql(longitude)}, ${degreesSql(latitude)})`
}

/**
 * The indexes of a version's records, created after loading, which is faster than updating them per row.
 * Every sortable field leads one; otherwise a page in its order would read the whole table.
 */
export function createIndexes(contract: Contract, table: string): readonly string[] {
  const name = publishedTable(table)
  const quoted = (fields: readonly string[]) => fields.map(quoteIdentifier).join(', ')
  const leading = new Set([contract.primaryKey[0], ...(contract.indexes ?? []).map(([first]) => first)])
  const others = sortableFields(contract).filter((field) => !leading.has(field.name))
  const points = coordinateFields(contract)
  return [
    `ALTER TABLE ${name} ADD PRIMARY KEY (${numberColumn})`,
    `CREATE UNIQUE INDEX ON ${name} (${quoted(contract.primaryKey)})`,
    ...(contract.indexes ?? []).map((fields) => {
      const [only] = fields.length === 1 ? contract.fields.filter((field) => field.name === fields[0]) : []
      // GIN, because lists are searched by element.
      if (only?.type === 'list') return `CREATE INDEX ON ${name} USING gin (${quoted(fields)})`
      return `CREATE INDEX ON ${name} (${quoted(fields)}, ${numberColumn})`
    }),
    ...others.map((field) => `CREATE INDEX ON ${name} (${quoted([field.name])}, ${numberColumn})`),
    ...(points === undefined ? [] : [`CREATE INDEX ON ${name} USING gist (${pointSql(points)})`]),
  ]
}
