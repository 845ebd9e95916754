/**
 * Puts tokens together: groups of season, days and ranges, and the closures among them. A pending part that finds no
 * hours, a bound or a word that is not understood refuses the whole cell.
 */
import { bracketAt } from './brackets.ts'
import { refuseTokens } from './check-tokens.ts'
import { periodSpan, type Range, type TimeToken } from './clock.ts'
import { type Days, daysOf, isDays, sameDays, union } from './days.ts'
import { type Closure, type Group, type Groups, newGroup } from './groups.ts'
import type { DatedSeason, Token } from './lex.ts'
import { readRange } from './read-range.ts'
import { refuse } from './refusal.ts'
import type { Period } from './words.ts'

/** The groups and closures of a cell's tokens. Throws a Refusal. */
export function readGroups(tokens: readonly Token[], text: string): Groups {
  const reader = new Reader(tokens, text)
  reader.run()
  return reader
}

class Reader implements Groups {
  readonly groups: Group[] = []
  readonly closures: Closure[] = []
  readonly quiet: { span: readonly [number, number]; group: Group }[] = []
  exceptMadeUp = false
  #current = newGroup()
  #at = 0
  #carried: Period | undefined
  /** A word such as 上午 that no time has followed yet. */
  #waiting: Token | undefined
  /** What came directly before, but for weak separators. */
  #last: 'range' | 'closed' | undefined
  /** Whether the days that were read last follow a closure: 周一闭馆，法定节假日除外. */
  #afterClosed = false
  #closedHeading = false
  /** Whether days stand in brackets after their hours. */
  #isPostfix = false
  readonly #tokens: readonly Token[]
  readonly #text: string

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens
    this.#text = text
  }

  run(): void {
    refuseTokens(this.#tokens)
    while (this.#at < this.#tokens.length) this.#step()
    if (this.#waiting !== undefined) refuse('no-hours', this.#waiting)
    this.#closeGroup()
  }

  #step(): void {
    const token = this.#tokens[this.#at] as Token
    switch (token.kind) {
      case 'separator':
        if (token.strong) {
          this.#last = this.#last === 'closed' && this.#peek(1)?.kind === 'bracket' ? 'closed' : undefined
          if (this.#text.slice(token.start, token.end).includes('\n')) this.#carried = undefined
        }
        this.#next()
        break
      case 'season':
        this.#season(token.seasons, token)
        break
      case 'season-word':
      case 'opens':
        this.#next()
        break
      case 'weekdays':
      case 'types':
      case 'daily':
        this.#days(this.#readDays())
        break
      case 'facility':
        this.#facility(token)
        break
      case 'period':
        this.#period(token.period, token)
        break
      case 'time':
        this.#range(token)
        break
      case 'around-the-clock':
        this.#addRange({ from: 0, to: 1440, worded: true, start: token.start, end: token.end })
        this.#next()
        break
      case 'bracket':
        if (token.open) this.#bracket()
        else this.#next()
        break
      case 'closed':
        this.#closed(token)
        break
      case 'closed-heading':
        this.#closedHeading = true
        this.#next()
        break
      case 'all-day':
        this.#allDay(token)
        break
      case 'except-before':
        this.#exceptBefore(token)
        break
      case 'except':
        this.#except(token)
        break
      case 'with':
        this.#with(token)
        break
      case 'made-up':
        this.#madeUp(token)
        break
      case 'to':
        refuse('bound', token)
        break
      default:
        refuse('days-conflict', token)
    }
  }

  #next(count = 1): void {
    this.#at += count
  }

  #peek(offset = 0): Token | undefined {
    return this.#tokens[this.#at + offset]
  }

  /** Days joined by 、, 及 and the like are one list. */
  #readDays(): Days {
    const all: Token[] = []
    for (;;) {
      const token = this.#peek()
      if (token === undefined || !isDays(token)) break
      all.push(token)
      this.#next()
      const join = this.#peek()
      const after = this.#peek(1)
      if (join?.kind === 'separator' && this.#isJoin(join) && after !== undefined && isDays(after))
        this.#next()
    }
    return daysOf(all)
  }

  #isJoin(separator: Token): boolean {
    const sign = this.#text.slice(separator.start, separator.end)
    return !sign.includes(':') && !sign.includes('\n') && !/[;。]/.test(sign)
  }

  #days(days: Days): void {
    this.#carried = undefined
    this.#afterClosed = this.#last === 'closed'
    if (this.#closedHeading) {
      this.closures.push({ days, exception: false })
      return
    }
    const { ranges } = this.#current
    if (ranges.length > 0) {
      const keep = this.#current.seasonOuter ? this.#current.seasons : undefined
      this.#startGroup({ ...(keep === undefined ? {} : { seasons: keep, seasonOuter: true }) })
      this.#current.days = days
    } else if (this.#current.days === undefined || this.#current.inherited) {
      this.#current.days = days
      this.#current.inherited = false
    } else this.#current.days = sameDays(this.#current.days, days)
    this.#last = undefined
  }

  #season(seasons: readonly DatedSeason[], token: Token): void {
    this.#carried = undefined
    const { ranges, days, seasons: before, seasonOuter } = this.#current
    if (ranges.length > 0) {
      const keep = before !== undefined && !seasonOuter && days !== undefined
      this.#startGroup(keep ? { days, seasons, seasonOuter: false } : { seasons, seasonOuter: true })
    } else {
      if (before !== undefined) refuse('season', token)
      this.#current.seasons = seasons
      this.#current.seasonOuter = days === undefined
    }
    this.#last = undefined
    this.#next()
  }

  #facility(first: Token): void {
    let end = first.end
    while (this.#peek()?.kind === 'facility') {
      end = this.#peek()?.end ?? end
      this.#next()
    }
    // Closed hours may name their facility: 12:00-13:00泳池关闭.
    if (this.#last === 'range' && this.#peek()?.kind === 'closed') return
    const name = this.#text.slice(first.start, end)
    if (this.#current.ranges.length > 0) {
      const { seasons, days, seasonOuter } = this.#current
      this.#startGroup({
        ...(seasons === undefined ? {} : { seasons }),
        ...(days === undefined ? {} : { days }),
        inherited: true,
        seasonOuter,
      })
    } else if (this.#current.facility !== undefined && this.#current.facility !== name)
      refuse('facilities', first)
    this.#current.facility = name
    this.#last = undefined
  }

  #period(period: Period, token: Token): void {
    const [next, then] = [this.#peek(1), this.#peek(2)]
    // 中午至下午5时: the word itself is the time.
    if (period === 'noon' && next?.kind === 'to' && then?.kind === 'time') {
      this.#range({ kind: 'time', hour: 12, minute: 0, period, start: token.start, end: token.end })
      return
    }
    this.#carried = period
    this.#waiting = token
    this.#next()
  }

  /** A time, which must begin a range. */
  #range(first: TimeToken): void {
    const read = readRange(this.#tokens, this.#at + 1, first, this.#carried)
    this.#carried = read.carried
    this.#at = read.end
    this.#addRange(read.range)
  }

  #addRange(range: Range): void {
    this.#waiting = undefined
    if (this.#current.complete) {
      // After days or a season in brackets, the next hours bring their own; after a season they keep the days.
      const { seasons, days, seasonOuter } = this.#current
      const keep = seasons !== undefined && !seasonOuter && days !== undefined
      this.#startGroup(keep ? { days } : {})
    }
    if (this.#closedHeading) {
      this.closures.push({ range, exception: false, ...this.#daysOfCurrent() })
      return
    }
    this.#current.ranges.push(range)
    this.#last = 'range'
  }

  #daysOfCurrent(): { days?: Days } {
    return this.#current.days === undefined ? {} : { days: this.#current.days }
  }

  /** A bracket: a definition, a season after the hours, an exception or a break; otherwise its content is read on. */
  #bracket(): void {
    const { content, end } = bracketAt(this.#tokens, this.#at)
    const { days, ranges, seasons } = this.#current
    const isAfter = ranges.length > 0
    const named = this.groups.some((group) => group.days !== undefined)
    if (content.kind === 'days' && isAfter && days === undefined && (!named || this.#isPostfix)) {
      if (ranges.length > 1) refuse('days-conflict', content.days)
      this.#isPostfix = true
      this.#current.days = content.days
      this.#current.complete = true
    } else if (content.kind === 'days' && !isAfter && days !== undefined)
      this.#current.days = sameDays(days, content.days)
    else if (content.kind === 'season' && isAfter && seasons === undefined) {
      this.#current.seasons = content.seasons
      this.#current.complete = true
    } else if (content.kind === 'exception') this.#exception(content.days)
    else if (content.kind === 'with' && !isAfter) this.#current.days = union(days, content.days)
    else if (content.kind === 'with') this.#alsoOn(content.days)
    else {
      this.#next()
      return
    }
    this.#at = end
  }

  /** （公众假期照常开放） after hours of every day changes nothing. */
  #alsoOn(more: Days): void {
    const { days } = this.#current
    if (days !== undefined && !days.daily) refuse('days-conflict', more)
  }

  /** X除外 after the days, the hours or the closure that it belongs to. */
  #exception(days: Days): void {
    const closure = this.closures.at(-1)
    if (this.#last === 'closed' && closure !== undefined) closure.reopened = days
    else if (this.#current.ranges.length === 0 && this.#current.days !== undefined)
      this.#current.without.push(days)
    else if (this.#current.ranges.length > 0)
      this.closures.push({ days, group: this.#current, exception: true })
    else refuse('days-conflict', days)
  }

  /** X除外 without brackets: days or hours that came just before. */
  #except(token: Token): void {
    const { days, ranges } = this.#current
    const range = ranges.at(-1)
    const closure = this.closures.at(-1)
    if (this.#last === 'range' && range !== undefined) this.#closeRange(range)
    else if (days !== undefined && ranges.length === 0 && this.#afterClosed && closure !== undefined) {
      closure.reopened = days
      this.#dropGroup()
    } else if (days !== undefined && ranges.length === 0 && this.groups.length > 0) {
      this.closures.push({ days, exception: true })
      this.#dropGroup()
    } else refuse('days-conflict', token)
    this.#next()
  }

  #exceptBefore(token: Token): void {
    this.#next()
    const start = this.#peek()
    if (start === undefined || !isDays(start)) refuse('days-conflict', token)
    const days = this.#readDays()
    const end = this.#peek()
    if (end?.kind === 'except-end') this.#next()
    else refuse('days-conflict', token)
    this.closures.push({ days, exception: true })
  }

  #with(token: Token): void {
    this.#next()
    const start = this.#peek()
    if (start === undefined || !isDays(start) || this.#current.ranges.length > 0)
      refuse('days-conflict', token)
    this.#current.days = union(this.#current.days, this.#readDays())
  }

  /** 因调休为工作日时暂停开放 */
  #madeUp(token: Token): void {
    this.#next()
    while (this.#peek()?.kind === 'separator') this.#next()
    if (!['closed', 'except'].includes(this.#peek()?.kind ?? '')) refuse('days-conflict', token)
    this.exceptMadeUp = true
    this.#next()
  }

  #allDay(token: Token): void {
    let offset = 1
    while (this.#peek(offset)?.kind === 'separator') offset += 1
    if (this.#peek(offset)?.kind !== 'closed') refuse('all-day', token)
    this.#next()
  }

  #closed(token: Token): void {
    this.#next()
    const { ranges, days, seasons } = this.#current
    const range = ranges.at(-1)
    if (this.#waiting?.kind === 'period') {
      const own = ranges.length === 0 && days !== undefined && this.groups.length > 0
      if (own) refuse('days-conflict', { start: days.start, end: token.end })
      this.quiet.push({ span: periodSpan[this.#waiting.period], group: this.#current })
      this.#waiting = undefined
      this.#carried = undefined
    } else if (this.#last === 'range' && range !== undefined) this.#closeRange(range)
    else if (ranges.length === 0 && days !== undefined) {
      if (seasons !== undefined && !this.#current.seasonOuter)
        refuse('closure', { start: days.start, end: token.end })
      const [reopened, ...more] = this.#current.without
      if (more.length > 0) refuse('days-conflict', days)
      this.closures.push({ days, exception: false, ...(reopened === undefined ? {} : { reopened }) })
      this.#dropGroup()
    } else if (this.#last !== 'closed') refuse(seasons === undefined ? 'closure' : 'season', token)
    this.#last = 'closed'
  }

  /** The last range was closed hours: a break of its group, or of the days that were named for it. */
  #closeRange(range: Range): void {
    this.#current.ranges.pop()
    if (this.#current.ranges.length > 0) {
      this.closures.push({ range, group: this.#current, exception: false })
      return
    }
    if (this.#current.days === undefined) refuse('closed-only', range)
    this.closures.push({ range, days: this.#current.days as Days, exception: false })
    this.#dropGroup()
  }

  #dropGroup(): void {
    const { seasons, seasonOuter } = this.#current
    this.#current = newGroup(seasonOuter && seasons !== undefined ? { seasons, seasonOuter } : {})
  }

  #startGroup(from: Partial<Group>): void {
    this.#closeGroup()
    this.#current = newGroup(from)
    this.#last = undefined
    this.#closedHeading = false
  }

  #closeGroup(): void {
    const { ranges, days, seasons } = this.#current
    if (this.#waiting !== undefined) refuse('no-hours', this.#waiting)
    if (ranges.length > 0) this.groups.push(this.#current)
    else if (days !== undefined && !this.#current.inherited) refuse('no-hours', days)
    else if (seasons !== undefined && seasons !== this.groups.at(-1)?.seasons)
      refuse('season', { start: 0, end: this.#text.length })
    else if (this.#current.facility !== undefined) this.groups.push(this.#current)
  }
}
