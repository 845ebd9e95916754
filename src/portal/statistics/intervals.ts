/**
 * Intervals of published figures, and the range in which a count must be that is withheld because it is small. Both follow
 * from published figures and the published rule. Pure.
 */

export interface Range {
  readonly low: number
  readonly high: number
}

/** The 97.5th percentile of the normal distribution. */
const z = 1.959963984540054

/** Wilson's 95 % interval of a rate in percent of a whole; E. B. Wilson, JASA 22 (1927), p. 209. */
export function wilsonInterval(percent: number, whole: number): Range | undefined {
  if (whole <= 0) return undefined
  const rate = percent / 100
  const centre = rate + (z * z) / (2 * whole)
  const half = z * Math.sqrt((rate * (1 - rate)) / whole + (z * z) / (4 * whole * whole))
  const scale = 100 / (1 + (z * z) / whole)
  return { low: Math.max(0, (centre - half) * scale), high: Math.min(100, (centre + half) * scale) }
}

/** The 95 % interval of a mean by its standard error, for groups of some dozens and more. */
export function meanInterval(mean: number, deviation: number, count: number): Range | undefined {
  if (count < 2) return undefined
  const half = (z * deviation) / Math.sqrt(count)
  return { low: mean - half, high: mean + half }
}

/**
 * The range of a count that is withheld because it is small: from nothing to the largest count that the rule withholds.
 * Totals could narrow it, and that is what disclosure control is there to prevent: nothing is subtracted here. Undefined
 * for a count that is withheld to protect another.
 */
export function withheldRange(minimum: number | undefined, whole: number | undefined): Range | undefined {
  if (minimum === undefined) return undefined
  return { low: 0, high: Math.min(minimum - 1, whole ?? Number.POSITIVE_INFINITY) }
}
