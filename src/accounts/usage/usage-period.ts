/** The requested days of a usage report. Refuses invalid days and an end before the start. */
import { problem } from '../../platform/problem.ts'
import { dayInShanghai, isDay } from '../../platform/time.ts'
import { firstDay } from './usage-counter.ts'
import { usageDaysUsual } from './usage-days.ts'

interface UsagePeriod {
  readonly from: string
  readonly to: string
}

/** Parses a period of days in Shanghai. Throws `parameter-invalid` naming the parameter. */
export function usagePeriod(days: { readonly from?: string; readonly to?: string }, now: Date): UsagePeriod {
  for (const path of ['from', 'to'] as const) {
    const day = days[path]
    if (day !== undefined && !isDay(day)) {
      throw problem('parameter-invalid', { path, detail: 'Expected a day such as 2026-03-01.' })
    }
  }
  const to = days.to ?? dayInShanghai(now)
  const from = days.from ?? firstDay(new Date(`${to}T00:00:00+08:00`), usageDaysUsual)
  if (from <= to) return { from, to }
  throw problem('parameter-invalid', { path: 'to', detail: 'The last day must not be before the first.' })
}
