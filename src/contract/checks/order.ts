/** How two canonical texts of a field compare: numbers by value and exactly, days, times and texts by their text. */
import type { FieldTypeName } from '../fields/field-types.ts'
import { compareDecimals, decimalOf } from './decimal.ts'

/** Negative, zero or positive, as the first value is below, at or above the second. */
export function compareValues(type: FieldTypeName | undefined, a: string, b: string): number {
  if (type === 'integer' || type === 'number') return compareDecimals(decimalOf(a), decimalOf(b))
  return a < b ? -1 : a > b ? 1 : 0
}
