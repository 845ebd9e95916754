/** Open at an instant: day types, midnight, seasons, year and term ends, validity, closures; and a naive evaluation. */
import fc from 'fast-check'
import { test } from 'tap'
import type { Session } from '../../src/derivations/index.ts'
import {
  type CalendarEntry,
  type Closure,
  calendarOf,
  contradictionsOf,
  openAt,
  sessionsOn,
  type VenueHours,
  weekdayOf,
} from '../../src/venues/index.ts'
import { runs } from '../support/runs.ts'

const entries: readonly CalendarEntry[] = [
  { entry: 'public-holiday', starts: '2026-01-01', ends: '2026-01-03' },
  { entry: 'make-up-day', starts: '2026-01-04', ends: '2026-01-04' },
  { entry: 'make-up-day', starts: '2026-02-14', ends: '2026-02-14' },
  { entry: 'public-holiday', starts: '2026-02-15', ends: '2026-02-23' },
  { entry: 'vacation', starts: '2026-01-31', ends: '2026-03-01' },
  { entry: 'term', starts: '2026-03-02', ends: '2026-06-30' },
  { entry: 'vacation', starts: '2026-07-01', ends: '2026-08-31' },
]
const calendar = calendarOf(entries, [{ from: '2026-01-01', to: '2026-12-31' }])

/** The instant of a local time in Shanghai. */
const at = (local: string) => Date.parse(`${local.replace(' ', 'T')}:00+08:00`)
const local = (instant: number) =>
  new Date(instant + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')

function stateAt(hours: VenueHours, time: string, closures: readonly Closure[] = []): string {
  const state = openAt(hours, calendar, closures, at(time))
  if (state.state === 'open') return `open until ${local(state.until)}`
  if (state.state === 'not-known') return `not known ${state.date}`
  return `closed (${state.why})${state.opensAt === undefined ? '' : `, opens ${local(state.opensAt)}`}`
}

const venue = (...sessions: readonly Session[]): VenueHours => ({ sessions })
const school = venue(
  { dayTypes: ['working-day'], from: '18:30', to: '20:30' },
  { dayTypes: ['weekend'], from: '08:00', to: '11:00' },
  { dayTypes: ['weekend'], from: '14:00', to: '17:00' },
  { dayTypes: ['public-holiday'], from: '09:00', to: '16:00' },
)

test('what a day is', async (t) => {
  t.same(
    ['2026-01-02', '2026-01-04', '2026-01-05', '2026-01-10', '2026-02-14', '2026-07-04', '2025-12-31'].map(
      (date) => calendar.dayOf(date)?.kind,
    ),
    ['holiday', 'make-up', 'working', 'weekend', 'vacation', 'vacation', undefined],
  )
  t.same(calendar.dayOf('2026-02-14')?.types, ['vacation', 'working-day'], 'made up within the vacation')
  t.equal(weekdayOf('2026-01-04'), 'Su')
  t.same(contradictionsOf(entries), [])
  const wrong = [...entries, { entry: 'make-up-day', starts: '2026-01-03', ends: '2026-01-03' } as const]
  t.same(contradictionsOf(wrong), [{ entries: ['public-holiday', 'make-up-day'], date: '2026-01-03' }])
})

test('day types decide, the first and the last minute included', async (t) => {
  t.same(
    [
      stateAt(school, '2026-01-09 18:29'),
      stateAt(school, '2026-01-09 18:30'),
      stateAt(school, '2026-01-09 20:30'),
      stateAt(school, '2026-01-10 11:00'),
      stateAt(school, '2026-01-04 18:30'),
      stateAt(school, '2026-01-04 09:00'),
      stateAt(school, '2026-01-02 09:00'),
    ],
    [
      'closed (hours), opens 2026-01-09 18:30',
      'open until 2026-01-09 20:30',
      'closed (hours), opens 2026-01-10 08:00',
      'closed (hours), opens 2026-01-10 14:00',
      'open until 2026-01-04 20:30',
      'closed (hours), opens 2026-01-04 18:30',
      'open until 2026-01-02 16:00',
    ],
    'a Sunday that is made up is a working day',
  )
})

test('outside the calendar it is not known, unless only weekdays matter', async (t) => {
  t.equal(stateAt(school, '2025-12-31 19:00'), 'not known 2025-12-31')
  t.equal(stateAt(school, '2026-12-31 21:00'), 'closed (hours)', 'the next opening is not known')
  const weekly = venue({ days: ['We'], from: '18:00', to: '24:00' })
  t.equal(stateAt(weekly, '2025-12-31 19:00'), 'open until 2026-01-01 00:00')
})

test('across midnight, 24:00 and around the clock', async (t) => {
  const late = venue({ days: ['Fr'], from: '22:00', to: '02:00' })
  t.same(
    ['2026-01-09 23:59', '2026-01-10 01:59', '2026-01-10 02:00', '2026-01-09 01:00'].map((time) =>
      stateAt(late, time),
    ),
    [
      'open until 2026-01-10 02:00',
      'open until 2026-01-10 02:00',
      'closed (hours), opens 2026-01-16 22:00',
      'closed (hours), opens 2026-01-09 22:00',
    ],
  )
  const weekend = venue({ days: ['Sa', 'Su'], from: '00:00', to: '24:00' })
  t.equal(stateAt(weekend, '2026-01-10 00:00'), 'open until 2026-01-12 00:00')
})

test('vacation and public holidays replace other sessions, exceptions hold', async (t) => {
  const hours = venue(
    { days: ['Mo', 'Tu', 'We', 'Th', 'Fr'], from: '18:00', to: '20:00' },
    { dayTypes: ['vacation'], from: '08:00', to: '10:00' },
    { days: ['Sa'], dayTypes: ['public-holiday'], from: '09:00', to: '12:00', except: ['Su'] },
    { days: ['Su'], from: '13:00', to: '15:00', except: ['vacation'] },
  )
  const opens = (date: string) => sessionsOn(hours, calendar, date)?.map(({ from }) => from)
  t.same(opens('2026-06-30'), ['18:00'], 'the last day of the term')
  t.same(opens('2026-07-01'), ['08:00'], 'the first day of the vacation')
  t.same(opens('2026-01-01'), ['09:00'], 'a holiday on a Thursday')
  t.same(opens('2026-01-11'), ['13:00'])
  const plain = venue({ dayTypes: ['working-day'], from: '18:00', to: '20:00' })
  t.equal(stateAt(plain, '2026-07-01 18:00'), 'open until 2026-07-01 20:00', 'no hours for the vacation')
  t.equal(sessionsOn(plain, calendar, '2026-01-01')?.length, 0, 'a holiday is no working day')
})

test('seasons, years and validity', async (t) => {
  const days = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const
  const winter = venue({ days, from: '08:00', to: '17:00', season: { from: '11-01', to: '02-29' } })
  const isOpen = (hours: VenueHours, date: string) => (sessionsOn(hours, calendar, date)?.length ?? 0) > 0
  t.same(
    ['2026-10-31', '2026-11-01', '2026-12-31', '2026-01-01', '2026-02-28', '2026-03-01'].map((date) =>
      isOpen(winter, date),
    ),
    [false, true, true, true, true, false],
  )
  const once = venue({
    days,
    from: '08:00',
    to: '17:00',
    season: { from: '07-01', to: '08-31' },
    dates: { from: '2025-07-01', to: '2025-08-31' },
  })
  t.notOk(isOpen(once, '2026-07-01'), 'hours of one year')
  const until: VenueHours = { ...winter, validity: { validUntil: '2026-01-20' } }
  t.equal(stateAt(until, '2026-01-20 16:00'), 'open until 2026-01-20 17:00')
  t.equal(stateAt(until, '2026-01-21 09:00'), 'closed (not-valid)')
})

test('closures and one-off openings', async (t) => {
  const closure: Closure = { kind: 'closed', from: at('2026-01-10 09:00'), until: at('2026-01-10 15:00') }
  t.equal(stateAt(school, '2026-01-10 08:30', [closure]), 'open until 2026-01-10 09:00')
  t.equal(stateAt(school, '2026-01-10 10:00', [closure]), 'closed (closure), opens 2026-01-10 15:00')
  const endless: Closure = { kind: 'closed', from: at('2026-01-10 09:00') }
  t.equal(stateAt(school, '2026-02-10 10:00', [endless]), 'closed (closure)')
  const opening: Closure = { kind: 'open', from: at('2026-01-10 11:00'), until: at('2026-01-10 14:00') }
  t.equal(stateAt(school, '2026-01-10 08:30', [opening]), 'open until 2026-01-10 17:00')
  t.equal(
    stateAt(school, '2025-12-31 12:00', [{ ...endless, from: 0 }]),
    'closed (closure)',
    'closed is known',
  )
})

test('property: the state of any minute equals a naive evaluation', async (t) => {
  const clock = (m: number) =>
    `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`
  const session = fc
    .record({
      where: fc.constantFrom(
        { days: ['Sa', 'Su'] as const },
        { days: ['Mo', 'Fr'] as const, except: ['public-holiday'] as const },
        { dayTypes: ['working-day'] as const },
        { dayTypes: ['weekend', 'public-holiday'] as const },
        { dayTypes: ['vacation'] as const },
      ),
      from: fc.integer({ min: 0, max: 95 }),
      to: fc.integer({ min: 1, max: 96 }),
    })
    .filter(({ from, to }) => from !== to)
    .map(({ where, from, to }): Session => ({ ...where, from: clock(from * 15), to: clock(to * 15) }))
  const instants = fc.integer({ min: at('2026-01-05 00:00') / 60_000, max: at('2026-12-20 00:00') / 60_000 })
  fc.assert(
    fc.property(fc.array(session, { maxLength: 5 }), instants, (sessions, minutes) => {
      const now = local(minutes * 60_000)
      const before = local(minutes * 60_000 - 86_400_000)
      const isOpen =
        naive(sessions, now.slice(0, 10)).some(({ from, to }) =>
          inDay(from, to <= from ? '24:00' : to, now.slice(11)),
        ) || naive(sessions, before.slice(0, 10)).some(({ from, to }) => to <= from && now.slice(11) < to)
      return (openAt({ sessions }, calendar, [], minutes * 60_000).state === 'open') === isOpen
    }),
    runs(300, 20_000),
  )
  t.pass()
})

const inDay = (from: string, to: string, time: string) => from <= time && time < to

/** The sessions of a date, straight from the entries. */
function naive(sessions: readonly Session[], date: string): readonly Session[] {
  const has = (entry: string) =>
    entries.some((one) => one.entry === entry && one.starts <= date && date <= one.ends)
  const weekday = weekdayOf(date)
  const base = !has('make-up-day') && (weekday === 'Sa' || weekday === 'Su') ? 'weekend' : 'working-day'
  const types = has('public-holiday') ? ['public-holiday'] : has('vacation') ? ['vacation', base] : [base]
  const possible = sessions.filter(
    ({ except = [] }) => !except.some((one) => one === weekday || types.includes(one)),
  )
  for (const special of ['public-holiday', 'vacation'] as const) {
    const of = possible.filter(({ dayTypes }) => dayTypes?.includes(special))
    if (types[0] === special && of.length > 0) return of
  }
  return possible.filter(
    ({ days = [], dayTypes = [] }) => days.includes(weekday) || dayTypes.some((one) => types.includes(one)),
  )
}
