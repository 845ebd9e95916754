/** Reads a range of two times: 8:00-11:00, 上午8时至中午, 22:00-次日2:00, 早6时开园至晚8时闭园. */
import { type Range, rangeOf, type TimeToken } from './clock.ts'
import type { Token } from './lex.ts'
import { refuse } from './refusal.ts'
import type { Period } from './words.ts'

/** A range, the position after it, and the word that carries on. Throws a Refusal for a time alone. */
export function readRange(
  tokens: readonly Token[],
  at: number,
  first: TimeToken,
  carried: Period | undefined,
): { readonly range: Range; readonly end: number; readonly carried: Period | undefined } {
  let next = at
  const opens = tokens[next]?.kind === 'opens'
  if (opens) next += tokens[next + 1]?.kind === 'separator' ? 2 : 1
  const to = tokens[next]
  if (to?.kind === 'to') next += 1
  else if (!opens) refuse(to?.kind === 'time' || to?.kind === 'unknown' ? 'lost-sign' : 'bound', first)
  const nextDay = tokens[next]?.kind === 'next-day'
  if (nextDay) next += 1
  const last = endOfRange(first, tokens[next])
  next += 1
  // 开园 … 闭园 are the two ends; without the first word, 闭园 would say that these hours are closed.
  if (opens && tokens[next]?.kind === 'closed') next += 1
  const range = rangeOf(first, last, carried, nextDay)
  if (typeof range === 'string') return refuse(range, { start: first.start, end: last.end })
  return { range, end: next, carried: last.period ?? first.period ?? carried }
}

/** The second time, or the word for noon or midnight in its place. */
function endOfRange(first: TimeToken, token: Token | undefined): TimeToken {
  if (token?.kind === 'time') return token
  if (token?.kind === 'period' && (token.period === 'noon' || token.period === 'night'))
    return { ...token, kind: 'time', hour: 12, minute: 0 }
  return refuse('bound', { start: first.start, end: token?.end ?? first.end })
}
