/**
 * Text as search sees it: words of letters and digits, and for Chinese, which writes no spaces, every sign and every
 * two neighbouring signs. Full-width forms and case make no difference. It knows no language's grammar.
 */

/** A term of a text, and where it stands there in UTF-16 code units, the end excluded. */
export interface Token {
  readonly term: string
  readonly start: number
  readonly end: number
}

/** One word of a question: its terms, of which a Chinese one has several. */
export interface Word {
  readonly text: string
  readonly terms: readonly string[]
  /** Whether it is of Han signs, and so searched by pairs and never by resemblance. */
  readonly han: boolean
}

/** The terms of a text that is searched: words, and single signs and pairs of Han runs, each in its place. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  walk(text, (term, start, end) => void tokens.push({ term, start, end }))
  return tokens
}

/** The terms of a text, each once. An index of a thousand contracts is made of millions, so none is kept with its place. */
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
    let former = ''
    for (const sign of run) {
      if (former !== '') visit(normalise(former + sign), at - former.length, at + sign.length)
      visit(normalise(sign), at, at + sign.length)
      at += sign.length
      former = sign
    }
  }
}

/**
 * The words of a question, each once, at most `wordsMax`. A Han run of several signs is asked for by its pairs alone,
 * since single signs are in everything; 的 and the commonest English words say nothing and are left out.
 */
export function wordsOf(question: string): readonly Word[] {
  const words = [...runsOf(question)].flatMap(({ run, han }): readonly Word[] => {
    const text = normalise(run)
    if (!han) return silent.has(text) ? [] : [{ text, terms: formsOf(text), han }]
    return text
      .split('的')
      .filter((part) => part !== '')
      .map((part) => ({ text: part, terms: pairsOf(part), han }))
  })
  const first = words.filter((word, index) => words.findIndex(({ text }) => text === word.text) === index)
  return first.slice(0, wordsMax)
}

/** More words than this narrow nothing down, and each costs a walk through the index. */
export const wordsMax = 16

/** A word and its English singular, if it looks like a plural: a singular finds its plural anyway, as its beginning. */
function formsOf(word: string): readonly string[] {
  if (/^[a-z]{2,}ies$/.test(word)) return [word, `${word.slice(0, -3)}y`]
  return /^[a-z]{3,}[^s]s$/.test(word) ? [word, word.slice(0, -1)] : [word]
}

function pairsOf(run: string): readonly string[] {
  const signs = [...run]
  if (signs.length < 2) return signs
  return [...new Set(signs.slice(1).map((sign, index) => `${signs[index]}${sign}`))]
}

/** NFKC turns full-width letters and digits into plain ones; then case is folded. Most Han signs have one form only. */
function normalise(text: string): string {
  if (/^[a-z0-9\u4e00-\u9fff]*$/.test(text)) return text
  return text.normalize('NFKC').toLowerCase()
}

interface Run {
  readonly run: string
  readonly start: number
  readonly han: boolean
}

/** Runs of Han signs, and of other letters, marks and digits; whatever stands between divides. */
function* runsOf(text: string): Generator<Run> {
  for (const word of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    for (const match of word[0].matchAll(/(\p{Script=Han}+)|\P{Script=Han}+/gu)) {
      yield { run: match[0], start: word.index + match.index, han: match[1] !== undefined }
    }
  }
}

/** In nearly every English text, so that they would only let nothing match. */
const silent: ReadonlySet<string> = new Set(
  'a an and are as at be by for from in is it its of on or that the their this to was were with'.split(' '),
)
