/**
 * Reads a row of the upload template: grade, sex and results of a pupil. A row with an error yields nothing. An exempt
 * pupil has no results; a missing item leaves that item and the total out.
 */
import type { CellKind } from '../derivation.ts'
import type { FaultName } from './faults.ts'
import { type Grade, type GradeFault, readGrade, type SchoolSystem, type SixthGradeCode } from './grades.ts'
import {
  buildMeasurementReader,
  foldCell,
  type MeasurementColumn,
  measurementColumns,
  scales,
} from './read-measurement.ts'
import { bmiTenths, missing } from './score.ts'
import { bmiIndex, type GradePlan, type ItemName, itemIndex, items, planOf, type Sex } from './standard.ts'
import type { Participation } from './statistics.ts'

/** Columns of the template that are read beside the measurements. Names and addresses are not. */
export const pupilColumns = ['grade', 'class', 'number', 'sex', 'birth_date'] as const
export type TemplateColumn = (typeof pupilColumns)[number] | MeasurementColumn

export interface Pupil {
  readonly grade: Grade
  readonly sex: Sex
  readonly plan: GradePlan
  readonly participation: Participation
  /** By item, in its units. The array is used again for the next row. */
  readonly results: Int32Array
}

export interface PupilReaderOptions {
  /** Where a column is in a row; undefined if the file does not have it. */
  readonly placeOf: (column: TemplateColumn) => number | undefined
  readonly sixthGrade: SixthGradeCode
  /** Whether a row without a pupil number is an error. */
  readonly needsNumber: boolean
  /** The year of the tests, by which birth dates are judged. */
  readonly year: number
}

/** A row as a file has it. */
export interface TemplateRow {
  readonly values: readonly (string | null)[]
  /** What a spreadsheet stores at a place; without it all cells are texts. */
  readonly kindOf?: (place: number) => CellKind
}

/** Reports a defect of a column. */
export type ReportColumn = (fault: FaultName, column: TemplateColumn, expected?: string) => void

export type PupilReader = (row: TemplateRow, system: SchoolSystem, report: ReportColumn) => Pupil | undefined

/** Builds the reader of a file's rows. */
export function buildPupilReader(options: PupilReaderOptions): PupilReader {
  const { placeOf, needsNumber, year } = options
  const [gradeAt, classAt, numberAt, sexAt, birthAt] = pupilColumns.map(placeOf)
  const gradeOf = buildGradeReader(options.sixthGrade)
  const readResults = buildResultsReader(placeOf)
  return (row, system, report) => {
    const { values, kindOf = allTexts } = row
    let hasError = false
    const refuse: ReportColumn = (fault, column, expected) => {
      hasError = true
      report(fault, column, expected)
    }
    const textAt = (place: number | undefined) => (place === undefined ? '' : foldCell(values[place] ?? ''))
    const number = textAt(numberAt)
    if (number === '' && needsNumber) refuse('number-missing', 'number')
    // Excel shows a number of more than 15 digits so, and has lost the others.
    else if (/^\d(\.\d+)?E\+?\d+$/i.test(number)) refuse('number-damaged', 'number')
    const gradeText = textAt(gradeAt)
    const grade = gradeOf(gradeText, system)
    const sex = sexes[textAt(sexAt)]
    if (sex === undefined) refuse('sex-unknown', 'sex', '1, 2')
    if (typeof grade === 'string') refuse(grade === 'system' ? 'grade-system' : 'grade-unknown', 'grade')
    if (typeof grade === 'string' || sex === undefined) return undefined
    const plan = planOf(grade.table, sex)
    if (plan === undefined) {
      report('grade-table', 'grade')
      return undefined
    }
    if (!isClassCode(textAt(classAt), gradeText)) report('class-code', 'class')
    const birth = textAt(birthAt)
    if (birth !== '' && !isBirthDate(birth, kindOf(birthAt ?? 0), year)) report('birth-date', 'birth_date')
    const { participation, results } = readResults(row, { plan, sex, table: grade.table }, report, refuse)
    return hasError ? undefined : { grade, sex, plan, participation, results }
  }
}

const allTexts = (): CellKind => 'text'

const sexes: Readonly<Record<string, Sex | undefined>> = { '1': 1, '2': 2, 男: 1, 女: 2 }

/** Grades that were read before: there are a few dozen texts. */
const gradesCachedMax = 1000

function buildGradeReader(sixthGrade: SixthGradeCode) {
  const caches = {
    '6+3': new Map<string, Grade | GradeFault>(),
    '5+4': new Map<string, Grade | GradeFault>(),
  }
  return (text: string, system: SchoolSystem): Grade | GradeFault => {
    const cache = caches[system]
    let grade = cache.get(text)
    if (grade === undefined) {
      grade = readGrade(text, system, sixthGrade)
      if (cache.size < gradesCachedMax) cache.set(text, grade)
    }
    return grade
  }
}

/** Whether a class code is missing, or the grade's code and two digits. */
function isClassCode(text: string, grade: string): boolean {
  if (text === '') return true
  return /^\d{4}$/.test(text) && (!/^\d\d$/.test(grade) || text.startsWith(grade))
}

/** The item that a column is for; height and weight are for the body mass index. */
export function itemOf(column: MeasurementColumn): ItemName {
  if (isHeight(column) || isWeight(column)) return 'bmi'
  return (column === 'standing_jump_m' ? 'standing_jump' : column) as ItemName
}

export const isHeight = (column: MeasurementColumn) => column === 'height' || column === 'height_m'
export const isWeight = (column: MeasurementColumn) => column === 'weight' || column === 'weight_jin'

interface Scoring {
  readonly plan: GradePlan
  readonly sex: Sex
  /** Code of the grade whose table applies. */
  readonly table: number
}

/** Builds the reader of a row's results; it uses one array for all rows. */
function buildResultsReader(placeOf: PupilReaderOptions['placeOf']) {
  const columns = measurementColumns.flatMap((column) => {
    const place = placeOf(column)
    if (place === undefined) return []
    // Height and weight have places of their own behind the items, until both are known.
    const index = isHeight(column) ? heightIndex : isWeight(column) ? weightIndex : itemIndex(itemOf(column))
    return [{ column, place, index, item: itemIndex(itemOf(column)), read: buildMeasurementReader(column) }]
  })
  const measured = new Int32Array(items.length + 2)
  const results = measured.subarray(0, items.length)
  return (
    { values, kindOf = allTexts }: TemplateRow,
    scoring: Scoring,
    report: ReportColumn,
    refuse: ReportColumn,
  ): Pick<Pupil, 'participation' | 'results'> => {
    measured.fill(missing)
    let isExempt = false
    let filled: MeasurementColumn | undefined
    const defects: (() => void)[] = []
    const others: MeasurementColumn[] = []
    for (const { column, place, index, item, read } of columns) {
      const { result, isClock } = read(values[place] ?? null, kindOf(place))
      if (result === missing) continue
      if (scoring.plan.has[item] !== true) {
        if (result !== 'exempt') others.push(column)
        continue
      }
      if (result === 'exempt') {
        isExempt = true
        continue
      }
      filled ??= column
      if (typeof result === 'string') defects.push(() => refuse(result, column, scales[column].expected))
      else if (measured[index] !== missing) defects.push(() => refuse('measurement-both-units', column))
      else measured[index] = result
      if (isClock === true) defects.push(() => report('measurement-clock', column))
    }
    if (isExempt) {
      if (filled !== undefined) report('exempt-with-results', filled)
      results.fill(missing)
      return { participation: 'exempt', results }
    }
    for (const defect of defects) defect()
    const [height = missing, weight = missing] = measured.subarray(heightIndex)
    if (height !== missing && weight !== missing) results[bmiIndex] = bmiTenths(height, weight)
    if (others.length > 0) reportOthers(others, scoring, results, report, refuse)
    return { participation: results.some(isThere) ? 'tested' : 'absent', results }
  }
}

/** Places of height and weight behind the items, until both are known. */
export const heightIndex: number = items.length
export const weightIndex: number = items.length + 1
const isThere = (result: number) => result !== missing

/** The item of the other sex that stands in place of an item. */
const counterparts: Readonly<Partial<Record<ItemName, ItemName>>> = {
  ...{ pull_up: 'sit_up_1min', sit_up_1min: 'pull_up' },
  ...{ run_1000m: 'run_800m', run_800m: 'run_1000m' },
}

/** Reports results of items that the pupil is not tested in. */
function reportOthers(
  others: readonly MeasurementColumn[],
  { sex, table }: Scoring,
  results: Int32Array,
  report: ReportColumn,
  refuse: ReportColumn,
): void {
  const otherPlan = planOf(table, sex === 1 ? 2 : 1)
  for (const column of others) {
    const item = itemOf(column)
    const own = counterparts[item]
    if (otherPlan?.has[itemIndex(item)] !== true) report('item-not-scored', column)
    else if (own !== undefined && results[itemIndex(own)] !== missing) report('other-sex', column)
    else refuse('other-sex-only', column)
  }
}

/** Days from 1970-01-01 back to the day 0 of Excel's calendar. */
const excelDay = 25_569
/** Ages that pupils and students may have. */
const ageMin = 4
const ageMax = 60

/** Whether a cell is a day on which a pupil of the year may have been born. */
function isBirthDate(text: string, kind: CellKind, year: number): boolean {
  const born = kind === 'number' || /^\d{5}$/.test(text) ? serialDay(text) : dayOf(text)
  return born !== undefined && year - born >= ageMin && year - born <= ageMax
}

/** The year of an Excel serial, counted in UTC: a local zone would lose a day. */
function serialDay(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined
  return new Date((Number(text) - excelDay) * 86_400_000).getUTCFullYear()
}

/** The year of a day as it is written; undefined if there is no such day. */
function dayOf(text: string): number | undefined {
  const match = /^(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))$/.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [match[1], match[3] ?? match[5] ?? match[7], match[4] ?? match[6] ?? match[8]]
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 ? date.getUTCFullYear() : undefined
}
