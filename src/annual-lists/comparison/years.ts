/**
 * Compares days and editions of lists of different years: moved on by the years between, they are the same
 * promise.
 */

/** A day or an edition name, moved by a number of years. */
export function moveOn(text: string, years: number): string {
  return text.replace(/\d{4}/g, (year) => String(Number(year) + years).padStart(4, '0'))
}

/** Whether `to` is `from` moved by `years`. 29 February may become the 28th. */
export function isMovedOn(from: string, to: string, years: number): boolean {
  const reaches = (start: string, end: string, by: number) => {
    const moved = moveOn(start, by)
    return moved === end || moved.replace(/-02-29$/, '-02-28') === end
  }
  return reaches(from, to, years) || reaches(to, from, -years)
}
