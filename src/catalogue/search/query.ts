/** Parses a dataset search: words, facets, order and page. Refuses invalid values and suggests valid ones. */

import { closest, distance } from 'fastest-levenshtein'
import type { Contract, Contracts } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { canonicalJson } from '../../platform/digest.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { type FacetFilters, type FacetName, facetNames, knownCodes } from './facets.ts'

/** The orders; `relevance` needs a search text. */
export const sortNames = ['relevance', 'slug', 'title', 'published'] as const

type SortName = (typeof sortNames)[number]

/**
 * Characters of a search text. Longer ones are not typed by people, and each word costs a search of the
 * index.
 */
export const questionLengthMax = 200
/** Codes per facet in one request. */
export const facetCodesMax = 50
/** Most and default datasets on a page. */
export const datasetsMax = 1_000
export const datasetsDefault = 100

/** The query parameters by name. */
export type DatasetParameters = Readonly<
  Partial<Record<'q' | 'cursor' | FacetName, string> & { sort: SortName; limit: number }>
>

export interface DatasetQuery {
  /** Absent if all datasets are wanted. */
  readonly question?: string
  readonly filters: FacetFilters
  readonly sort: SortName
  readonly language: Language
  readonly limit: number
  readonly cursor?: string
  /** The query without its position, as text; cursors are bound to it. */
  readonly canonical: string
}

/**
 * Parses the parameters. `readable` are the contracts that the caller may see. Throws `parameter-invalid`
 * with the parameter and, for an unknown code, the nearest known one.
 */
export function parseDatasetQuery(
  parameters: DatasetParameters,
  language: Language,
  readable: readonly Contract[],
  contracts: Contracts,
): DatasetQuery {
  const question = parseQuestion(parameters.q)
  const filters = Object.fromEntries(
    facetNames.flatMap((name) => {
      const text = parameters[name]
      return text === undefined ? [] : [[name, parseCodes(name, text, readable, contracts)]]
    }),
  ) as FacetFilters
  const sort = parameters.sort ?? (question === undefined ? 'slug' : 'relevance')
  if (sort === 'relevance' && question === undefined) {
    throw problem('parameter-invalid', { path: 'sort', detail: 'Sorting by relevance needs `q`.' })
  }
  const canonical = canonicalJson({
    question: question ?? null,
    filters: Object.fromEntries(Object.entries(filters).map(([name, codes]) => [name, [...codes].sort()])),
    sort,
    language: sort === 'title' ? language : null,
  })
  const { limit = datasetsDefault, cursor } = parameters
  // A number of 400 digits is parsed as infinity, which the schema's bounds allow.
  if (!(limit >= 1 && limit <= datasetsMax)) {
    throw problem('parameter-invalid', {
      path: 'limit',
      detail: `Must be a whole number from 1 to ${datasetsMax}.`,
    })
  }
  return {
    filters,
    sort,
    language,
    limit,
    canonical,
    ...defined({ question, cursor }),
  }
}

/** A form sends an empty text if nothing was typed; it selects all datasets. */
function parseQuestion(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const refuse = (detail: string) => problem('parameter-invalid', { path: 'q', detail })
  if (text.includes('\0')) throw refuse('`q` may not contain NUL.')
  if ([...text].length > questionLengthMax) throw refuse(`At most ${questionLengthMax} characters.`)
  return text.trim()
}

function parseCodes(
  name: FacetName,
  text: string,
  readable: readonly Contract[],
  contracts: Contracts,
): readonly string[] {
  const codes = [...new Set(text.split(',').map((code) => code.trim()))].filter((code) => code !== '')
  const refuse = (detail: string, more = {}) => problem('parameter-invalid', { path: name, detail, ...more })
  if (codes.length === 0) throw refuse('Expected a code, or several separated by commas.')
  if (codes.length > facetCodesMax) throw refuse(`At most ${facetCodesMax} codes.`)
  const known = knownCodes(name, readable, contracts)
  const unknown = codes.find((code) => !known.has(code))
  if (unknown === undefined) return codes
  // Cut as in refuseUnknown: a caller may send a megabyte, and the beginning is enough to find the typing
  // error.
  const start = unknown.slice(0, codeLengthMax)
  const nearest = known.size === 0 ? undefined : closest(start, [...known])
  const near = nearest !== undefined && distance(start, nearest) <= Math.max(2, start.length / 2)
  throw refuse('Unknown code; `facets` of GET /v1/datasets lists those in use.', near ? { nearest } : {})
}

const codeLengthMax = 100
