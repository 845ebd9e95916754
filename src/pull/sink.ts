/**
 * Where a copy is kept. A sink knows nothing of HTTP: it is told what to hold, and makes each step visible whole, together
 * with the place in the feed, or not at all. A file of its own makes each kind of target a sink.
 */

import type { Ledger, VersionKey } from './ledger.ts'
import type { CodeRow, PulledContract, SourceChange, VersionFacts } from './response-shapes.ts'

/** What a copy is a copy of; the same at every pull into it. */
export interface CopyIdentity {
  readonly origin: string
  /** The datasets that it is confined to; null for all that the source shows. */
  readonly datasets: readonly string[] | null
  /** Whether a key is sent, with which a source may show more. */
  readonly isKeyed: boolean
  readonly history: boolean
  /** The formats that it is confined to; null for all. */
  readonly formats: readonly string[] | null
}

/** How far a copy has come. */
export interface CopyState extends CopyIdentity {
  /** The address that the last pull was given. */
  readonly source: string
  /** The place behind the last change that was applied; null before the first. */
  readonly cursor: string | null
  /** Number of changes that were applied. */
  readonly changes: number
}

/** A contract with the labels of its codes, as the source has them now. */
export interface TakenContract {
  readonly contract: PulledContract
  readonly sha256: string
  /** The first contract of its line; each line has its own place. */
  readonly lineage: number
  readonly codes: readonly CodeRow[]
  readonly notice: { readonly since: string; readonly sunset: string } | null
}

/** A version whose files lie in scratch, proven. */
export interface TakenVersion {
  readonly facts: VersionFacts
  readonly lineage: number
  readonly contract: PulledContract
  /** Scratch files by format; the sink may move them away. */
  readonly files: ReadonlyMap<string, string>
  /** Fingerprint of the trusted key that signed it; null where signatures were not looked at. */
  readonly signedBy: string | null
}

/** One step: it is seen whole, with its place, or not at all. */
export interface Step {
  /** The changes, in their order. The last one's cursor is the new place. */
  readonly changes: readonly SourceChange[]
  /** Changes that were applied before, and are told with their contract now; they count no second time. */
  readonly fuller: readonly SourceChange[]
  readonly contracts: readonly TakenContract[]
  readonly take: readonly TakenVersion[]
  readonly drop: readonly VersionKey[]
  /** Editions whose newest version may be another now, with the ledger that says which. */
  readonly touched: readonly Pick<VersionKey, 'dataset' | 'edition'>[]
  readonly ledger: Ledger
}

/** Hears of the points that a step comes to, from which it can be done again. */
export type OnPoint = (point: string) => void

export interface Sink {
  /** How it is called where people read. */
  readonly name: string
  /** Undefined where the target is empty. */
  readonly state: CopyState | undefined
  /** A folder of its own for what is on its way, on this machine. */
  readonly scratch: string
  /** The formats that it needs at least, and at most where it takes no other. */
  readonly formats: readonly string[] | undefined
  /** Begins a copy, or notes under which address it goes on. */
  readonly begin: (identity: CopyIdentity, source: string) => Promise<void>
  /** The changes that were applied, in their order. */
  readonly told: () => AsyncIterable<SourceChange>
  /** The versions that are held. */
  readonly held: () => Promise<readonly VersionKey[]>
  readonly commit: (step: Step) => Promise<void>
  /** Gives the target back; the next pull may have it. */
  readonly close: () => Promise<void>
}
