/**
 * How many errors a contract tolerates in a bundle before the bundle is quarantined. Rows with an error are
 * never accepted, whatever the tolerance.
 */

import type { Contract } from './contract-types.ts'

/** The tolerance in a contract; each given bound must hold. */
export type Tolerance = NonNullable<Contract['tolerance']>

/** Totals of a bundle: they count every finding, not only the stored ones. */
export interface ToleranceCounts {
  readonly errors: number
  readonly warnings: number
  readonly rowsRead: number
  readonly rowsRefused: number
}

/** An exceeded bound. */
export interface Exceeded {
  readonly bound: 'errors' | 'warnings' | 'errorShare'
  readonly allowed: number
  readonly found: number
}

/** The bounds that the counts exceed; empty if the bundle is within its tolerance. */
export function exceededBounds(tolerance: Tolerance = {}, counts: ToleranceCounts): readonly Exceeded[] {
  const { errors, warnings, rowsRead, rowsRefused } = counts
  const share = rowsRead === 0 ? 0 : rowsRefused / rowsRead
  const { errorShare } = tolerance
  // An error outside any row is in no share of rows: only a number of errors can tolerate it.
  const errorsMax = tolerance.errors ?? (errorShare === undefined || rowsRefused === 0 ? 0 : undefined)
  return [
    ...exceeded('errors', errorsMax, errors),
    ...exceeded('warnings', tolerance.warnings, warnings),
    ...exceeded('errorShare', errorShare, share),
  ]
}

function exceeded(bound: Exceeded['bound'], allowed: number | undefined, found: number): readonly Exceeded[] {
  return allowed === undefined || found <= allowed ? [] : [{ bound, allowed, found }]
}
