/**
 * How much that is wrong a contract bears in a bundle, before the bundle rests in quarantine. Rows with an error are
 * never taken, however much is borne.
 */

/** What a contract says; each bound that is named must hold. */
export interface Tolerance {
  /** Errors. Where neither these nor a share is named, none are borne. */
  readonly errors?: number
  /** Warnings; left out, any number of them. */
  readonly warnings?: number
  /** Rows with an error, as a share of the rows read. */
  readonly errorShare?: number
}

/** What was counted in a bundle, to the end and not only of the findings that are kept. */
export interface ToleranceCounts {
  readonly errors: number
  readonly warnings: number
  readonly rowsRead: number
  readonly rowsRefused: number
}

/** A bound that does not hold. */
export interface Exceeded {
  readonly bound: 'errors' | 'warnings' | 'errorShare'
  readonly allowed: number
  readonly found: number
}

/** The bounds that the counts exceed; none where the bundle is borne. */
export function exceededBounds(tolerance: Tolerance = {}, counts: ToleranceCounts): readonly Exceeded[] {
  const { errors, warnings, rowsRead, rowsRefused } = counts
  const share = rowsRead === 0 ? 0 : rowsRefused / rowsRead
  const { errorShare } = tolerance
  // An error that no row has is in no share of them: only a number of errors can bear it.
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
