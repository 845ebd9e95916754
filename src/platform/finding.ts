/**
 * A finding is one defect in a provider's data: a value, never an exception. It names the place and what is
 * expected there, never the value found, because a cell of a bundle may be a child's data.
 */

export type Severity = 'error' | 'warning'

export interface Finding {
  /** The rule that found it, as listed in checks/ or bundle/. */
  readonly check: string
  readonly severity: Severity
  /** Path inside the bundle, with `/`; absent if the finding is about the whole bundle. */
  readonly file?: string
  /** As Excel counts: the header is row 1. */
  readonly row?: number
  /** Excel address such as `B7`. */
  readonly cell?: string
  /** The contract's field name. */
  readonly field?: string
  /** The header as written in the file. */
  readonly header?: string
  /** What would have been right: a type, a range, a code list. Never the value found. */
  readonly expected?: string
  /** One sentence that says what to do. */
  readonly message: string
  readonly messageZh: string
  /** Byte offset in the file where the defect begins, for CSV and encodings. */
  readonly byteOffset?: number
}

/** Column number (0-based) to Excel letters: 0 → A, 25 → Z, 26 → AA. */
export function columnLetters(index: number): string {
  let letters = ''
  for (let n = index + 1; n > 0; n = Math.floor((n - 1) / 26)) {
    letters = String.fromCharCode(65 + ((n - 1) % 26)) + letters
  }
  return letters
}
