/**
 * The reference puller: copies what a source publishes and follows its feed. It is a client like any other
 * and uses only public addresses. Each step is applied atomically with its position in the feed, so a crash
 * anywhere leaves the copy as of some change, and the same command resumes from there.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKeyFile } from '../bundle/index.ts'
import type { Observe } from '../platform/log/events.ts'
import type { PullProgress } from './apply.ts'
import { applyPage, type PullRun, settle } from './apply.ts'
import {
  applyChanges,
  copyOf,
  editionsOf,
  emptyLedger,
  type Ledger,
  nameOf,
  versionsOf,
  wantedOf,
} from './ledger.ts'
import { waitSeconds } from './limits.ts'
import { PullRefusal } from './problems.ts'
import type { FeedPage } from './response-shapes.ts'
import type { CopyIdentity, Sink } from './sink.ts'
import { buildClient, type ClientOptions } from './source/client.ts'
import { readPage } from './source/source.ts'

export interface PullOrder {
  /** The address of the service, without a trailing slash. */
  readonly source: string
  readonly sink: Sink
  /** Only these datasets. */
  readonly datasets: readonly string[] | undefined
  /** Only these formats. */
  readonly formats: readonly string[] | undefined
  /** Whether to keep all versions instead of only the newest. */
  readonly history: boolean
  readonly key: string | undefined
  /** Keys trusted to sign versions; undefined if signatures are not checked. */
  readonly trust: readonly PublicKeyFile[] | undefined
  /** Whether to continue until the signal is aborted. */
  readonly follow: boolean
  readonly retriesMax: number
  readonly signal: AbortSignal
  readonly observe: Observe
  readonly progress: (progress: PullProgress) => void
  readonly onPause?: ClientOptions['onPause']
  readonly pause?: ClientOptions['pause']
  readonly answerMilliseconds?: number
  readonly stallMilliseconds?: number
}

export interface PullReport {
  readonly origin: string
  /** The copy's position in the feed; null before the first change. */
  readonly cursor: string | null
  /** Changes applied by this pull. */
  readonly changes: number
  readonly versionsTaken: number
  readonly versionsDropped: number
  readonly records: number
  readonly bytes: number
  /** Types of changes that this puller does not know and skipped. */
  readonly unknownTypes: readonly string[]
  /** The keys that signed the stored versions; null if signatures were not checked. */
  readonly signedBy: readonly string[] | null
}

/**
 * Pulls until the end of the feed; with `follow` until the signal is aborted, and then throws its reason.
 * Throws PullRefusal.
 */
export async function pull(order: PullOrder): Promise<PullReport> {
  const { sink, signal, follow, retriesMax } = order
  checkQuestion(order)
  // A follower survives a source that is down for a night; a scheduled pull is started again anyway.
  const resumes = sink.state !== undefined && follow
  const clientOptions = {
    base: order.source,
    key: order.key,
    signal,
    onPause: order.onPause,
    pause: order.pause,
    ...timesOf(order),
  }
  const client = (retries: number) => buildClient(withoutUndefined({ ...clientOptions, retriesMax: retries }))
  const ledger = emptyLedger()
  for await (const change of sink.changes()) applyChanges(ledger, change)
  const selection = { datasets: order.datasets }
  let page = await readPage(client(resumes ? Number.POSITIVE_INFINITY : retriesMax), {
    ...selection,
    after: sink.state?.cursor ?? undefined,
  })
  await begin(order, page)
  const run = await startRun(order, ledger, client(follow ? Number.POSITIVE_INFINITY : retriesMax), page)
  for (;;) {
    page = await applyAll(run, page)
    if (!follow) return reportOf(run)
    page = await readPage(run.client, { ...selection, after: page.meta.cursor, wait: waitSeconds })
    checkOrigin(run.origin, page)
  }
}

const timesOf = ({ answerMilliseconds, stallMilliseconds }: PullOrder) => ({
  answerMilliseconds,
  stallMilliseconds,
})

function withoutUndefined(
  options: {
    readonly [Name in keyof ClientOptions]: ClientOptions[Name] | undefined
  },
): ClientOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as ClientOptions
}

/** Checks that the copy was started with the same options; others would give another copy. */
function checkQuestion(order: PullOrder): void {
  const { state } = order.sink
  if (state === undefined) return
  const own = identityOf(order, state.origin)
  const options: Readonly<Record<Exclude<keyof CopyIdentity, 'origin'>, string>> = {
    datasets: '--dataset',
    isKeyed: 'a key',
    history: '--history',
    formats: '--format',
  }
  for (const [name, option] of Object.entries(options)) {
    const [before, now] = [state, own].map((identity) => JSON.stringify(identity[name as keyof CopyIdentity]))
    if (before !== now)
      throw new PullRefusal('other-question', `${option}: started with ${before}, now ${now}.`)
  }
}

function identityOf({ datasets, formats, history, key }: PullOrder, origin: string): CopyIdentity {
  const sorted = (names: readonly string[] | undefined) =>
    names === undefined ? null : [...new Set(names)].sort()
  return { origin, datasets: sorted(datasets), isKeyed: key !== undefined, history, formats: sorted(formats) }
}

function checkOrigin(origin: string, page: FeedPage): void {
  if (page.meta.origin === origin) return
  throw new PullRefusal('other-origin', `The copy is of ${origin}; this source is ${page.meta.origin}.`)
}

async function begin(order: PullOrder, page: FeedPage): Promise<void> {
  const { sink, source } = order
  if (sink.state !== undefined) checkOrigin(sink.state.origin, page)
  await sink.begin(identityOf(order, page.meta.origin), source)
  order.observe('checkpoint-reached', { step: 'pull', point: 'begun' })
}

async function startRun(
  order: PullOrder,
  ledger: Ledger,
  client: PullRun['client'],
  page: FeedPage,
): Promise<PullRun> {
  const { sink } = order
  const needed = sink.formats
  const isWanted = (format: string) =>
    needed === undefined ? (order.formats?.includes(format) ?? true) : needed.includes(format)
  const counts = { changes: 0, taken: 0, dropped: 0, records: 0, bytes: 0 }
  const held = new Map((await sink.held()).map((key) => [nameOf(key), key]))
  return {
    ...{ sink, client, ledger, held, counts, isWanted },
    origin: page.meta.origin,
    history: order.history,
    keys: order.trust,
    datasets: order.datasets,
    scratch: sink.scratch,
    observe: order.observe,
    signal: order.signal,
    progress: order.progress,
    final: ledger,
    totals: { versions: 0, bytes: 0 },
    unknownTypes: new Set(),
    signers: new Set(),
    onBytes: () => undefined,
  }
}

/**
 * Applies a page and all later ones, until the end of the feed with nothing missing. Returns the last page.
 */
async function applyAll(run: PullRun, first: FeedPage): Promise<FeedPage> {
  let page = first
  for (;;) {
    await survey(run, page)
    for (;;) {
      await applyPage(run, page)
      if (!page.meta.more) break
      page = await nextPage(run, page)
    }
    // A version missing at the source without a known withdrawal is withdrawn by a later change.
    const missing = await settle(run)
    if (missing.length === 0) {
      await clearScratch(run)
      run.progress({ ...progressOf(run), isCurrent: true })
      return page
    }
    page = await nextPage(run, page)
    if (page.data.length > 0) continue
    throw new PullRefusal('version-missing', missing.slice(0, 10).map(nameOf).join(', '))
  }
}

/** Removes files of an interrupted pull that are no longer needed. */
async function clearScratch({ scratch }: PullRun): Promise<void> {
  for (const name of await readdir(scratch)) await rm(join(scratch, name), { recursive: true, force: true })
}

async function nextPage({ client, datasets, origin }: PullRun, { meta }: FeedPage): Promise<FeedPage> {
  const page = await readPage(client, { datasets, after: meta.cursor })
  checkOrigin(origin, page)
  return page
}

/**
 * Reads to the end of the feed to learn which versions are wanted then, so that nothing is fetched that a
 * later change removes. Keeps only the ledger; the pages are read again when they are applied.
 */
async function survey(run: PullRun, first: FeedPage): Promise<void> {
  const final = copyOf(run.ledger)
  for (let page = first; ; page = await nextPage(run, page)) {
    for (const change of page.data) applyChanges(final, change)
    if (!page.meta.more) break
  }
  run.final = final
  run.totals = { versions: run.counts.taken, bytes: run.counts.bytes }
  for (const dataset of final.datasets.keys()) {
    for (const edition of editionsOf(final, dataset)) {
      for (const version of wantedOf(final, { dataset, edition, history: run.history })) {
        if (run.held.has(nameOf({ dataset, edition, version }))) continue
        const { bytes = {} } = versionsOf(final, dataset, edition).get(version) ?? {}
        run.totals.versions += 1
        for (const [format, size] of Object.entries(bytes)) if (run.isWanted(format)) run.totals.bytes += size
      }
    }
  }
  const { counts, totals } = run
  run.onBytes = (bytes) => {
    counts.bytes += bytes
    run.progress({ ...progressOf(run), bytesTotal: Math.max(totals.bytes, counts.bytes) })
  }
}

function progressOf({ counts, totals }: PullRun): PullProgress {
  return {
    changes: counts.changes,
    versions: counts.taken,
    versionsTotal: totals.versions,
    bytes: counts.bytes,
    bytesTotal: totals.bytes,
    records: counts.records,
    isCurrent: false,
  }
}

function reportOf({ origin, sink, counts, keys, signers, unknownTypes }: PullRun): PullReport {
  return {
    origin,
    cursor: sink.state?.cursor ?? null,
    changes: counts.changes,
    versionsTaken: counts.taken,
    versionsDropped: counts.dropped,
    records: counts.records,
    bytes: counts.bytes,
    unknownTypes: [...unknownTypes].sort(),
    signedBy: keys === undefined ? null : [...signers].sort(),
  }
}
