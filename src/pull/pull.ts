/**
 * The reference puller: makes a copy of what a source shows, and keeps it so by its feed. It is a client like any other: it
 * knows only addresses that everybody has. Each step is applied whole, with its place in the feed, so that a crash anywhere
 * leaves the copy as it was at some change, and the same command goes on from there.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKeyFile } from '../bundle/index.ts'
import type { Observe } from '../platform/log/events.ts'
import { type Applying, applyPage, settle } from './apply.ts'
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
import type { PullProgress } from './progress.ts'
import type { FeedPage } from './response-shapes.ts'
import type { CopyIdentity, Sink } from './sink.ts'
import { buildClient, type ClientOptions } from './source/client.ts'
import { readPage } from './source/source.ts'

export interface PullOrder {
  /** The address of the service, without a slash at its end. */
  readonly source: string
  readonly sink: Sink
  /** Datasets to be confined to. */
  readonly datasets: readonly string[] | undefined
  /** Formats to be confined to. */
  readonly formats: readonly string[] | undefined
  /** Whether all versions are kept, not the newest alone. */
  readonly history: boolean
  readonly key: string | undefined
  /** Keys that versions have to be signed by; undefined where signatures are not looked at. */
  readonly trust: readonly PublicKeyFile[] | undefined
  /** Whether it goes on until the signal is given. */
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
  /** The place in the feed that the copy has come to; null where nothing was told yet. */
  readonly cursor: string | null
  /** Changes that this pull applied. */
  readonly changes: number
  readonly versionsTaken: number
  readonly versionsDropped: number
  readonly records: number
  readonly bytes: number
  /** Types of changes that this puller does not know, and passed over. */
  readonly unknownTypes: readonly string[]
  /** The keys that signed what was taken; null where signatures were not looked at. */
  readonly signedBy: readonly string[] | null
}

/** Pulls until nothing more is told; with `follow` until the signal is given, whose reason it throws. Throws PullRefusal. */
export async function pull(order: PullOrder): Promise<PullReport> {
  const { sink, signal, follow, retriesMax } = order
  checkQuestion(order)
  // Who follows outlives a source that is away for a night; who pulls on a schedule comes again anyway.
  const began = sink.state !== undefined && follow
  const patience = {
    base: order.source,
    key: order.key,
    signal,
    onPause: order.onPause,
    pause: order.pause,
    ...timesOf(order),
  }
  const client = (retries: number) => buildClient(withoutUndefined({ ...patience, retriesMax: retries }))
  const ledger = emptyLedger()
  for await (const change of sink.told()) applyChanges(ledger, change)
  const asked = { datasets: order.datasets }
  let page = await readPage(client(began ? Number.POSITIVE_INFINITY : retriesMax), {
    ...asked,
    after: sink.state?.cursor ?? undefined,
  })
  await begin(order, page)
  const run = await startRun(order, ledger, client(follow ? Number.POSITIVE_INFINITY : retriesMax), page)
  for (;;) {
    page = await takeAll(run, page)
    if (!follow) return reportOf(run)
    page = await readPage(run.client, { ...asked, after: page.meta.cursor, wait: waitSeconds })
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

/** The copy was begun with the same options; another answer would be another copy. */
function checkQuestion(order: PullOrder): void {
  const { state } = order.sink
  if (state === undefined) return
  const own = identityOf(order, state.origin)
  const words: Readonly<Record<Exclude<keyof CopyIdentity, 'origin'>, string>> = {
    datasets: '--dataset',
    isKeyed: 'a key',
    history: '--history',
    formats: '--format',
  }
  for (const [name, word] of Object.entries(words)) {
    const [before, now] = [state, own].map((one) => JSON.stringify(one[name as keyof CopyIdentity]))
    if (before !== now)
      throw new PullRefusal('other-question', `${word}: it was begun with ${before}, and is ${now} now.`)
  }
}

function identityOf({ datasets, formats, history, key }: PullOrder, origin: string): CopyIdentity {
  const sorted = (names: readonly string[] | undefined) =>
    names === undefined ? null : [...new Set(names)].sort()
  return { origin, datasets: sorted(datasets), isKeyed: key !== undefined, history, formats: sorted(formats) }
}

function checkOrigin(origin: string, page: FeedPage): void {
  if (page.meta.origin === origin) return
  throw new PullRefusal('other-origin', `The copy is of ${origin}, and this source of ${page.meta.origin}.`)
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
  client: Applying['client'],
  page: FeedPage,
): Promise<Applying> {
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

/** Applies a page and all behind it, until nothing more is there and nothing is missing. Gives the last page. */
async function takeAll(run: Applying, first: FeedPage): Promise<FeedPage> {
  let page = first
  for (;;) {
    await survey(run, page)
    for (;;) {
      await applyPage(run, page)
      if (!page.meta.more) break
      page = await nextPage(run, page)
    }
    // What is gone at the source and not withdrawn in what was told so far is withdrawn in what is told next.
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

/** What a broken pull had begun, and nobody wants any more. */
async function clearScratch({ scratch }: Applying): Promise<void> {
  for (const name of await readdir(scratch)) await rm(join(scratch, name), { recursive: true, force: true })
}

async function nextPage({ client, datasets, origin }: Applying, { meta }: FeedPage): Promise<FeedPage> {
  const page = await readPage(client, { datasets, after: meta.cursor })
  checkOrigin(origin, page)
  return page
}

/**
 * Reads on to the end of the feed, to know what will be held then: nothing is brought that a later change takes away again.
 * Only the ledger is kept of it; the pages are asked for once more when they are applied.
 */
async function survey(run: Applying, first: FeedPage): Promise<void> {
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

function progressOf({ counts, totals }: Applying): PullProgress {
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

function reportOf({ origin, sink, counts, keys, signers, unknownTypes }: Applying): PullReport {
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
