/**
 * Turns groups and closures into sessions: resolves 节假日, takes closed days and breaks away, and refuses what overlaps
 * or remains unclear. No session lies in a time that the cell calls closed.
 */
import { dayMinutes, type Range } from './clock.ts'
import type { Days } from './days.ts'
import type { Closure, Group, Groups } from './groups.ts'
import type { DatedSeason } from './lex.ts'
import { refuse } from './refusal.ts'
import {
  type DaySet,
  type DayType,
  dayTypes,
  everyDay,
  inOrder,
  type Season,
  type Session,
  type Weekday,
  weekdays,
} from './session.ts'

/** Sessions of one cell; more are not opening hours. */
export const sessionsMax = 200

interface Draft {
  readonly set: DaySet
  readonly season?: DatedSeason
  readonly from: number
  readonly to: number
  readonly group: Group
  readonly range: Range
}

type Place = { readonly start: number; readonly end: number }

/** The sessions of the groups; `column` are the days of the column's header. Throws a Refusal. */
export function toSessions(read: Groups, column: Days | undefined, whole: Place): readonly Session[] {
  const groups = read.groups.filter(({ ranges }) => ranges.length > 0)
  if (groups.length === 0)
    return refuse(read.closures.length > 0 || read.quiet.length > 0 ? 'closed-only' : 'no-hours', whole)
  checkGroups(read.groups, whole)
  let drafts: readonly Draft[] = groups.flatMap((group) => draftsOf(group, column))
  if (read.exceptMadeUp) drafts = drafts.map((draft) => withExcept(draft, ['working-day']))
  for (const closure of read.closures) drafts = closed(drafts, closure, groups, whole)
  drafts = drafts.filter(({ set }) => set.days.length > 0 || set.types.length > 0)
  if (drafts.length === 0) refuse('closed-only', whole)
  if (drafts.length > sessionsMax) refuse('too-long', whole)
  for (const { span, group } of read.quiet) {
    const clash = drafts.find((draft) => draft.group === group && overlaps([draft.from, draft.to], span))
    if (clash !== undefined) refuse('part-of-day', whole)
  }
  const one = onePerFacility(drafts, whole)
  refuseOverlaps(one)
  return one.map(written)
}

function checkGroups(all: readonly Group[], whole: Place): void {
  const groups = all.filter(({ ranges }) => ranges.length > 0)
  const facilities = new Set(all.flatMap(({ facility }) => facility ?? []))
  if (
    facilities.size > 1 &&
    all.some(({ facility, ranges }) => facility !== undefined && ranges.length === 0)
  )
    refuse('facilities', whole)
  const dated = groups.filter(({ seasons }) => seasons !== undefined)
  if (dated.length > 0 && dated.length < groups.length) refuse('season-partial', whole)
  // Hours without days may come first (每天 is understood), but not after hours that have days.
  const firstWithDays = groups.findIndex(({ days }) => days !== undefined)
  const unclear = groups.findIndex(
    ({ days }, index) => days === undefined && firstWithDays >= 0 && index > firstWithDays,
  )
  if (unclear >= 0) refuse('days-conflict', groups[unclear]?.ranges[0] ?? whole)
  const is24 = groups.some(({ ranges }) => ranges.some(({ worded, to }) => !worded && to > 13 * 60))
  for (const { ranges } of groups)
    for (const [index, range] of ranges.entries()) checkRange(range, ranges[index - 1], is24)
}

/** A time without 上午 or 下午 is in 24-hour notation; where 2:00 or an earlier start raises doubt, it is refused. */
function checkRange(range: Range, before: Range | undefined, is24: boolean): void {
  if (range.worded || is24) return
  const startsSmall = range.from >= 60 && range.from < 300
  const goesBack = before !== undefined && range.from < before.from
  if (startsSmall || goesBack) refuse('part-of-day', range)
}

function draftsOf(group: Group, column: Days | undefined): readonly Draft[] {
  const set = setOf(group, column)
  const seasons: readonly (DatedSeason | undefined)[] = group.seasons ?? [undefined]
  return seasons.flatMap((season) =>
    group.ranges.map((range) => ({
      set,
      ...(season === undefined ? {} : { season }),
      from: range.from,
      to: range.to,
      group,
      range,
    })),
  )
}

function setOf({ days, without }: Group, column: Days | undefined): DaySet {
  const base = days === undefined ? plain(column) : inColumn(days, column)
  return without.reduce((set, less) => lessDays(set, resolved(less), less), base)
}

function plain(days: Days | undefined): DaySet {
  return days === undefined ? everyDay : { ...resolved(days), except: [] }
}

/** 节假日 beside the weekend means public holidays; alone it may mean both, and is refused. */
function resolved(days: Days): { readonly days: readonly Weekday[]; readonly types: readonly DayType[] } {
  const besideWeekend =
    days.types.includes('weekend') || (days.weekdays.includes('Sa') && days.weekdays.includes('Su'))
  if (days.holiday && !besideWeekend) refuse('holiday', days)
  const types: readonly DayType[] = days.holiday ? [...days.types, 'public-holiday'] : days.types
  return { days: days.weekdays, types: inOrder(dayTypes, types) }
}

/** The days of a cell in a column that names days too: both must hold. */
function inColumn(days: Days, column: Days | undefined): DaySet {
  const own = plain(days)
  if (column === undefined || days.daily) return column === undefined ? own : plain(column)
  const head = plain(column)
  const same = own.days.join() === head.days.join() && own.types.join() === head.types.join()
  if (same) return own
  const [type, ...others] = head.types
  const week = type === 'working-day' ? weekdays.slice(0, 5) : type === 'weekend' ? weekdays.slice(5) : []
  const fits = others.length === 0 && own.types.length === 0 && own.days.every((day) => week.includes(day))
  if (type === undefined || head.days.length > 0 || !fits) return refuse('column', days)
  return { ...head, except: week.filter((day) => !own.days.includes(day)) }
}

/** Without some days. What can't be said with certainty, such as Mondays of the vacation, is refused. */
function lessDays(
  set: DaySet,
  less: { readonly days: readonly Weekday[]; readonly types: readonly DayType[] },
  at: Place,
): DaySet {
  const days = set.days.filter((day) => !less.days.includes(day))
  const types = set.types.filter((type) => !less.types.includes(type))
  const except: (Weekday | DayType)[] = [...set.except]
  // The weekdays that remain still fall on holidays and in the vacation.
  if (days.length > 0) except.push(...less.types.filter((type) => fallsOn(type, days)))
  for (const day of less.days) {
    const regular = types.filter((type) =>
      type === 'working-day' ? isWorkday(day) : type === 'weekend' && !isWorkday(day),
    )
    const doubtful = types.filter((type) => type === 'public-holiday' || type === 'vacation')
    if (doubtful.length > 0 && set.types.length > 1) refuse('days-conflict', at)
    if (regular.length > 0 || doubtful.length > 0) except.push(day)
  }
  return { days, types, except: [...new Set(except)] }
}

const isWorkday = (day: Weekday) => day !== 'Sa' && day !== 'Su'

function fallsOn(type: DayType, days: readonly Weekday[]): boolean {
  if (type === 'weekend') return days.some((day) => !isWorkday(day))
  return type !== 'working-day' || days.some(isWorkday)
}

function withExcept(draft: Draft, except: readonly (Weekday | DayType)[]): Draft {
  return { ...draft, set: { ...draft.set, except: [...new Set([...draft.set.except, ...except])] } }
}

/** The drafts without a closure's days or hours. */
function closed(
  drafts: readonly Draft[],
  closure: Closure,
  groups: readonly Group[],
  whole: Place,
): readonly Draft[] {
  if (closure.range !== undefined) return withoutHours(drafts, closure, closure.range)
  const { days } = closure
  if (days === undefined) return drafts
  // X除外 after several groups may belong to the last one or to all.
  const unclear = closure.group === undefined || closure.group === groups.at(-1)
  if (closure.exception && groups.length > 1 && unclear) refuse('days-conflict', days)
  const less = resolved(days)
  if (closure.reopened !== undefined) return reopened(drafts, less.days, closure.reopened, whole)
  return drafts.map((draft) => {
    if (closure.group !== undefined && draft.group !== closure.group) return draft
    const hasClosedType = draft.set.types.some((type) => type !== 'working-day' && type !== 'weekend')
    const closesWeekday = less.days.length > 0
    if (hasClosedType && closesWeekday && !closure.exception) refuse('days-conflict', days)
    return { ...draft, set: lessDays(draft.set, less, days) }
  })
}

/** 周一闭馆（法定节假日除外）: closed on Mondays, but open on public holidays by the hours of the other days. */
function reopened(
  drafts: readonly Draft[],
  days: readonly Weekday[],
  open: Days,
  whole: Place,
): readonly Draft[] {
  const onlyHolidays = open.weekdays.length === 0 && open.types.every((type) => type === 'public-holiday')
  const named = open.types.length > 0 || (open.holiday && days.every(isWorkday))
  if (!onlyHolidays || !named || days.length === 0) refuse('days-conflict', open)
  const hours = new Set(
    drafts.map(
      ({ set, season }) => `${set.days.filter((day) => !days.includes(day)).join()} ${season?.season.from}`,
    ),
  )
  const seasons = new Set(drafts.map(({ season }) => season?.season.from))
  if (hours.size > seasons.size || drafts.some(({ set }) => set.types.length > 0))
    refuse('days-conflict', whole)
  return drafts.map((draft) => ({
    ...draft,
    set: {
      days: draft.set.days.filter((day) => !days.includes(day)),
      types: ['public-holiday'],
      except: draft.set.except,
    },
  }))
}

/** A break, or closed hours of some days, which then have sessions of their own. */
function withoutHours(drafts: readonly Draft[], closure: Closure, range: Range): readonly Draft[] {
  const only = closure.days === undefined || closure.days.daily ? undefined : closure.days
  if (only !== undefined && (only.types.length > 0 || only.holiday)) refuse('days-conflict', only)
  let used = false
  const rest = drafts.flatMap((draft) => {
    if (closure.group !== undefined && draft.group !== closure.group) return [draft]
    const hit = overlaps([draft.from, draft.to], [range.from, range.to])
    if (!hit) return [draft]
    used = true
    if (only === undefined) return cut(draft, range)
    if (draft.set.types.length > 0) refuse('days-conflict', only)
    const others = draft.set.days.filter((day) => !only.weekdays.includes(day))
    const those = draft.set.days.filter((day) => only.weekdays.includes(day))
    return [
      ...(others.length > 0 ? [{ ...draft, set: { ...draft.set, days: others } }] : []),
      ...(those.length > 0 ? cut({ ...draft, set: { ...draft.set, days: those } }, range) : []),
    ]
  })
  return used ? rest : drafts
}

function cut(draft: Draft, { from, to }: Range): readonly Draft[] {
  return [
    ...(draft.from < from ? [{ ...draft, to: from }] : []),
    ...(draft.to > to ? [{ ...draft, from: to }] : []),
  ]
}

type Span = readonly [number, number]
const overlaps = (a: Span, b: Span) => a[0] < b[1] && b[0] < a[1]

/** One facility's sessions. Several facilities must have the same ones. */
function onePerFacility(drafts: readonly Draft[], whole: Place): readonly Draft[] {
  const names = [...new Set(drafts.map(({ group }) => group.facility))]
  const [first, ...others] = names.map((name) => drafts.filter(({ group }) => group.facility === name))
  if (first === undefined) return drafts
  const seen = JSON.stringify(first.map(written))
  if (others.some((other) => JSON.stringify(other.map(written)) !== seen)) return refuse('facilities', whole)
  return first
}

function refuseOverlaps(drafts: readonly Draft[]): void {
  for (const [index, a] of drafts.entries()) {
    for (const b of drafts.slice(index + 1)) {
      const sameTime = timesMeet(a, b)
      if (sameTime && seasonsMeet(a.season?.season, b.season?.season) && daysMeet(a.set, b.set))
        refuse('overlap', {
          start: Math.min(a.range.start, b.range.start),
          end: Math.max(a.range.end, b.range.end),
        })
    }
  }
}

/** Whether two sessions of one day meet, the hours after midnight included. */
function timesMeet(a: Draft, b: Draft): boolean {
  const spans = ({ from, to }: Draft): readonly Span[] =>
    to > dayMinutes
      ? [
          [from, dayMinutes],
          [0, to - dayMinutes],
        ]
      : [[from, to]]
  return spans(a).some((one) => spans(b).some((other) => overlaps(one, other)))
}

function daysMeet(a: DaySet, b: DaySet): boolean {
  const kinds = ({ days, types, except }: DaySet) =>
    [
      ...days.map((day) => (isWorkday(day) ? 'working-day' : 'weekend')),
      ...types.filter((type) => type === 'working-day' || type === 'weekend'),
    ].filter((kind) => !except.includes(kind as DayType))
  const mixed = (one: DaySet, other: DaySet) =>
    one.types.some((type) => kinds({ ...other, types: [] }).includes(type as 'weekend'))
  return (
    a.days.some((day) => b.days.includes(day)) ||
    a.types.some((type) => b.types.includes(type)) ||
    mixed(a, b) ||
    mixed(b, a)
  )
}

function seasonsMeet(a: Season | undefined, b: Season | undefined): boolean {
  if (a === undefined || b === undefined) return true
  return within(a.from, b) || within(b.from, a)
}

const within = (day: string, { from, to }: Season) =>
  from <= to ? from <= day && day <= to : day >= from || day <= to

function written({ set, season, from, to }: Draft): Session {
  const { days, types, except } = set
  return {
    ...(days.length > 0 ? { days: inOrder(weekdays, days) } : {}),
    ...(types.length > 0 ? { dayTypes: inOrder(dayTypes, types) } : {}),
    from: clock(from),
    to: clock(to > dayMinutes ? to - dayMinutes : to),
    ...(season === undefined ? {} : { season: season.season }),
    ...(season?.dates === undefined ? {} : { dates: season.dates }),
    ...(except.length > 0 ? { except } : {}),
  }
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
