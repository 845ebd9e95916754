/** Labels of `test/cases/opening-hours/phrases.csv` as sessions, in a form that compares. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { type Session, type Weekday, weekdays } from '../../src/derivations/index.ts'

export interface Phrase {
  readonly id: string
  readonly set: 'open' | 'held-out'
  readonly column: string
  readonly text: string
  readonly label: string
}

/** The labelled phrases. */
export function readPhrases(): readonly Phrase[] {
  return parse(readFileSync('test/cases/opening-hours/phrases.csv'), { columns: true })
}

/** Cases of the grammar: short texts, each for one rule. */
export function readCases(): readonly Pick<Phrase, 'text' | 'label'>[] {
  return parse(readFileSync('test/cases/opening-hours/cases.csv'), { columns: true })
}

const typeOf: Readonly<Record<string, string>> = {
  wd: 'working-day',
  we: 'weekend',
  ph: 'public-holiday',
  va: 'vacation',
}

/** A label or sessions as sorted lines: one a season, set of days and span of time. */
export function comparable(of: string | readonly Session[]): string {
  if (of === 'refuse' || of === 'empty') return of
  const lines = typeof of === 'string' ? of.split(';').flatMap(linesOfLabel) : of.map(lineOf)
  return lines.sort().join('\n')
}

function linesOfLabel(group: string): readonly string[] {
  const parts = group.trim().split(/\s+/)
  const season = /^\d\d-\d\d\//.test(parts[0] ?? '') ? parts.shift() : undefined
  const [days = '', times = '', ...except] = parts
  const names = days.split(',').flatMap(daysOf)
  return times.split(',').map((time) =>
    line(
      season,
      names,
      except.map((one) => typeOf[one.slice(1)] ?? one.slice(1)),
      time,
    ),
  )
}

function daysOf(name: string): readonly string[] {
  if (name === 'daily') return weekdays
  const [from, to] = name.split('-') as Weekday[]
  if (from !== undefined && to !== undefined)
    return weekdays.slice(weekdays.indexOf(from), weekdays.indexOf(to) + 1)
  return [typeOf[name] ?? name]
}

function lineOf({ days = [], dayTypes = [], from, to, season, except = [] }: Session): string {
  const dates = season === undefined ? undefined : `${season.from}/${season.to}`
  return line(dates, [...days, ...dayTypes], except, `${from}-${to}`)
}

function line(
  season: string | undefined,
  days: readonly string[],
  except: readonly string[],
  time: string,
): string {
  const no = [...except].sort().map((one) => `!${one}`)
  return [season ?? 'always', [...days].sort().join(), time, ...no].join(' ')
}
