/**
 * The target of a copy. A sink knows nothing of HTTP: it gets the content of each step and makes it visible
 * together with the feed position, or not at all. Each kind of target is one file.
 */

import type { Ledger, VersionKey } from './ledger.ts'
import type { CodeRow, PulledContract, PulledFacts, SourceChange } from './response-shapes.ts'

/** What a copy contains; the same for every pull into it. */
export interface CopyIdentity {
  readonly origin: string
  /** Only these datasets; null for all that the source publishes. */
  readonly datasets: readonly string[] | null
  /** Whether a key is sent, which may give access to more. */
  readonly isKeyed: boolean
  readonly history: boolean
  /** Only these formats; null for all. */
  readonly formats: readonly string[] | null
}

/** The identity and feed position of a copy. */
export interface CopyState extends CopyIdentity {
  /** The address used by the last pull. */
  readonly source: string
  /** The position after the last change applied; null before the first. */
  readonly cursor: string | null
  /** Number of changes applied. */
  readonly changes: number
}

/** A contract with the current labels of its codes. */
export interface FetchedContract {
  readonly contract: PulledContract
  readonly sha256: string
  /** The first contract of its lineage; each lineage has its own table or folder entry. */
  readonly lineage: number
  readonly codes: readonly CodeRow[]
  readonly notice: { readonly since: string; readonly sunset: string } | null
}

/** A verified version whose files are in scratch. */
export interface FetchedVersion {
  readonly facts: PulledFacts
  readonly lineage: number
  readonly contract: PulledContract
  /** Scratch files by format; the sink may move them away. */
  readonly files: ReadonlyMap<string, string>
  /** Fingerprint of the trusted key that signed it; null if signatures were not checked. */
  readonly signedBy: string | null
}

/** One step, visible completely with its position or not at all. */
export interface Step {
  /** The changes, in their order. The last one's cursor is the new position. */
  readonly changes: readonly SourceChange[]
  /** Changes applied before, now with their contract; they are not counted again. */
  readonly completed: readonly SourceChange[]
  readonly contracts: readonly FetchedContract[]
  readonly take: readonly FetchedVersion[]
  readonly drop: readonly VersionKey[]
  /** Editions whose newest version may have changed; the ledger shows which it is. */
  readonly touched: readonly Pick<VersionKey, 'dataset' | 'edition'>[]
  readonly ledger: Ledger
}

/** Called at each point of a step from which it can be repeated. */
export type OnPoint = (point: string) => void

export interface Sink {
  /** The name for people. */
  readonly name: string
  /** Undefined if the target is empty. */
  readonly state: CopyState | undefined
  /** A private folder on this machine for files being fetched. */
  readonly scratch: string
  /** The formats that it stores, and needs; undefined if it stores any. */
  readonly formats: readonly string[] | undefined
  /** Starts a copy, or stores the address with which it continues. */
  readonly begin: (identity: CopyIdentity, source: string) => Promise<void>
  /** The changes applied, in their order. */
  readonly changes: () => AsyncIterable<SourceChange>
  /** The versions held. */
  readonly held: () => Promise<readonly VersionKey[]>
  readonly commit: (step: Step) => Promise<void>
  /** Releases the target for the next pull. */
  readonly close: () => Promise<void>
}
