/** The filter for duplicate keys that a row encoder uses; node/rows/duplicate-filter.ts builds it. */

export interface DuplicateFilter {
  /** Adds a value of the current key, as UTF-8; null if there is none. */
  readonly add: (bytes: Buffer | null, from: number, to: number) => void
  /** Ends the current key. */
  readonly endKey: () => void
  /** Whether any two keys may be equal. Call it once, after all keys were added: it frees them. */
  readonly mayHaveDuplicates: () => Promise<boolean>
  /** After that: whether a key may be a duplicate. False positives are rare. */
  readonly mayBeDuplicate: (key: Buffer) => boolean
}
