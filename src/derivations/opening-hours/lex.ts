/**
 * Cuts a normalised text into tokens: dates, weekdays, times and the words of `words.ts`. What matches nothing becomes
 * one `unknown` token up to the next word, so that a finding can quote it.
 */
import type { Normalised } from './normalise.ts'
import { type Season, type Weekday, weekdays } from './session.ts'
import { type Meaning, notes, type Period, type Reason, words } from './words.ts'

export type Token = { readonly start: number; readonly end: number } & (
  | Exclude<Meaning, { kind: 'filler' }>
  | { readonly kind: 'weekdays'; readonly days: readonly Weekday[] }
  | { readonly kind: 'season'; readonly seasons: readonly DatedSeason[] }
  | { readonly kind: 'time'; readonly hour: number; readonly minute: number; readonly period?: Period }
  | { readonly kind: 'unknown' }
)

export interface DatedSeason {
  readonly season: Season
  readonly dates?: Season
}

interface Found {
  readonly length: number
  /** Undefined for words that add nothing. */
  readonly token: Omit<Token, 'start' | 'end'> | undefined
}

/** The tokens of a text, in order. */
export function lex({ text }: Normalised): readonly Token[] {
  const tokens: Token[] = []
  let unknownFrom: number | undefined
  const flush = (end: number) => {
    if (unknownFrom !== undefined) tokens.push({ kind: 'unknown', start: unknownFrom, end })
    unknownFrom = undefined
  }
  for (let at = 0; at < text.length; ) {
    const found =
      readNote(text, at) ??
      readDates(text, at) ??
      readWeekdays(text, at) ??
      readTime(text, at) ??
      readWord(text, at)
    if (found === undefined) {
      unknownFrom ??= at
      at += 1
      continue
    }
    flush(at)
    if (found.token !== undefined) tokens.push({ ...found.token, start: at, end: at + found.length } as Token)
    at += found.length
  }
  flush(text.length)
  return tokens
}

const digits: Readonly<Record<string, number>> = {
  〇: 0,
  '○': 0,
  零: 0,
  一: 1,
  二: 2,
  两: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
}

/** A number below 100 in Arabic or Chinese digits; NaN for anything else. */
export function numberOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const [tens, ones] = text.split('十')
  if (!text.includes('十')) return text.length === 1 ? (digits[text] ?? Number.NaN) : Number.NaN
  const high = tens === '' ? 1 : (digits[tens ?? ''] ?? Number.NaN)
  return high * 10 + (ones === '' || ones === undefined ? 0 : (digits[ones] ?? Number.NaN))
}

const num = '(?:\\d{1,2}|[〇零一二两三四五六七八九十]{1,3})'
const to = '(?:至|到|-)'
const nextYear = '(?:次年度?|翌年|隔年|第二年|来年|明年|下一?年度?)?(?:的)?'
const weekdayNote = '(?:\\((?:周|星期|礼拜)?[一二三四五六日天]\\))?'
const year =
  '(?:(?:(?:中华)?民国)?(?<YEAR>\\d{2,4}|[〇○零一二三四五六七八九]{3,4}|[一二三四五六七八九]?百?[一二三四五六七八九十]{1,3})年(?:度)?)?'
const slashYear = '(?:(?<SLASHYEAR>\\d{3,4})/)?'

/** One date: 5月1日, 5月, 5/1 or 115/01/05, with the suffix on its groups. */
const dateForm = (n: string) =>
  `(?:${year.replace('YEAR', `y${n}`)}(?<m${n}>${num})月(?:份)?(?:(?<d${n}>${num})[日号])?|${slashYear.replace('SLASHYEAR', `s${n}`)}(?<sm${n}>\\d{1,2})/(?<sd${n}>\\d{1,2})(?!\\d))${weekdayNote}`

const prefix = '(?:每年)?(?:的)?'
const joined = '(?:、|及|和|与|,|以及)'
const datePatterns = {
  /** 5月1日至9月30日, 10月至次年4月, 115/01/05(一)~02/06(五) */
  range: sticky(
    `${prefix}(?:自|从|由)?${dateForm('1')}(?:起)?${to}${nextYear}${dateForm('2')}(?:止)?(?:期间)?`,
  ),
  /** 5月1日-3日, 5月1-3日 */
  days: sticky(
    `${prefix}${year.replace('YEAR', 'y1')}(?<m1>${num})月(?<d1>${num})[日号]?${to}(?<d2>${num})[日号](?:期间)?`,
  ),
  /** 3-6月, 3–6 月及 9–11 月 */
  months: sticky(`${prefix}(?<m1>${num})${to}(?<m2>${num})月(?:份)?(?:期间)?`),
  /** 5.1-9.30, where 5.1 can't be a time */
  dots: sticky(
    `(?<m1>\\d{1,2})\\.(?<d1>\\d{1,2})${to}${nextYear}(?<m2>\\d{1,2})\\.(?<d2>\\d{1,2})(?![\\d.])`,
  ),
  /** 8月8日, 6月 */
  one: sticky(`${prefix}${dateForm('1')}(?!${to}\\d)(?:期间)?`),
}

function sticky(source: string): RegExp {
  return new RegExp(source, 'y')
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** Dates joined by 及 or 、, as one season token; `refused` where a date does not exist. */
function readDates(text: string, at: number): Found | undefined {
  const seasons: DatedSeason[] = []
  let end = at
  for (;;) {
    const one = readSeason(text, end)
    if (one === undefined) break
    if (one.season === 'wrong') return refusal('season', end + one.length - at)
    if (one.season === 'time') return undefined
    seasons.push(one.season)
    end += one.length
    const link = match(sticky(joined), text, end)
    if (link === undefined || readSeason(text, end + link[0].length) === undefined) break
    end += link[0].length
  }
  if (seasons.length === 0) return undefined
  return { length: end - at, token: { kind: 'season', seasons } as never }
}

function refusal(reason: Reason, length: number): Found {
  return { length, token: { kind: 'refused', reason } as never }
}

type DateName = 'y1' | 'm1' | 'd1' | 'm2' | 'd2'

const namesOf = ({ groups }: RegExpExecArray) => (groups ?? {}) as Readonly<Partial<Record<DateName, string>>>

type SeasonFound = { readonly length: number; readonly season: DatedSeason | 'wrong' | 'time' }

function readSeason(text: string, at: number): SeasonFound | undefined {
  const range = match(datePatterns.range, text, at)
  if (range !== undefined) return found(range, datePart(range, '1'), datePart(range, '2'))
  const days = match(datePatterns.days, text, at)
  if (days !== undefined) {
    const g = namesOf(days)
    const first = { year: yearOf(g.y1), month: numberOf(g.m1 ?? ''), day: numberOf(g.d1 ?? '') }
    return found(days, first, { ...first, day: numberOf(g.d2 ?? '') })
  }
  const months = match(datePatterns.months, text, at)
  if (months !== undefined) {
    const g = namesOf(months)
    return found(months, { month: numberOf(g.m1 ?? '') }, { month: numberOf(g.m2 ?? '') })
  }
  const dots = match(datePatterns.dots, text, at)
  if (dots !== undefined) return readDots(dots)
  const one = match(datePatterns.one, text, at)
  if (
    one !== undefined &&
    /^(起|开始|[以之]?[前后])/.test(text.slice(at + one[0].length, at + one[0].length + 2))
  )
    return { length: one[0].length, season: 'wrong' }
  if (one !== undefined) return found(one, datePart(one, '1'), datePart(one, '1'))
  return undefined
}

/** 5.1-9.30 is a season where a part can't be a time (one digit after the dot); 8.30-17.30 are times or doubtful. */
function readDots(dots: RegExpExecArray): SeasonFound | undefined {
  const g = namesOf(dots)
  const canBeTime = (m = '', d = '') => d.length === 2 && Number(m) <= 24 && Number(d) <= 59
  if (canBeTime(g.m1, g.d1) && canBeTime(g.m2, g.d2)) {
    const canBeDate =
      [g.m1, g.m2].every((m) => Number(m) <= 12) && [g.d1, g.d2].every((d) => Number(d) > 0 && Number(d) < 32)
    return canBeDate ? { length: dots[0].length, season: 'wrong' } : { length: 0, season: 'time' }
  }
  return found(dots, { month: Number(g.m1), day: Number(g.d1) }, { month: Number(g.m2), day: Number(g.d2) })
}

interface DatePart {
  readonly year?: number | undefined
  readonly month: number
  readonly day?: number | undefined
}

function datePart(found: RegExpExecArray, n: string): DatePart {
  const g = found.groups ?? {}
  const slash = g[`sm${n}`]
  if (slash !== undefined) return { year: yearOf(g[`s${n}`]), month: Number(slash), day: Number(g[`sd${n}`]) }
  const day = g[`d${n}`]
  return {
    year: yearOf(g[`y${n}`]),
    month: numberOf(g[`m${n}`] ?? ''),
    day: day === undefined ? undefined : numberOf(day),
  }
}

/** A year of our era from Western or ROC digits (民国115年 is 2026); undefined without one. */
function yearOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text) < 1000 ? Number(text) + 1911 : Number(text)
  if (/^[〇○零一二三四五六七八九]{3,4}$/.test(text))
    return yearOf([...text].map((character) => digits[character]).join(''))
  const [hundreds, tens] = text.split('百')
  if (tens === undefined) return numberOf(text) + 1911
  return (digits[hundreds ?? ''] ?? Number.NaN) * 100 + numberOf(tens.replace(/^零/, '')) + 1911
}

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const two = (n: number) => String(n).padStart(2, '0')

function found(match: RegExpExecArray, first: DatePart, last: DatePart): SeasonFound {
  const length = match[0].length
  const [from, until] = [monthDay(first, 'first'), monthDay(last, 'last')]
  if (from === undefined || until === undefined) return { length, season: 'wrong' }
  const season = { from, to: until }
  const fromYear = first.year ?? undefined
  if (fromYear === undefined && last.year === undefined) return { length, season: { season } }
  if (fromYear === undefined || Number.isNaN(fromYear)) return { length, season: 'wrong' }
  const untilYear = last.year ?? (until < from ? fromYear + 1 : fromYear)
  const dates = { from: `${fromYear}-${from}`, to: `${untilYear}-${until}` }
  // A season repeats each year, so what is longer than a year is no season.
  const withinYear = untilYear === fromYear ? from <= until : untilYear === fromYear + 1 && until < from
  return { length, season: withinYear ? { season, dates } : 'wrong' }
}

function monthDay({ month, day }: DatePart, end: 'first' | 'last'): string | undefined {
  const longest = monthDays[month - 1]
  if (longest === undefined) return undefined
  const chosen = day ?? (end === 'first' ? 1 : longest)
  if (!(chosen >= 1 && chosen <= longest)) return undefined
  return `${two(month)}-${two(chosen)}`
}

const dayOf: Readonly<Record<string, number>> = {
  一: 0,
  二: 1,
  三: 2,
  四: 3,
  五: 4,
  六: 5,
  日: 6,
  天: 6,
  '1': 0,
  '2': 1,
  '3': 2,
  '4': 3,
  '5': 4,
  '6': 5,
  '7': 6,
}
const week = '(?:每逢|逢每|逢|每)?(?:个)?(?:周|星期|礼拜)'
const weekdayFirst = sticky(`${week}([一二三四五六日天]|[1-7](?![\\d点时:.]))`)
const weekdayNext = sticky(
  `(以及|[、,和及与]|至|到|-)?(${week})?([一二三四五六日天](?![十点时月常间夜期内])|(?<=[周期拜])[1-7](?![\\d点时:.])|(?<=[1-7](?:至|到|-|、))[1-7](?![\\d点时:.]))`,
)

/** 周一至周五, 星期一、三、五, 周六日, 逢周二, 星期一至三、五至日. */
function readWeekdays(text: string, at: number): Found | undefined {
  const first = match(weekdayFirst, text, at)
  if (first === undefined) return undefined
  let end = at + first[0].length
  let last = dayOf[first[1] ?? ''] ?? 0
  const days = new Set([last])
  for (;;) {
    const next = match(weekdayNext, text, end)
    if (next === undefined) break
    const [all, link, prefix, name = ''] = next
    if (link === undefined && prefix === undefined && !['日', '天'].includes(name)) break
    const day = dayOf[name] ?? 0
    if (link === '至' || link === '到' || link === '-') {
      // 周日至周四 starts the week on Sunday; any other range backwards is doubtful.
      if (day === last || (day < last && last !== 6)) return refusal('backwards', end + all.length - at)
      for (let one = day < last ? 0 : last; one <= day; one++) days.add(one)
    }
    days.add(day)
    last = day
    end += all.length
  }
  const set = weekdays.filter((_, index) => days.has(index))
  return { length: end - at, token: { kind: 'weekdays', days: set } as never }
}

const periodWord =
  '(凌晨|上午|早上|早晨|清晨|早|晨|中午|正午|午间|下午|午后|晚上|晚间|傍晚|夜间|夜里|夜晚|晚|夜|午夜|半夜|深夜)?(?:的)?'
const periodOf: Readonly<Record<string, Period>> = {
  凌晨: 'early',
  上午: 'morning',
  早上: 'morning',
  早晨: 'morning',
  清晨: 'morning',
  早: 'morning',
  晨: 'morning',
  中午: 'noon',
  正午: 'noon',
  午间: 'noon',
  下午: 'afternoon',
  午后: 'afternoon',
  午夜: 'night',
  半夜: 'night',
  深夜: 'night',
}
const ending = '(?:正|整)?'
const timePatterns = [
  /** 8:30, 08:30 */
  sticky(`${periodWord}(\\d{1,2}):(\\d{2})(?![\\d:])(?:[时点分](?!\\d))?${ending}`),
  /** 8时半, 8点30分, 十一时三刻 */
  sticky(
    `${periodWord}(${num})[时点](?:钟)?(?:(${num})分?(?![\\d时点:〇零一二两三四五六七八九十])|(半)|([一三])刻)?${ending}(?!制)`,
  ),
  /** 9-11点: an hour whose word follows the next one */
  sticky(`${periodWord}(${num})(?=${to}${periodWord}${num}[时点])`),
  /** 8.30-17.30: dots where both are times */
  sticky(`${periodWord}(\\d{1,2})\\.(\\d{2})(?![\\d.])`),
]

/** A time of day with its own 上午, 下午 … if it has one. */
function readTime(text: string, at: number): Found | undefined {
  for (const pattern of timePatterns) {
    const found = match(pattern, text, at)
    if (found === undefined) continue
    const [all, word, hourText = '', minuteText, half, quarter] = found
    if (/\d/.test(text[at - 1] ?? '') && word === undefined) return undefined
    const hour = numberOf(hourText)
    const minute = minuteOf(minuteText, half, quarter)
    if (Number.isNaN(hour) || Number.isNaN(minute)) return undefined
    if (hour > 24 || minute > 59 || (hour === 24 && minute > 0)) return refusal('no-time', all.length)
    const period = word === undefined ? undefined : (periodOf[word] ?? 'evening')
    return {
      length: all.length,
      token: { kind: 'time', hour, minute, ...(period === undefined ? {} : { period }) } as never,
    }
  }
  return undefined
}

function minuteOf(text: string | undefined, half: string | undefined, quarter: string | undefined): number {
  if (half !== undefined) return 30
  if (quarter !== undefined) return quarter === '一' ? 15 : 45
  return text === undefined ? 0 : numberOf(text)
}

const notePatterns = notes.map(sticky)

function readNote(text: string, at: number): Found | undefined {
  for (const pattern of notePatterns) {
    const found = match(pattern, text, at)
    if (found !== undefined) return { length: found[0].length, token: undefined }
  }
  return undefined
}

const wordPatterns = words.map(([meaning, source]) => ({ meaning, pattern: sticky(source) }))

function readWord(text: string, at: number): Found | undefined {
  for (const { meaning, pattern } of wordPatterns) {
    const found = match(pattern, text, at)
    if (found === undefined || found[0] === '') continue
    return { length: found[0].length, token: meaning.kind === 'filler' ? undefined : (meaning as never) }
  }
  return undefined
}
