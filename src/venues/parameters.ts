/** The parameters of questions about venues. Refuses what is ambiguous: a time without a zone, half a place. */

import type { Contracts } from '../contract/index.ts'
import { findCode, listCodes } from '../contract/index.ts'
import { nearestOf } from '../http/index.ts'
import { defined } from '../platform/defined.ts'
import { problem } from '../platform/problem.ts'
import { dayInShanghai, isDay, parseMoment } from '../platform/time.ts'

export const limitDefault = 50
/** A venue takes about a kilobyte, and its state some tens of microseconds. */
export const limitMax = 500
/** Half an hour on foot. */
export const withinDefault = 3_000
/** Wider than the city's centre; more is a question for the records. */
export const withinMax = 50_000
export const daysDefault = 7
/** A year and a day, so that a whole leap year can be asked. */
export const daysMax = 366
/** Instants far from any calendar are typing errors. */
const [yearMin, yearMax] = [2000, 2100]

/** The bad parameter as a problem. */
function invalid(path: string, detail: string, nearest?: string) {
  return problem('parameter-invalid', { path, detail, ...defined({ nearest }) })
}

export interface Place {
  readonly latitude: number
  readonly longitude: number
  /** Metres. */
  readonly within: number
}

/** The place of `lat`, `lon` and `within`; undefined without them. */
export function parsePlace({
  lat,
  lon,
  within,
}: {
  readonly lat?: number
  readonly lon?: number
  readonly within?: number
}): Place | undefined {
  if (lat === undefined && lon === undefined) {
    if (within !== undefined) throw invalid('within', '`within` needs a place: give lat and lon too.')
    return undefined
  }
  if (lat === undefined) throw invalid('lat', 'A place needs both lat and lon.')
  if (lon === undefined) throw invalid('lon', 'A place needs both lat and lon.')
  if (!(Math.abs(lat) <= 90)) {
    const swapped = Math.abs(lon) <= 90 && Math.abs(lat) <= 180
    const hint = swapped ? ` Latitude and longitude look swapped: try lat=${lon}&lon=${lat}.` : ''
    throw invalid('lat', `Expected degrees from -90 to 90.${hint}`)
  }
  if (!(Math.abs(lon) <= 180)) throw invalid('lon', 'Expected degrees from -180 to 180.')
  const metres = within ?? withinDefault
  if (!(metres >= 1 && metres <= withinMax)) throw invalid('within', `Expected 1 to ${withinMax} metres.`)
  return { latitude: lat, longitude: lon, within: metres }
}

/** An instant with its zone, cut to the minute: sessions and closures begin and end at whole minutes. */
export function parseInstant(path: string, text: string): number {
  // An unescaped + in a query is a space.
  const written = text.replace(/ (\d{2}:\d{2})$/, '+$1')
  const example = '2026-05-01T18:30:00%2B08:00 or 2026-05-01T10:30:00Z'
  if (!/T.*(Z|[+-]\d{2}:\d{2})$/.test(written))
    throw invalid(path, `Expected a time with its zone, such as ${example}.`)
  const instant = parseMoment(written)
  if (instant === undefined) throw invalid(path, `This is no valid time; write it as ${example}.`)
  const year = instant.getUTCFullYear()
  if (year < yearMin || year > yearMax) throw invalid(path, `Expected a year from ${yearMin} to ${yearMax}.`)
  return wholeMinute(instant.getTime())
}

export const wholeMinute = (instant: number) => Math.floor(instant / 60_000) * 60_000

/** The two times of a question; `until` must be later and at most a day. */
export function parseTimes(
  { at, until }: { readonly at?: string; readonly until?: string },
  now: Date,
): { readonly at: number; readonly until: number | undefined } {
  const from = at === undefined ? wholeMinute(now.getTime()) : parseInstant('at', at)
  const to = until === undefined ? undefined : parseInstant('until', until)
  if (to !== undefined && to <= from) throw invalid('until', '`until` must be later than `at`.')
  if (to !== undefined && to - from > 86_400_000)
    throw invalid('until', '`until` is at most 24 hours after `at`.')
  return { at: from, until: to }
}

/** The days of `from` and `days`. */
export function parseDays(
  { from, days = daysDefault }: { readonly from?: string; readonly days?: number },
  now: Date,
): { readonly from: string; readonly days: number } {
  if (from === undefined) return { from: dayInShanghai(now), days }
  const year = Number(from.slice(0, 4))
  if (!isDay(from) || year < yearMin || year > yearMax)
    throw invalid('from', `Expected a day such as 2026-05-01, from ${yearMin} to ${yearMax}.`)
  return { from, days }
}

/** Refuses a code that a list does not have, with the nearest. */
export function checkCode(contracts: Contracts, path: string, list: string, code: string | undefined): void {
  if (code === undefined || findCode(contracts.codes(list), code) !== undefined) return
  const nearest = nearestOf(
    code,
    listCodes(contracts, list).map((one) => one.code),
  )
  throw invalid(path, `No code of the list ${list}.`, nearest)
}
