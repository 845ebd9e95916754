/**
 * Why a dataset was found: the kind of text, an excerpt, and the matching words in it. Plain text, no HTML.
 */
import { defined } from '../../platform/defined.ts'
import { placeNames, type SearchedText, type SearchPlace } from './texts.ts'
import { tokensOf } from './tokens.ts'

export interface SearchMatch {
  readonly place: SearchPlace
  readonly field?: string
  readonly code?: string
  /** The text, or an excerpt of a long one, with … at each cut. */
  readonly text: string
  /** The matching parts of `text`. */
  readonly found: readonly string[]
}

/** Most matches shown for a dataset. */
export const matchesMax = 5
/** Characters of an excerpt. */
export const textLengthMax = 80
/** Characters shown before the first match, for context. */
const leadLength = 20

/**
 * The matches of these terms, ordered by the weight of their place and then by the length of the matching
 * text. Each text is shown in the language in which it matched.
 */
export function showMatches(
  texts: readonly SearchedText[],
  terms: ReadonlySet<string>,
): readonly SearchMatch[] {
  const shown = texts.flatMap((searched) => showMatch(searched, terms) ?? [])
  const rank = ({ place }: SearchMatch) => placeNames.indexOf(place)
  const order = (a: SearchMatch, b: SearchMatch) => rank(a) - rank(b) || weight(b) - weight(a)
  return shown.sort(order).slice(0, matchesMax)
}

/** Number of matching characters. */
function weight({ found }: SearchMatch): number {
  return found.reduce((sum, text) => sum + text.length, 0)
}

function showMatch(searched: SearchedText, terms: ReadonlySet<string>): SearchMatch | undefined {
  const { place, field, code, texts } = searched
  const found = texts
    .map((text) => ({ text, spans: spansOf(text, terms) }))
    .find(({ spans }) => spans.length > 0)
  if (found === undefined) return undefined
  const { text, spans } = found
  const [start, end] = cut(text, spans[0]?.start ?? 0)
  const inside = spans.filter((span) => span.start >= start && span.end <= end)
  return {
    place,
    ...defined({ field, code }),
    text: `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`,
    found: [...new Set(inside.map((span) => text.slice(span.start, span.end)))],
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The positions of the terms; overlapping and adjacent pairs are merged into one span. */
function spansOf(text: string, terms: ReadonlySet<string>): readonly Span[] {
  const spans: Span[] = []
  const found = tokensOf(text).filter(({ term }) => terms.has(term))
  for (const { start, end } of found) {
    const last = spans.at(-1)
    if (last !== undefined && start <= last.end) {
      spans[spans.length - 1] = { start: last.start, end: Math.max(last.end, end) }
    } else spans.push({ start, end })
  }
  return spans
}

/**
 * The bounds of the excerpt. It cuts no word, unless the word is longer than the lead, and no surrogate pair.
 */
function cut(text: string, at: number): readonly [start: number, end: number] {
  if (text.length <= textLengthMax) return [0, text.length]
  const start = Math.max(0, Math.min(at - leadLength, text.length - textLengthMax))
  const end = Math.min(text.length, start + textLengthMax)
  const whole = (position: number) =>
    /^[\uDC00-\uDFFF]/.test(text.slice(position)) ? position - 1 : position
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].filter(
    ({ 0: word }) => !/\p{Script=Han}/u.test(word),
  )
  const within = (position: number) =>
    words.find(({ 0: word, index }) => index < position && position < index + word.length)
  const first = within(start)
  const last = within(end)
  const after = first === undefined ? start : first.index + first[0].length
  const before = last === undefined ? end : last.index
  return [whole(after <= at ? after : start), whole(before > at ? before : end)]
}
