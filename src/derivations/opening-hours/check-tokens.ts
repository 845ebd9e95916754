/** What makes any cell uncertain, before its parts are put together: words of doubt, unknown words, undated seasons. */
import type { Token } from './lex.ts'
import { refuse } from './refusal.ts'

/** Throws a Refusal for the most telling token of doubt. */
export function refuseTokens(tokens: readonly Token[]): void {
  refuseWords(tokens)
  requireDatedSeasons(tokens)
}

function refuseWords(tokens: readonly Token[]): void {
  for (const token of tokens) if (token.kind === 'refused') refuse(token.reason, token)
  for (const token of tokens) if (token.kind === 'unknown') refuse('unknown', token)
}

/** 夏季, 寒假 and their like stand beside their dates, before the hours. */
function requireDatedSeasons(tokens: readonly Token[]): void {
  const visible = tokens.filter(({ kind }) => kind !== 'bracket' && kind !== 'separator')
  for (const [index, token] of visible.entries()) {
    if (token.kind !== 'season-word') continue
    if (visible[index + 1]?.kind !== 'season' && visible[index - 1]?.kind !== 'season')
      refuse('season', token)
  }
}
