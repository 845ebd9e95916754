/** Days and editions from one year's list to another's: what only moves on with the years is the same promise. */

/** A day or the name of an edition so many years on, or back. */
export function moveOn(text: string, years: number): string {
  return text.replace(/\d{4}/g, (year) => String(Number(year) + years).padStart(4, '0'))
}

/** Whether a day or an edition is the same one so many years on or back. The 29th of February is then the 28th. */
export function isMovedOn(from: string, to: string, years: number): boolean {
  const reaches = (one: string, other: string, by: number) => {
    const there = moveOn(one, by)
    return there === other || there.replace(/-02-29$/, '-02-28') === other
  }
  return reaches(from, to, years) || reaches(to, from, -years)
}
