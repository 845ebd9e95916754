/**
 * Synthetic venues: fictional schools with facilities and their sessions, a few hundred or as many as
 * requested.
 */
import { coordinate, type District, districts } from './districts.ts'
import type { Cell, SamplePart } from './part.ts'
import { between, oneOf, type Random, randomOf } from './random.ts'

const header = (
  'venue,district,school,facility,facility_type,indoor,lights,surface,capacity,accessibility,activities,day_type,except,season,' +
  'opens,closes,valid_from,valid_until,address,longitude,latitude,free,fee,fee_amount,fee_unit,booking,booking_url,phone,notes'
).split(',')

interface Facility {
  readonly name: string
  readonly type: string
  readonly indoor: boolean
  readonly surface: string
  readonly capacity: number
  readonly activities: string
  /** Without lights there is no session after dark. */
  readonly lit: boolean
  readonly fee: string
  readonly amount: string
  readonly unit: string
}

const facilities: readonly Facility[] = [
  {
    name: '田径场',
    type: 'track',
    indoor: false,
    surface: 'rubber',
    capacity: 120,
    activities: 'running;football;bars',
    lit: true,
    fee: '',
    amount: '',
    unit: '',
  },
  {
    name: '室外篮球场',
    type: 'court',
    indoor: false,
    surface: 'acrylic',
    capacity: 40,
    activities: 'basketball',
    lit: false,
    fee: '',
    amount: '',
    unit: '',
  },
  {
    name: '室内体育馆',
    type: 'hall',
    indoor: true,
    surface: 'wood',
    capacity: 60,
    activities: 'badminton;table-tennis;volleyball',
    lit: true,
    fee: '每人每小时10元',
    amount: '10.00',
    unit: 'person-hour',
  },
  {
    name: '游泳馆',
    type: 'pool',
    indoor: true,
    surface: 'water',
    capacity: 80,
    activities: 'swimming',
    lit: true,
    fee: '每人每次30元',
    amount: '30.00',
    unit: 'person-visit',
  },
  {
    name: '室外网球场',
    type: 'court',
    indoor: false,
    surface: 'acrylic',
    capacity: 16,
    activities: 'tennis',
    lit: false,
    fee: '每片每小时40元',
    amount: '40.00',
    unit: 'court-hour',
  },
  {
    name: '健身广场',
    type: 'ground',
    indoor: false,
    surface: 'rubber',
    capacity: 50,
    activities: 'fitness;martial-arts;rope-skipping',
    lit: false,
    fee: '',
    amount: '',
    unit: '',
  },
]

export interface VenueOptions {
  /** Multiplies the schools: 1 gives a few hundred. */
  readonly scale: number
  /** Rows of an edition, all parts together; by default as many as the schools have. */
  readonly rows?: number
}

/**
 * One part per edition and district. In later editions some schools have joined, left or changed their hours.
 */
export function venueParts(
  seed: number,
  editions: readonly string[],
  { scale, rows }: VenueOptions,
): readonly SamplePart[] {
  return editions.flatMap((edition, year) =>
    districts.map((district, index) => {
      const quota =
        rows === undefined
          ? undefined
          : Math.floor(rows / districts.length) + (index < rows % districts.length ? 1 : 0)
      const schools = quota === undefined ? Math.round(district.size * 20 * scale) : quota
      return {
        dataset: 'school-sports-venues',
        edition,
        provider: `edu-${district.code}`,
        header,
        rows: () => limit(rowsOf(seed, year, district, schools), quota),
      }
    }),
  )
}

function* limit<Value>(values: Iterable<Value>, count: number | undefined): Generator<Value> {
  let left = count ?? Number.POSITIVE_INFINITY
  if (left === 0) return
  for (const value of values) {
    yield value
    left -= 1
    if (left === 0) return
  }
}

function* rowsOf(
  seed: number,
  year: number,
  district: District,
  schools: number,
): Generator<readonly Cell[]> {
  for (let number = 1; number <= schools; number++) {
    const random = randomOf(seed, 'venues', district.code, number)
    const [joins, leaves, changes] = [random() < 0.06, random() < 0.03, random() < 0.1]
    if (year === 0 ? joins : leaves) continue
    yield* rowsOfSchool(random, district, number, year > 0 && changes)
  }
}

function* rowsOfSchool(random: Random, district: District, number: number, later: boolean) {
  const kind = oneOf(random, ['小学', '小学', '初级中学', '中学', '高级中学'])
  const longitude = coordinate(district.west, district.east, random())
  const latitude = coordinate(district.south, district.north, random())
  const booking = oneOf(random, ['来校登记', '电话预约', '线上预约', ''])
  const first = between(random, 0, facilities.length - 1)
  const count = between(random, 1, 3)
  for (let n = 0; n < count; n++) {
    const facility = facilities[(first + n) % facilities.length]
    if (facility === undefined) continue
    const venue = `${district.code}-${String(number).padStart(4, '0')}-${n + 1}`
    const [unfit, link] = [random() < 0.1, booking === '线上预约']
    for (const { dayType, except = '', season = allYear, opens, closes } of sessionsOf(
      random,
      facility,
      later,
    )) {
      yield [
        venue,
        district.code,
        `${district.name}示例第${number}${kind}`,
        facility.name,
        facility.type,
        String(facility.indoor),
        String(facility.lit),
        facility.surface,
        String(facility.capacity),
        facility.indoor ? '坡道' : '',
        facility.activities,
        dayType,
        except,
        season,
        opens,
        closes,
        '',
        // A few agreements end in the summer.
        unfit && later ? '2026-08-31' : '',
        `${district.name}示例路${number}号`,
        longitude,
        latitude,
        facility.fee === '' ? 'true' : 'false',
        facility.fee,
        facility.amount,
        facility.unit,
        booking,
        link ? `https://example.org/venues/${venue}` : '',
        // No phone number in the city begins with 0.
        `021-0${String(number).padStart(7, '0')}`,
        facility.indoor ? '' : '雨天关闭',
      ]
    }
  }
}

const allYear = '01-01/12-31'

interface Session {
  readonly dayType: string
  readonly except?: string
  readonly season?: string
  readonly opens: string
  readonly closes: string
}

/** Hours in one of three styles: by day type, by weekday, or by season. */
function* sessionsOf(random: Random, facility: Facility, later: boolean): Generator<Session> {
  const style = random()
  if (style < 0.7) yield* byDayType(random, facility, later)
  else if (style < 0.85) yield* byWeekday(random, facility, later)
  else yield* bySeason(random, later)
  if (random() < 0.7) yield { dayType: 'public-holiday', opens: '09:00', closes: '16:00' }
}

function* byDayType(random: Random, { lit }: Facility, later: boolean): Generator<Session> {
  const evening = later ? '19:00' : '18:30'
  if (lit) yield { dayType: 'working-day', opens: evening, closes: oneOf(random, ['20:30', '21:00']) }
  else if (random() < 0.5) yield { dayType: 'working-day', opens: '06:00', closes: '07:00' }
  yield { dayType: 'weekend', opens: '08:00', closes: oneOf(random, ['10:00', '11:00']) }
  yield { dayType: 'weekend', opens: '14:00', closes: oneOf(random, ['17:00', '17:30']) }
  yield { dayType: 'vacation', opens: '08:00', closes: '10:00' }
  if (lit && random() < 0.5) yield { dayType: 'vacation', opens: '15:00', closes: '18:00' }
}

/** Some evenings, and the weekend but public holidays. */
function* byWeekday(random: Random, { lit }: Facility, later: boolean): Generator<Session> {
  const [opens, closes] = lit ? ['18:30', '20:30'] : ['06:00', '07:00']
  const days = oneOf(random, [
    ['Mo', 'We', 'Fr'],
    ['Tu', 'Th'],
  ])
  for (const dayType of days) yield { dayType, except: 'public-holiday', opens, closes }
  for (const dayType of ['Sa', 'Su']) {
    yield { dayType, except: 'public-holiday', opens: '08:00', closes: later ? '11:30' : '11:00' }
  }
}

/** The same beginning, and a later end in summer. */
function* bySeason(random: Random, later: boolean): Generator<Session> {
  const summer = oneOf(random, ['18:00', '18:30'])
  for (const [season, closes] of [
    ['05-01/10-31', summer],
    ['11-01/04-30', later ? '16:30' : '16:00'],
  ] as const) {
    yield { dayType: 'weekend', season, opens: '13:00', closes }
    yield { dayType: 'vacation', season, opens: '13:00', closes }
  }
}
