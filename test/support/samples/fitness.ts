/**
 * Synthetic pupils of a small city as its districts send them: one file a district in the columns of the national upload
 * template, and the directory of all schools. The statistics of the dataset are computed from them.
 */
import { pupilsOf, type SyntheticPupil } from '../pupils/pupils.ts'
import { type School, schoolsOf } from '../pupils/schools.ts'
import { districts } from './districts.ts'
import type { Cell, SamplePart } from './part.ts'

/** Four schools a district, and ten small ones of the 6+3 system. */
const schoolCount = 74

/** Pupils of the whole city: so many that most statistics can be published, and most rates. */
const pupilCount = 40_000

/**
 * The districts that send a part: one in the centre, the largest and the smallest. Each more adds a second to the first
 * start, most of which is for writing the published files.
 */
const sending = ['310104', '310115', '310151']

const items = [
  ...[['肺活量', 'vital_capacity'] as const, ['50米跑', 'run_50m'], ['坐位体前屈', 'sit_reach']],
  ...[
    ['一分钟跳绳', 'rope_1min'] as const,
    ['一分钟仰卧起坐', 'sit_up_1min'],
    ['50米×8往返跑', 'shuttle_50x8'],
  ],
  ...[['立定跳远', 'standing_jump'] as const, ['引体向上', 'pull_up'], ['1000米跑', 'run_1000m']],
  ['800米跑', 'run_800m'],
] as const

export const templateHeader: readonly string[] = [
  ...['学校标识码', '年级编号', '班级编号', '学籍号', '性别', '出生日期', '身高', '体重'],
  ...items.map(([title]) => title),
]

/** Items that are written as minutes and seconds. */
const inMinutes = new Set(['shuttle_50x8', 'run_1000m', 'run_800m'])

/** One part a district of each school year; the other districts are waived. */
export function fitnessParts(seed: number, editions: readonly string[]): readonly SamplePart[] {
  const schools = citySchools(seed)
  return editions.flatMap((edition) =>
    sending.map((code) => ({
      dataset: 'student-fitness',
      edition,
      provider: `edu-${code}`,
      header: templateHeader,
      rows: () =>
        pupilRows(
          seed,
          edition,
          schools.filter(({ district }) => district === code),
        ),
    })),
  )
}

export const schoolsHeader: readonly string[] = [
  'code',
  'name',
  'district',
  'stages',
  'system',
  'kind',
  'enrolment',
]

/** The directory of the same schools. */
export function schoolParts(seed: number, editions: readonly string[]): readonly SamplePart[] {
  return editions.map((edition) => ({
    dataset: 'schools',
    edition,
    provider: 'edu-commission',
    header: schoolsHeader,
    rows: () => citySchools(seed).map(schoolRow),
  }))
}

const citySchools = (seed: number) => schoolsOf({ seed, schools: schoolCount, pupils: pupilCount })

const stageNames = [
  ['1', 'primary', '小学'],
  ['2', 'lower-secondary', '初级中学'],
  ['3', 'upper-secondary', '高级中学'],
] as const

/** A school as a row of the directory. */
export function schoolRow({ code, district, system, grades }: School): readonly Cell[] {
  const stages = stageNames.filter(([first]) => grades.some(({ grade }) => grade.startsWith(first)))
  const place = districts.find((one) => one.code === district)?.name ?? ''
  const kind = stages.length > 1 ? '学校' : (stages[0]?.[2] ?? '')
  return [
    code,
    `${place}示例${kind}（${Number(code.slice(4))}号）`,
    district,
    stages.map(([, stage]) => stage).join(';'),
    system,
    Number(code) % 9 === 0 ? '民办' : '公办',
    grades.reduce((sum, { boys, girls }) => sum + boys + girls, 0),
  ]
}

function* pupilRows(seed: number, edition: string, schools: readonly School[]): Generator<readonly Cell[]> {
  for (const school of schools)
    for (const pupil of pupilsOf(seed, Number(edition.slice(0, 4)), school))
      yield templateRow(school.code, pupil)
}

/** A pupil as a row of the template. */
export function templateRow(school: string, pupil: SyntheticPupil): readonly Cell[] {
  const { grade, number, sex, birthDate, isExempt, results } = pupil
  const cell = (name: string): Cell => {
    const result = results[name]
    if (isExempt) return name === 'height' ? '免体' : ''
    if (result === undefined) return ''
    return inMinutes.has(name)
      ? `${Math.floor(result / 60)}'${String(result % 60).padStart(2, '0')}"`
      : result
  }
  return [
    ...[school, grade, pupil.class, number, sex, birthDate, cell('height'), cell('weight')],
    ...items.map(([, name]) => cell(name)),
  ]
}
