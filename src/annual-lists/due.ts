/** Items of the lists that are overdue, or due within a span. Pure; the current day is a parameter. */
import type { AnnualList, ListItem } from './annual-lists.ts'

/** A span such as `30d`, `2w`, `1m` or `1y`. */
interface Span {
  readonly count: number
  readonly unit: 'd' | 'w' | 'm' | 'y'
}

/** Larger counts would lead beyond four-digit years. */
export const spanCountMax = 1_000

/** Parses a span; undefined if invalid. `0d` is today. */
export function parseDaySpan(text: string): Span | undefined {
  const [, digits = '', unit] = /^(\d{1,4})([dwmy])$/.exec(text.trim().toLowerCase()) ?? []
  const count = Number(digits)
  if (unit === undefined || count > spanCountMax) return undefined
  return { count, unit: unit as Span['unit'] }
}

/** The last day of a span that begins today, `YYYY-MM-DD`; in a shorter month, the last day of that month. */
export function endOfSpan(today: string, { count, unit }: Span): string {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number)
  if (unit === 'd' || unit === 'w') {
    return textOf(new Date(Date.UTC(year, month - 1, day + count * (unit === 'w' ? 7 : 1))))
  }
  const months = month - 1 + count * (unit === 'y' ? 12 : 1)
  const last = new Date(Date.UTC(year, months + 1, 0)).getUTCDate()
  return textOf(new Date(Date.UTC(year, months, Math.min(day, last))))
}

function textOf(day: Date): string {
  return day.toISOString().slice(0, 10)
}

interface DueItem {
  readonly year: string
  readonly item: ListItem
  /** The current due day, after all changes. */
  readonly due: string
}

/** Items that are not open yet and due by `lastDay`, inclusive, or overdue; the earliest first. */
export function dueItems(lists: readonly AnnualList[], lastDay: string): readonly DueItem[] {
  const found = lists.flatMap(({ year, items }) =>
    items.flatMap((item): readonly DueItem[] => {
      const due = item.due.now ?? item.due.first
      if (due === null) return []
      const open = item.state === 'overdue' || (item.state === 'planned' && due <= lastDay)
      return open ? [{ year, item, due }] : []
    }),
  )
  const key = ({ due, year, item }: DueItem) => `${due} ${year}`.concat(item.promised.values.number ?? '')
  return found.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
