/**
 * Exact decimal numbers, as an integer and a count of digits after the point: 12.30 is {1230n, 2}.
 * Accepts only canonical texts of the field types `integer` and `number`; anything else is an internal error.
 */

import type { FieldTypeName } from '../fields/field-types.ts'

interface Decimal {
  readonly units: bigint
  readonly scale: number
}

/** Parses a canonical text. Throws a plain Error, without the text, if it is none. */
export function decimalOf(text: string): Decimal {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new Error('Exact arithmetic got a text that is not a canonical number.')
  const fraction = match[2] ?? ''
  return { units: BigInt((match[1] ?? '') + fraction), scale: fraction.length }
}

/** The integer of a decimal at a scale that is not smaller than its own. */
export function unitsAt(decimal: Decimal, scale: number): bigint {
  return decimal.units * 10n ** BigInt(scale - decimal.scale)
}

/** The sum, at the greatest scale of its terms. */
export function sumOf(decimals: readonly Decimal[]): Decimal {
  const scale = Math.max(0, ...decimals.map((decimal) => decimal.scale))
  return { units: decimals.reduce((sum, decimal) => sum + unitsAt(decimal, scale), 0n), scale }
}

/** Negative, zero or positive if the first is below, at or above the second. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale)
  const difference = unitsAt(a, scale) - unitsAt(b, scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/**
 * Compares two canonical texts of a field: negative, zero or positive if the first is below, at or above the
 * second. Numbers compare exactly, by value; days, times and texts compare as text.
 */
export function compareValues(type: FieldTypeName | undefined, a: string, b: string): number {
  if (type === 'integer' || type === 'number') return compareDecimals(decimalOf(a), decimalOf(b))
  return a < b ? -1 : a > b ? 1 : 0
}
