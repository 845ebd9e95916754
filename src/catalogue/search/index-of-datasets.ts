/**
 * The in-memory search index of datasets: built from contracts, searched in Chinese, English or both, ranked
 * by BM25 with a weight per kind of text. Pure; it reveals nothing about other contracts than those it was
 * built from.
 */
import { setImmediate } from 'node:timers/promises'
import { distance } from 'fastest-levenshtein'
import MiniSearch, { type SearchResult } from 'minisearch'
import type { Contracts, LoadedContract } from '../../contract/index.ts'
import { type SearchMatch, showMatches } from './matches.ts'
import { placeNames, places, type SearchedText, searchedTexts } from './texts.ts'
import { termsOf, type Word, wordsOf } from './tokens.ts'

interface SearchHit {
  readonly slug: string
  readonly matches: () => readonly SearchMatch[]
}

export interface SearchAnswer {
  /** The best first; ties by slug. */
  readonly hits: readonly SearchHit[]
  /** Words found in no dataset, and the words searched instead. */
  readonly readAs: readonly { readonly word: string; readonly as: readonly string[] }[]
}

export interface SearchIndex {
  readonly search: (question: string) => SearchAnswer
}

/**
 * Datasets indexed without a pause. Indexing a thousand takes seconds, so other requests must run in between.
 */
const batchSize = 10

/** Builds the index of these datasets. */
export async function buildSearchIndex(
  loaded: readonly LoadedContract[],
  contracts: Contracts,
): Promise<SearchIndex> {
  const texts = new Map<string, readonly SearchedText[]>()
  const words = new Set<string>()
  const index = new MiniSearch<IndexedDataset>({
    idField: 'slug',
    fields: [...placeNames],
    extractField: (dataset, name) => (name === 'slug' ? dataset.slug : (dataset.byPlace.get(name) ?? '')),
    tokenize: (text) => [...termsOf(text)],
    processTerm: (term) => term,
  })
  for (const [count, { contract }] of loaded.entries()) {
    const own = searchedTexts(contract, contracts)
    texts.set(contract.dataset, own)
    index.add({ slug: contract.dataset, byPlace: joinByPlace(own) })
    collectWords(own, words)
    if (count % batchSize === batchSize - 1) await setImmediate()
  }
  const vocabulary = [...words].sort()
  return {
    search: (question) => {
      const query = wordsOf(question).map((word) => readWord(word, vocabulary))
      const hits = findHits(index, query).map(
        ({ id, match }): SearchHit => ({
          slug: id,
          matches: () => showMatches(texts.get(id) ?? [], new Set(Object.keys(match))),
        }),
      )
      const readAs = query.flatMap(({ text, readAs: as }) => (as === undefined ? [] : [{ word: text, as }]))
      return { hits, readAs: hits.length === 0 ? [] : readAs }
    },
  }
}

interface IndexedDataset {
  readonly slug: string
  readonly byPlace: ReadonlyMap<string, string>
}

function joinByPlace(texts: readonly SearchedText[]): ReadonlyMap<string, string> {
  const joined = new Map<string, string>()
  for (const { place, texts: own } of texts) {
    joined.set(place, `${joined.get(place) ?? ''}\n${own.join('\n')}`)
  }
  return joined
}

/** Adds every word that is not Chinese. */
function collectWords(texts: readonly SearchedText[], words: Set<string>): void {
  for (const text of texts.flatMap((searched) => searched.texts)) {
    for (const term of termsOf(text)) if (!/\p{Script=Han}/u.test(term)) words.add(term)
  }
}

interface QueryWord extends Word {
  /** The number of its terms that must match. */
  readonly needed: number
  readonly readAs?: readonly string[]
}

/**
 * A Chinese run needs half of its pairs: a pair across two words, such as 东篮 in 浦东篮球, is in no text. A word
 * that no dataset contains, not even as a prefix, is replaced by the nearest ones that some dataset contains.
 */
function readWord(word: Word, vocabulary: readonly string[]): QueryWord {
  if (word.han) return { ...word, needed: Math.ceil(word.terms.length / 2) }
  const known = vocabulary.some((term) => word.terms.includes(term) || term.startsWith(word.text))
  if (known) return { ...word, needed: 1 }
  const readAs = nearestTerms(word.text, vocabulary)
  return readAs.length === 0 ? { ...word, needed: 1 } : { ...word, terms: readAs, needed: 1, readAs }
}

/** Minimum word lengths for one and two typing errors: shorter words resemble each other too much. */
const oneErrorLettersMin = 5
const twoErrorsLettersMin = 8
/** Most replacements of a word; more would no longer be a good guess. */
const replacementsMax = 3

/**
 * The terms nearest to a word with the same first letter, which is rarely mistyped. Two swapped letters are
 * one error.
 */
function nearestTerms(word: string, vocabulary: readonly string[]): readonly string[] {
  if (!/^\p{L}+$/u.test(word) || word.length < oneErrorLettersMin || word.length > termLengthMax) return []
  const errorsMax = word.length < twoErrorsLettersMin ? 1 : 2
  const near = vocabulary
    .filter((term) => term[0] === word[0] && Math.abs(term.length - word.length) <= errorsMax)
    .map((term) => ({ term, errors: isSwapped(term, word) ? 1 : distance(term, word) }))
    .filter(({ errors }) => errors <= errorsMax)
  const least = Math.min(...near.map(({ errors }) => errors))
  return near
    .filter(({ errors }) => errors === least)
    .map(({ term }) => term)
    .slice(0, replacementsMax)
}

/** Longest word to compare, as the cost is the product of both lengths. */
const termLengthMax = 64

function isSwapped(term: string, word: string): boolean {
  const first = [...term].findIndex((letter, index) => letter !== word[index])
  return (
    term.length === word.length &&
    term[first] === word[first + 1] &&
    term[first + 1] === word[first] &&
    term.slice(first + 2) === word.slice(first + 2)
  )
}

/** Shortest prefix to search; a single letter begins too many words. */
const prefixLettersMin = 2

/**
 * Finds datasets that contain every word, best first. Numbers match only completely: 31 is not a prefix of
 * 310115.
 */
function findHits(index: MiniSearch<IndexedDataset>, words: readonly QueryWord[]): readonly SearchResult[] {
  if (words.length === 0) return []
  const prefixes = new Set(
    words
      .flatMap(({ han, terms }) => (han ? [] : terms))
      .filter((term) => term.length >= prefixLettersMin && /\p{L}/u.test(term)),
  )
  const found = index.search(words.flatMap(({ terms }) => terms).join(' '), {
    tokenize: (terms) => terms.split(' '),
    processTerm: (term) => term,
    combineWith: 'OR',
    prefix: (term) => prefixes.has(term),
    boost: places,
  })
  return found
    .filter(({ queryTerms }) => {
      const matched = new Set(queryTerms)
      return words.every(({ terms, needed }) => terms.filter((term) => matched.has(term)).length >= needed)
    })
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}
