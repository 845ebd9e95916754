/**
 * The sample's venues projected to OpenStreetMap's `opening_hours` grammar and evaluated by npm `opening_hours`: both agree
 * wherever both calendars are the same. That library knows no make-up days, holidays or vacations of Shanghai, so those days
 * are not compared. 200 venues at 100 instants; with PROPERTY_RUNS=full at 2,000, which takes some 20 s.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import OpeningHours from 'opening_hours'
import { test } from 'tap'
import { shippedDatasets } from '../../src/context.ts'
import { loadContracts } from '../../src/contract/index.ts'
import { type CalendarEntry, calendarOf, openAt, weekdayOf } from '../../src/venues/index.ts'
import { type VenueSession, venueCollector } from '../../src/venues/venue.ts'
import { isFull } from '../support/runs.ts'
import { randomOf } from '../support/samples/random.ts'

const instantCount = isFull ? 2_000 : 100
const venueCount = 200

const { contract } = (await loadContracts({ folders: [shippedDatasets] })).get('school-sports-venues')
const collector = venueCollector(contract)
const folder = join(shippedDatasets, 'school-sports-venues/sample/2026')
for (const file of (await readdir(folder)).sort()) {
  const rows = parse(await readFile(join(folder, file), 'utf8'), { columns: true }) as Record<
    string,
    string
  >[]
  for (const row of rows) collector.add(contract.fields.map(({ name }) => row[name] || null))
}
const entries = parse(
  await readFile(join(shippedDatasets, 'school-calendar/sample/2026/edu-commission.csv'), 'utf8'),
  { columns: true },
) as CalendarEntry[]
const calendar = calendarOf(entries, [{ from: '2026-01-01', to: '2026-12-31' }])

/** The days on which both calendars are the same: working days from Monday to Friday, weekends on Saturday and Sunday. */
const days = Array.from({ length: 365 }, (_, n) =>
  new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10),
).filter((day) => {
  const expected = ['Sa', 'Su'].includes(weekdayOf(day)) ? 'weekend' : 'working'
  return calendar.dayOf(day)?.kind === expected
})

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dayText = (monthDay: string) => `${months[Number(monthDay.slice(0, 2)) - 1]} ${monthDay.slice(3)}`
const weekdaysOf = { 'working-day': ['Mo', 'Tu', 'We', 'Th', 'Fr'], weekend: ['Sa', 'Su'] } as const

/** One rule of the grammar; undefined for a session of holidays or vacations alone. */
function ruleOf({
  days = [],
  dayTypes = [],
  except = [],
  season,
  from,
  to,
}: VenueSession): string | undefined {
  const named = dayTypes.flatMap((type) =>
    type === 'working-day' || type === 'weekend' ? weekdaysOf[type] : [],
  )
  const left = [...days, ...named].filter((day) => !except.includes(day))
  if (left.length === 0) return undefined
  const isWhole = season === undefined || (season.from === '01-01' && season.to === '12-31')
  const range = isWhole ? '' : `${dayText(season.from)}-${dayText(season.to)} `
  return `${range}${left.join()} ${from}-${to}`
}

test('agrees with npm opening_hours wherever both calendars are the same', async (t) => {
  const random = randomOf(2026, 'osm')
  const venues = collector
    .venues()
    .filter(({ sessions }) => sessions.every(({ validUntil }) => validUntil === undefined))
    .map((venue) => ({ venue, rules: venue.sessions.map(ruleOf).filter((rule) => rule !== undefined) }))
    .filter(({ rules }) => rules.length > 0)
    .slice(0, venueCount)
  t.equal(venues.length, venueCount)
  const differences: string[] = []
  let open = 0
  for (const { venue, rules } of venues) {
    // A comma adds to the rules before it; a semicolon would replace them on the same days.
    const other = new OpeningHours(rules.join(', '))
    for (let n = 0; n < instantCount; n += 1) {
      const day = days[Math.floor(random() * days.length)] ?? ''
      const minute = Math.floor(random() * 1440)
      const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
      const ours = openAt(venue, calendar, [], Date.parse(`${day}T${time}:00+08:00`)).state
      // The library reads the local fields of a date.
      const theirs = other.getState(new Date(`${day}T${time}:00`))
      if ((ours === 'open') !== theirs || ours === 'not-known')
        differences.push(`${venue.id} ${day} ${time}: ${ours}, ${theirs}: ${rules.join(', ')}`)
      if (theirs) open += 1
    }
  }
  t.same(differences.slice(0, 5), [])
  t.ok(open > instantCount * venueCount * 0.05, `${open} of ${instantCount * venueCount} instants are open`)
})
