/** Which venues are open, for the page: the same parameters and functions as /v1/venues/open. */
import type { AppContext } from '../../catalogue/index.ts'
import type { Contracts } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { dayInShanghai } from '../../platform/time.ts'
import {
  basisOf,
  checkCode,
  editionsFor,
  findVenues,
  opennessOf,
  openVenueBody,
  parsePlace,
  parseTimes,
  venueState,
} from '../../venues/index.ts'
import type { View } from '../view.ts'

export type OpenVenue = ReturnType<typeof openVenueBody>
export type VenueBasis = ReturnType<typeof basisOf>

/** What the reader asked for, as in the address. Times are local, as the form has them. */
export interface VenueQuestion {
  readonly day: string
  readonly time: string
  /** Whether a time was chosen; else it is now. */
  readonly isNow: boolean
  readonly activity: string | undefined
  readonly district: string | undefined
  readonly indoor: boolean | undefined
  readonly free: boolean | undefined
  /** Whether venues that are closed then are shown too. */
  readonly shows: 'open' | 'all'
  readonly lat: string | undefined
  readonly lon: string | undefined
  readonly within: string | undefined
}

export interface OpenPage {
  readonly question: VenueQuestion
  readonly venues: readonly OpenVenue[]
  /** Venues that match, open or not. */
  readonly matched: number
  /** Those of them that are open. */
  readonly open: number
  readonly basis: VenueBasis
  /** The same question in the API. */
  readonly href: string
}

/** Venues on a page: enough for a city's morning, and about 30 kB compressed. */
const shownMax = 300

/** Finds the venues. Throws `parameter-invalid` as the API does. */
export async function findOpen(context: AppContext, view: View): Promise<OpenPage> {
  const question = questionOf(view)
  const { activity, district, indoor, free } = question
  const at = `${question.day}T${question.time}:00+08:00`
  const times = parseTimes(question.isNow ? {} : { at }, view.now)
  const place = placeOf(question)
  checkCodes(context.contracts, question)
  const state = await venueState(context)
  const editions = await editionsFor(context, state, dayInShanghai(new Date(times.at)))
  const found = findVenues(editions, { place, activity, district, indoor, free })
  const all = found.map((one) => ({ one, openness: opennessOf(one, state, { ...times, activity }) }))
  const open = all.filter(({ openness }) => openness.state === 'open')
  const rank = { open: 0, 'not-known': 1, closed: 2 } as const
  const shown = question.shows === 'open' ? open : all
  return {
    question,
    // Found are the nearest first, and sorting keeps that order.
    venues: [...shown]
      .sort((a, b) => rank[a.openness.state] - rank[b.openness.state])
      .slice(0, shownMax)
      .map(({ one, openness }) => openVenueBody(context.config, one, openness, times.at, view.language)),
    matched: all.length,
    open: open.length,
    basis: basisOf(context.config, state, editions),
    href: hrefOf(question, at),
  }
}

function checkCodes(contracts: Contracts, { activity, district }: VenueQuestion): void {
  checkCode(contracts, 'activity', 'venue-activities', activity)
  checkCode(contracts, 'district', 'districts', district)
}

function placeOf({ lat, lon, within }: VenueQuestion) {
  const number = (path: string, text: string | undefined) => {
    if (text === undefined) return {}
    if (!/^-?\d{1,3}(\.\d{1,10})?$/.test(text) && path !== 'within')
      throw problem('parameter-invalid', { path, detail: 'Expected degrees, such as 31.2304.' })
    return { [path]: Number(text) }
  }
  return parsePlace({ ...number('lat', lat), ...number('lon', lon), ...number('within', within) })
}

/** Reads the question. Without day and time it is about now, to the minute. */
function questionOf({ parameters, now }: View): VenueQuestion {
  const value = (name: string) => parameters.get(name)?.trim() || undefined
  const local = new Date(now.getTime() + 8 * 3_600_000).toISOString()
  const [day, time] = [value('day'), value('time')]
  const flag = (name: string) => (value(name) === undefined ? undefined : value(name) === 'true')
  return {
    day: day ?? local.slice(0, 10),
    // A day alone is asked at the same time of day.
    time: time ?? local.slice(11, 16),
    isNow: day === undefined && time === undefined,
    activity: value('activity'),
    district: value('district'),
    indoor: flag('indoor'),
    free: flag('free'),
    shows: value('show') === 'all' ? 'all' : 'open',
    lat: value('lat'),
    lon: value('lon'),
    within: value('within'),
  }
}

function hrefOf(question: VenueQuestion, at: string): string {
  const { activity, district, indoor, free, lat, lon, within } = question
  const values = { at: question.isNow ? undefined : at, activity, district, indoor, free, lat, lon, within }
  const set = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  const query = new URLSearchParams(set).toString()
  return `/v1/venues/open${query === '' ? '' : `?${query}`}`
}
