/** The days that usage is asked for: both given, or the last month up to one. It refuses what is no day, and an end before its beginning. */
import { problem } from '../../platform/problem.ts'
import { dayInShanghai, isDay } from '../../platform/time.ts'
import { firstDay } from './usage-counter.ts'
import { usageDaysUsual } from './usage-days.ts'

export interface UsagePeriod {
  readonly from: string
  readonly to: string
}

/** Reads a period of days in Shanghai. Throws `parameter-invalid` under the name of what is wrong. */
export function usagePeriod(asked: { readonly from?: string; readonly to?: string }, now: Date): UsagePeriod {
  for (const path of ['from', 'to'] as const) {
    const day = asked[path]
    if (day !== undefined && !isDay(day)) {
      throw problem('parameter-invalid', { path, detail: 'Expected is a day such as 2026-03-01.' })
    }
  }
  const to = asked.to ?? dayInShanghai(now)
  const from = asked.from ?? firstDay(new Date(`${to}T00:00:00+08:00`), usageDaysUsual)
  if (from <= to) return { from, to }
  throw problem('parameter-invalid', { path: 'to', detail: 'The last day is not before the first one.' })
}
