/**
 * Parses a query: filters, fields, order, editions, limit and cursor. It knows no contract and refuses only
 * what is invalid under every contract.
 */

import { type CrsName, crsNames } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { tableOf } from '../../platform/lookup.ts'
import { problem } from '../../platform/problem.ts'
import { type Area, areaNames, parseArea } from './area.ts'
import { type CsvSwitches, csvSwitchNames, parseCsvSwitches } from './csv-options.ts'
import type { Filter } from './filters.ts'

export interface SortField {
  readonly field: string
  readonly descending: boolean
}

export interface Query {
  /** Sorted by parameter name. */
  readonly filters: readonly Filter[]
  /** Names of fields; all fields where absent. */
  readonly select?: readonly string[]
  readonly sort: readonly SortField[]
  /** Words that each record must contain; none where absent. */
  readonly words?: readonly string[]
  /** Editions to read: the latest if absent; several, or `all`, are joined. */
  readonly editions?: 'all' | readonly string[]
  readonly limit?: number
  readonly cursor?: string
  /** Whether to count the matching records. */
  readonly count: boolean
  /** Whether the stand-in of an empty key is returned as nothing. */
  readonly emptiesKeys?: boolean
  readonly csv: CsvSwitches
  /** Where the records must be. */
  readonly area?: Area
  /** The system of the coordinates in the response; WGS-84 if absent. */
  readonly crs?: CrsName
}

/** Most records on a page. */
export const limitMax = 10_000
export const limitDefault = 100

/** Most fields in `sort`. Each adds a segment to every page, and more than three are hardly of use. */
export const sortMax = 3

/** Most editions that a query can join: each is a table, and every page reads all of them. */
export const editionsMax = 30

/** Most words in `q`: each is looked for in every record. */
export const wordsMax = 10

/** Reserved parameters; a contract can't have fields of these names. */
export const reservedNames = [
  'edition',
  'select',
  'sort',
  'limit',
  'cursor',
  'count',
  'key_missing',
  'q',
  'crs',
  ...areaNames,
  ...csvSwitchNames,
] as const

/** Longest value of a parameter, in characters: longer texts are hardly used as filters. */
export const valueLengthMax = 1_000

/** Longest list of values, in characters. Node refuses a request line over 16 KiB anyway. */
const valuesLengthMax = 16_000

/** Operators and reserved parameters whose value is a list. */
const listed: readonly string[] = ['in', 'notin', 'select', 'edition']

/** The one value of `key_missing`. */
export const emptyKeys = 'empty'

function parseKeyMissing(value: string): boolean {
  if (value === emptyKeys) return true
  throw problem('parameter-invalid', { path: 'key_missing', detail: `Expected ${emptyKeys}.` })
}

/** Parses the parameters of a request. Throws `parameter-invalid` naming the parameter. */
export function parseQuery(parameters: Readonly<Record<string, unknown>>): Query {
  const own: Partial<Record<string, string>> = {}
  const others: [string, unknown][] = []
  for (const [name, value] of Object.entries(parameters)) {
    if (reservedNames.some((known) => known === name)) own[name] = parseText(name, value)
    else others.push([name, value])
  }
  const { edition, select, sort, limit, cursor, count, key_missing: keyMissing, crs, q } = own
  return {
    filters: parseFilters(tableOf(others)),
    sort: sort === undefined ? [] : parseSort(sort),
    count: count !== undefined && parseCount(count),
    csv: parseCsvSwitches(own),
    ...(keyMissing === undefined ? {} : { emptiesKeys: parseKeyMissing(keyMissing) }),
    ...(q === undefined ? {} : { words: parseWords(q) }),
    ...(select === undefined ? {} : { select: parseNames('select', select) }),
    ...(edition === undefined
      ? {}
      : { editions: edition === 'all' ? edition : parseNames('edition', edition, editionsMax) }),
    ...(limit === undefined ? {} : { limit: parseLimit(limit) }),
    ...defined({ cursor, area: parseArea(own) }),
    ...(crs === undefined ? {} : { crs: parseCrs(crs) }),
  }
}

/**
 * Parses `field=value` and `field__operator=value`, sorted by name. The caller removes its own parameters
 * first. Throws `parameter-invalid` naming the parameter.
 */
export function parseFilters(parameters: Readonly<Record<string, unknown>>): readonly Filter[] {
  return Object.entries(parameters)
    .map(([name, value]): Filter => {
      const at = name.indexOf('__')
      const [field, operator] = at < 0 ? [name, 'eq'] : [name.slice(0, at), name.slice(at + 2)]
      return { name, field, operator, value: parseText(name, value, operator) }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function parseText(name: string, raw: unknown, kind = name): string {
  // The route has already converted `limit` to a number.
  const value = typeof raw === 'number' ? String(raw) : raw
  const refuse = (detail: string) => problem('parameter-invalid', { path: name.slice(0, 100), detail })
  if (Array.isArray(value)) throw refuse('Give this parameter once.')
  if (typeof value !== 'string' || value === '') throw refuse('Give this parameter a value.')
  if (value.includes('\0')) throw refuse('A value may not contain NUL.')
  if (/\p{Surrogate}/u.test(value))
    throw refuse('A value must be valid Unicode: this one has an unpaired surrogate.')
  // readCursor limits the length of a cursor itself.
  const max = listed.includes(kind) ? valuesLengthMax : valueLengthMax
  if (name !== 'cursor' && value.length > max) throw refuse(`At most ${max} characters.`)
  return value
}

/** Names separated by commas, each once. */
function parseNames(path: string, text: string, max = 500): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const refuse = (detail: string) => problem('parameter-invalid', { path, detail })
  if (names.some((name) => name === ''))
    throw refuse('Separate names by one comma; none of them may be empty.')
  if (new Set(names).size < names.length) throw refuse('Give each name once.')
  if (names.length > max) throw refuse(`At most ${max} names.`)
  return names
}

/** Words separated by blanks, each once. */
function parseWords(text: string): readonly string[] {
  const words = [...new Set(text.split(/\s+/).filter((word) => word !== ''))]
  if (words.length >= 1 && words.length <= wordsMax) return words
  throw problem('parameter-invalid', { path: 'q', detail: `1 to ${wordsMax} words, separated by blanks.` })
}

function parseSort(text: string): readonly SortField[] {
  const fields = parseNames('sort', text, sortMax).map((name) => ({
    field: name.replace(/^-/, ''),
    descending: name.startsWith('-'),
  }))
  if (new Set(fields.map(({ field }) => field)).size < fields.length) {
    throw problem('parameter-invalid', { path: 'sort', detail: 'Give each field once.' })
  }
  return fields
}

function parseLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= limitMax) return limit
  throw problem('parameter-invalid', { path: 'limit', detail: `A whole number from 1 to ${limitMax}.` })
}

function parseCrs(text: string): CrsName {
  const found = crsNames.find((name) => name === text)
  if (found !== undefined) return found
  throw problem('parameter-invalid', {
    path: 'crs',
    detail: `Expected ${crsNames.join(' or ')}. Without it coordinates are in WGS-84.`,
  })
}

function parseCount(text: string): boolean {
  if (text === 'exact') return true
  throw problem('parameter-invalid', { path: 'count', detail: 'Only `exact` is known.' })
}
