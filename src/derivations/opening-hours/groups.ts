/** What is read before days are resolved: groups of season, days and hours, and the closures among them. */
import type { Range } from './clock.ts'
import type { Days } from './days.ts'
import type { DatedSeason } from './lex.ts'

export interface Group {
  seasons?: readonly DatedSeason[]
  days?: Days
  /** The days are those of the facility before; days of its own replace them. */
  inherited: boolean
  without: Days[]
  facility?: string
  readonly ranges: Range[]
  seasonOuter: boolean
  /** Days or season came after the ranges, in brackets: what follows belongs to another group. */
  complete: boolean
}

/** A time without sessions: days, or hours of some days; `groups` is what it applies to, by default all. */
export interface Closure {
  readonly days?: Days
  readonly range?: Range
  readonly group?: Group
  reopened?: Days
  readonly exception: boolean
}

export interface Groups {
  readonly groups: readonly Group[]
  readonly closures: readonly Closure[]
  /** Parts of the day said to be closed: no session may lie in them. */
  readonly quiet: readonly { readonly span: readonly [number, number]; readonly group: Group }[]
  /** Whether it is closed on days that are working days by a calendar's exchange. */
  readonly exceptMadeUp: boolean
}

/** A group without hours. */
export const newGroup = (from: Partial<Group> = {}): Group => ({
  inherited: false,
  without: [],
  ranges: [],
  seasonOuter: false,
  complete: false,
  ...from,
})
