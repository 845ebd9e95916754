/**
 * Reads the rows of a part: looks up the school of each, whose system chooses the scoring tables, scores the pupil, and
 * counts. Rows in which every cell has its usual form are read from their bytes.
 */
import { intakeFields } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import type { DerivationContext, DirectoryRow, PartDerivation, RowOrigin } from '../derivation.ts'
import { type Grade, readGrade, type SchoolSystem, type SixthGradeCode, schoolSystems } from './grades.ts'
import { buildPlainRowReader, type PlainRowReader } from './plain-row.ts'
import { foldCell } from './read-measurement.ts'
import {
  buildPupilReader,
  type PupilReader,
  type ReportColumn,
  type TemplateColumn,
  type TemplateRow,
} from './read-pupil.ts'
import { countPupil, implausibleSchools, openSchoolCounts, type SchoolCounts } from './school-counts.ts'
import { buildScored, missing, scoreInto } from './score.ts'
import { type GradePlan, planOf, type Sex } from './standard.ts'
import { type CellCounts, countTested, countUntested, openStatistics, statisticsRows } from './statistics.ts'
import { isNote } from './template.ts'

export interface PartParameters {
  /** Intake fields by what they are: the columns of the template and the code of the school. */
  readonly columns: Readonly<Partial<Record<TemplateColumn | 'school', string>>>
  /** The code under which 5+4 schools send grade 6 (预初). */
  readonly sixthGrade?: SixthGradeCode
}

/** Opens a part: the rows of a district, or of all if it is undefined. */
export function openPart(
  { contract, edition, directories }: Pick<DerivationContext, 'contract' | 'edition' | 'directories'>,
  district: unknown,
  { columns: bound, sixthGrade = '21' }: PartParameters,
): PartDerivation {
  const names = intakeFields(contract).map(({ name }) => name)
  const placeOf = (column: TemplateColumn | 'school') => {
    const name = bound[column]
    return name === undefined ? undefined : names.indexOf(name)
  }
  const year = Number(edition.slice(0, 4))
  const readPupil = buildPupilReader({ placeOf, sixthGrade, needsNumber: true, year })
  const directory = directories['schools']
  const schools = new Map((directory ?? []).map((school) => [school['code'], school]))
  const [schoolAt, gradeAt = 0] = [placeOf('school'), placeOf('grade')]
  const { statistics, counts, groupIn, count, countOther } = openGroups()
  const groupOf = (code: string, kind: number, at: RowOrigin): Group | undefined => {
    const found = findSchool(schools, code, district)
    const grade = String(Math.floor(kind / 10))
    const sex = kind % 10 === 1 ? 1 : 2
    const system = typeof found === 'string' ? undefined : systemOf(found, grade, sixthGrade)
    const read = system === undefined ? 'system' : readGrade(grade, system, sixthGrade)
    if (typeof found === 'string' || typeof read === 'string') return undefined
    const plan = planOf(read.table, sex)
    return plan === undefined ? undefined : groupIn(found, { grade: read, sex, plan, at })
  }
  const identity = (['number', 'sex', 'birth_date'] as const).flatMap((column) => bound[column] ?? [])
  const addPlain = buildPlainAdder(buildPlainRowReader({ placeOf, year }), {
    schoolAt,
    groupOf,
    count,
    countOther,
  })
  return {
    // Without the directory nothing is counted: an office checks what does not depend on it.
    ...(directory === undefined ? {} : { addBytes: addPlain }),
    add(values, at, report) {
      const { file, kindOf } = at
      const cell = schoolAt === undefined ? null : (values[schoolAt] ?? null)
      const code = cell === null ? schoolCodeIn(file) : foldCell(cell)
      const found = findSchool(schools, code, district)
      const school = typeof found === 'string' ? undefined : found
      const isUnlisted = directory === undefined && found === 'school-unknown'
      if (typeof found === 'string' && !isUnlisted) {
        report(found, bound.school === undefined ? {} : { field: bound.school })
        return false
      }
      const row = kindOf === undefined ? { values } : { values, kindOf }
      const reportColumn: ReportColumn = (fault, column, expected) =>
        report(fault, defined({ field: bound[column], expected }))
      if (school === undefined) return readInAnySystem(readPupil, row, reportColumn) !== undefined
      const system = systemOf(school, foldCell(values[gradeAt] ?? ''), sixthGrade)
      if (system === undefined) {
        report('school-system', { field: bound.grade ?? '' })
        return false
      }
      const pupil = readPupil(row, system, reportColumn)
      if (pupil === undefined) return false
      const { grade, sex, plan, participation, results } = pupil
      const group = groupIn(school, { grade, sex, plan, at })
      if (participation === 'tested') count(group, results)
      else countOther(group, participation)
      return true
    },
    isNote: (textOf, cells) => isNote(cells, identity.map(textOf)),
    finish: () => statisticsRows(statistics),
    *warnings() {
      const expected = [...schools.values()].filter((school) => school['district'] === district)
      for (const { item, ...warning } of implausibleSchools({ counts, expected })) {
        const field = bound[item ?? 'school']
        yield { ...warning, ...defined({ field }) }
      }
    },
  }
}

/** Opens the statistics of a part, and the counts of its schools. */
function openGroups() {
  const statistics = openStatistics()
  const scored = buildScored()
  const groups = new Map<DirectoryRow, Map<string, Group>>()
  const counts = new Map<DirectoryRow, SchoolCounts>()
  return {
    statistics,
    counts,
    groupIn: (school: DirectoryRow, { grade: { code, stage }, sex, plan, at }: GroupOf): Group => {
      const ofSchool = groups.get(school) ?? new Map<string, Group>()
      groups.set(school, ofSchool)
      const key = `${code}${stage}${sex}`
      const known = ofSchool.get(key)
      if (known !== undefined) return known
      const ofCounts = counts.get(school) ?? openSchoolCounts(at)
      counts.set(school, ofCounts)
      const district = school['district'] ?? ''
      const cell = statistics.cell({ district, stage, grade: code, sex: String(sex) })
      const group = { cell, plan, counts: ofCounts, kind: 10 * Number(code) + sex }
      ofSchool.set(key, group)
      return group
    },
    count: ({ cell, plan, counts: of, kind }: Group, results: Int32Array) => {
      scoreInto(scored, plan, results)
      countTested(cell, results, scored)
      countPupil(of, kind, results, scored)
    },
    countOther: ({ cell, counts: of }: Group, participation: 'exempt' | 'absent') => {
      countUntested(cell, participation)
      of.rows += 1
    },
  }
}

/** The reading of a row with the fewest faults, where the school's system is not known. */
function readInAnySystem(readPupil: PupilReader, row: TemplateRow, report: ReportColumn): Grade | undefined {
  const readings = schoolSystems.map((system) => {
    const faults: Parameters<ReportColumn>[] = []
    const pupil = readPupil(row, system, (...fault) => void faults.push(fault))
    return { grade: pupil?.grade, faults }
  })
  const [first, second] = readings
  if (first === undefined || second === undefined) throw new Error('there are two systems')
  const isWorse = ({ grade, faults }: typeof first) => (grade === undefined ? 1000 : 0) + faults.length
  const best = isWorse(second) < isWorse(first) ? second : first
  for (const fault of best.faults) report(...fault)
  return best.grade
}

/** What pupils of a school, grade and sex have in common. */
interface Group {
  readonly cell: CellCounts
  readonly plan: GradePlan
  readonly counts: SchoolCounts
  /** 10 × grade + sex. */
  readonly kind: number
}

interface GroupOf {
  readonly grade: Grade
  readonly sex: Sex
  readonly plan: GradePlan
  /** The first row of the group. */
  readonly at: RowOrigin
}

interface PlainOptions {
  readonly schoolAt: number | undefined
  /** The group by the code of the school and 10 × grade + sex; undefined if there is a fault. */
  readonly groupOf: (code: string, kind: number, at: RowOrigin) => Group | undefined
  readonly count: (group: Group, results: Int32Array) => void
  readonly countOther: (group: Group, participation: 'exempt' | 'absent') => void
}

/** Builds what takes plain rows. Rows of a school mostly follow each other. */
function buildPlainAdder(
  reader: PlainRowReader,
  { schoolAt, groupOf, count, countOther }: PlainOptions,
): NonNullable<PartDerivation['addBytes']> {
  let school = ''
  let path = ''
  let groups = new Map<number, Group | undefined>()
  const bySchool = new Map([[school, groups]])
  const select = (code: string) => {
    school = code
    groups = bySchool.get(code) ?? new Map()
    bySchool.set(code, groups)
  }
  return (row, at) => {
    const { file } = at
    const from = schoolAt === undefined ? 0 : (row.begins[schoolAt] ?? 0)
    const to = schoolAt === undefined ? 0 : (row.ends[schoolAt] ?? 0)
    if (from === to) {
      if (file !== path) select(schoolCodeIn(file) ?? '')
      path = file
    } else if (path !== '' || !isText(row.bytes, from, to, school)) {
      path = ''
      select(asciiText(row.bytes, from, to))
    }
    const kind = reader.kindOf(row)
    if (kind < 0) return false
    let group = groups.get(kind)
    if (group === undefined) {
      if (groups.has(kind)) return false
      group = groupOf(school, kind, at)
      groups.set(kind, group)
      if (group === undefined) return false
    }
    const results = reader.resultsOf(row, group.plan, Math.floor(kind / 10))
    if (results === undefined) return false
    if (results.some(isResult)) count(group, results)
    else countOther(group, 'absent')
    return true
  }
}

const isResult = (result: number) => result !== missing

function isText(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let at = to - 1; at >= from; at--) if (bytes[at] !== text.charCodeAt(at - from)) return false
  return true
}

/** Text of bytes; of others than ASCII it is none that the directory has. */
function asciiText(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, from + schoolCharactersMax)))
}

/** More than the code of any school. */
const schoolCharactersMax = 64

function findSchool(
  schools: ReadonlyMap<string | null | undefined, DirectoryRow>,
  code: string | undefined,
  district: unknown,
): DirectoryRow | 'school-missing' | 'school-unknown' | 'school-district' {
  if (code === undefined || code === '') return 'school-missing'
  const school = schools.get(code)
  if (school === undefined) return 'school-unknown'
  return district === undefined || school['district'] === district ? school : 'school-district'
}

/** The code of a school, ten digits, in the name of its file; undefined if there is none, or more than one. */
export function schoolCodeIn(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const codes = new Set(name.match(/(?<!\d)\d{10}(?!\d)/g) ?? [])
  return codes.size === 1 ? [...codes][0] : undefined
}

/** The school's system; any where the grade is scored alike in all; undefined if it matters and is not known. */
function systemOf(school: DirectoryRow, grade: string, sixthGrade: SixthGradeCode): SchoolSystem | undefined {
  const system = schoolSystems.find((one) => one === school['system'])
  if (system !== undefined) return system
  const [first, second] = schoolSystems.map((one) => readGrade(grade, one, sixthGrade))
  return JSON.stringify(first) === JSON.stringify(second) ? '6+3' : undefined
}
