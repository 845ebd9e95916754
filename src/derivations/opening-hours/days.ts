/** Days as a notice names them: lists of weekdays and day types, and two names of the same days. */
import type { Token } from './lex.ts'
import { refuse } from './refusal.ts'
import { type DayType, type Weekday, weekdays } from './session.ts'

/** Days as written, before 节假日 is resolved. */
export interface Days {
  readonly weekdays: readonly Weekday[]
  readonly types: readonly DayType[]
  /** 节假日, which is certain only beside the weekend. */
  readonly holiday: boolean
  readonly daily: boolean
  readonly start: number
  readonly end: number
}

const typeOf: Readonly<Record<string, DayType>> = {
  wd: 'working-day',
  we: 'weekend',
  ph: 'public-holiday',
  va: 'vacation',
}

/** Whether a token names days. */
export const isDays = (token: Token) =>
  token.kind === 'weekdays' || token.kind === 'types' || token.kind === 'daily'

/** The days that tokens of one list name together. 每天 beside other days only repeats them. */
export function daysOf(tokens: readonly Token[]): Days {
  const named = tokens.flatMap((token) => (token.kind === 'weekdays' ? token.days : []))
  const types = tokens.flatMap((token) => (token.kind === 'types' ? token.types : []))
  const daily = named.length === 0 && types.length === 0
  return {
    weekdays: daily ? weekdays : weekdays.filter((day) => named.includes(day)),
    types: [...new Set(types.flatMap((type) => typeOf[type] ?? []))],
    holiday: types.includes('holiday'),
    daily,
    start: tokens[0]?.start ?? 0,
    end: tokens.at(-1)?.end ?? 0,
  }
}

/** Two expressions of the same days, such as 工作日(周一至周五); the day type is the meaning. */
export function sameDays(one: Days, other: Days): Days {
  if (other.daily) return one
  // 假日（周六、日及国定假日） says in brackets what 假日 means.
  if (one.holiday && one.weekdays.length === 0 && one.types.length === 0 && !other.holiday) return other
  if (one.daily) return other
  for (const [a, b] of [
    [one, other],
    [other, one],
  ] as const) {
    const week = b.weekdays.join()
    const isNamed = b.types.length === 0 && !b.holiday && a.weekdays.length === 0 && a.types.length === 1
    if (isNamed && a.types[0] === 'working-day' && week === 'Mo,Tu,We,Th,Fr') return a
    if (isNamed && a.types[0] === 'weekend' && week === 'Sa,Su') return a
  }
  return refuse('days-conflict', { start: one.start, end: other.end })
}

/** The days and more of them: 每天(含法定节假日). */
export function union(days: Days | undefined, more: Days): Days {
  if (days === undefined) return refuse('days-conflict', more)
  return {
    weekdays: weekdays.filter((day) => days.weekdays.includes(day) || more.weekdays.includes(day)),
    types: [...new Set([...days.types, ...more.types])],
    holiday: days.holiday || more.holiday,
    daily: days.daily && more.weekdays.length === 0,
    start: days.start,
    end: more.end,
  }
}
