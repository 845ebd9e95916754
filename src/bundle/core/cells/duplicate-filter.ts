/** The filter for duplicate keys that a row encoder uses; node/rows/duplicate-filter.ts builds it. */

export interface DuplicateFilter {
  /** Adds a value of the current key, as UTF-8; null if there is none. */
  readonly take: (bytes: Buffer | null, from: number, to: number) => void
  /** Ends the current key. */
  readonly endKey: () => void
  /** Whether any two keys may be equal. To be asked once, when all are in: it lets go of them. */
  readonly mayHaveDuplicates: () => Promise<boolean>
  /** After that: whether a key may be one of these. It is for nearly all others that it may not. */
  readonly mayBeDuplicate: (key: Buffer) => boolean
}
