/**
 * The caller as modules see it: anonymous, or the holder of a key with its scopes. Which datasets a scope
 * opens is defined in one place, `contract/readable.ts`.
 */

export const scopes = ['ingest', 'publish', 'read-shared', 'read-restricted', 'closures', 'admin'] as const

export type Scope = (typeof scopes)[number]

export interface Caller {
  /** Absent for an anonymous caller. */
  readonly keyId?: string
  readonly scopes: readonly Scope[]
  /** The provider that a key acts for; absent if it may act for any. */
  readonly provider?: string
  /** The datasets that a key is restricted to; absent if it is not restricted. */
  readonly datasets?: readonly string[]
  /** The venues that a key may close: codes, or their beginnings before a hyphen; absent if it is not restricted. */
  readonly venues?: readonly string[]
  /** Request limits of the key; absent if it has none of its own. */
  readonly quota?: Quota
  /** Called before data are returned, for the audit and the usage of the key; see `countRead`. */
  readonly recordRead?: (read: DataRead) => void
}

/** Requests that a key may send; an absent member means no such limit. */
export interface Quota {
  readonly perMinute?: number
  readonly perDay?: number
}

/** Data of one dataset that are about to be returned. */
export interface DataRead {
  readonly dataset: string
  /** Edition and version of everything that is read. */
  readonly versions: readonly (readonly [edition: string, version: number])[]
  /** The operation on the data, such as `records` or `file`. */
  readonly operation: string
  /** Whether anyone may read the data; such reads are not audited. */
  readonly open: boolean
}

export const anonymousCaller: Caller = Object.freeze({ scopes: [] })
