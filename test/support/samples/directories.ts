/**
 * The small samples: the calendars of two years and the directory of centres. The calendars follow the yearly notices
 * on public holidays; their terms are examples.
 */
import { coordinate, districts } from './districts.ts'
import type { Cell, SamplePart } from './part.ts'
import { randomOf } from './random.ts'

type Span = readonly [entry: string, starts: string, ends: string, name: string, nameEn: string]

const holiday = (starts: string, ends: string, name: string, nameEn: string): Span => [
  'public-holiday',
  starts,
  ends,
  name,
  nameEn,
]
const makeUp = (day: string): Span => ['make-up-day', day, day, '调休上班', 'Make-up working day']
const term = (starts: string, ends: string, name: string, nameEn: string): Span => [
  'term',
  starts,
  ends,
  name,
  nameEn,
]
const vacation = (starts: string, ends: string, name: string, nameEn: string): Span => [
  'vacation',
  starts,
  ends,
  name,
  nameEn,
]

const calendars: Readonly<Record<string, readonly Span[]>> = {
  '2025': [
    holiday('2025-01-01', '2025-01-01', '元旦', "New Year's Day"),
    holiday('2025-01-28', '2025-02-04', '春节', 'Spring Festival'),
    holiday('2025-04-04', '2025-04-06', '清明节', 'Qingming Festival'),
    holiday('2025-05-01', '2025-05-05', '劳动节', 'Labour Day'),
    holiday('2025-05-31', '2025-06-02', '端午节', 'Dragon Boat Festival'),
    holiday('2025-10-01', '2025-10-08', '国庆节、中秋节', 'National Day and Mid-Autumn Festival'),
    ...['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'].map(makeUp),
    term('2025-01-01', '2025-01-17', '第一学期', 'Autumn term'),
    vacation('2025-01-18', '2025-02-16', '寒假', 'Winter vacation'),
    term('2025-02-17', '2025-06-30', '第二学期', 'Spring term'),
    vacation('2025-07-01', '2025-08-31', '暑假', 'Summer vacation'),
    term('2025-09-01', '2025-12-31', '第一学期', 'Autumn term'),
  ],
  '2026': [
    holiday('2026-01-01', '2026-01-03', '元旦', "New Year's Day"),
    holiday('2026-02-15', '2026-02-23', '春节', 'Spring Festival'),
    holiday('2026-04-04', '2026-04-06', '清明节', 'Qingming Festival'),
    holiday('2026-05-01', '2026-05-05', '劳动节', 'Labour Day'),
    holiday('2026-06-19', '2026-06-21', '端午节', 'Dragon Boat Festival'),
    holiday('2026-09-25', '2026-09-27', '中秋节', 'Mid-Autumn Festival'),
    holiday('2026-10-01', '2026-10-07', '国庆节', 'National Day'),
    ...['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'].map(makeUp),
    term('2026-01-01', '2026-01-30', '第一学期', 'Autumn term'),
    vacation('2026-01-31', '2026-03-01', '寒假', 'Winter vacation'),
    term('2026-03-02', '2026-06-30', '第二学期', 'Spring term'),
    vacation('2026-07-01', '2026-08-31', '暑假', 'Summer vacation'),
    term('2026-09-01', '2026-12-31', '第一学期', 'Autumn term'),
  ],
}

/** One calendar a year. */
export function calendarParts(): readonly SamplePart[] {
  return Object.entries(calendars).map(([edition, spans]) => ({
    dataset: 'school-calendar',
    edition,
    provider: 'edu-commission',
    header: ['entry', 'starts', 'ends', 'name', 'name_en'],
    rows: () => spans,
  }))
}

/** One centre a district, and from the second edition on one more in each large district. */
export function centreParts(seed: number, editions: readonly string[]): readonly SamplePart[] {
  return editions.map((edition, year) => ({
    dataset: 'fitness-monitoring-centres',
    edition,
    provider: 'edu-commission',
    header: ['name', 'district', 'address', 'phone', 'hours', 'longitude', 'latitude'],
    rows: () => centreRows(seed, year),
  }))
}

function* centreRows(seed: number, year: number): Generator<readonly Cell[]> {
  for (const [index, district] of districts.entries()) {
    const count = year > 0 && district.size > 1.5 ? 2 : 1
    for (let number = 1; number <= count; number++) {
      const random = randomOf(seed, 'centres', district.code, number)
      yield [
        `${district.name}示例学生体质健康监测中心${number === 1 ? '' : '（二部）'}`,
        district.code,
        `${district.name}示例路${100 + number}号`,
        `021-00${String(index + 1).padStart(4, '0')}${String(number).padStart(2, '0')}`,
        '工作日 09:00–16:00',
        coordinate(district.west, district.east, random()),
        coordinate(district.south, district.north, random()),
      ]
    }
  }
}
