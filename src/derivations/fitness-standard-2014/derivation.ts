/**
 * `fitness-standard-2014`: from pupils' results in the national upload template to statistics by district, stage, grade,
 * sex and indicator. The school's system chooses the scoring tables, so each school is looked up in a directory.
 */
import { type Contract, type Field, getField, intakeFields } from '../../contract/index.ts'
import type {
  Derivation,
  DerivationContext,
  DerivationUse,
  DerivedRow,
  DirectoryRow,
  PartDerivation,
} from '../derivation.ts'
import { aggregateFigures, aggregateParticipation, type Digits, totalCode } from './aggregate.ts'
import { bandsOfCell } from './bands.ts'
import { faults } from './faults.ts'
import { decimalOf } from './figures.ts'
import { type Grade, readGrade, type SchoolSystem, type SixthGradeCode, schoolSystems } from './grades.ts'
import { buildPlainRowReader, type PlainRowReader } from './plain-row.ts'
import { foldCell, measurementColumns } from './read-measurement.ts'
import { buildPupilReader, pupilColumns, type TemplateColumn } from './read-pupil.ts'
import { buildScored, missing, scoreInto } from './score.ts'
import { type GradePlan, planOf, type Sex } from './standard.ts'
import {
  addStatisticsRow,
  type CellCounts,
  countTested,
  countUntested,
  openStatistics,
  participationName,
  participations,
  type Statistics,
  statisticsColumns,
  statisticsRows,
} from './statistics.ts'

interface Parameters {
  /** Intake fields by what they are: the columns of the template and the code of the school. */
  readonly columns: Readonly<Partial<Record<TemplateColumn | 'school', string>>>
  /** Published fields by what they hold. */
  readonly published: Readonly<Partial<Record<Published, string>>>
  /** The code under which 5+4 schools send grade 6 (预初). */
  readonly sixthGrade?: SixthGradeCode
  /** Whether participation has a row of all pupils too, as the levels of items do. */
  readonly participationTotal?: boolean
}

/** What a published row may hold, and the type of its field. */
const published = {
  ...{ schoolYear: 'string', district: 'string', stage: 'string', grade: 'string', sex: 'string' },
  ...{ indicator: 'string', level: 'string', tested: 'integer', pupils: 'integer', share: 'number' },
  ...{ mean: 'number', deviation: 'number', p10: 'number', p50: 'number', p90: 'number' },
  ...{ good: 'integer', goodRate: 'number', goodLow95: 'number', goodHigh95: 'number' },
  ...{ passed: 'integer', passRate: 'number', passLow95: 'number', passHigh95: 'number' },
} as const satisfies Readonly<Record<string, Field['type']>>
type Published = keyof typeof published

const publishedNeeded = [
  ...['district', 'stage', 'grade', 'sex', 'indicator', 'level', 'tested', 'pupils', 'share', 'mean'],
]
const columns = ['school', ...pupilColumns, ...measurementColumns]
const columnsNeeded = ['number', 'grade', 'sex', 'height', 'weight']

const fieldNames = (names: readonly string[], required: readonly string[]) => ({
  ...{ type: 'object', required, additionalProperties: false },
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', format: 'field-name' }])),
})

export const fitnessStandard2014: Derivation = {
  name: 'fitness-standard-2014',
  parameters: {
    type: 'object',
    required: ['columns', 'published'],
    additionalProperties: false,
    properties: {
      columns: fieldNames(columns, columnsNeeded),
      published: fieldNames(Object.keys(published), publishedNeeded),
      sixthGrade: { enum: ['16', '21'] },
      participationTotal: { type: 'boolean' },
    },
  },
  directories: { schools: 'schools' },
  faults,
  *check(contract) {
    const use = parametersOf(contract.derivation)
    for (const [column, name] of Object.entries(use.columns)) {
      if (intakeFields(contract).find((field) => field.name === name)?.type !== 'string')
        yield [`/derivation/columns/${column}`, 'must be an intake field of type string']
    }
    for (const [role, name] of Object.entries(use.published)) {
      const type = published[role as Published]
      if (contract.fields.find((field) => field.name === name)?.type !== type)
        yield [`/derivation/published/${role}`, `must be a published field of type ${type}`]
    }
  },
  columns: () => statisticsColumns,
  openPart: (context, part) => openPart(context, part.scope?.['district']),
  async *aggregate(context, statistics) {
    const sum = openStatistics()
    for await (const batch of statistics)
      for (const { cell, amount } of batch) addStatisticsRow(sum, cell, amount)
    yield* inBatches(publishedRows(context, sum))
  },
  bandsOf(contract) {
    const { published: names } = parametersOf(contract.derivation)
    const [indicator = -1, grade = -1, sex = -1] = (['indicator', 'grade', 'sex'] as const).map((of) =>
      contract.fields.findIndex(({ name }) => name === names[of]),
    )
    return (row) => bandsOfCell(row[indicator] ?? '', row[grade] ?? '', row[sex] ?? '')
  },
}

function parametersOf(use: DerivationUse | undefined): Parameters {
  return use as unknown as Parameters
}

function openPart(context: DerivationContext, district: unknown): PartDerivation {
  const { contract, use, edition, directories } = context
  const { columns: bound, sixthGrade = '21' } = parametersOf(use)
  const names = intakeFields(contract).map(({ name }) => name)
  const placeOf = (column: TemplateColumn | 'school') => {
    const name = bound[column]
    return name === undefined ? undefined : names.indexOf(name)
  }
  const year = Number(edition.slice(0, 4))
  const readPupil = buildPupilReader({ placeOf, sixthGrade, needsNumber: true, year })
  const schools = new Map((directories['schools'] ?? []).map((school) => [school['code'], school]))
  const [schoolAt, gradeAt = 0] = [placeOf('school'), placeOf('grade')]
  const statistics = openStatistics()
  const scored = buildScored()
  const cells = new Map<DirectoryRow, Map<string, CellCounts>>()
  const cellOf = (school: DirectoryRow, { code, stage }: Grade, sex: Sex): CellCounts => {
    const ofSchool = cells.get(school) ?? new Map<string, CellCounts>()
    cells.set(school, ofSchool)
    const key = `${code}${stage}${sex}`
    const known = ofSchool.get(key)
    if (known !== undefined) return known
    const cell = statistics.cell({ district: school['district'] ?? '', stage, grade: code, sex: String(sex) })
    ofSchool.set(key, cell)
    return cell
  }
  const count = (cell: CellCounts, plan: GradePlan, results: Int32Array) => {
    scoreInto(scored, plan, results)
    countTested(cell, results, scored)
  }
  const groupOf = (code: string, kind: number): Group | undefined => {
    const found = findSchool(schools, code, district)
    const grade = String(Math.floor(kind / 10))
    const sex = kind % 10 === 1 ? 1 : 2
    const system = typeof found === 'string' ? undefined : systemOf(found, grade, sixthGrade)
    const read = system === undefined ? 'system' : readGrade(grade, system, sixthGrade)
    if (typeof found === 'string' || typeof read === 'string') return undefined
    const plan = planOf(read.table, sex)
    return plan === undefined ? undefined : { cell: cellOf(found, read, sex), plan }
  }
  const addPlain = buildPlainAdder(buildPlainRowReader({ placeOf, year }), { schoolAt, groupOf, count })
  return {
    addBytes: addPlain,
    add(values, { file, kindOf }, report) {
      const code = schoolAt === undefined ? null : (values[schoolAt] ?? null)
      const found = findSchool(schools, code === null ? schoolCodeIn(file) : foldCell(code), district)
      if (typeof found === 'string') {
        report(found, bound.school === undefined ? {} : { field: bound.school })
        return false
      }
      const system = systemOf(found, foldCell(values[gradeAt] ?? ''), sixthGrade)
      if (system === undefined) {
        report('school-system', { field: bound.grade ?? '' })
        return false
      }
      const row = kindOf === undefined ? { values } : { values, kindOf }
      const pupil = readPupil(row, system, (fault, column, expected) => {
        const field = bound[column]
        report(fault, { ...(field === undefined ? {} : { field }), ...(expected ? { expected } : {}) })
      })
      if (pupil === undefined) return false
      const { grade, sex, plan, participation, results } = pupil
      const cell = cellOf(found, grade, sex)
      if (participation === 'tested') count(cell, plan, results)
      else countUntested(cell, participation)
      return true
    },
    finish: () => statisticsRows(statistics),
  }
}

/** What pupils of a school, grade and sex have in common. */
interface Group {
  readonly cell: CellCounts
  readonly plan: GradePlan
}

interface PlainOptions {
  readonly schoolAt: number | undefined
  /** The group by the code of the school and 10 × grade + sex; undefined if there is a fault. */
  readonly groupOf: (code: string, kind: number) => Group | undefined
  readonly count: (cell: CellCounts, plan: GradePlan, results: Int32Array) => void
}

/** Builds what takes plain rows. Rows of a school mostly follow each other. */
function buildPlainAdder(
  reader: PlainRowReader,
  { schoolAt, groupOf, count }: PlainOptions,
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
  return (row, { file }) => {
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
      group = groupOf(school, kind)
      groups.set(kind, group)
      if (group === undefined) return false
    }
    const results = reader.resultsOf(row, group.plan, Math.floor(kind / 10))
    if (results === undefined) return false
    if (results.some(isResult)) count(group.cell, group.plan, results)
    else countUntested(group.cell, 'absent')
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

/** The rows of the dataset: each indicator's figures and levels, then participation. */
function* publishedRows(context: DerivationContext, statistics: Statistics): Generator<DerivedRow> {
  const { contract, use, edition } = context
  const bound = parametersOf(use).published
  const places = contract.fields.map(({ name }) =>
    (Object.keys(bound) as Published[]).find((role) => bound[role] === name),
  )
  const row = (values: Readonly<Partial<Record<Published, string | number>>>): DerivedRow =>
    places.map((role) => {
      const value = role === undefined ? undefined : role === 'schoolYear' ? edition : values[role]
      return value === undefined ? null : String(value)
    })
  const digits = digitsOf(contract, bound)
  for (const figures of aggregateFigures(statistics, digits)) {
    const { levels, good, passed, deviation, tested, ...others } = figures
    const share = decimalOf(100, 1, digits.rates)
    yield row({
      ...{ ...others, deviation, tested, level: totalCode, pupils: tested, share },
      ...(good && { good: good.count, goodRate: good.rate, goodLow95: good.low95, goodHigh95: good.high95 }),
      ...(passed && { passed: passed.count, passRate: passed.rate }),
      ...(passed && { passLow95: passed.low95, passHigh95: passed.high95 }),
    })
    const { district, stage, grade, sex, indicator } = others
    for (const level of levels) yield row({ district, stage, grade, sex, indicator, tested, ...level })
  }
  // The denominator of participation is every pupil of the rows, tested or not.
  for (const { district, stage, ...counts } of aggregateParticipation(statistics)) {
    const tested = counts.tested + counts.exempt + counts.absent
    const of = { district, stage, grade: totalCode, sex: totalCode, indicator: participationName, tested }
    if (parametersOf(context.use).participationTotal === true)
      yield row({ ...of, level: totalCode, pupils: tested, share: decimalOf(100, 1, digits.rates) })
    for (const level of participations) {
      const pupils = counts[level]
      yield row({ ...of, level, pupils, share: decimalOf(100 * pupils, tested, digits.rates) })
    }
  }
}

function digitsOf(contract: Contract, bound: Parameters['published']): Digits {
  const scaleOf = (role: Published) => getField(contract, bound[role] ?? '').scale ?? 1
  return { results: scaleOf('mean'), rates: scaleOf('share') }
}

const batchRows = 1000

function* inBatches(rows: Iterable<DerivedRow>): Generator<readonly DerivedRow[]> {
  let batch: DerivedRow[] = []
  for (const row of rows) {
    if (batch.push(row) < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
