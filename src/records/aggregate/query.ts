/**
 * Parses an aggregate query: groups, measures, order and limit. It knows no contract; it refuses what can't
 * be parsed, duplicates, and more than the limits allow.
 */

import type { AggregateFunction } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import type { Filter } from '../query/filters.ts'
import { editionsMax, parseFilters } from '../query/query.ts'

/** A requested measure: `count`, or a function over a field. */
export type MeasureRequest =
  | { readonly name: 'count' }
  | { readonly name: AggregateFunction; readonly field: string }

export interface AggregateQuery {
  readonly filters: readonly Filter[]
  /** Editions to read: the latest if absent. Several are never added up. */
  readonly editions?: 'all' | readonly string[]
  readonly groupBy: readonly string[]
  readonly measures: readonly MeasureRequest[]
  /** Names of columns in the response, each with its direction. */
  readonly sort: readonly { readonly name: string; readonly descending: boolean }[]
  /** If absent: all groups, or a problem if there are more than `groupsMax`. */
  readonly limit?: number
}

/** Most fields to group by. More is hardly an aggregate; the record routes serve single records. */
export const groupByMax = 4
/** Most measures in one response; each costs Postgres a computation per record. */
export const measuresMax = 20
/** Most groups in a response, about 2 MB of JSON. A query with more is refused unless it sets a limit. */
export const groupsMax = 10_000

/** Reserved parameters; all others are filters. */
export const aggregateParameters = ['edition', 'group_by', 'measures', 'sort', 'limit'] as const

const aggregateFunctions: readonly AggregateFunction[] = ['sum', 'mean', 'min', 'max']

/**
 * Parses the parameters of an aggregate. Throws `parameter-invalid`, naming the parameter and what is
 * expected.
 */
export function parseAggregate(parameters: Readonly<Record<string, unknown>>): AggregateQuery {
  // parseFilters applies the length limits to the reserved parameters too.
  const all = parseFilters(parameters)
  const own = (parameter: (typeof aggregateParameters)[number]) =>
    all.find(({ name }) => name === parameter)?.value
  const edition = own('edition')
  const limit = parseLimit(own('limit'))
  return {
    filters: all.filter(({ name }) => !aggregateParameters.some((known) => known === name)),
    groupBy: parseNames('group_by', own('group_by'), groupByMax),
    measures: parseMeasures(own('measures')),
    sort: parseSort(own('sort')),
    ...(edition === undefined
      ? {}
      : { editions: edition === 'all' ? edition : parseNames('edition', edition, editionsMax) }),
    ...defined({ limit }),
  }
}

function parseNames(parameter: string, text: string | undefined, max: number): readonly string[] {
  if (text === undefined) return []
  const names = text.split(',')
  if (names.length > max) throw refuse(parameter, `At most ${max}, separated by commas.`)
  if (names.includes('')) throw refuse(parameter, 'Separate names by single commas, without spaces.')
  if (new Set(names).size < names.length) throw refuse(parameter, 'Give each name once.')
  return names
}

function parseMeasures(text: string | undefined): readonly MeasureRequest[] {
  const expected = `Write \`count\` or a function and a field, such as sum:pupils; functions are ${aggregateFunctions.join(', ')}.`
  return parseNames('measures', text ?? 'count', measuresMax).map((piece) => {
    if (piece === 'count') return { name: 'count' }
    const [text, field, more] = piece.split(':')
    const name = aggregateFunctions.find((candidate) => candidate === text)
    if (name === undefined || field === undefined || field === '' || more !== undefined) {
      throw refuse('measures', expected)
    }
    return { name, field }
  })
}

function parseSort(text: string | undefined): AggregateQuery['sort'] {
  const sort = parseNames('sort', text, groupByMax + measuresMax).map((piece) =>
    piece.startsWith('-') ? { name: piece.slice(1), descending: true } : { name: piece, descending: false },
  )
  if (new Set(sort.map(({ name }) => name)).size < sort.length) {
    throw refuse('sort', 'Give each name once, in one direction.')
  }
  return sort
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= groupsMax) return limit
  throw refuse('limit', `A whole number of groups from 1 to ${groupsMax}.`)
}

function refuse(path: string, detail: string) {
  return problem('parameter-invalid', { path, detail })
}
