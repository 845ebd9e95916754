/** Answers about venues as JSON. Pure. */
import { addresses, type PublishedVersion } from '../catalogue/index.ts'
import type { Config } from '../platform/config.ts'
import type { Language } from '../platform/language.ts'
import type { Shape } from '../platform/shape.ts'
import type { StoredClosure } from './closures/closures.ts'
import type { FoundVenue, Openness } from './find-venues.ts'
import type { ClosureSchema, OpenSchema, VenueSchema } from './schemas.ts'
import type { Venue, VenueSession } from './venue.ts'
import type { VenueEdition, VenueState } from './venue-state.ts'

type Settings = Pick<Config, 'QINGDAN_PUBLIC_URL'>
type OpenBody = Shape<typeof OpenSchema>
type VenueBody = Shape<typeof VenueSchema>

export const iso = (instant: number) => new Date(instant).toISOString()

export function basisOf(
  config: Settings,
  { calendars, contradictions, closures }: VenueState,
  editions: readonly VenueEdition[],
): OpenBody['basis'] {
  const at = addresses(config)
  const used = (version: PublishedVersion) => ({
    dataset: version.dataset,
    edition: version.edition,
    version: version.number,
    href: at.version(version),
  })
  return {
    editions: editions.map(({ version }) => used(version)),
    calendars: calendars.map(({ version }) => used(version)),
    contradictions: [...new Set(contradictions.map(({ date }) => date))].sort(),
    closures: { changes: closures.position, href: `${at.changes}?type=closure-changed` },
  }
}

function factsOf({ id, values, activities, longitude, latitude }: Venue, dataset: string) {
  const flag = (text: string | null) => (text === null ? null : text === 'true')
  const count = (text: string | null) => (text === null ? null : Number(text))
  return {
    id,
    dataset,
    name: values.name ?? '',
    facility: values.facility ?? '',
    facilityType: values.facilityType,
    activities,
    district: values.district,
    address: values.address,
    longitude,
    latitude,
    indoor: flag(values.indoor),
    lights: flag(values.lights),
    surface: values.surface,
    capacity: count(values.capacity),
    accessibility: values.accessibility,
    free: flag(values.free),
    fee: values.fee,
    feeAmount: count(values.feeAmount),
    feeUnit: values.feeUnit,
    booking: values.booking,
    bookingUrl: values.bookingUrl,
    phone: values.phone,
    notes: values.notes,
  }
}

function statePart(openness: Openness, at: number, language: Language) {
  const { state, openUntil, opensAt, why, closure } = openness
  return {
    state,
    openUntil: openUntil === undefined ? null : iso(openUntil),
    opensAt: opensAt === undefined ? null : iso(opensAt),
    why: why ?? null,
    reason: closure?.reason ?? null,
    text: textOf(openness, at, language),
  }
}

const local = (instant: number) => iso(instant + 8 * 3_600_000)

/** A time today as `20:30`, of another day with its date. */
function timeText(instant: number, at: number): string {
  const [date, time] = [local(instant).slice(0, 10), local(instant).slice(11, 16)]
  return date === local(at).slice(0, 10) ? time : `${date} ${time}`
}

const reasons = {
  hours: { zh: '不在开放时间', en: 'closed at this time' },
  closure: { zh: '临时关闭', en: 'closed temporarily' },
  'not-valid': { zh: '不在有效期内', en: 'not open to the public at this time' },
  'closes-before': { zh: '期间关闭', en: 'closes before' },
  calendar: { zh: '无校历，无法判断', en: 'not known: no calendar covers the day' },
} as const

function textOf({ state, openUntil, opensAt, why }: Openness, at: number, language: Language): string {
  const isChinese = language === 'zh'
  const until = openUntil === undefined ? '' : timeText(openUntil, at)
  if (state === 'open') return isChinese ? `开放至 ${until}` : `open until ${until}`
  const reason = why === undefined ? '' : reasons[why][language]
  if (why === 'closes-before') return isChinese ? `${reason}，开放至 ${until}` : `open until ${until} only`
  if (opensAt === undefined) return reason
  const next = timeText(opensAt, at)
  return isChinese ? `${reason}，${next} 开放` : `${reason}, opens at ${next}`
}

/** One venue of the answer to `/v1/venues/open`. */
export function openVenueBody(
  config: Settings,
  { venue, dataset, distance }: FoundVenue,
  openness: Openness,
  at: number,
  language: Language,
): OpenBody['data'][number] {
  return {
    ...factsOf(venue, dataset),
    distance: distance === undefined ? null : Math.round(distance),
    ...statePart(openness, at, language),
    href: addresses(config).venue(venue.id),
  }
}

/** A venue with its hours and closures. */
export function venueBody(
  config: Settings,
  { venue, dataset }: Pick<FoundVenue, 'venue' | 'dataset'>,
  {
    openness,
    at,
    language,
    closures,
    basis,
  }: {
    readonly openness: Openness
    readonly at: number
    readonly language: Language
    readonly closures: readonly StoredClosure[]
    readonly basis: OpenBody['basis']
  },
): VenueBody {
  const self = addresses(config).venue(venue.id)
  return {
    ...factsOf(venue, dataset),
    ...statePart(openness, at, language),
    at: iso(at),
    hours: venue.sessions.map(hoursBody),
    closures: closures.filter(({ until }) => until === undefined || until > at).map(closureBody),
    basis,
    links: { self, sessions: `${self}/sessions`, calendar: `${self}/calendar.ics` },
  }
}

function hoursBody(session: VenueSession) {
  const { days = [], dayTypes = [], except = [], season, from, to, activities } = session
  return {
    days: [...dayTypes, ...days],
    except,
    opens: from,
    closes: to,
    season: season === undefined ? null : `${season.from}/${season.to}`,
    validFrom: session.validFrom ?? null,
    validUntil: session.validUntil ?? null,
    activities,
  }
}

export function closureBody(closure: StoredClosure): Shape<typeof ClosureSchema> {
  const { id, venue, kind, from, until, reason } = closure
  return { id, venue, kind, from: iso(from), until: until === undefined ? null : iso(until), reason }
}
