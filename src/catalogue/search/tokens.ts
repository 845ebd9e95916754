/**
 * Splits text into search terms: words of letters and digits, and for Chinese, which has no spaces, every
 * character and every pair of adjacent characters. Ignores full width and case. It knows no grammar.
 */

/** A term and its position in UTF-16 code units, end exclusive. */
interface Token {
  readonly term: string
  readonly start: number
  readonly end: number
}

/** One word of a search text and its terms; a Chinese one has several. */
export interface Word {
  readonly text: string
  readonly terms: readonly string[]
  /** Whether it is Chinese, and so searched by pairs and never by similarity. */
  readonly han: boolean
}

/** The terms of a text with their positions: words, and single characters and pairs of Chinese runs. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  walk(text, (term, start, end) => void tokens.push({ term, start, end }))
  return tokens
}

/**
 * The distinct terms of a text. An index of a thousand contracts has millions, so positions are not stored.
 */
export function termsOf(text: string): ReadonlySet<string> {
  const terms = new Set<string>()
  walk(text, (term) => void terms.add(term))
  return terms
}

function walk(text: string, visit: (term: string, start: number, end: number) => void): void {
  for (const { run, start, han } of runsOf(text)) {
    if (!han) {
      visit(normalise(run), start, start + run.length)
      continue
    }
    let at = start
    let previous = ''
    for (const character of run) {
      if (previous !== '') visit(normalise(previous + character), at - previous.length, at + character.length)
      visit(normalise(character), at, at + character.length)
      at += character.length
      previous = character
    }
  }
}

/**
 * The distinct words of a search text, at most `wordsMax`. A Chinese run of several characters is searched
 * only by its pairs, as single characters are everywhere; 的 and the commonest English words are ignored.
 */
export function wordsOf(question: string): readonly Word[] {
  const words = [...runsOf(question)].flatMap(({ run, han }): readonly Word[] => {
    const text = normalise(run)
    if (!han) return ignored.has(text) ? [] : [{ text, terms: formsOf(text), han }]
    return text
      .split('的')
      .filter((part) => part !== '')
      .map((part) => ({ text: part, terms: pairsOf(part), han }))
  })
  const first = words.filter((word, index) => words.findIndex(({ text }) => text === word.text) === index)
  return first.slice(0, wordsMax)
}

/** Most words of a search text; more do not narrow the result, and each costs a search of the index. */
export const wordsMax = 16

/** A word and, if it looks like an English plural, its singular. A singular finds its plural as a prefix. */
function formsOf(word: string): readonly string[] {
  if (/^[a-z]{2,}ies$/.test(word)) return [word, `${word.slice(0, -3)}y`]
  return /^[a-z]{3,}[^s]s$/.test(word) ? [word, word.slice(0, -1)] : [word]
}

function pairsOf(run: string): readonly string[] {
  const characters = [...run]
  if (characters.length < 2) return characters
  return [...new Set(characters.slice(1).map((character, index) => `${characters[index]}${character}`))]
}

/**
 * NFKC turns full-width letters and digits into plain ones; then lower case. Most Chinese characters have one
 * form.
 */
function normalise(text: string): string {
  if (/^[a-z0-9\u4e00-\u9fff]*$/.test(text)) return text
  return text.normalize('NFKC').toLowerCase()
}

interface Run {
  readonly run: string
  readonly start: number
  readonly han: boolean
}

/** Runs of Chinese characters, and of other letters, marks and digits; everything else separates. */
function* runsOf(text: string): Generator<Run> {
  for (const word of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    for (const match of word[0].matchAll(/(\p{Script=Han}+)|\P{Script=Han}+/gu)) {
      yield { run: match[0], start: word.index + match.index, han: match[1] !== undefined }
    }
  }
}

/** Words of nearly every English text; requiring them would only exclude matches. */
const ignored: ReadonlySet<string> = new Set(
  'a an and are as at be by for from in is it its of on or that the their this to was were with'.split(' '),
)
