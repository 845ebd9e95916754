/**
 * Times of day with 上午, 下午 and their like: what hour a number means, and which range is certain. A word carries on
 * to the next such word; without one, times are in 24-hour notation.
 */
import type { Token } from './lex.ts'
import type { Period, Reason } from './words.ts'

export type TimeToken = Extract<Token, { kind: 'time' }>

/** Minutes from midnight; `to` may pass 1440 where the session ends on the next day. */
export interface Range {
  readonly from: number
  readonly to: number
  /** Whether 上午, 下午 … say which half of the day it starts in. */
  readonly worded: boolean
  readonly start: number
  readonly end: number
}

export const dayMinutes = 1440

/** The range of two times, or why it is not certain. `carried` is the word that was last used. */
export function rangeOf(
  first: TimeToken,
  last: TimeToken,
  carried: Period | undefined,
  nextDay: boolean,
): Range | Reason {
  const from = minutesOf(first, first.period ?? carried, first.period !== undefined, 'start')
  const to = minutesOf(last, last.period ?? first.period ?? carried, last.period !== undefined, 'end')
  if (from === undefined || to === undefined) return 'part-of-day'
  const worded = (first.period ?? carried) !== undefined
  const span = { worded, start: first.start, end: last.end }
  const overnight = nextDay || last.period === 'early' || (last.period === 'night' && to < 360)
  if (to > from) return nextDay ? 'too-long' : { from, to, ...span }
  return overnight && to > 0 ? { from, to: to + dayMinutes, ...span } : 'backwards'
}

/** Minutes from midnight, or undefined where word and hour contradict each other. */
function minutesOf(
  time: { readonly hour: number; readonly minute: number },
  period: Period | undefined,
  own: boolean,
  side: 'start' | 'end',
): number | undefined {
  const hour = hourOf(time.hour, period, own, side)
  if (hour === undefined) return undefined
  const minutes = hour * 60 + time.minute
  if (minutes === 0 && side === 'end') return dayMinutes
  if (minutes > dayMinutes || (minutes === dayMinutes && side === 'start')) return undefined
  return minutes
}

function hourOf(
  hour: number,
  period: Period | undefined,
  own: boolean,
  side: 'start' | 'end',
): number | undefined {
  // A carried word does not change what is in 24-hour notation: 上午6:30-21:00, 上午8:00-11:00、12:00-13:00.
  const is24 = hour > 12 || (hour === 12 && period === 'morning')
  if (period === undefined || (!own && is24)) return hour
  return hours[period](hour, side)
}

/** 24-hour times that a word allows, by its hour. */
const hours: Readonly<Record<Period, (hour: number, side: 'start' | 'end') => number | undefined>> = {
  early: (hour) => (hour === 12 ? 0 : hour <= 6 ? hour : undefined),
  morning: (hour, side) => (hour < 12 || (hour === 12 && side === 'end') ? hour : undefined),
  noon: (hour) => (hour >= 10 && hour <= 14 ? hour : hour === 1 || hour === 2 ? hour + 12 : undefined),
  afternoon: (hour) => (hour === 0 || hour === 24 ? undefined : hour < 12 ? hour + 12 : hour),
  evening: (hour, side) => {
    if (hour === 12 || hour === 0) return side === 'end' ? 24 : undefined
    if (hour < 5) return undefined
    return hour < 12 ? hour + 12 : hour
  },
  night: (hour, side) => {
    if (hour === 12 || hour === 0) return side === 'end' ? 24 : 0
    return hour < 6 ? hour : hour === 10 || hour === 11 ? hour + 12 : hour > 12 ? hour : undefined
  },
}

/** Spans of the words, to see whether 中午不开放 contradicts a session. */
export const periodSpan: Readonly<Record<Period, readonly [number, number]>> = {
  early: [0, 300],
  morning: [300, 720],
  noon: [720, 780],
  afternoon: [780, 1080],
  evening: [1140, 1440],
  night: [1320, 1440],
}
