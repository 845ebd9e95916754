/**
 * Synthetic venues: fictional schools with facilities and their sessions, a few hundred or as many as
 * requested.
 */
import { coordinate, type District, districts } from './districts.ts'
import type { Cell, SamplePart } from './part.ts'
import { between, oneOf, type Random, randomOf } from './random.ts'

const header = (
  'venue,district,school,facility,activities,day_type,opens,closes,address,longitude,latitude,' +
  'free,fee,booking,phone'
).split(',')

interface Facility {
  readonly name: string
  readonly activities: string
  /** Without lights there is no session after dark. */
  readonly lit: boolean
  readonly fee: string
}

const facilities: readonly Facility[] = [
  { name: '田径场', activities: 'running;football;bars', lit: true, fee: '' },
  { name: '室外篮球场', activities: 'basketball', lit: false, fee: '' },
  { name: '室内体育馆', activities: 'badminton;table-tennis;volleyball', lit: true, fee: '每人每小时10元' },
  { name: '游泳馆', activities: 'swimming', lit: true, fee: '每人每次30元' },
  { name: '室外网球场', activities: 'tennis', lit: false, fee: '每片每小时40元' },
  { name: '健身广场', activities: 'fitness;martial-arts;rope-skipping', lit: false, fee: '' },
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
    for (const [dayType, opens, closes] of sessionsOf(random, facility, later)) {
      yield [
        venue,
        district.code,
        `${district.name}示例第${number}${kind}`,
        facility.name,
        facility.activities,
        dayType,
        opens,
        closes,
        `${district.name}示例路${number}号`,
        longitude,
        latitude,
        facility.fee === '' ? 'true' : 'false',
        facility.fee,
        booking,
        // No phone number in the city begins with 0.
        `021-0${String(number).padStart(7, '0')}`,
      ]
    }
  }
}

type Session = readonly [dayType: string, opens: string, closes: string]

function* sessionsOf(random: Random, { lit }: Facility, later: boolean): Generator<Session> {
  const evening = later ? '19:00' : '18:30'
  if (lit) yield ['working-day', evening, oneOf(random, ['20:30', '21:00'])]
  else if (random() < 0.5) yield ['working-day', '06:00', '07:00']
  yield ['weekend', '08:00', oneOf(random, ['10:00', '11:00'])]
  yield ['weekend', '14:00', oneOf(random, ['17:00', '17:30'])]
  if (random() < 0.7) yield ['public-holiday', '09:00', '16:00']
  yield ['vacation', '08:00', '10:00']
  if (lit && random() < 0.5) yield ['vacation', '15:00', '18:00']
}
