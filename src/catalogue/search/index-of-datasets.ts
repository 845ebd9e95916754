/**
 * The index over datasets, in memory: built of contracts, asked with a question in Chinese, English or both, ranked by
 * BM25 with a weight for each place. Pure; what is not among the contracts handed in can't be found or hinted at.
 */
import { setImmediate } from 'node:timers/promises'
import { distance } from 'fastest-levenshtein'
import MiniSearch, { type SearchResult } from 'minisearch'
import type { Contracts, LoadedContract } from '../../contract/index.ts'
import { type SearchMatch, showMatches } from './matches.ts'
import { placeNames, places, type SearchedText, searchedTexts } from './texts.ts'
import { termsOf, type Word, wordsOf } from './tokens.ts'

export interface SearchHit {
  readonly slug: string
  readonly matches: () => readonly SearchMatch[]
}

export interface SearchAnswer {
  /** The best first; equally good ones by slug. */
  readonly hits: readonly SearchHit[]
  /** Words that are in no dataset, and those that were looked for in their place. */
  readonly readAs: readonly { readonly word: string; readonly as: readonly string[] }[]
}

export interface SearchIndex {
  readonly search: (question: string) => SearchAnswer
}

/** Datasets that are indexed at a stroke; others are answered between, for a thousand take seconds. */
const strokeMax = 10

/** Builds the index of these datasets and no others. */
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
    if (count % strokeMax === strokeMax - 1) await setImmediate()
  }
  const vocabulary = [...words].sort()
  return {
    search: (question) => {
      const asked = wordsOf(question).map((word) => readWord(word, vocabulary))
      const hits = ask(index, asked).map(
        ({ id, match }): SearchHit => ({
          slug: id,
          matches: () => showMatches(texts.get(id) ?? [], new Set(Object.keys(match))),
        }),
      )
      const readAs = asked.flatMap(({ text, readAs: as }) => (as === undefined ? [] : [{ word: text, as }]))
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

/** Adds every word that is not of Han signs. */
function collectWords(texts: readonly SearchedText[], words: Set<string>): void {
  for (const text of texts.flatMap((one) => one.texts)) {
    for (const term of termsOf(text)) if (!/\p{Script=Han}/u.test(term)) words.add(term)
  }
}

interface AskedWord extends Word {
  /** So many of its terms must be there. */
  readonly needed: number
  readonly readAs?: readonly string[]
}

/**
 * A Han run needs half of its pairs: the pair across two words of a run, as 东篮 in 浦东篮球, is in no text.
 * A word that no dataset knows, not even as a beginning, is read as the nearest that one does know.
 */
function readWord(word: Word, vocabulary: readonly string[]): AskedWord {
  if (word.han) return { ...word, needed: Math.ceil(word.terms.length / 2) }
  const known = vocabulary.some((term) => word.terms.includes(term) || term.startsWith(word.text))
  if (known) return { ...word, needed: 1 }
  const readAs = nearestTerms(word.text, vocabulary)
  return readAs.length === 0 ? { ...word, needed: 1 } : { ...word, terms: readAs, needed: 1, readAs }
}

/** Shorter words resemble too much; two slips are borne only in a long one. */
const lettersOfOneSlip = 5
const lettersOfTwoSlips = 8
/** As many readings of a word as one would still call a guess. */
const readingsMax = 3

/** The terms nearest to a word that have its first letter: slips are seldom made there. Two letters swapped are one slip. */
function nearestTerms(word: string, vocabulary: readonly string[]): readonly string[] {
  if (!/^\p{L}+$/u.test(word) || word.length < lettersOfOneSlip || word.length > termLengthMax) return []
  const slipsMax = word.length < lettersOfTwoSlips ? 1 : 2
  const near = vocabulary
    .filter((term) => term[0] === word[0] && Math.abs(term.length - word.length) <= slipsMax)
    .map((term) => ({ term, slips: isSwapped(term, word) ? 1 : distance(term, word) }))
    .filter(({ slips }) => slips <= slipsMax)
  const least = Math.min(...near.map(({ slips }) => slips))
  return near
    .filter(({ slips }) => slips === least)
    .map(({ term }) => term)
    .slice(0, readingsMax)
}

/** No word is longer; comparing costs the product of two lengths. */
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

/** A single letter begins too many words. */
const prefixLettersMin = 2

/** Datasets that have every word, best first. Numbers are taken as they are: 31 is not the beginning of 310115. */
function ask(index: MiniSearch<IndexedDataset>, words: readonly AskedWord[]): readonly SearchResult[] {
  if (words.length === 0) return []
  const begins = new Set(
    words
      .flatMap(({ han, terms }) => (han ? [] : terms))
      .filter((term) => term.length >= prefixLettersMin && /\p{L}/u.test(term)),
  )
  const found = index.search(words.flatMap(({ terms }) => terms).join(' '), {
    tokenize: (terms) => terms.split(' '),
    processTerm: (term) => term,
    combineWith: 'OR',
    prefix: (term) => begins.has(term),
    boost: places,
  })
  return found
    .filter(({ queryTerms }) => {
      const there = new Set(queryTerms)
      return words.every(({ terms, needed }) => terms.filter((term) => there.has(term)).length >= needed)
    })
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}
