/** Time: instants in UTC, days in Asia/Shanghai. The clock is handed in, so that a test owns it. */

/** Gives the present instant. */
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
