/** What is due and not open yet, as a calendar of days (iCalendar, RFC 5545). Loaded when it is first requested. */
import ical from 'ical-generator'
import type { AnnualList } from '../../annual-lists/index.ts'
import { dueItems } from '../../annual-lists/index.ts'
import type { View } from '../view.ts'

/** The last day that an item can be due on. */
const lastDay = '9999-12-31'

/** The calendar of a list. Items that are open have no entry. */
export function dueCalendar(list: AnnualList, { language, base }: View): string {
  const text = texts[language]
  const url = `${base}/lists/${list.year}`
  const calendar = ical({
    name: text.name(list.year),
    url,
    prodId: { company: 'Qingdan', product: 'Qingdan', language: language === 'zh' ? 'ZH' : 'EN' },
  })
  // Equal data give equal bytes.
  const stamp = new Date(Math.max(...list.sources.map(({ version }) => version.publishedAt.getTime())))
  for (const { item, due } of dueItems([list], lastDay)) {
    const { number, name } = item.promised.values
    calendar.createEvent({
      id: `${list.year}-${number}-${due}@qingdan`,
      start: due,
      end: new Date(Date.parse(`${due}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10),
      allDay: true,
      stamp,
      summary: `${text.due}${name ?? ''}`,
      description: item.providers.join(language === 'zh' ? '、' : ', '),
      url: `${url}#item-${number}`,
    })
  }
  return calendar.toString()
}

const texts = {
  zh: { name: (year: string) => `${year} 年数据开放清单`, due: '应开放：' },
  en: { name: (year: string) => `Open data list of ${year}`, due: 'Due: ' },
} as const
