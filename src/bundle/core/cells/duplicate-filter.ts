/** The filter for duplicate keys that a row encoder uses; node/rows/duplicate-filter.ts builds it. */

export interface DuplicateFilter {
  /** Adds a value of the current key, as UTF-8; null if there is none. */
  readonly take: (bytes: Buffer | null, from: number, to: number) => void
  /** Ends the current key. */
  readonly endKey: () => void
  /** Whether any two keys may be equal. Call it once, after all keys: it releases them. */
  readonly sift: () => Promise<boolean>
  /** Afterwards: whether a key may be a duplicate. Nearly all others are excluded. */
  readonly mayBeDoubled: (key: Buffer) => boolean
}
