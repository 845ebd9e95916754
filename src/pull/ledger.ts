/**
 * The ledger: the changes of the feed so far, and the versions that a copy must therefore hold. Pure: the
 * same changes give the same ledger, whether a copy followed day by day or was created today.
 */

import { canonicalJson, digestOf } from '../platform/digest.ts'
import type { SourceChange } from './response-shapes.ts'

export interface VersionKey {
  readonly dataset: string
  readonly edition: string
  readonly version: number
}

/** A version as the feed describes it. */
export interface KnownVersion {
  /** Undefined if only its withdrawal is known. */
  readonly contractVersion: number | undefined
  readonly isWithdrawn: boolean
  readonly records: number
  readonly sha256: string
  /** Digest of the formats, sizes and digests of its files. */
  readonly files: string
  /** Bytes of its files by format. */
  readonly bytes: Readonly<Record<string, number>>
}

type Verdict = NonNullable<SourceChange['contract']>['verdict']

interface KnownContract {
  readonly sha256: string
  readonly verdict: Verdict
}

export interface Ledger {
  readonly ids: Set<string>
  readonly contracts: Map<string, Map<number, KnownContract>>
  /** Datasets that are no longer open; the copy holds nothing of them. */
  readonly closed: Set<string>
  /** Versions by dataset, edition and number. */
  readonly datasets: Map<string, Map<string, Map<number, KnownVersion>>>
}

export function emptyLedger(): Ledger {
  return { ids: new Set(), contracts: new Map(), closed: new Set(), datasets: new Map() }
}

/** An independent copy, to which later changes can be applied. */
export function copyOf({ ids, contracts, closed, datasets }: Ledger): Ledger {
  const editionsOf = (editions: Map<string, Map<number, KnownVersion>>) =>
    new Map([...editions].map(([edition, versions]) => [edition, new Map(versions)]))
  return {
    ids: new Set(ids),
    contracts: new Map([...contracts].map(([dataset, known]) => [dataset, new Map(known)])),
    closed: new Set(closed),
    datasets: new Map([...datasets].map(([dataset, editions]) => [dataset, editionsOf(editions)])),
  }
}

/**
 * Applies a change. `known`: it is in the ledger, and nothing changes. `completed`: it was applied before
 * without its contract, as the feed gives no details of a closed dataset until it opens again.
 */
export function applyChanges(ledger: Ledger, change: SourceChange): 'new' | 'completed' | 'known' {
  const isKnown = ledger.ids.has(change.id)
  const { contractVersion: number = 0 } = change.contract ?? {}
  const completes =
    change.contract !== undefined && ledger.contracts.get(change.dataset)?.has(number) !== true
  if (isKnown && !completes) return 'known'
  ledger.ids.add(change.id)
  const { dataset, contract, released, edition, version, type } = change
  // A reader with a grant also gets the contract, and may go on reading.
  if (type === 'dataset-closed' && contract === undefined) ledger.closed.add(dataset)
  if (type === 'dataset-opened') ledger.closed.delete(dataset)
  if (contract !== undefined) {
    const { sha256, verdict, contractVersion } = contract
    entry(ledger.contracts, dataset, () => new Map()).set(contractVersion, { sha256, verdict })
  }
  if (isKnown) return 'completed'
  if (edition === null || version === null) return 'new'
  const versions = entry(
    entry(ledger.datasets, dataset, () => new Map<string, Map<number, KnownVersion>>()),
    edition,
    () => new Map(),
  )
  const before = versions.get(version)
  if (type === 'version-withdrawn') versions.set(version, { ...(before ?? unknown), isWithdrawn: true })
  // The withdrawal may be known already, if the past of a dataset is read after later changes.
  else if (released !== undefined) {
    versions.set(version, knownOf(released, before?.isWithdrawn ?? false))
  }
  return 'new'
}

const unknown = { contractVersion: undefined, records: 0, sha256: '', files: '', bytes: {} }

function knownOf(released: NonNullable<SourceChange['released']>, isWithdrawn: boolean): KnownVersion {
  const { contractVersion, records, sha256, distributions } = released
  return {
    ...{ contractVersion, records, sha256, isWithdrawn },
    files: listingOf(distributions),
    bytes: Object.fromEntries(distributions.map(({ format, bytes }) => [format, bytes])),
  }
}

/** One digest for formats, sizes and digests of a version's files, independent of their order. */
export function listingOf(
  files: readonly { readonly format: string; readonly bytes: number; readonly sha256: string }[],
): string {
  const listed = files.map(({ format, bytes, sha256 }) => ({ format, bytes, sha256 }))
  return digestOf(canonicalJson(listed.sort((a, b) => (a.format < b.format ? -1 : 1))))
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key) ?? make()
  map.set(key, found)
  return found
}

/** The first contract of the lineage that a contract continues; a breaking contract starts a lineage. */
export function lineageOf(ledger: Ledger, dataset: string, contractVersion: number): number {
  const known = ledger.contracts.get(dataset)
  const numbers = [...(known?.keys() ?? [])].filter((number) => number <= contractVersion)
  const first = (number: number) => {
    const verdict = known?.get(number)?.verdict
    return verdict === null || verdict === 'breaking'
  }
  return Math.max(1, ...numbers.filter(first))
}

/** The known versions of an edition. */
export function versionsOf(
  ledger: Ledger,
  dataset: string,
  edition: string,
): ReadonlyMap<number, KnownVersion> {
  return ledger.datasets.get(dataset)?.get(edition) ?? new Map()
}

/** All editions with known versions, in order. */
export function editionsOf(ledger: Ledger, dataset: string): readonly string[] {
  return [...(ledger.datasets.get(dataset)?.keys() ?? [])].sort()
}

/**
 * The versions of an edition that a copy holds once the whole ledger is applied: with history, all that are
 * not withdrawn; otherwise the newest of each lineage, so that readers under a former contract keep theirs.
 */
export function wantedOf(
  ledger: Ledger,
  {
    dataset,
    edition,
    history,
  }: { readonly dataset: string; readonly edition: string; readonly history: boolean },
): ReadonlySet<number> {
  if (ledger.closed.has(dataset)) return new Set()
  const served = [...versionsOf(ledger, dataset, edition)].filter(
    ([, { isWithdrawn, contractVersion }]) => !isWithdrawn && contractVersion !== undefined,
  )
  if (history) return new Set(served.map(([version]) => version))
  const newest = new Map<number, number>()
  for (const [version, { contractVersion = 1 }] of served) {
    const lineage = lineageOf(ledger, dataset, contractVersion)
    newest.set(lineage, Math.max(version, newest.get(lineage) ?? 0))
  }
  return new Set(newest.values())
}

/**
 * The held versions to drop: withdrawn and closed ones at once; a superseded one only when its successor is
 * held, so that readers always find a version.
 */
export function droppedOf(
  ledger: Ledger,
  of: { readonly dataset: string; readonly edition: string; readonly history: boolean },
  held: ReadonlySet<number>,
): readonly number[] {
  const { dataset, edition, history } = of
  const versions = versionsOf(ledger, dataset, edition)
  const lineage = (version: number) => lineageOf(ledger, dataset, versions.get(version)?.contractVersion ?? 1)
  return [...held].filter((version) => {
    const known = versions.get(version)
    // Fetched before a crash; the change that announces it comes next.
    if (known === undefined) return false
    if (known.isWithdrawn || ledger.closed.has(dataset)) return true
    if (history) return false
    return [...held].some(
      (other) => other > version && versions.has(other) && lineage(other) === lineage(version),
    )
  })
}

/** The key of a version in sets and maps. */
export function nameOf({ dataset, edition, version }: VersionKey): string {
  return `${dataset}/${edition}/v${version}`
}
