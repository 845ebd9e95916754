/** Why a dataset was found: the places, with a short piece of each text and what was found in it. Plain text, no HTML. */
import { placeNames, type SearchedText, type SearchPlace } from './texts.ts'
import { tokensOf } from './tokens.ts'

export interface SearchMatch {
  readonly place: SearchPlace
  readonly field?: string
  readonly code?: string
  /** The text, or a piece of a long one, with … where it was cut. */
  readonly text: string
  /** What was found, as it stands in `text`. */
  readonly found: readonly string[]
}

/** As many reasons as one reads. */
export const matchesMax = 5
/** Signs of a text that are shown, the weightiest place first. */
export const textLengthMax = 80
/** Signs before the first thing found, so that it is read in its sentence. */
const leadLength = 20

/**
 * The matches of these terms: the weightiest places first, in a place those in which more was found. Each text is
 * shown in the language in which it matched.
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

/** Signs that were found. */
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
    ...(field === undefined ? {} : { field }),
    ...(code === undefined ? {} : { code }),
    text: `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`,
    found: [...new Set(inside.map((span) => text.slice(span.start, span.end)))],
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Where the terms stand; pairs that overlap or touch become one span. A single sign of a pair that is there too adds nothing. */
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

/** The piece that is shown. It begins and ends within no word, unless the word is longer than the lead, and within no sign. */
function cut(text: string, at: number): readonly [start: number, end: number] {
  if (text.length <= textLengthMax) return [0, text.length]
  const start = Math.max(0, Math.min(at - leadLength, text.length - textLengthMax))
  const end = Math.min(text.length, start + textLengthMax)
  const whole = (place: number) => (/^[\uDC00-\uDFFF]/.test(text.slice(place)) ? place - 1 : place)
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].filter(
    ({ 0: word }) => !/\p{Script=Han}/u.test(word),
  )
  const within = (place: number) =>
    words.find(({ 0: word, index }) => index < place && place < index + word.length)
  const first = within(start)
  const last = within(end)
  const after = first === undefined ? start : first.index + first[0].length
  const before = last === undefined ? end : last.index
  return [whole(after <= at ? after : start), whole(before > at ? before : end)]
}
