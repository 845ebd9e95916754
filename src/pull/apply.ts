/**
 * Turns changes into steps: fetches what each change needs into scratch and commits it with its feed
 * position. Changes that move no data are committed together with the next one that does, so that a step is a
 * gapless range of the feed.
 */
import { rm } from 'node:fs/promises'
import type { Observe } from '../platform/log/events.ts'
import {
  applyChanges,
  droppedOf,
  editionsOf,
  type Ledger,
  nameOf,
  type VersionKey,
  wantedOf,
} from './ledger.ts'
import type { FeedPage, SourceChange } from './response-shapes.ts'
import type { FetchedContract, Sink } from './sink.ts'
import { type FetchContext, type Fetched, fetchContract, fetchVersion } from './source/fetch-version.ts'
import { readPage } from './source/source.ts'

/** The progress of a pull. The totals are known from the feed, before the first file. */
export interface PullProgress {
  readonly changes: number
  readonly versions: number
  readonly versionsTotal: number
  readonly bytes: number
  readonly bytesTotal: number
  readonly records: number
  /** True once every change that the source has reported is applied. */
  readonly isCurrent: boolean
}

/** A running pull. */
export interface PullRun extends FetchContext {
  readonly sink: Sink
  readonly history: boolean
  readonly datasets: readonly string[] | undefined
  readonly observe: Observe
  readonly signal: AbortSignal
  readonly progress: (progress: PullProgress) => void
  /** The changes applied so far. */
  readonly ledger: Ledger
  readonly held: Map<string, VersionKey>
  readonly counts: { changes: number; taken: number; dropped: number; records: number; bytes: number }
  readonly unknownTypes: Set<string>
  readonly signers: Set<string>
  /** The ledger at the end of the feed as known now. */
  final: Ledger
  totals: { versions: number; bytes: number }
  onBytes: (bytes: number) => void
}

/** Types that this puller knows. Others are stored in the list of changes and reported. */
const knownTypes: ReadonlySet<string> = new Set([
  ...['dataset-added', 'dataset-opened', 'dataset-closed', 'contract-added'],
  ...['version-published', 'version-corrected', 'version-withdrawn', 'item-changed', 'closure-changed'],
])

interface Draft {
  readonly changes: SourceChange[]
  readonly completed: SourceChange[]
  readonly contracts: FetchedContract[]
  readonly taken: Fetched[]
  readonly drop: VersionKey[]
  readonly touched: Map<string, Pick<VersionKey, 'dataset' | 'edition'>>
}

const emptyDraft = (): Draft => ({
  changes: [],
  completed: [],
  contracts: [],
  taken: [],
  drop: [],
  touched: new Map(),
})

/** Applies the changes of a page, in their order. */
export async function applyPage(run: PullRun, page: FeedPage): Promise<void> {
  let draft = emptyDraft()
  for (const change of page.data) {
    run.signal.throwIfAborted()
    if (!knownTypes.has(change.type)) run.unknownTypes.add(change.type)
    const past = hasPast(run.ledger, change) ? await readPast(run, change) : []
    for (const entry of [...past, change]) await enter(run, draft, entry)
    const touched = touchedBy(run.ledger, change, past.length > 0)
    if (/^(version-withdrawn|dataset-closed)$/.test(change.type)) {
      // Committed alone: a withdrawal must not wait for its successor, which may be unavailable.
      for (const of of touched) clear(run, draft, of)
      await commit(run, draft)
      draft = emptyDraft()
    }
    await move(run, draft, touched)
    const isHeavy =
      draft.taken.length + draft.drop.length + draft.contracts.length + draft.completed.length > 0
    if (!isHeavy) continue
    await commit(run, draft)
    draft = emptyDraft()
  }
  if (draft.changes.length > 0) await commit(run, draft)
}

/**
 * Whether the feed has changes of a dataset at positions passed while it was not open to us. The change that
 * opens the dataset shows it; so does an earlier version whose contract is not in the ledger.
 */
function hasPast(ledger: Ledger, { type, dataset, released }: SourceChange): boolean {
  if (type === 'dataset-opened') return true
  return released !== undefined && ledger.contracts.get(dataset)?.has(released.contractVersion) !== true
}

/** Adds a change to ledger and draft, and fetches the contract that it brings. */
async function enter(run: PullRun, draft: Draft, change: SourceChange): Promise<void> {
  const entered = applyChanges(run.ledger, change)
  if (entered === 'known') return
  if (entered === 'new') draft.changes.push(change)
  else draft.completed.push(change)
  if (change.contract === undefined) return
  const contract = await fetchContract(run, run.ledger, change.dataset, change.contract)
  if (contract !== undefined) draft.contracts.push(contract)
}

/** The changes of a dataset up to a given one, read by its name. */
async function readPast(run: PullRun, until: SourceChange): Promise<readonly SourceChange[]> {
  const past: SourceChange[] = []
  for (let after: string | undefined; ; ) {
    const page = await readPage(run.client, { datasets: [until.dataset], after })
    for (const change of page.data) {
      if (change.id === until.id) return enterFinal(run, past)
      past.push(change)
    }
    // It was closed meanwhile; that change comes later in the feed.
    if (!page.meta.more) return []
    after = page.meta.cursor
  }
}

/**
 * Adds past changes to the final ledger. It already has the last opening or closing, so of those only the
 * contracts.
 */
function enterFinal(run: PullRun, past: readonly SourceChange[]): readonly SourceChange[] {
  for (const change of past) {
    if (!/^dataset-(opened|closed)$/.test(change.type)) applyChanges(run.final, change)
    else if (change.contract !== undefined) applyChanges(run.final, { ...change, type: 'contract-added' })
  }
  return past
}

function touchedBy(ledger: Ledger, { type, dataset, edition, version }: SourceChange, withPast: boolean) {
  if (withPast || /^dataset-(opened|closed)$/.test(type)) {
    return editionsOf(ledger, dataset).map((name) => ({ dataset, edition: name }))
  }
  return edition === null || version === null ? [] : [{ dataset, edition }]
}

/**
 * Fetches and drops versions of these editions, skipping any that a later known change removes. Returns the
 * missing ones.
 */
async function move(
  run: PullRun,
  draft: Draft,
  editions: readonly Pick<VersionKey, 'dataset' | 'edition'>[],
): Promise<readonly VersionKey[]> {
  const missing: VersionKey[] = []
  for (const of of editions) {
    const question = { ...of, history: run.history }
    const atEnd = wantedOf(run.final, question)
    for (const version of wantedOf(run.ledger, question)) {
      const key = { ...of, version }
      if (run.held.has(nameOf(key)) || !atEnd.has(version)) continue
      const taken = await fetchVersion(run, run.ledger, key)
      if (taken === undefined) {
        missing.push(key)
        continue
      }
      run.observe('checkpoint-reached', { step: 'pull', point: 'taken' })
      draft.taken.push(taken)
      run.held.set(nameOf(key), key)
    }
    clear(run, draft, of)
  }
  return missing
}

/** Drops the versions of an edition that are no longer wanted. */
function clear(run: PullRun, draft: Draft, of: Pick<VersionKey, 'dataset' | 'edition'>): void {
  draft.touched.set(`${of.dataset}/${of.edition}`, of)
  for (const version of droppedOf(run.ledger, { ...of, history: run.history }, heldIn(run, of))) {
    draft.drop.push({ ...of, version })
    run.held.delete(nameOf({ ...of, version }))
  }
}

function heldIn(
  { held }: PullRun,
  { dataset, edition }: Pick<VersionKey, 'dataset' | 'edition'>,
): Set<number> {
  const own = [...held.values()].filter((key) => key.dataset === dataset && key.edition === edition)
  return new Set(own.map(({ version }) => version))
}

/** Fetches what an earlier pull could not, and returns what is still missing. */
export async function settle(run: PullRun): Promise<readonly VersionKey[]> {
  const draft = emptyDraft()
  const missing: VersionKey[] = []
  for (const dataset of run.ledger.datasets.keys()) {
    const incomplete = editionsOf(run.ledger, dataset).filter((edition) => {
      const wanted = wantedOf(run.ledger, { dataset, edition, history: run.history })
      return [...wanted].some((version) => !run.held.has(nameOf({ dataset, edition, version })))
    })
    missing.push(
      ...(await move(
        run,
        draft,
        incomplete.map((edition) => ({ dataset, edition })),
      )),
    )
  }
  if (draft.taken.length > 0) await commit(run, draft)
  return missing
}

async function commit(run: PullRun, draft: Draft): Promise<void> {
  run.signal.throwIfAborted()
  const { changes, completed, contracts, taken, drop, touched } = draft
  await run.sink.commit({
    changes,
    completed,
    // Contracts of versions carry the current labels of their codes.
    contracts: [...contracts, ...taken.map(({ contract }) => contract)],
    take: taken.map(({ version }) => version),
    drop,
    touched: [...touched.values()],
    ledger: run.ledger,
  })
  run.observe('checkpoint-reached', { step: 'pull', point: 'committed' })
  run.counts.changes += changes.length
  run.counts.taken += taken.length
  run.counts.dropped += drop.length
  for (const { version } of taken) {
    run.counts.records += version.facts.records
    if (version.signedBy !== null) run.signers.add(version.signedBy)
    for (const path of version.files.values()) await rm(path, { force: true })
  }
  run.onBytes(0)
}
