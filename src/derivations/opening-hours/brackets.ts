/** What a bracket says as a whole. `other` content is read like text outside brackets. */
import { type Days, daysOf, isDays } from './days.ts'
import type { DatedSeason, Token } from './lex.ts'

export type BracketContent =
  | { readonly kind: 'days' | 'exception' | 'with'; readonly days: Days }
  | { readonly kind: 'season'; readonly seasons: readonly DatedSeason[] }
  | { readonly kind: 'other' }

/** The bracket that opens at a token, and the position after it; a lost closing bracket ends with the cell. */
export function bracketAt(
  tokens: readonly Token[],
  at: number,
): { readonly content: BracketContent; readonly end: number } {
  const close = tokens.findIndex((token, index) => index > at && token.kind === 'bracket')
  const end = close === -1 ? tokens.length : close
  const inside = tokens.slice(at + 1, end).filter(({ kind }) => kind !== 'separator')
  const content = contentOf(inside)
  // 公众假期照常开放 is more than days, though the words that add nothing are gone.
  const isWhole = tokens
    .slice(at + 1, end + 1)
    .every((token, index) => token.start === tokens[at + index]?.end)
  return { content: content.kind === 'days' && !isWhole ? { kind: 'other' } : content, end: end + 1 }
}

function contentOf(inside: readonly Token[]): BracketContent {
  const [first] = inside
  const last = inside.at(-1)
  if (first === undefined || last === undefined) return { kind: 'other' }
  if (inside.every(isDays)) return { kind: 'days', days: daysOf(inside) }
  const rest = inside.slice(1)
  const init = inside.slice(0, -1)
  if (first.kind === 'without' && rest.length > 0 && rest.every(isDays))
    return { kind: 'exception', days: daysOf(rest) }
  if (first.kind === 'with' && rest.length > 0 && rest.every(isDays))
    return { kind: 'with', days: daysOf(rest) }
  if (last.kind === 'except' && init.length > 0 && init.every(isDays))
    return { kind: 'exception', days: daysOf(init) }
  if (last.kind === 'as-usual' && init.length > 0 && init.every(isDays))
    return { kind: 'with', days: daysOf(init) }
  const [season, ...others] = inside.filter(({ kind }) => kind !== 'season-word')
  if (season?.kind === 'season' && others.length === 0) return { kind: 'season', seasons: season.seasons }
  return { kind: 'other' }
}
