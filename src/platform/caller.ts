/**
 * The caller as the rooms see it: nobody, or the holder of a key with its scopes. Which datasets a scope opens is said in
 * one place, `contract/readable.ts`.
 */

export const scopes = ['ingest', 'publish', 'read-shared', 'read-restricted', 'admin'] as const

export type Scope = (typeof scopes)[number]

export interface Caller {
  /** Absent for an anonymous reader. */
  readonly keyId?: string
  readonly scopes: readonly Scope[]
  /** The provider a key speaks for; absent where it may speak for any. */
  readonly provider?: string
  /** The datasets that a key is confined to; absent where it is not confined. */
  readonly datasets?: readonly string[]
  /** What the holder of a key may ask; absent where nothing was agreed. */
  readonly quota?: Quota
  /** Hears of data before they are given, for the audit and the usage of the key; see `noteRead`. */
  readonly note?: (read: DataRead) => void
}

/** Requests that a key may send; absent is without a limit of its own. */
export interface Quota {
  readonly perMinute?: number
  readonly perDay?: number
}

/** Data of one dataset that are about to be given. */
export interface DataRead {
  readonly dataset: string
  /** Edition and version of each state that is read. */
  readonly versions: readonly (readonly [edition: string, version: number])[]
  /** What is done with them, such as `records` or `file`. */
  readonly operation: string
  /** Whether anyone may read them: then nobody is told who did. */
  readonly open: boolean
}

export const anonymousCaller: Caller = Object.freeze({ scopes: [] })
