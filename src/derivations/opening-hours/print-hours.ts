/** Writes sessions as an office should: one line for each season and set of days. Reading it gives the sessions back. */
import { type DayType, type Session, type Weekday, weekdays } from './session.ts'

const dayNames = '一二三四五六日'
const typeNames: Readonly<Record<DayType, string>> = {
  'working-day': '工作日',
  weekend: '双休日',
  'public-holiday': '法定节假日',
  vacation: '寒暑假',
}

/** The sessions in the wording that the officers' page recommends. */
export function printHours(sessions: readonly Session[]): string {
  const lines = new Map<string, string[]>()
  for (const session of sessions) {
    const head = `${seasonText(session)}${daysText(session)}`
    const spans = lines.get(head) ?? []
    spans.push(`${session.from}-${session.to <= session.from ? '次日' : ''}${session.to}`)
    lines.set(head, spans)
  }
  return [...lines].map(([head, spans]) => `${head} ${spans.join('、')}`).join('；')
}

function seasonText({ season, dates }: Session): string {
  if (season === undefined) return ''
  const date = (day: string, year?: string) =>
    `${year === undefined ? '' : `${year.slice(0, 4)}年`}${Number(day.slice(0, 2))}月${Number(day.slice(3))}日`
  return `${date(season.from, dates?.from)}至${date(season.to, dates?.to)}`
}

function daysText({ days = [], dayTypes = [], except = [] }: Session): string {
  const names = [...(days.length > 0 ? [weekdaysText(days)] : []), ...dayTypes.map((type) => typeNames[type])]
  const less = except.map((one) =>
    one in typeNames ? typeNames[one as DayType] : `周${nameOf(one as Weekday)}`,
  )
  return `${names.join('、')}${less.length > 0 ? `（${less.join('、')}除外）` : ''}`
}

function weekdaysText(days: readonly Weekday[]): string {
  if (days.length === weekdays.length) return '每天'
  return days.map((day) => `周${nameOf(day)}`).join('、')
}

const nameOf = (day: Weekday) => dayNames.charAt(weekdays.indexOf(day))
