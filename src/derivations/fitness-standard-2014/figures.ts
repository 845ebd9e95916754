/**
 * Figures of a histogram of whole numbers: mean, standard deviation, quantiles, and the interval of a rate. Sums are
 * exact; each figure is rounded half up once, at the end.
 */

/** How often each whole number occurs, from `from` on. */
export interface Histogram {
  readonly from: number
  readonly counts: Int32Array
}

/** Exact sums over a histogram. */
export interface Moments {
  readonly count: number
  /** Sum of the numbers, and of their squares: safe integers for 10 million numbers below 10,000. */
  readonly sum: number
  readonly squares: number
}

export function momentsOf({ from, counts }: Histogram): Moments {
  let count = 0
  let sum = 0
  let squares = 0
  for (let n = 0; n < counts.length; n++) {
    const amount = counts[n] as number
    if (amount === 0) continue
    const value = from + n
    count += amount
    sum += amount * value
    squares += amount * value * value
  }
  return { count, sum, squares }
}

/** An integer quotient, rounded half up: towards the greater number at a tie, also below zero. */
export function halfUp(numerator: bigint, denominator: bigint): bigint {
  const twofold = 2n * numerator + denominator
  const quotient = twofold / (2n * denominator)
  return twofold < 0n && twofold % (2n * denominator) !== 0n ? quotient - 1n : quotient
}

/** `numerator / denominator` as a decimal text of so many digits, rounded half up. */
export function decimalOf(numerator: number, denominator: number, digits: number): string {
  const twofold = 2 * numerator * 10 ** digits + denominator
  // Whole numbers of this size are exact as doubles, and division by them is many times as fast.
  if (numerator >= 0 && twofold <= Number.MAX_SAFE_INTEGER) {
    const divisor = 2 * denominator
    return decimalText((twofold - (twofold % divisor)) / divisor, digits)
  }
  return decimalText(halfUp(BigInt(numerator) * 10n ** BigInt(digits), BigInt(denominator)), digits)
}

function decimalText(scaled: bigint | number, digits: number): string {
  const size = (scaled < 0 ? -scaled : scaled).toString().padStart(digits + 1, '0')
  const sign = scaled < 0 ? '-' : ''
  const split = size.length - digits
  return digits === 0 ? `${sign}${size}` : `${sign}${size.slice(0, split)}.${size.slice(split)}`
}

/**
 * Standard deviation of the whole group, √(n·Σx² − (Σx)²) ÷ n, since all pupils are measured and not a sample; in units
 * of which `units` make one, as a decimal text rounded half up.
 */
export function deviationOf({ count, sum, squares }: Moments, units: number, digits: number): string {
  const n = BigInt(count)
  const spread = n * BigInt(squares) - BigInt(sum) * BigInt(sum)
  // The greatest whole r with r − ½ ≤ √spread · 10^digits ÷ (n · units), that is (2r − 1)² · (n · units)² ≤ 4 · spread · 100^digits.
  const target = 4n * spread * 100n ** BigInt(digits)
  const divisor = n * BigInt(units)
  let rounded = BigInt(Math.floor((Math.sqrt(Number(spread)) * 10 ** digits) / Number(divisor)))
  const reaches = (r: bigint) => r <= 0n || ((2n * r - 1n) * divisor) ** 2n <= target
  while (!reaches(rounded)) rounded -= 1n
  while (reaches(rounded + 1n)) rounded += 1n
  return decimalText(rounded, digits)
}

/**
 * Quantiles by the inverse of the cumulative distribution (definition 1 of Hyndman and Fan): the smallest number that at
 * least `percent` of the group do not exceed. Percents must ascend.
 */
export function quantilesOf(
  { from, counts }: Histogram,
  count: number,
  percents: readonly number[],
): readonly number[] {
  const found: number[] = []
  let below = 0
  for (let n = 0; n < counts.length && found.length < percents.length; n++) {
    below += counts[n] as number
    while (found.length < percents.length && 100 * below >= (percents[found.length] as number) * count)
      found.push(from + n)
  }
  return found
}

/** The 97.5th percentile of the normal distribution. */
const z = 1.959963984540054

/**
 * Wilson's 95 % interval of a rate, in percent, as decimal texts: (k + z²/2 ± z·√(k(n − k)/n + z²/4)) ÷ (n + z²).
 * E. B. Wilson, JASA 22 (1927), p. 209.
 */
export function wilsonOf(part: number, whole: number, digits: number): readonly [low: string, high: string] {
  const half = z * Math.sqrt((part * (whole - part)) / whole + (z * z) / 4)
  const bound = (side: number) => {
    const rate = (100 * (part + (z * z) / 2 + side * half)) / (whole + z * z)
    return decimalText(BigInt(Math.floor(rate * 10 ** digits + 0.5)), digits)
  }
  return [
    part === 0 ? decimalText(0n, digits) : bound(-1),
    part === whole ? decimalOf(100, 1, digits) : bound(1),
  ]
}
