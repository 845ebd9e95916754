/** A question about datasets as text asks it: words, facets, order and page. Refuses what can't be meant, and says what can. */
import { closest, distance } from 'fastest-levenshtein'
import type { Contract, Contracts } from '../../contract/index.ts'
import { canonicalJson } from '../../platform/digest.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { type FacetFilters, type FacetName, facetNames, knownCodes } from './facets.ts'

/** The orders; `relevance` needs a question. */
export const sortNames = ['relevance', 'slug', 'title', 'published'] as const

export type SortName = (typeof sortNames)[number]

/** Signs of a question. Nobody types more, and each word costs a walk through the index. */
export const questionLengthMax = 200
/** Codes of one facet in one question. */
export const facetCodesMax = 50
/** Datasets on a page. */
export const datasetsMax = 1_000
export const datasetsDefault = 100

/** The parameters by name, as an address has them. */
export type DatasetParameters = Readonly<
  Partial<Record<'q' | 'cursor' | FacetName, string> & { sort: SortName; limit: number }>
>

export interface DatasetQuery {
  /** Absent where nothing is asked: then all datasets are meant. */
  readonly question?: string
  readonly filters: FacetFilters
  readonly sort: SortName
  readonly language: Language
  readonly limit: number
  readonly cursor?: string
  /** The query without its place, as text: cursors are bound to it. */
  readonly canonical: string
}

/**
 * Reads the parameters. `readable` are the contracts that the caller may see. Throws `parameter-invalid` with the
 * parameter and, for a code that does not exist, the nearest that does.
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
    throw problem('parameter-invalid', { path: 'sort', detail: 'Relevance needs a question: give q.' })
  }
  const canonical = canonicalJson({
    question: question ?? null,
    filters: Object.fromEntries(Object.entries(filters).map(([name, codes]) => [name, [...codes].sort()])),
    sort,
    language: sort === 'title' ? language : null,
  })
  const { limit = datasetsDefault, cursor } = parameters
  // Four hundred nines are read as infinity, which the schema's bounds let pass.
  if (!(limit >= 1 && limit <= datasetsMax)) {
    throw problem('parameter-invalid', { path: 'limit', detail: `A whole number from 1 to ${datasetsMax}.` })
  }
  return {
    filters,
    sort,
    language,
    limit,
    canonical,
    ...(question === undefined ? {} : { question }),
    ...(cursor === undefined ? {} : { cursor }),
  }
}

/** An empty question is what a form sends where nothing was typed: it asks for everything. */
function parseQuestion(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const refuse = (detail: string) => problem('parameter-invalid', { path: 'q', detail })
  if (text.includes('\0')) throw refuse('A question may not contain NUL.')
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
  if (codes.length === 0) throw refuse('Give this parameter a code, or several with commas.')
  if (codes.length > facetCodesMax) throw refuse(`At most ${facetCodesMax} codes.`)
  const known = knownCodes(name, readable, contracts)
  const unknown = codes.find((code) => !known.has(code))
  if (unknown === undefined) return codes
  // Cut as refuseUnknown does: a caller may send a megabyte, and only its beginning helps to find the slip.
  const given = unknown.slice(0, codeLengthMax)
  const nearest = known.size === 0 ? undefined : closest(given, [...known])
  const near = nearest !== undefined && distance(given, nearest) <= Math.max(2, given.length / 2)
  throw refuse('No such code; `facets` of GET /v1/datasets names those in use.', near ? { nearest } : {})
}

const codeLengthMax = 100
