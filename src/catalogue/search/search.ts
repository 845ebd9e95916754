/**
 * Search for datasets: text, filters, facets and order, only over the contracts that the reader may see. One
 * index per set of visible contracts is cached, in most cases a single one; new contracts need a new index.
 */

import type { Contracts, LoadedContract } from '../../contract/index.ts'
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { countFacets, type FacetName, type FacetValue, fitsFacets } from './facets.ts'
import { buildSearchIndex, type SearchAnswer, type SearchIndex } from './index-of-datasets.ts'
import type { SearchMatch } from './matches.ts'
import type { DatasetQuery } from './query.ts'

interface FoundDataset {
  readonly loaded: LoadedContract
  /** Why it was found; empty without a search text. */
  readonly matches: readonly SearchMatch[]
}

export interface FoundDatasets {
  /** The number of datasets on all pages. */
  readonly total: number
  readonly page: readonly FoundDataset[]
  readonly facets: Readonly<Record<FacetName, readonly FacetValue[]>>
  readonly readAs: SearchAnswer['readAs']
  /** Cursor of the next page; absent on the last. */
  readonly next?: string
}

/**
 * Finds datasets among `readable`. `publishedAt` gives the time of publication of a dataset's latest version.
 */
export async function findDatasets(
  query: DatasetQuery,
  readable: readonly LoadedContract[],
  contracts: Contracts,
  publishedAt: (dataset: string) => Date | undefined,
): Promise<FoundDatasets> {
  const { question } = query
  const index = question === undefined ? undefined : await indexOf(readable, contracts)
  const answer = question === undefined ? undefined : index?.search(question)
  const matches = new Map(answer?.hits.map((hit) => [hit.slug, hit.matches]))
  const bySlug = new Map(readable.map((loaded) => [loaded.contract.dataset, loaded]))
  const candidates =
    answer === undefined ? readable : answer.hits.flatMap(({ slug }) => bySlug.get(slug) ?? [])
  const found = candidates.filter(({ contract }) => fitsFacets(contract, query.filters))
  const ordered = order(found, query.sort, query.language, publishedAt)
  const start = startOf(query, ordered)
  const page = ordered.slice(start, start + query.limit)
  const last = page.at(-1)?.contract.dataset
  const more = start + page.length < ordered.length && last !== undefined
  return {
    total: found.length,
    page: page.map((loaded) => ({ loaded, matches: matches.get(loaded.contract.dataset)?.() ?? [] })),
    facets: countFacets(
      candidates.map(({ contract }) => contract),
      query.filters,
      contracts,
    ),
    readAs: answer?.readAs ?? [],
    ...(more ? { next: writeCursor(query.canonical, { after: last, at: start + page.length }) } : {}),
  }
}

/** Hits are ordered by relevance and contracts by slug already. */
function order(
  found: readonly LoadedContract[],
  sort: DatasetQuery['sort'],
  language: Language,
  publishedAt: (dataset: string) => Date | undefined,
): readonly LoadedContract[] {
  if (sort === 'relevance') return found
  const bySlug = (a: LoadedContract, b: LoadedContract) => (a.contract.dataset < b.contract.dataset ? -1 : 1)
  if (sort === 'slug') return [...found].sort(bySlug)
  if (sort === 'title') {
    const { compare } = new Intl.Collator(language === 'zh' ? 'zh-CN' : 'en')
    return [...found].sort(
      (a, b) => compare(a.contract.title[language], b.contract.title[language]) || bySlug(a, b),
    )
  }
  const time = ({ contract }: LoadedContract) => publishedAt(contract.dataset)?.getTime() ?? 0
  return [...found].sort((a, b) => time(b) - time(a) || bySlug(a, b))
}

/**
 * The start of the page: after the last dataset of the previous page, or at its former index if it no longer
 * exists. A forged cursor can reveal nothing, as it only selects among the datasets found for this reader.
 */
function startOf({ canonical, cursor }: DatasetQuery, ordered: readonly LoadedContract[]): number {
  if (cursor === undefined) return 0
  const value = readCursor(canonical, cursor)
  if (typeof value !== 'object' || value === null) throw problem('cursor-invalid', { path: 'cursor' })
  const { after, at } = value as { readonly after?: unknown; readonly at?: unknown }
  if (typeof after !== 'string' || !Number.isSafeInteger(at) || (at as number) < 1) {
    throw problem('cursor-invalid', { path: 'cursor' })
  }
  const index = ordered.findIndex(({ contract }) => contract.dataset === after)
  return index === -1 ? Math.min(at as number, ordered.length) : index + 1
}

/** Cached indexes; keys with different grants are few. */
const indexesMax = 4

/**
 * Indexes by the digests of their contracts, least recently used first. They are released with their
 * contracts.
 */
const cache = new WeakMap<Contracts, Map<string, Promise<SearchIndex>>>()

function indexOf(readable: readonly LoadedContract[], contracts: Contracts): Promise<SearchIndex> {
  const own = cache.get(contracts) ?? new Map<string, Promise<SearchIndex>>()
  cache.set(contracts, own)
  const key = readable.map(({ digest }) => digest).join()
  const index = own.get(key) ?? buildSearchIndex(readable, contracts)
  own.delete(key)
  own.set(key, index)
  const [oldest] = own.keys()
  if (own.size > indexesMax && oldest !== undefined) own.delete(oldest)
  return index
}
