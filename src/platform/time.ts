/** Time: instants in UTC, days in Asia/Shanghai. The clock is a parameter, so that tests control it. */

/** Returns the current instant. */
export type Clock = () => Date

const shanghai = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** The calendar day, `YYYY-MM-DD`, that an instant falls on in Asia/Shanghai. */
export function dayInShanghai(instant: Date): string {
  return shanghai.format(instant)
}

/** Whether a text is a real calendar day written `YYYY-MM-DD` (years 1000–9999). */
export function isDay(text: string): boolean {
  if (!/^[1-9]\d{3}-\d{2}-\d{2}$/.test(text)) return false
  const instant = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().slice(0, 10) === text
}

/** The clock in Shanghai is 8 hours ahead of UTC, without summer time since 1991. */
const shanghaiOffset = '+08:00'

/**
 * The instant of a text: with `Z` or an offset as written; without one, in Asia/Shanghai; a day alone is its
 * beginning there. Undefined if it is no valid time, such as 30 February.
 */
export function parseMoment(text: string): Date | undefined {
  const form = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/
  const [, day, time = '00:00', seconds = ':00', offset = shanghaiOffset] = form.exec(text.trim()) ?? []
  if (day === undefined || !isDay(day)) return undefined
  const instant = new Date(`${day}T${time}${seconds}${offset}`)
  if (Number.isNaN(instant.getTime()) || time.startsWith('24')) return undefined
  // In UTC the year may have five digits, or none that PostgreSQL knows.
  return /^(?!0000)\d{4}-/.test(instant.toISOString()) ? instant : undefined
}

const unitMilliseconds: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The milliseconds of a duration such as `30m`, `12h` or `7d`; undefined if it is none. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(text.trim()) ?? []
  const milliseconds = unitMilliseconds[unit]
  return count === undefined || milliseconds === undefined ? undefined : Number(count) * milliseconds
}
