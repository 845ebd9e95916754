/**
 * Search over datasets: question, filters, facets and order, over the contracts that the reader may see and no others.
 * An index is kept for each set of contracts that readers see, mostly one, and made again when contracts have come.
 */

import type { Contracts, LoadedContract } from '../../contract/index.ts'
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import type { Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { countFacets, type FacetName, type FacetValue, fitsFacets } from './facets.ts'
import { buildSearchIndex, type SearchAnswer, type SearchIndex } from './index-of-datasets.ts'
import type { SearchMatch } from './matches.ts'
import type { DatasetQuery } from './query.ts'

export interface FoundDataset {
  readonly loaded: LoadedContract
  /** Why it was found; empty without a question. */
  readonly matches: readonly SearchMatch[]
}

export interface FoundDatasets {
  /** How many there are on all pages together. */
  readonly total: number
  readonly page: readonly FoundDataset[]
  readonly facets: Readonly<Record<FacetName, readonly FacetValue[]>>
  readonly readAs: SearchAnswer['readAs']
  /** Cursor of the next page; absent on the last. */
  readonly next?: string
}

/** Finds datasets among `readable`. `publishedAt` tells when a dataset's latest version was published. */
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
  const asked = answer === undefined ? readable : answer.hits.flatMap(({ slug }) => bySlug.get(slug) ?? [])
  const found = asked.filter(({ contract }) => fitsFacets(contract, query.filters))
  const ordered = order(found, query.sort, query.language, publishedAt)
  const start = startOf(query, ordered)
  const page = ordered.slice(start, start + query.limit)
  const last = page.at(-1)?.contract.dataset
  const more = start + page.length < ordered.length && last !== undefined
  return {
    total: found.length,
    page: page.map((loaded) => ({ loaded, matches: matches.get(loaded.contract.dataset)?.() ?? [] })),
    facets: countFacets(
      asked.map(({ contract }) => contract),
      query.filters,
      contracts,
    ),
    readAs: answer?.readAs ?? [],
    ...(more ? { next: writeCursor(query.canonical, { after: last, at: start + page.length }) } : {}),
  }
}

/** Hits come by relevance and contracts by slug, so those two orders are there already. */
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
 * Where the page begins: behind the dataset that the former page ended with. Where that is gone meanwhile, at its
 * place. A cursor that someone has forged can name nothing that is not found for this reader anyway.
 */
function startOf({ canonical, cursor }: DatasetQuery, ordered: readonly LoadedContract[]): number {
  if (cursor === undefined) return 0
  const place = readCursor(canonical, cursor)
  if (typeof place !== 'object' || place === null) throw problem('cursor-invalid', { path: 'cursor' })
  const { after, at } = place as { readonly after?: unknown; readonly at?: unknown }
  if (typeof after !== 'string' || !Number.isSafeInteger(at) || (at as number) < 1) {
    throw problem('cursor-invalid', { path: 'cursor' })
  }
  const index = ordered.findIndex(({ contract }) => contract.dataset === after)
  return index === -1 ? Math.min(at as number, ordered.length) : index + 1
}

/** Indexes kept beside that of what is open: keys that open different datasets are few. */
export const indexesMax = 4

/** Indexes by the digests of what they were made of, the one longest unused first. They go with their contracts. */
const kept = new WeakMap<Contracts, Map<string, Promise<SearchIndex>>>()

function indexOf(readable: readonly LoadedContract[], contracts: Contracts): Promise<SearchIndex> {
  const own = kept.get(contracts) ?? new Map<string, Promise<SearchIndex>>()
  kept.set(contracts, own)
  const madeOf = readable.map(({ digest }) => digest).join()
  const index = own.get(madeOf) ?? buildSearchIndex(readable, contracts)
  own.delete(madeOf)
  own.set(madeOf, index)
  const [oldest] = own.keys()
  if (own.size > indexesMax && oldest !== undefined) own.delete(oldest)
  return index
}
