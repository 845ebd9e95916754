/** The caller as the rooms see it: nobody, or the holder of a key with its scopes. */

export const scopes = ['ingest', 'publish', 'read-restricted', 'admin'] as const

export type Scope = (typeof scopes)[number]

export interface Reader {
  /** Absent for an anonymous reader. */
  readonly keyId?: string
  readonly scopes: readonly Scope[]
  /** The provider a key speaks for; absent where it may speak for any. */
  readonly provider?: string
  /** The datasets that a key is confined to; absent where it is not confined. */
  readonly datasets?: readonly string[]
}

export const anonymous: Reader = Object.freeze({ scopes: [] })

/** Whether the reader may see a dataset that is not open to everyone. */
export function mayReadRestricted(reader: Reader, dataset: string): boolean {
  return (
    reader.scopes.includes('read-restricted') &&
    (reader.datasets === undefined || reader.datasets.includes(dataset))
  )
}
