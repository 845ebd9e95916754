/** The shapes of read opening hours: a session is one span of open time on some days. Pure data. */

/** Weekdays as in OSM and RFC 5545, from Monday. */
export const weekdays = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const
export type Weekday = (typeof weekdays)[number]

/** Day types: codes of the list `day-types`. Which type a day has is said by a calendar. */
export const dayTypes = ['working-day', 'weekend', 'public-holiday', 'vacation'] as const
export type DayType = (typeof dayTypes)[number]

/** Days of the year, `MM-DD` each and both included; over New Year where `to` is before `from`. */
export interface Season {
  readonly from: string
  readonly to: string
}

/** One span of open time. It holds on its weekdays and on its day types, less the exceptions. */
export interface Session {
  readonly days?: readonly Weekday[]
  readonly dayTypes?: readonly DayType[]
  /** `HH:MM`, local time. */
  readonly from: string
  /** `HH:MM`, at most `24:00`; earlier than `from` where the session ends on the next day. */
  readonly to: string
  readonly season?: Season
  /** First and last date (ISO) where the text names years: the season of that time only. */
  readonly dates?: Season
  /** Weekdays and day types on which there is no session. */
  readonly except?: readonly (Weekday | DayType)[]
}

/** Sessions of equal hours, before they are written out. */
export interface DaySet {
  readonly days: readonly Weekday[]
  readonly types: readonly DayType[]
  readonly except: readonly (Weekday | DayType)[]
}

export const everyDay: DaySet = { days: weekdays, types: [], except: [] }

/** The members of `from` in their usual order, without duplicates. */
export function inOrder<T extends string>(order: readonly T[], from: readonly T[]): readonly T[] {
  return order.filter((one) => from.includes(one))
}
