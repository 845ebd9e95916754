/** The page of a venue: whether it is open, its week by day, closures and openings to come, facts, iCalendar. */

import type { AppContext } from '../../catalogue/index.ts'
import { problem } from '../../platform/problem.ts'
import { dayInShanghai } from '../../platform/time.ts'
import {
  basisOf,
  dateAfter,
  datedSessions,
  getVenue,
  opennessOf,
  parseDays,
  parseTimes,
  venueBody,
} from '../../venues/index.ts'
import { Scroll } from '../components/scroll.tsx'
import { Columns } from '../components/table-parts.tsx'
import { type Content, type Html, link } from '../html.tsx'
import { page } from '../layout.tsx'
import { joined, to, type View } from '../view.ts'
import { feeText, labelOfCode } from './venue-words.ts'

type Body = ReturnType<typeof venueBody>
type Days = ReturnType<typeof datedSessions>

interface VenuePage {
  readonly context: AppContext
  readonly body: Body
  readonly from: string
  readonly days: Days
  readonly view: View
}

/** Days of the table. */
const weekDays = 7

/** Renders the page. Throws `venue-not-found`, and `parameter-invalid` for a bad `from`. */
export async function renderVenue(context: AppContext, id: string, view: View): Promise<string> {
  if (id.length > 100) throw problem('venue-not-found', { path: 'id' })
  const { at } = parseTimes({}, view.now)
  const chosen = view.parameters.get('from') || undefined
  const { from } = parseDays(chosen === undefined ? {} : { from: chosen }, view.now)
  const found = await getVenue(context, id, dayInShanghai(new Date(at)))
  const { state, closures, edition, venue } = found
  const body = venueBody(context.config, found, {
    openness: opennessOf(found, state, { at }),
    ...{ at, language: view.language, closures },
    basis: basisOf(context.config, state, [edition]),
  })
  const days = datedSessions(venue, state.calendar, closures, from, weekDays)
  return renderPage({ context, body, from, days, view })
}

function renderPage(parts: VenuePage): string {
  const { body, view } = parts
  const text = texts[view.language]
  const title = `${body.name} ${body.facility}`
  const self = `/v1/venues/${encodeURIComponent(body.id)}`
  return page(view, {
    title,
    crumbs: [{ text: text.venues, href: to(view, '/venues') }],
    alternates: [
      { href: self, type: 'application/json' },
      { href: `${self}/calendar.ics?lang=${view.language}`, type: 'text/calendar' },
    ],
    data: {
      '@context': 'https://schema.org',
      '@type': 'SportsActivityLocation',
      name: title,
      address: body.address ?? undefined,
      geo: { '@type': 'GeoCoordinates', latitude: body.latitude, longitude: body.longitude },
    },
    main: (
      <>
        <h1>{title}</h1>
        <p>
          <span class={`state ${body.state}`}>{body.text}</span>
          {body.reason !== null && ` ${text.reason}${body.reason}`}
        </p>
        <Week {...parts} />
        <Closures {...parts} />
        <Facts {...parts} />
        <p class="links">
          <a href={`${self}/calendar.ics?lang=${view.language}`}>{text.calendar}</a>
          <a href={self}>JSON</a>
        </p>
        <p class="faint">{text.calendarAbout}</p>
      </>
    ),
  })
}

function Week({ context, body, from, days, view }: VenuePage): Html {
  const text = texts[view.language]
  const path = `/venues/${encodeURIComponent(body.id)}`
  return (
    <section aria-labelledby="week">
      <h2 id="week">{text.week(from, dateAfter(from, weekDays - 1))}</h2>
      <Scroll labelledBy="week">
        <table>
          <Columns names={text.columns} />
          <tbody>
            {days.map(({ date, weekday, kind, sessions }) => (
              <tr key={date}>
                <th scope="row" class="nowrap">
                  <time dateTime={date}>{date}</time> {text.weekdays[weekday as keyof typeof text.weekdays]}
                </th>
                <td>{kind === undefined ? text.unknown : text.kinds[kind]}</td>
                <td class="text">
                  {sessions === undefined
                    ? text.unknown
                    : sessions.length === 0
                      ? text.closed
                      : sessions.map((one) => (
                          <div key={one.from}>
                            {clock(one.from)}–{clock(one.until)}{' '}
                            <span class="faint">
                              {joined(
                                view,
                                one.activities.map((code) =>
                                  labelOfCode(context.contracts, 'venue-activities', code, view),
                                ),
                              )}
                            </span>
                          </div>
                        ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <nav class="pages" aria-label={text.weeks}>
        <a href={to(view, path, { from: dateAfter(from, -weekDays) })}>{text.before}</a>
        <a href={to(view, path)}>{text.today}</a>
        <a href={to(view, path, { from: dateAfter(from, weekDays) })}>{text.after}</a>
      </nav>
    </section>
  )
}

const local = (instant: number | string) =>
  new Date(new Date(instant).getTime() + 8 * 3_600_000).toISOString()
const clock = (instant: number) => local(instant).slice(11, 16)
const moment = (instant: string) => local(instant).slice(0, 16).replace('T', ' ')

function Closures({ body, view }: VenuePage): Html {
  const text = texts[view.language]
  return (
    <section aria-labelledby="closures">
      <h2 id="closures">{text.closures}</h2>
      {body.closures.length === 0 ? (
        <p>{text.noClosures}</p>
      ) : (
        <ul>
          {body.closures.map(({ id, kind, from, until, reason }) => (
            <li key={id}>
              {text.closureKinds[kind]} {moment(from)} – {until === null ? text.further : moment(until)}
              {text.colon}
              {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Facts({ context: { contracts }, body, view }: VenuePage): Html {
  const text = texts[view.language]
  const flag = (value: boolean | null) => (value === null ? '' : text.flags[value ? 1 : 0])
  const code = (list: string, value: string | null) =>
    value === null ? '' : labelOfCode(contracts, list, value, view)
  const booking =
    body.bookingUrl === null || link(body.bookingUrl) === '#' ? (
      (body.booking ?? '')
    ) : (
      <a href={link(body.bookingUrl)}>{body.booking ?? body.bookingUrl}</a>
    )
  const facts: readonly (readonly [string, Content])[] = [
    [text.district, code('districts', body.district)],
    [text.address, body.address ?? ''],
    [
      text.activities,
      joined(
        view,
        body.activities.map((one) => labelOfCode(contracts, 'venue-activities', one, view)),
      ),
    ],
    [text.type, code('facility-types', body.facilityType)],
    [text.surface, code('surfaces', body.surface)],
    [text.indoor, flag(body.indoor)],
    [text.lights, flag(body.lights)],
    [text.fee, feeText(body, contracts, view)],
    [text.booking, booking],
    [text.phone, body.phone ?? ''],
    [text.capacity, body.capacity === null ? '' : String(body.capacity)],
    [text.accessibility, body.accessibility ?? ''],
    [text.notes, body.notes ?? ''],
  ]
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">{text.facts}</h2>
      <dl>
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  )
}

const texts = {
  zh: {
    venues: '场地开放',
    reason: '原因：',
    week: (from: string, until: string) => `开放时间（${from} 至 ${until}）`,
    weeks: '翻周',
    before: '前一周',
    today: '今天起',
    after: '后一周',
    columns: ['日期', '日期类型', '开放时段'],
    weekdays: { Mo: '周一', Tu: '周二', We: '周三', Th: '周四', Fr: '周五', Sa: '周六', Su: '周日' },
    kinds: {
      working: '工作日',
      'make-up': '调休上班日',
      weekend: '周末',
      holiday: '节假日',
      vacation: '寒暑假',
    },
    unknown: '无校历，无法判断',
    closed: '不开放',
    closures: '临时安排',
    noClosures: '目前没有临时关闭或加开。',
    closureKinds: { closed: '临时关闭', open: '加开' },
    further: '另行通知',
    colon: '：',
    facts: '场地信息',
    flags: ['否', '是'],
    district: '所属区',
    address: '地址',
    activities: '开放项目',
    type: '场地类别',
    surface: '地面材质',
    indoor: '是否室内',
    lights: '有无灯光',
    fee: '收费',
    booking: '预约方式',
    phone: '联系电话',
    capacity: '最大承载人数',
    accessibility: '无障碍设施',
    notes: '备注',
    calendar: '订阅到日历（iCalendar）',
    calendarAbout: '订阅后，临时关闭会自动从您的日历中去除。',
  },
  en: {
    venues: 'Venues',
    reason: 'Reason: ',
    week: (from: string, until: string) => `Open hours from ${from} to ${until}`,
    weeks: 'Weeks',
    before: 'Week before',
    today: 'From today',
    after: 'Week after',
    columns: ['Day', 'Kind of day', 'Open'],
    weekdays: { Mo: 'Mon', Tu: 'Tue', We: 'Wed', Th: 'Thu', Fr: 'Fri', Sa: 'Sat', Su: 'Sun' },
    kinds: {
      working: 'working day',
      'make-up': 'make-up working day',
      weekend: 'weekend',
      holiday: 'public holiday',
      vacation: 'vacation',
    },
    unknown: 'not known: no calendar covers the day',
    closed: 'closed',
    closures: 'Exceptions',
    noClosures: 'No closures and no additional openings are announced.',
    closureKinds: { closed: 'Closed', open: 'Additionally open' },
    further: 'further notice',
    colon: ': ',
    facts: 'About the venue',
    flags: ['no', 'yes'],
    district: 'District',
    address: 'Address',
    activities: 'Activities',
    type: 'Type',
    surface: 'Surface',
    indoor: 'Indoor',
    lights: 'Lights',
    fee: 'Fee',
    booking: 'Booking',
    phone: 'Telephone',
    capacity: 'Most people at a time',
    accessibility: 'Accessibility',
    notes: 'Notes',
    calendar: 'Subscribe to its calendar (iCalendar)',
    calendarAbout: 'In a calendar that subscribes to it, closures are left out by themselves.',
  },
} as const
