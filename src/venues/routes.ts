/** Venues over HTTP: what is open, a venue, its sessions by day, and calendars as iCalendar. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AppContext, addresses, EditionName, getReadable, Slug } from '../catalogue/index.ts'
import { bindingOf, labelOf } from '../contract/index.ts'
import { type App, isFresh, languageOf, problemResponses } from '../http/index.ts'
import { digestOf } from '../platform/digest.ts'
import type { Language } from '../platform/language.ts'
import { problem } from '../platform/problem.ts'
import { dayInShanghai } from '../platform/time.ts'
import { basisOf, iso, openVenueBody, venueBody } from './bodies.ts'
import { venueKey } from './closures/closures.ts'
import { datedSessions } from './dated-sessions.ts'
import { findVenues, type Openness, opennessOf } from './find-venues.ts'
import { dateAfter, midnightOf } from './open.ts'
import {
  checkCode,
  daysDefault,
  daysMax,
  limitDefault,
  limitMax,
  parseDays,
  parsePlace,
  parseTimes,
  withinDefault,
  withinMax,
} from './parameters.ts'
import { recurringEvents } from './recurrence.ts'
import { OpenSchema, SessionsSchema, VenueSchema } from './schemas.ts'
import type { Venue } from './venue.ts'
import { editionsFor, type VenueState, venueState } from './venue-state.ts'

const tags = ['venues']

/** Seconds that an answer may be reused: a closure is seen everywhere after that. */
const maxAgeSeconds = 30
/** Days of a venue's calendar before and after today: two years, as far as calendars reach. */
const [calendarDaysBefore, calendarDays] = [31, 731]

const Lang = Type.Optional(
  Type.Enum(['zh', 'en'], { description: 'Language of the texts; else that of `Accept-Language`.' }),
)
const At = Type.Optional(
  Type.String({
    description: 'The moment, with its zone: `2026-05-01T18:30:00+08:00` with + as %2B; now if absent.',
  }),
)

export const VenueId = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'Code of the venue, from /v1/venues/open or the records.',
})

const OpenQuery = Type.Object({
  at: At,
  until: Type.Optional(
    Type.String({
      description: 'With its zone; only venues open from `at` to then are `open`. At most 24 hours later.',
    }),
  ),
  lat: Type.Optional(Type.Number({ description: 'Latitude of the place, WGS-84.' })),
  lon: Type.Optional(Type.Number({ description: 'Longitude of the place, WGS-84.' })),
  within: Type.Optional(
    Type.Number({ description: `Metres from the place, 1 to ${withinMax}; ${withinDefault} if absent.` }),
  ),
  activity: Type.Optional(
    Type.String({ description: 'Only this activity; a code. Other sessions are not counted.' }),
  ),
  district: Type.Optional(Type.String({ description: 'Only this district; a code.' })),
  indoor: Type.Optional(Type.Boolean({ description: 'Only under a roof, or only in the open.' })),
  free: Type.Optional(
    Type.Boolean({ description: 'Only where nothing is charged, or only where something is.' }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limitMax,
      description: `The most venues, 1 to ${limitMax}; ${limitDefault} if absent.`,
    }),
  ),
  lang: Lang,
})

export async function venueRoutes(app: App, context: AppContext): Promise<void> {
  openRoute(app, context)
  venueRoute(app, context)
  sessionsRoute(app, context)
  venueCalendarRoute(app, context)
  daysCalendarRoutes(app, context)
}

function languageFor(request: FastifyRequest, lang: Language | undefined): Language {
  return lang ?? languageOf(request, 'zh')
}

/**
 * Sends a text with a strong ETag, to be reused until it may change. Times are cut to the minute, so an answer about now
 * is right until the minute ends.
 */
function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, text, seconds }: { readonly type: string; readonly text: string; readonly seconds: number },
) {
  const fresh = isFresh(request, reply, digestOf(text).slice(0, 32))
  reply.header('cache-control', `public, max-age=${seconds}`)
  reply.header('vary', 'Accept, Accept-Encoding, Accept-Language, Authorization')
  if (fresh) return reply.code(304).send(null)
  return reply.type(type).send(text)
}

const json = 'application/json; charset=utf-8'
const calendarType = 'text/calendar; charset=utf-8'

/** Seconds until an answer about now changes, at most half a minute. About another moment it does not. */
function secondsLeft(changes: readonly (number | undefined)[], now: number, isNow: boolean): number {
  if (!isNow) return maxAgeSeconds
  const next = Math.min(...changes.map((at) => at ?? Number.POSITIVE_INFINITY))
  return Math.max(0, Math.min(maxAgeSeconds, Math.floor((next - now) / 1000)))
}

const jsonOf = (schema: typeof OpenSchema | typeof VenueSchema | typeof SessionsSchema) =>
  Type.Unsafe<string>(schema)
const calendarResponse = {
  description: 'iCalendar (RFC 5545), times in UTC.',
  content: { 'text/calendar': { schema: Type.Unsafe<string>({ type: 'string' }) } },
}
const unchanged = Type.Null({ description: 'The caller has the current answer.' })

function openRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/venues/open',
    {
      schema: {
        operationId: 'listOpenVenues',
        tags,
        summary: 'What is open',
        description:
          'Venues by distance, each with when it closes, when it opens, or why it is closed: by its published sessions, the ' +
          'calendar of working days, holidays and vacations, and closures. `basis` names what was used.',
        querystring: OpenQuery,
        response: { 200: jsonOf(OpenSchema), 304: unchanged, ...problemResponses() },
      },
    },
    async (request, reply) => {
      const { query } = request
      const { activity, district, indoor, free, limit = limitDefault } = query
      const now = context.clock()
      const place = parsePlace(query)
      const times = parseTimes(query, now)
      checkCode(context.contracts, 'activity', 'venue-activities', activity)
      checkCode(context.contracts, 'district', 'districts', district)
      const state = await venueState(context)
      const editions = await editionsFor(context, state, dayInShanghai(new Date(times.at)))
      const found = findVenues(editions, { place, activity, district, indoor, free })
      const language = languageFor(request, query.lang)
      const listed = found.slice(0, limit).map((one) => {
        const openness = opennessOf(one, state, { ...times, activity })
        return { openness, body: openVenueBody(context.config, one, openness, times.at, language) }
      })
      const body = {
        at: iso(times.at),
        until: times.until === undefined ? null : iso(times.until),
        data: listed.map((one) => one.body),
        meta: { matched: found.length, limit },
        basis: basisOf(context.config, state, editions),
      }
      const seconds = secondsUntilChange(
        listed.map((one) => one.openness),
        now,
        query.at === undefined,
      )
      return send(request, reply, { type: json, text: JSON.stringify(body), seconds })
    },
  )
}

function secondsUntilChange(states: readonly Openness[], now: Date, isNow: boolean): number {
  const midnight = midnightOf(dateAfter(dayInShanghai(now), 1))
  return secondsLeft([midnight, ...states.map(({ changesAt }) => changesAt)], now.getTime(), isNow)
}

/** The venue of an address, in the editions of a day. Throws `venue-not-found`. */
export async function getVenue(context: AppContext, id: string, date: string) {
  const state = await venueState(context)
  const editions = await editionsFor(context, state, date)
  const edition = editions.find(({ byId }) => byId.has(id))
  const venue = edition?.byId.get(id)
  if (edition === undefined || venue === undefined) throw problem('venue-not-found', { path: 'id' })
  const { dataset } = edition
  const closures = state.closures.byVenue.get(venueKey(dataset, id)) ?? []
  return { state, edition, venue, dataset, closures }
}

const OfVenue = Type.Object({ id: VenueId })

function venueRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/venues/:id',
    {
      schema: {
        operationId: 'getVenue',
        tags,
        summary: 'A venue',
        description: 'What is known of it, its sessions as published, its closures, and whether it is open.',
        params: OfVenue,
        querystring: Type.Object({ at: At, lang: Lang }),
        response: { 200: jsonOf(VenueSchema), 304: unchanged, ...problemResponses('venue-not-found') },
      },
    },
    async (request, reply) => {
      const now = context.clock()
      const { at } = parseTimes(request.query, now)
      const found = await getVenue(context, request.params.id, dayInShanghai(new Date(at)))
      const { state, closures } = found
      const openness = opennessOf(found, state, { at })
      const language = languageFor(request, request.query.lang)
      const basis = basisOf(context.config, state, [found.edition])
      const body = venueBody(context.config, found, { openness, at, language, closures, basis })
      const seconds = secondsUntilChange([openness], now, request.query.at === undefined)
      return send(request, reply, { type: json, text: JSON.stringify(body), seconds })
    },
  )
}

function sessionsRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/venues/:id/sessions',
    {
      schema: {
        operationId: 'listVenueSessions',
        tags,
        summary: 'The sessions of a venue by day',
        description:
          'Open time by day, with what can be done in it: sessions less closures, and one-off openings.',
        params: OfVenue,
        querystring: Type.Object({
          from: Type.Optional(
            Type.String({ description: 'The first day, such as `2026-05-01`; today if absent.' }),
          ),
          days: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: daysMax,
              description: `How many days, 1 to ${daysMax}; ${daysDefault} if absent.`,
            }),
          ),
          lang: Lang,
        }),
        response: { 200: jsonOf(SessionsSchema), 304: unchanged, ...problemResponses('venue-not-found') },
      },
    },
    async (request, reply) => {
      const { from, days } = parseDays(request.query, context.clock())
      const { state, edition, venue, dataset, closures } = await getVenue(context, request.params.id, from)
      const body = {
        id: venue.id,
        dataset,
        from,
        days,
        data: datedSessions(venue, state.calendar, closures, from, days).map((day) => ({
          date: day.date,
          weekday: day.weekday,
          kind: day.kind ?? null,
          sessions:
            day.sessions?.map((one) => ({
              from: iso(one.from),
              until: iso(one.until),
              activities: one.activities,
            })) ?? null,
        })),
        basis: basisOf(context.config, state, [edition]),
      }
      return send(request, reply, { type: json, text: JSON.stringify(body), seconds: maxAgeSeconds })
    },
  )
}

function venueCalendarRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/venues/:id/calendar.ics',
    {
      schema: {
        operationId: 'getVenueCalendar',
        tags,
        summary: 'The sessions of a venue as iCalendar',
        description:
          'From a month ago on, over two years, as far as the calendars reach: weekly events with their exceptions, and ' +
          'single events. Closures are left out of it at once.',
        params: OfVenue,
        querystring: Type.Object({ lang: Lang }),
        response: { 200: calendarResponse, 304: unchanged, ...problemResponses('venue-not-found') },
      },
    },
    async (request, reply) => {
      const today = dayInShanghai(context.clock())
      const { state, edition, venue, closures } = await getVenue(context, request.params.id, today)
      const from = dateAfter(today, -calendarDaysBefore)
      const days = datedSessions(venue, state.calendar, closures, from, calendarDays)
      const { sessionsCalendar } = await import('./icalendar.ts')
      const text = sessionsCalendar(
        {
          ...nameOf(venue),
          url: addresses(context.config).venue(venue.id),
          stamp: edition.version.publishedAt,
        },
        recurringEvents(days.flatMap(({ sessions = [] }) => sessions)),
        {
          id: venue.id,
          location: venue.values.address ?? venue.values.name ?? '',
          summaryOf: summaryOf(context, venue, languageFor(request, request.query.lang)),
        },
      )
      return send(request, reply, { type: calendarType, text, seconds: maxAgeSeconds })
    },
  )
}

function nameOf({ values }: Venue) {
  return { name: `${values.name ?? ''} ${values.facility ?? ''}` }
}

function summaryOf({ contracts }: AppContext, venue: Venue, language: Language) {
  return (activities: readonly string[]) => {
    const labels = activities.map((code) => labelOf(contracts, 'venue-activities', code)?.[language] ?? code)
    return `${nameOf(venue).name}: ${labels.join(language === 'zh' ? '、' : ', ')}`
  }
}

function daysCalendarRoutes(app: App, context: AppContext): void {
  for (const [path, operationId, params] of [
    ['/v1/datasets/:slug/calendar.ics', 'getCalendar', Type.Object({ slug: Slug })],
    [
      '/v1/datasets/:slug/editions/:edition/calendar.ics',
      'getEditionCalendar',
      Type.Object({ slug: Slug, edition: EditionName }),
    ],
  ] as const) {
    app.get(
      path,
      {
        schema: {
          operationId,
          tags,
          summary: 'A calendar as iCalendar',
          description: 'Holidays, make-up working days, terms and vacations of a dataset of kind `calendar`.',
          params,
          querystring: Type.Object({ lang: Lang }),
          response: {
            200: calendarResponse,
            304: unchanged,
            ...problemResponses('dataset-not-found', 'edition-not-found', 'calendar-not-found'),
          },
        },
      },
      async (request, reply) => {
        const { slug, edition } = request.params as { readonly slug: string; readonly edition?: string }
        const { contract } = getReadable(context.contracts, request.caller, slug)
        if (bindingOf(contract, 'calendar') === undefined)
          throw problem('calendar-not-found', { path: 'slug' })
        const { calendars } = await venueState(context)
        const own = calendars.filter(
          ({ version }) => version.dataset === slug && (edition === undefined || version.edition === edition),
        )
        if (own.length === 0)
          throw problem('edition-not-found', { path: edition === undefined ? 'slug' : 'edition' })
        const language = languageFor(request, request.query.lang)
        const { daysCalendar } = await import('./icalendar.ts')
        const text = daysCalendar(
          {
            name: contract.title[language],
            url: addresses(context.config).dataset(slug),
            stamp: new Date(Math.max(...own.map(({ version }) => version.publishedAt.getTime()))),
          },
          calendarEvents(context, own, language),
        )
        return send(request, reply, { type: calendarType, text, seconds: maxAgeSeconds })
      },
    )
  }
}

function calendarEvents({ contracts }: AppContext, own: VenueState['calendars'], language: Language) {
  return own
    .flatMap(({ entries }) => entries)
    .map(({ entry, starts, ends, name, nameEn }) => {
      const title = labelOf(contracts, 'calendar-entries', entry)?.[language] ?? entry
      const given = (language === 'zh' ? name : nameEn) ?? name
      return { starts, ends, summary: given === null || given === title ? title : `${given} (${title})` }
    })
    .sort((a, b) => (a.starts < b.starts ? -1 : a.starts > b.starts ? 1 : 0))
}
