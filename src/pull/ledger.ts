/**
 * The ledger: what the feed has told so far, and what a copy therefore has to hold. Pure: the same changes give the same
 * ledger, so that a copy is the same whether it followed day by day or was made today.
 */
import { canonicalJson, digestOf } from '../platform/digest.ts'
import type { SourceChange } from './response-shapes.ts'

export interface VersionKey {
  readonly dataset: string
  readonly edition: string
  readonly version: number
}

/** A version as the feed has told of it. */
export interface KnownVersion {
  /** Undefined where so far only its withdrawal was told. */
  readonly contractVersion: number | undefined
  readonly isWithdrawn: boolean
  readonly records: number
  readonly sha256: string
  /** Stands for formats, sizes and digests of its files. */
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
  /** Datasets that were open and are no longer: nothing of them is held. */
  readonly closed: Set<string>
  /** Versions by dataset, edition and number. */
  readonly datasets: Map<string, Map<string, Map<number, KnownVersion>>>
}

export function emptyLedger(): Ledger {
  return { ids: new Set(), contracts: new Map(), closed: new Set(), datasets: new Map() }
}

/** A ledger of its own with the same entries, to be told what is still to come. */
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
 * Enters a change. `known` where it is in the ledger, and nothing is entered. `fuller` where it was told before without its
 * contract: of a dataset that is closed no more than that is told, until it opens again.
 */
export function applyChanges(ledger: Ledger, change: SourceChange): 'new' | 'fuller' | 'known' {
  const isKnown = ledger.ids.has(change.id)
  const { contractVersion: number = 0 } = change.contract ?? {}
  const isFuller = change.contract !== undefined && ledger.contracts.get(change.dataset)?.has(number) !== true
  if (isKnown && !isFuller) return 'known'
  ledger.ids.add(change.id)
  const { dataset, contract, released, edition, version, type } = change
  // One who may read what is restricted is told of the contract as well, and goes on reading.
  if (type === 'dataset-closed' && contract === undefined) ledger.closed.add(dataset)
  if (type === 'dataset-opened') ledger.closed.delete(dataset)
  if (contract !== undefined) {
    const { sha256, verdict, contractVersion } = contract
    entry(ledger.contracts, dataset, () => new Map()).set(contractVersion, { sha256, verdict })
  }
  if (isKnown) return 'fuller'
  if (edition === null || version === null) return 'new'
  const versions = entry(
    entry(ledger.datasets, dataset, () => new Map<string, Map<number, KnownVersion>>()),
    edition,
    () => new Map(),
  )
  const before = versions.get(version)
  if (type === 'version-withdrawn') versions.set(version, { ...(before ?? unknown), isWithdrawn: true })
  // Its withdrawal may have been told already, where the past of a dataset is read later than what followed.
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

/** One text for formats, sizes and digests of a version's files, whatever their order. */
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

/** The first contract of the line that a contract continues: one that breaks with those before begins its own. */
export function lineageOf(ledger: Ledger, dataset: string, contractVersion: number): number {
  const known = ledger.contracts.get(dataset)
  const numbers = [...(known?.keys() ?? [])].filter((number) => number <= contractVersion)
  const first = (number: number) => {
    const verdict = known?.get(number)?.verdict
    return verdict === null || verdict === 'breaking'
  }
  return Math.max(1, ...numbers.filter(first))
}

/** The versions told of an edition. */
export function versionsOf(
  ledger: Ledger,
  dataset: string,
  edition: string,
): ReadonlyMap<number, KnownVersion> {
  return ledger.datasets.get(dataset)?.get(edition) ?? new Map()
}

/** All editions that versions were told of, in order. */
export function editionsOf(ledger: Ledger, dataset: string): readonly string[] {
  return [...(ledger.datasets.get(dataset)?.keys() ?? [])].sort()
}

/**
 * The versions of an edition that a copy holds once everything in the ledger is applied: with its history all that are not
 * withdrawn; else the newest of each line of contracts, so that readers under the former contract keep theirs.
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
    const line = lineageOf(ledger, dataset, contractVersion)
    newest.set(line, Math.max(version, newest.get(line) ?? 0))
  }
  return new Set(newest.values())
}

/**
 * Of the versions held, those that have to go: what is withdrawn or closed at once; what a later one follows only when that
 * is held, so that readers never find nothing in between.
 */
export function droppedOf(
  ledger: Ledger,
  of: { readonly dataset: string; readonly edition: string; readonly history: boolean },
  held: ReadonlySet<number>,
): readonly number[] {
  const { dataset, edition, history } = of
  const versions = versionsOf(ledger, dataset, edition)
  const line = (version: number) => lineageOf(ledger, dataset, versions.get(version)?.contractVersion ?? 1)
  return [...held].filter((version) => {
    const known = versions.get(version)
    // Taken before a crash and not told yet: the change that tells of it comes next.
    if (known === undefined) return false
    if (known.isWithdrawn || ledger.closed.has(dataset)) return true
    if (history) return false
    return [...held].some((other) => other > version && versions.has(other) && line(other) === line(version))
  })
}

/** What stands for a version in sets and maps. */
export function nameOf({ dataset, edition, version }: VersionKey): string {
  return `${dataset}/${edition}/v${version}`
}
