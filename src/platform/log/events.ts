/**
 * The closed list of events. Each is a log line and, if it is counted or timed, a metric. Labels are names,
 * codes and numbers of the service, never a value from a bundle or a query.
 */
import { Counter, Histogram, Registry } from 'prom-client'

type Level = 'debug' | 'info' | 'warn' | 'error'

interface EventDefinition {
  readonly level: Level
  readonly message: string
  /** Counted under `qingdan_<name>_total`, by these labels. */
  readonly count?: readonly string[]
  /** So frequent that its lines may be buffered and written together, within a second. */
  readonly isFrequent?: boolean
  /** The fact of this name, in seconds, is recorded in `qingdan_<name>_seconds` by the labels above. */
  readonly seconds?: string
}

const events = {
  'service-started': { level: 'info', message: 'The service is listening.' },
  'service-stopping': {
    level: 'info',
    message: 'The service is stopping; running requests and jobs may finish.',
  },
  'service-stopped': { level: 'info', message: 'The service has stopped.' },
  'database-started': { level: 'info', message: 'Connected to the database.' },
  'database-migrated': { level: 'info', message: 'The database schema is up to date.' },
  'database-moved': {
    level: 'warn',
    message: 'The embedded database is stored outside the data folder; see the reason.',
  },
  'storage-changed': {
    level: 'warn',
    message: 'The folder of files became writable, full, read-only, failing or missing; see `storage`.',
    count: ['storage'],
  },
  'database-frozen': {
    level: 'error',
    message: 'The database does not answer; waiting requests were answered with 503.',
    count: [],
  },
  'contract-keyword-deprecated': {
    level: 'warn',
    message: 'A new contract uses former keywords; the next version should use the current ones.',
  },
  'contract-set-aside': {
    level: 'warn',
    message: 'A contract or code list is faulty and is not used; `qingdan contract check` says why.',
    count: [],
  },
  'setting-deprecated': {
    level: 'warn',
    message: 'A setting was given under its former name, which will be refused after the next release.',
  },
  'request-completed': {
    level: 'info',
    message: 'A request was completed.',
    count: ['route', 'method', 'status'],
    seconds: 'seconds',
    isFrequent: true,
  },
  'request-failed': { level: 'error', message: 'A request failed with an internal error.', count: ['route'] },
  'stream-aborted': {
    level: 'warn',
    message: 'A response stream was aborted before its end.',
    count: ['route'],
  },
  'audit-failed': {
    level: 'error',
    message: 'A read of restricted data was refused because the audit entry could not be written.',
    count: [],
  },
  'usage-count-lost': {
    level: 'warn',
    message: 'A request was not counted for its key: the buffer of usage counts is full.',
    count: [],
  },
  'key-refused': { level: 'warn', message: 'A key was rejected.', count: ['reason'] },
  'signature-refused': {
    level: 'warn',
    message: 'The signature of a bundle could not be verified.',
    count: ['reason'],
  },
  'bundle-received': { level: 'info', message: 'A bundle was received.', count: ['dataset'] },
  'bundle-state-changed': {
    level: 'info',
    message: 'A bundle changed state.',
    count: ['dataset', 'state'],
  },
  'inbox-item-skipped': {
    level: 'warn',
    message: 'An item of the inbox was not ingested; see the reason.',
    count: ['reason'],
  },
  'inbox-unavailable': { level: 'warn', message: 'The inbox can not be read; the next scan tries again.' },
  'inbox-bundle-failed': {
    level: 'error',
    message: 'A bundle of the inbox could not be processed; the next scan tries again.',
  },
  'checkpoint-reached': {
    level: 'debug',
    message: 'A pipeline step reached a point from which it can resume.',
  },
  'edition-state-changed': {
    level: 'info',
    message: 'An edition changed state.',
    count: ['dataset', 'state'],
  },
  'publication-state-changed': {
    level: 'info',
    message: 'A publication was prepared, approved or cancelled.',
    count: ['dataset', 'state'],
  },
  'version-published': {
    level: 'info',
    message: 'A version was published.',
    count: ['dataset'],
    seconds: 'seconds',
  },
  'version-withdrawn': { level: 'warn', message: 'A version was withdrawn.', count: ['dataset'] },
  'file-damaged': {
    level: 'error',
    message: 'A stored file differs from its record and is not sent. Run: qingdan verify --repair',
    count: ['fault'],
  },
  'file-intact': { level: 'info', message: 'A stored file that was damaged is intact again.' },
  'files-checked': {
    level: 'info',
    message: 'The stored files were compared with their records.',
    count: ['depth'],
    seconds: 'seconds',
  },
  'data-erased': {
    level: 'warn',
    message: 'Stored data were removed, by a decision or after their retention.',
    count: ['kind', 'cause'],
  },
  'mirror-updated': { level: 'info', message: 'The mirror imported an export of its origin.' },
  'contracts-reloaded': { level: 'info', message: 'Contracts were reloaded.' },
  'job-failed': { level: 'error', message: 'A job failed and will be retried.', count: ['job'] },
  'jobs-returned': { level: 'warn', message: 'Jobs of a worker that died were returned to the queue.' },
  'samples-loading': { level: 'info', message: 'Synthetic samples are being published.' },
} as const satisfies Record<string, EventDefinition>

type EventName = keyof typeof events

/** Facts of one event: short texts and numbers, `error` for internal errors. */
export type EventFacts = Readonly<Record<string, string | number | boolean | undefined | Error>>

export type Observe = (name: EventName, facts?: EventFacts) => void

/** Returns a function that records one event under fixed labels, which are serialised and looked up once. */
type ObserveAs = (name: EventName, labels: EventFacts) => (facts: EventFacts) => void

type Lines = { readonly [level in Level]: (facts: object, message: string) => void }

/** Where log lines go; pino fits. */
export type LogSink = Lines & {
  /** Writes buffered lines. */
  readonly flush?: () => void
  /** A log whose lines all begin with these facts. */
  readonly child?: (facts: Record<string, unknown>) => Lines
}

/** The metrics of one event under one set of labels. */
interface Measured {
  readonly count: (by: number) => void
  readonly time?: (seconds: number) => void
}

export interface EventLog {
  readonly observe: Observe
  readonly observeAs: ObserveAs
  /** The metrics in the Prometheus text format. */
  readonly metrics: () => Promise<string>
}

/** Builds the event log on a log sink. Each has its own metrics registry, so tests do not share counts. */
export function buildEventLog(log: LogSink): EventLog {
  const registry = new Registry()
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  for (const [name, entry] of Object.entries(events) as [EventName, EventDefinition][]) {
    if (entry.count === undefined) continue
    const metric = `qingdan_${name.replaceAll('-', '_')}`
    const shared = { help: entry.message, labelNames: [...entry.count], registers: [registry] }
    counters.set(name, new Counter({ name: `${metric}_total`, ...shared }))
    if (entry.seconds === undefined) continue
    histograms.set(name, new Histogram({ name: `${metric}_seconds`, ...shared }))
  }
  const measure = (name: EventName, count: readonly string[], facts: EventFacts): Measured => {
    const labels = Object.fromEntries(count.map((label) => [label, String(facts[label] ?? '')]))
    const [counter, histogram] = [counters.get(name)?.labels(labels), histograms.get(name)?.labels(labels)]
    return {
      count: (by) => counter?.inc(by),
      ...(histogram === undefined ? {} : { time: (seconds) => histogram.observe(seconds) }),
    }
  }
  // prom-client finds a metric by sorting its labels; label sets are few, so each is cached by its text.
  const known = new Map<string, Measured>()
  const measuredOf = (name: EventName, count: readonly string[], facts: EventFacts): Measured => {
    let key: string = name
    for (const label of count) key += `\n${facts[label] ?? ''}`
    let measured = known.get(key)
    if (measured === undefined) {
      measured = measure(name, count, facts)
      known.set(key, measured)
    }
    return measured
  }
  const observe: Observe = (name, facts = {}) => {
    const entry: EventDefinition = events[name]
    log[entry.level](lineOf(name, facts), entry.message)
    if (entry.isFrequent !== true) log.flush?.()
    if (entry.count !== undefined) recordMetrics(measuredOf(name, entry.count, facts), entry, facts)
  }
  const observeAs: ObserveAs = (name, labels) => {
    const entry: EventDefinition = events[name]
    const lines = log.child?.({ event: name, ...labels })
    if (lines === undefined) return (facts) => observe(name, { ...labels, ...facts })
    const measured = entry.count === undefined ? undefined : measuredOf(name, entry.count, labels)
    return (facts) => {
      lines[entry.level](facts, entry.message)
      if (entry.isFrequent !== true) log.flush?.()
      if (measured !== undefined) recordMetrics(measured, entry, facts)
    }
  }
  return { observe, observeAs, metrics: () => registry.metrics() }
}

function recordMetrics(
  { count, time }: Measured,
  { seconds: name = '' }: EventDefinition,
  facts: EventFacts,
): void {
  count(1)
  const seconds = facts[name]
  if (typeof seconds === 'number') time?.(seconds)
}

function lineOf(name: EventName, facts: EventFacts): object {
  if (facts['error'] === undefined) return { event: name, ...facts }
  const { error, ...rest } = facts
  return { event: name, ...rest, ...(error instanceof Error ? { err: error } : {}) }
}
