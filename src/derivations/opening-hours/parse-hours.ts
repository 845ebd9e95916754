/**
 * Reads opening hours as offices write them: one cell to sessions, or to a finding. Certain or refused: a cell is read
 * as a whole or not at all.
 */

import { type Days, daysOf, isDays } from './days.ts'
import { findingText } from './findings.ts'
import { lex, type Token } from './lex.ts'
import { type Normalised, normalise } from './normalise.ts'
import { readGroups } from './read-groups.ts'
import { Refusal, refuse } from './refusal.ts'
import type { Session } from './session.ts'
import { dayTypes } from './session.ts'
import { toSessions } from './to-sessions.ts'
import { emptyCell } from './words.ts'

/** Longer cells are not opening hours; it also bounds the time that a reading takes. */
export const cellCharsMax = 2000

export interface HoursCell {
  readonly text: string
  /** Header of the column, or a code of `day-types`: the days of cells that name none. */
  readonly column?: string
  /** Heading above the cell or its table; used like the column's header. */
  readonly heading?: string
  /** Language of the finding; Chinese if it is not `en`. */
  readonly locale?: string
}

/** Either sessions, or a finding, or neither where the cell says nothing. */
export interface HoursReading {
  readonly sessions: readonly Session[]
  readonly finding: string | null
}

/** Reads one cell. Never throws: whatever can't be read is a finding. */
export function parseHours({ text, column, heading, locale }: HoursCell): HoursReading {
  if (text.length > cellCharsMax) return { sessions: [], finding: findingText('too-long', text, locale) }
  const cell = normalise(text)
  const content = cell.text.trim()
  if (emptyCell.test(content) || /^https?:\/\/\S+$/.test(content)) return { sessions: [], finding: null }
  try {
    const days = daysOfHeaders([column, heading])
    const groups = readGroups(lex(cell), cell.text)
    return { sessions: toSessions(groups, days, { start: 0, end: cell.text.length }), finding: null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { reason, start, end } = closureIn(cell.text) ?? error
    return { sessions: [], finding: findingText(reason, quoted(text, cell, { start, end }), locale) }
  }
}

/** A temporary closure is the best reason to name where a cell has one. */
function closureIn(text: string): Pick<Refusal, 'reason' | 'start' | 'end'> | undefined {
  const found = /[^(),;。\n]{0,60}(?:暂停|暂时|临时)(?:对外)?(?:开放|关闭|使用)/.exec(text)
  if (found === null || !/起|至|到|期间|通知|工程|施工/.test(text)) return undefined
  return { reason: 'closure', start: found.index, end: found.index + found[0].length }
}

/** The phrase as it was written. */
function quoted(text: string, { at }: Normalised, { start, end }: Pick<Refusal, 'start' | 'end'>): string {
  const phrase = text.slice(at[start] ?? 0, end >= at.length ? text.length : at[end])
  return phrase.trim() === '' ? text : phrase
}

/** The days that headers name; words that a header has beside them don't matter, but closed hours are refused. */
function daysOfHeaders(headers: readonly (string | undefined)[]): Days | undefined {
  let days: Days | undefined
  for (const header of headers) {
    if (header === undefined || header.length > cellCharsMax) continue
    const code = dayTypes.find((type) => type === header.trim())
    if (code !== undefined) {
      days = { weekdays: [], types: [code], holiday: false, daily: false, start: 0, end: 0 }
      continue
    }
    const tokens = lex(normalise(header))
    const stop = tokens.find(
      ({ kind }) => kind === 'closed' || kind === 'closed-heading' || kind === 'season-word',
    )
    if (stop !== undefined)
      refuse(stop.kind === 'season-word' ? 'season' : 'closed-only', { start: 0, end: 0 })
    const named = headerDays(tokens)
    if (named !== undefined && !named.daily) days = named
  }
  return days
}

/** 工作日（周一至周五） names the same days twice: the first list counts. */
function headerDays(tokens: readonly Token[]): Days | undefined {
  const bracket = tokens.findIndex(({ kind }) => kind === 'bracket')
  const outside = tokens.slice(0, bracket === -1 ? undefined : bracket).filter(isDays)
  const named = outside.length > 0 ? outside : tokens.filter(isDays)
  return named.length === 0 ? undefined : daysOf(named)
}
