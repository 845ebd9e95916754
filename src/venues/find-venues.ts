/** Finds venues by place and property, the nearest first, and says whether each is open. Pure. */
import { distanceOf, earthRadius } from '../contract/index.ts'
import type { Calendar } from './calendar.ts'
import { type Closures, type StoredClosure, venueKey } from './closures/closures.ts'
import { openAt } from './open.ts'
import type { Place } from './parameters.ts'
import type { Venue } from './venue.ts'
import type { VenueEdition } from './venue-state.ts'

export interface VenueFilter {
  readonly place: Place | undefined
  readonly activity?: string | undefined
  readonly district?: string | undefined
  readonly indoor?: boolean | undefined
  readonly free?: boolean | undefined
}

export interface FoundVenue {
  readonly venue: Venue
  readonly dataset: string
  /** In metres; undefined without a place. */
  readonly distance: number | undefined
}

/** The venues that match, the nearest first; without a place by dataset and code. */
export function findVenues(editions: readonly VenueEdition[], filter: VenueFilter): readonly FoundVenue[] {
  const { place } = filter
  // A degree of latitude is never shorter than on a sphere of this radius.
  const span = place === undefined ? 0 : (place.within / earthRadius) * (180 / Math.PI) + 1e-9
  const found: FoundVenue[] = []
  for (const { dataset, venues } of editions) {
    for (const venue of venues) {
      if (place !== undefined && Math.abs(venue.latitude - place.latitude) > span) continue
      if (!matches(venue, filter)) continue
      const distance = place === undefined ? undefined : distanceOf(place, venue)
      if (place !== undefined && distance !== undefined && distance > place.within) continue
      found.push({ venue, dataset, distance })
    }
  }
  return found.sort(
    (a, b) =>
      (a.distance ?? 0) - (b.distance ?? 0) ||
      compare(a.dataset, b.dataset) ||
      compare(a.venue.id, b.venue.id),
  )
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function matches({ values, activities }: Venue, { activity, district, indoor, free }: VenueFilter): boolean {
  return (
    (activity === undefined || activities.includes(activity)) &&
    (district === undefined || values.district === district) &&
    (indoor === undefined || values.indoor === String(indoor)) &&
    (free === undefined || values.free === String(free))
  )
}

/** Whether a venue is open, and why not. Instants in milliseconds since 1970. */
export interface Openness {
  readonly state: 'open' | 'closed' | 'not-known'
  readonly openUntil?: number
  readonly opensAt?: number
  readonly why?: 'closure' | 'hours' | 'not-valid' | 'closes-before' | 'calendar'
  /** The closure in force. */
  readonly closure?: StoredClosure
  /** When the answer changes, at the latest. */
  readonly changesAt?: number
}

/** Whether a venue is open from an instant on, for an activity or any, until another instant if there is one. */
export function opennessOf(
  { venue, dataset }: Pick<FoundVenue, 'venue' | 'dataset'>,
  { calendar, closures }: { readonly calendar: Calendar; readonly closures: Closures },
  {
    at,
    until,
    activity,
  }: { readonly at: number; readonly until?: number | undefined; readonly activity?: string | undefined },
): Openness {
  const sessions =
    activity === undefined
      ? venue.sessions
      : venue.sessions.filter(({ activities }) => activities.includes(activity))
  const own = closures.byVenue.get(venueKey(dataset, venue.id)) ?? []
  const now = openAt({ sessions }, calendar, own, at)
  if (now.state === 'open') {
    const isLong = until === undefined || now.until >= until
    const common = { openUntil: now.until, changesAt: now.until }
    return isLong ? { state: 'open', ...common } : { state: 'closed', why: 'closes-before', ...common }
  }
  if (now.state === 'not-known') return { state: 'not-known', why: 'calendar' }
  const closure = own.find(
    ({ kind, from, until: end = Number.POSITIVE_INFINITY }) => kind === 'closed' && from <= at && at < end,
  )
  const ends = [now.opensAt, closure?.until].filter((one) => one !== undefined)
  return {
    state: 'closed',
    why: now.why,
    ...(now.opensAt === undefined ? {} : { opensAt: now.opensAt }),
    ...(closure === undefined ? {} : { closure }),
    ...(ends.length === 0 ? {} : { changesAt: Math.min(...ends) }),
  }
}
