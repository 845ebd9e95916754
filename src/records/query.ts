/** A query as text asks for it: names and values, limit and cursor. It knows no contract, so it may be nonsense still. */
import { problem } from '../base/problem.ts'

export interface Query {
  /** Filters by equality, in the order of their names. */
  readonly filters: readonly (readonly [name: string, value: string])[]
  readonly edition?: string
  readonly limit: number
  readonly cursor?: string
}

/** Most records on a page. Whole datasets are for the files. */
export const limitMax = 1_000
export const limitDefault = 100

/** Parameters of ours; a contract can't have fields of these names. */
export const ownParameters = ['edition', 'limit', 'cursor'] as const

/** Longest value of a parameter that is looked at: no published text is longer in any sensible contract. */
export const valueLengthMax = 1_000

/** Parses the parameters of a request. Throws `parameter-invalid` naming the parameter. */
export function parseQuery(parameters: Readonly<Record<string, unknown>>): Query {
  const texts = Object.entries(parameters).map(([name, value]) => [name, parseText(name, value)] as const)
  const own = (wanted: string) => texts.find(([name]) => name === wanted)?.[1]
  const edition = own('edition')
  const cursor = own('cursor')
  const filters = texts
    .filter(([name]) => !ownParameters.some((known) => known === name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    filters,
    limit: parseLimit(own('limit')),
    ...(edition === undefined ? {} : { edition }),
    ...(cursor === undefined ? {} : { cursor }),
  }
}

function parseText(name: string, given: unknown): string {
  // The route has read `limit` as a number already.
  const value = typeof given === 'number' ? String(given) : given
  const refuse = (detail: string) => problem('parameter-invalid', { path: name, detail })
  if (Array.isArray(value)) throw refuse('Give this parameter once.')
  if (typeof value !== 'string' || value === '') throw refuse('Give this parameter a value.')
  if (value.includes('\0')) throw refuse('A value may not contain NUL.')
  // A cursor has a bound of its own, with a refusal of its own.
  if (name !== 'cursor' && value.length > valueLengthMax)
    throw refuse(`At most ${valueLengthMax} characters.`)
  return value
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return limitDefault
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= limitMax) return limit
  throw problem('parameter-invalid', { path: 'limit', detail: `A whole number from 1 to ${limitMax}.` })
}
