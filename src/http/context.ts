/** What HTTP needs from higher modules. `app.ts` passes it in, so that this module imports none of them. */
import type { Contracts } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import type { Caller, DataRead, Quota } from '../platform/caller.ts'
import type { Config } from '../platform/config.ts'
import type { Language } from '../platform/language.ts'
import type { EventLog } from '../platform/log/events.ts'
import type { Problem } from '../platform/problem.ts'
import type { Clock } from '../platform/time.ts'

/** How much of one window of a key's quota is used. */
export interface QuotaState {
  readonly name: 'minute' | 'day'
  readonly limit: number
  readonly left: number
  /** Whether the request that was just counted exceeds the quota. */
  readonly isOver: boolean
  readonly windowSeconds: number
  /** When the next window begins. */
  readonly resetsAt: Date
}

/** The request that reads data which is not open: names of its parameters, never their values. */
export interface ReadBy {
  readonly caller: Caller
  readonly requestId: string
  readonly parameters: readonly string[]
}

/** What HTTP needs to know about holders of keys. */
interface KeyAccess {
  /** The caller of a request with the header `Authorization`. Throws `key-invalid`. */
  readonly findCaller: (
    authorization: string,
    from: { readonly sender: string; readonly now: Date },
  ) => Promise<Caller>
  /** Counts one request in the quota of a key and returns what is left. */
  readonly countRequest: (keyId: string, quota: Quota, now: Date) => Promise<readonly QuotaState[]>
  /** Writes the audit of data that are not open. Rejects if the database cannot store it. */
  readonly writeReads: (reads: readonly DataRead[], by: ReadBy, at: Date) => Promise<void>
  /** Counts a response in the usage of a key. Returns a function that adds bytes to it. */
  readonly countUse: (
    use: { readonly keyId: string; readonly dataset: string },
    isRefused: boolean,
  ) => (bytes: number) => void
  /**
   * Adds requests by caller, and returns what all services on the database have counted in this minute, and the
   * milliseconds until it ends.
   */
  readonly addRates: (
    counts: ReadonlyMap<string, number>,
  ) => Promise<ReadonlyMap<string, { readonly count: number; readonly endsIn: number }>>
  /** Writes usage that is still in memory. */
  readonly close: () => Promise<void>
}

/** What every hook and error handler of HTTP may use. */
export interface HttpContext extends Pick<EventLog, 'observe' | 'observeAs'> {
  readonly config: Config
  readonly clock: Clock
  readonly database: Pick<Database, 'subscribe' | 'responds'>
  readonly contracts: Contracts
  readonly keys: KeyAccess
  /** A problem as a page for a browser. */
  readonly renderProblem: (refusal: Problem, requestId: string, language: Language) => string
}
