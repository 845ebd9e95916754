/**
 * What the answers about venues rest on: editions of open datasets of kind `venues`, calendars, and closures. Each
 * version is read once; which versions and closures are current is read again after each change, by any process.
 */
import { LRUCache } from 'lru-cache'
import {
  type AppContext,
  latestOf,
  latestOfDataset,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../catalogue/index.ts'
import { bindingOf, type Contract, type Contracts, type kinds } from '../contract/index.ts'
import type { Database } from '../db/database.ts'
import { anonymousCaller } from '../platform/caller.ts'
import { readAll } from '../records/index.ts'
import {
  type Calendar,
  type CalendarEntry,
  type Contradiction,
  calendarOf,
  contradictionsOf,
} from './calendar.ts'
import { type Closures, noClosures, readClosures } from './closures/closures.ts'
import { type Venue, venueCollector } from './venue.ts'

export interface VenueState {
  /** Versions by dataset of kind `venues`, the newest edition first, one array per edition. */
  readonly datasets: readonly VenueDataset[]
  readonly calendar: Calendar
  readonly calendars: readonly CalendarEdition[]
  readonly contradictions: readonly Contradiction[]
  readonly closures: Closures
}

export interface VenueDataset {
  readonly contract: Contract
  readonly versions: readonly PublishedVersion[]
}

/** An edition of a calendar with its entries; names in Chinese and English. */
export interface CalendarEdition {
  readonly version: PublishedVersion
  readonly entries: readonly NamedEntry[]
}

export interface NamedEntry extends CalendarEntry {
  readonly name: string | null
  readonly nameEn: string | null
}

/** The venues of a version, by code. */
export interface VenueEdition {
  readonly dataset: string
  readonly version: PublishedVersion
  readonly venues: readonly Venue[]
  readonly byId: ReadonlyMap<string, Venue>
}

/** Versions kept in memory: two years of a few datasets. A version of 100,000 sessions takes some 100 MB. */
const versionsMax = 8

interface Memory {
  readonly venues: LRUCache<number, Promise<VenueEdition>>
  readonly calendars: LRUCache<number, Promise<CalendarEdition>>
  readonly isSubscribed: () => boolean
  closures: Closures
  /** The state since the last change. */
  state: { readonly contracts: Contracts; readonly read: Promise<VenueState> } | undefined
}

const memories = new WeakMap<Database, Memory>()

function memoryOf(database: Database): Memory {
  const known = memories.get(database)
  if (known !== undefined) return known
  const memory: Memory = {
    venues: new LRUCache({ max: versionsMax }),
    calendars: new LRUCache({ max: versionsMax }),
    isSubscribed: database.subscribe(() => {
      memory.state = undefined
    }),
    closures: noClosures,
    state: undefined,
  }
  memories.set(database, memory)
  return memory
}

/** The current state. While notices of changes can't arrive, it is read for each request. */
export function venueState(context: AppContext): Promise<VenueState> {
  const memory = memoryOf(context.database)
  const { contracts } = context
  if (memory.isSubscribed() && memory.state?.contracts === contracts) return memory.state.read
  const state = { contracts, read: readState(context, memory) }
  memory.state = state
  state.read.catch(() => {
    if (memory.state === state) memory.state = undefined
  })
  return state.read
}

async function readState(context: AppContext, memory: Memory): Promise<VenueState> {
  const { serve } = context.database
  const readClosed = await readClosures(serve, memory.closures)
  if (readClosed.position > memory.closures.position) memory.closures = readClosed
  const datasets: VenueDataset[] = []
  for (const contract of openOf(context, 'venues')) {
    datasets.push({ contract, versions: await listVersions(context.database, { dataset: contract.dataset }) })
  }
  const calendars = await readCalendars(context, memory)
  const entries = calendars.flatMap((calendar) => calendar.entries)
  const coverage = calendars.map(({ version }) => ({ from: version.periodStart, to: version.periodEnd }))
  return {
    datasets,
    calendars,
    calendar: calendarOf(entries, coverage),
    contradictions: contradictionsOf(entries),
    closures: readClosed,
  }
}

/** The newest contracts of datasets of a kind that everyone may read. */
function openOf({ contracts }: AppContext, kind: 'venues' | 'calendar'): readonly Contract[] {
  return listReadable(contracts, anonymousCaller)
    .map(({ contract }) => contract)
    .filter((contract) => bindingOf(contract, kind) !== undefined)
}

async function readCalendars(context: AppContext, memory: Memory): Promise<readonly CalendarEdition[]> {
  const found: CalendarEdition[] = []
  for (const { dataset } of openOf(context, 'calendar')) {
    const versions = await listVersions(context.database, { dataset })
    for (const edition of new Set(versions.map((version) => version.edition))) {
      const version = latestOf(versions.filter((one) => one.edition === edition))
      if (version === undefined) continue
      found.push(await once(memory.calendars, version.id, () => readCalendar(context, version)))
    }
  }
  return found
}

/** Reads a version once; a failure is not kept. */
function once<Value extends object>(
  cache: LRUCache<number, Promise<Value>>,
  id: number,
  read: () => Promise<Value>,
): Promise<Value> {
  const known = cache.get(id)
  if (known !== undefined) return known
  const value = read()
  cache.set(id, value)
  value.catch(() => cache.delete(id))
  return value
}

async function readCalendar(context: AppContext, version: PublishedVersion): Promise<CalendarEdition> {
  const { contract } = context.contracts.get(version.dataset, version.contractVersion)
  const bind = bindingOf(contract, 'calendar') ?? {}
  const column = (property: keyof (typeof kinds)['calendar']) =>
    contract.fields.findIndex(({ name }) => name === bind[property])
  const entries: NamedEntry[] = []
  for await (const batch of readAll(context.database.serve, version.recordsTable, contract.fields)) {
    for (const record of batch) {
      const of = (property: keyof (typeof kinds)['calendar']) => record[column(property)] ?? null
      entries.push({
        entry: of('entry') as CalendarEntry['entry'],
        starts: of('starts') ?? '',
        ends: of('ends') ?? '',
        name: of('name'),
        nameEn: of('nameEn'),
      })
    }
  }
  return { version, entries }
}

/**
 * The editions for a day, one per dataset: the last one that has begun by then, else the first. A dataset whose edition
 * of that day is withdrawn has none, for an older one is not true any more.
 */
export async function editionsFor(
  context: AppContext,
  { datasets }: VenueState,
  date: string,
): Promise<readonly VenueEdition[]> {
  const { venues } = memoryOf(context.database)
  const found: VenueEdition[] = []
  for (const { versions } of datasets) {
    const begun = versions.filter(({ periodStart }) => periodStart <= date)
    const first = versions.filter(({ edition }) => edition === versions.at(-1)?.edition)
    const version = latestOfDataset(begun.length > 0 ? begun : first)
    if (version === undefined) continue
    found.push(await once(venues, version.id, () => readVenueEdition(context, version)))
  }
  return found
}

async function readVenueEdition(context: AppContext, version: PublishedVersion): Promise<VenueEdition> {
  const { contract } = context.contracts.get(version.dataset, version.contractVersion)
  const collector = venueCollector(contract)
  for await (const batch of readAll(context.database.serve, version.recordsTable, contract.fields)) {
    for (const record of batch) collector.add(record)
  }
  const venues = collector.venues()
  const byId = new Map(venues.map((venue) => [venue.id, venue]))
  return { dataset: version.dataset, version, venues, byId }
}
