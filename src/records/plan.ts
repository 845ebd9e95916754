/**
 * From a query to one SQL statement: pure, so that every refusal and every statement can be tested without a database.
 * The order is total (the record number), values travel as parameters only, identifiers come from the contract.
 */
import { readCursor, writeCursor } from '../base/cursor.ts'
import { canonicalJson } from '../base/digest.ts'
import { refuseUnknown } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import { type Contracts, type Field, fieldType, type LoadedContract } from '../contract/index.ts'
import { quoteIdentifier } from '../store/identifier.ts'
import { ownParameters, type Query } from './query.ts'
import { numberColumn, publishedTable, selectTexts } from './tables.ts'

/** What a plan is made for: a version as the catalogue knows it. */
export interface Target {
  readonly dataset: string
  readonly edition: string
  readonly number: number
  readonly recordsTable: string
}

export interface Plan {
  readonly statement: string
  readonly parameters: readonly (string | number)[]
  readonly limit: number
  /** The canonical text of the query without its place: two pages of one walk share it. */
  readonly canonical: string
}

/** Place of a walk: the version it began with, and the number of the last record seen. */
export interface Place {
  readonly edition: string
  readonly version: number
  readonly after: number
}

/** The canonical text of a query over a dataset; cursors are bound to it. `limit` may change on the way. */
export function canonicalQuery(dataset: string, query: Query): string {
  return canonicalJson({ dataset, edition: query.edition ?? null, filters: query.filters })
}

/** Reads the place from a query's cursor; undefined without one. Throws `cursor-invalid`. */
export function placeOf(dataset: string, query: Query): Place | undefined {
  if (query.cursor === undefined) return undefined
  const place = parsePlace(readCursor(canonicalQuery(dataset, query), query.cursor))
  if (place === undefined) throw problem('cursor-invalid', { path: 'cursor' })
  return place
}

/**
 * The three members of a place and nothing else: a cursor's checksum has no key, so anyone can write one that holds
 * more, such as the name of another dataset.
 */
function parsePlace(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { edition, version, after } = value as { readonly [Name in keyof Place]?: unknown }
  const isPlace =
    typeof edition === 'string' && editionForm.test(edition) && isNumber(version, 1) && isNumber(after, 0)
  return isPlace ? { edition, version, after } : undefined
}

/** Every name that an edition may have is a period: `2025` or `2025-2026`. */
const editionForm = /^\d{4}(-\d{4})?$/

function isNumber(value: unknown, minimum: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= minimum
}

/** The cursor of the place behind a record. */
export function cursorAfter(dataset: string, query: Query, place: Place): string {
  return writeCursor(canonicalQuery(dataset, query), place)
}

/** Plans a page. Throws `parameter-unknown` and `parameter-invalid`, naming the parameter and what is expected. */
export function planPage(
  query: Query,
  target: Target,
  loaded: LoadedContract,
  contracts: Contracts,
  after: number,
): Plan {
  const { contract } = loaded
  refuseUnknown(
    [...ownParameters, ...contract.fields.map((field) => field.name)],
    Object.fromEntries(query.filters),
  )
  const parameters: (string | number)[] = [after, query.limit + 1]
  const conditions = query.filters.map(([name, text]) => {
    const field = contract.fields.find((candidate) => candidate.name === name)
    if (field === undefined) throw problem('parameter-unknown', { path: name })
    parameters.push(canonicalValue(field, text, contracts))
    return condition(field, `$${parameters.length}`)
  })
  const statement = `SELECT ${numberColumn}, ${selectTexts(contract.fields)} FROM ${publishedTable(target.recordsTable)}
    WHERE ${[`${numberColumn} > $1::bigint`, ...conditions].join(' AND ')} ORDER BY ${numberColumn} LIMIT $2::int`
  return { statement, parameters, limit: query.limit, canonical: canonicalQuery(contract.dataset, query) }
}

function condition(field: Field, parameter: string): string {
  const column = quoteIdentifier(field.name)
  // A list is asked for by one of its elements.
  if (field.type === 'list') return `${column} @> ARRAY[${parameter}::text]`
  return `${column} = ${fieldType(field.type).cast(`${parameter}::text`)}`
}

function canonicalValue(field: Field, text: string, contracts: Contracts): string {
  const { parse, expected } = fieldType(field.type)
  const value = field.type === 'list' ? text.trim() : parse(text.trim(), field)
  if (value === undefined || value === '') {
    throw problem('parameter-invalid', { path: field.name, detail: `Expected ${expected.en}.` })
  }
  if (field.codes !== undefined && !contracts.codes(field.codes).byCode.has(value)) {
    throw problem('parameter-invalid', {
      path: field.name,
      detail: `Expected a code of the list ${field.codes}.`,
      codes: field.codes,
    })
  }
  return value
}
