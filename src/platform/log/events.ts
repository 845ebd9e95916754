/**
 * What the house says of itself: a closed list of observations, each a log line and, where it counts or takes time,
 * a metric. Labels are names, codes and numbers of ours; a value from a bundle or a query never is one.
 */
import { Counter, Histogram, Registry } from 'prom-client'

type Level = 'debug' | 'info' | 'warn' | 'error'

interface Observation {
  readonly level: Level
  readonly message: string
  /** Counted under `qingdan_<name>_total`, by these labels. */
  readonly count?: readonly string[]
  /** So frequent that its lines may wait to be written together, for less than a second. */
  readonly isFrequent?: boolean
  /** The fact of this name, in seconds, goes into the histogram `qingdan_<name>_seconds`, by the labels above. */
  readonly seconds?: string
}

export const observations = {
  'service-started': { level: 'info', message: 'The service listens.' },
  'service-stopping': { level: 'info', message: 'The service stops: requests and jobs may end.' },
  'service-stopped': { level: 'info', message: 'The service has stopped.' },
  'database-started': { level: 'info', message: 'The database is there.' },
  'database-migrated': { level: 'info', message: 'The database has the newest form.' },
  'database-moved': {
    level: 'warn',
    message: 'The database is kept outside the data folder; the reason is given.',
  },
  'contract-keyword-deprecated': {
    level: 'warn',
    message: 'A new contract uses former keywords; the next version should use the current ones.',
  },
  'setting-deprecated': {
    level: 'warn',
    message: 'A setting was given under its former name, which will be refused after the next release.',
  },
  'request-answered': {
    level: 'info',
    message: 'A request was answered.',
    count: ['route', 'method', 'status'],
    seconds: 'seconds',
    isFrequent: true,
  },
  'request-failed': { level: 'error', message: 'A request failed by our fault.', count: ['route'] },
  'stream-aborted': { level: 'warn', message: 'A stream broke off in the middle.', count: ['route'] },
  'audit-failed': {
    level: 'error',
    message: 'An access to data that are not open could not be written down, so they were not given.',
    count: [],
  },
  'usage-lost': {
    level: 'warn',
    message: 'A request of a key was not counted: too many counts wait to be written.',
    count: [],
  },
  'key-refused': { level: 'warn', message: 'A key was refused.', count: ['reason'] },
  'signature-refused': {
    level: 'warn',
    message: 'The signature of a bundle proved nothing.',
    count: ['reason'],
  },
  'bundle-received': { level: 'info', message: 'A bundle was received.', count: ['dataset'] },
  'bundle-advanced': {
    level: 'info',
    message: 'A bundle reached its next state.',
    count: ['dataset', 'state'],
  },
  'inbox-left': {
    level: 'warn',
    message: 'Something stays in the inbox; the reason is given.',
    count: ['reason'],
  },
  'inbox-away': { level: 'warn', message: 'The inbox can not be read, and is looked for again.' },
  'inbox-failed': {
    level: 'error',
    message: 'A bundle of the inbox could not be walked to its end, and is tried again.',
  },
  'step-reached': {
    level: 'debug',
    message: 'A step of a journey came to a point from which it can go on again.',
  },
  'edition-advanced': {
    level: 'info',
    message: 'An edition reached its next state.',
    count: ['dataset', 'state'],
  },
  'publication-advanced': {
    level: 'info',
    message: 'A publication was prepared and waits, was approved, or was called off.',
    count: ['dataset', 'state'],
  },
  'version-published': {
    level: 'info',
    message: 'A version was published.',
    count: ['dataset'],
    seconds: 'seconds',
  },
  'version-withdrawn': { level: 'warn', message: 'A version was withdrawn.', count: ['dataset'] },
  'mirror-advanced': { level: 'info', message: 'The mirror has taken an export of its origin.' },
  'contracts-renewed': { level: 'info', message: 'The contracts of the mirror were loaded anew.' },
  'job-failed': { level: 'error', message: 'A job failed and will be tried again.', count: ['job'] },
  'samples-loading': { level: 'info', message: 'Synthetic samples are being published.' },
} as const satisfies Record<string, Observation>

export type ObservationName = keyof typeof observations

/** Facts of one observation: short texts and numbers, `error` for our own faults. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined | Error>>

export type Observe = (name: ObservationName, facts?: Facts) => void

/** Gives what observes one thing under labels that stay: they are written out and looked up once. */
export type ObserveAs = (name: ObservationName, labels: Facts) => (facts: Facts) => void

type Lines = { readonly [level in Level]: (facts: object, message: string) => void }

/** Where log lines go; pino fits. */
export type LogSink = Lines & {
  /** Has those lines written that wait. */
  readonly flush?: () => void
  /** A log whose lines all begin with these facts. */
  readonly child?: (facts: Record<string, unknown>) => Lines
}

/** The metrics of one observation under one set of labels. */
interface Measured {
  readonly count: (by: number) => void
  readonly time?: (seconds: number) => void
}

export interface Observer {
  readonly observe: Observe
  readonly observeAs: ObserveAs
  /** The metrics in the Prometheus text format. */
  readonly metrics: () => Promise<string>
}

/** Builds an observer over a log; each observer has a registry of its own, so that tests don't share counts. */
export function buildObserver(log: LogSink): Observer {
  const registry = new Registry()
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  for (const [name, entry] of Object.entries(observations) as [ObservationName, Observation][]) {
    if (entry.count === undefined) continue
    const metric = `qingdan_${name.replaceAll('-', '_')}`
    const shared = { help: entry.message, labelNames: [...entry.count], registers: [registry] }
    counters.set(name, new Counter({ name: `${metric}_total`, ...shared }))
    if (entry.seconds === undefined) continue
    histograms.set(name, new Histogram({ name: `${metric}_seconds`, ...shared }))
  }
  const measure = (name: ObservationName, count: readonly string[], facts: Facts): Measured => {
    const labels = Object.fromEntries(count.map((label) => [label, String(facts[label] ?? '')]))
    const [counter, histogram] = [counters.get(name)?.labels(labels), histograms.get(name)?.labels(labels)]
    return {
      count: (by) => counter?.inc(by),
      ...(histogram === undefined ? {} : { time: (seconds) => histogram.observe(seconds) }),
    }
  }
  // A registry finds a metric by sorting its labels; ours are few, and each set of them is found by its text.
  const known = new Map<string, Measured>()
  const measuredOf = (name: ObservationName, count: readonly string[], facts: Facts): Measured => {
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
    const entry: Observation = observations[name]
    log[entry.level](lineOf(name, facts), entry.message)
    if (entry.isFrequent !== true) log.flush?.()
    if (entry.count !== undefined) take(measuredOf(name, entry.count, facts), entry, facts)
  }
  const observeAs: ObserveAs = (name, labels) => {
    const entry: Observation = observations[name]
    const lines = log.child?.({ observation: name, ...labels })
    if (lines === undefined) return (facts) => observe(name, { ...labels, ...facts })
    const measured = entry.count === undefined ? undefined : measuredOf(name, entry.count, labels)
    return (facts) => {
      lines[entry.level](facts, entry.message)
      if (entry.isFrequent !== true) log.flush?.()
      if (measured !== undefined) take(measured, entry, facts)
    }
  }
  return { observe, observeAs, metrics: () => registry.metrics() }
}

function take({ count, time }: Measured, { seconds: name = '' }: Observation, facts: Facts): void {
  count(1)
  const seconds = facts[name]
  if (typeof seconds === 'number') time?.(seconds)
}

function lineOf(name: ObservationName, facts: Facts): object {
  if (facts['error'] === undefined) return { observation: name, ...facts }
  const { error, ...rest } = facts
  return { observation: name, ...rest, ...(error instanceof Error ? { err: error } : {}) }
}
