/**
 * Reads rows of the upload template from their bytes, without making texts of their cells. Takes only rows in which
 * every cell has its usual form, so that there is nothing to report; all other rows are left to read-pupil.ts, which must
 * read these rows alike.
 */
import type { RowBytes } from '../derivation.ts'
import { type MeasurementColumn, measurementColumns, type Scale, scales } from './read-measurement.ts'
import {
  heightIndex,
  isHeight,
  isWeight,
  itemOf,
  type PupilReaderOptions,
  weightIndex,
} from './read-pupil.ts'
import { bmiTenths, missing } from './score.ts'
import { bmiIndex, type GradePlan, itemIndex, items } from './standard.ts'

export interface PlainRowReader {
  /** Grade code and sex as one number, 10 × grade + sex; -1 if the row is not plain. */
  readonly kindOf: (row: RowBytes) => number
  /**
   * Reads the results of a pupil by the plan, in the units of the items; the array is used again for the next row.
   * Returns undefined if the row is not plain.
   */
  readonly resultsOf: (row: RowBytes, plan: GradePlan, grade: number) => Int32Array | undefined
}

interface Column {
  readonly place: number
  /** Index of the item that it is for. */
  readonly item: number
  /** Where the measurement goes. */
  readonly index: number
  readonly scale: Scale
}

/** Builds the reader of plain rows. */
export function buildPlainRowReader({
  placeOf,
  year,
}: Pick<PupilReaderOptions, 'placeOf' | 'year'>): PlainRowReader {
  const at = (column: Parameters<typeof placeOf>[0]) => placeOf(column) ?? -1
  const [gradeAt, sexAt, numberAt, classAt, birthAt] = [
    at('grade'),
    at('sex'),
    at('number'),
    at('class'),
    at('birth_date'),
  ]
  const columns = measurementColumns.flatMap((column): readonly Column[] => {
    const place = at(column)
    return place < 0 ? [] : [columnOf(column, place)]
  })
  const measured = new Int32Array(items.length + 2)
  const results = measured.subarray(0, items.length)

  function kindOf({ bytes, begins, ends }: RowBytes): number {
    const from = begins[gradeAt] ?? 0
    if ((ends[gradeAt] ?? 0) - from !== 2) return -1
    const sexFrom = begins[sexAt] ?? 0
    const sex = (bytes[sexFrom] ?? 0) - zero
    if ((ends[sexAt] ?? 0) - sexFrom !== 1 || (sex !== 1 && sex !== 2)) return -1
    const grade = digits(bytes, from, from + 2)
    return grade < 0 ? -1 : 10 * grade + sex
  }

  function resultsOf(row: RowBytes, plan: GradePlan, grade: number): Int32Array | undefined {
    const { bytes, begins, ends } = row
    if (!isPlainNumber(bytes, begins[numberAt] ?? 0, ends[numberAt] ?? 0)) return undefined
    if (classAt >= 0 && !isPlainClass(bytes, begins[classAt] ?? 0, ends[classAt] ?? 0, grade))
      return undefined
    if (birthAt >= 0 && !isPlainBirth(bytes, begins[birthAt] ?? 0, ends[birthAt] ?? 0, year)) return undefined
    measured.fill(missing)
    for (let n = 0; n < columns.length; n++) {
      const { place, item, index, scale } = columns[n] as Column
      const from = begins[place] as number
      const to = ends[place] as number
      if (from === to) continue
      if (plan.has[item] !== true || measured[index] !== missing) return undefined
      const result = scale.isEndurance === true ? seconds(bytes, from, to) : decimal(bytes, from, to, scale)
      if (!(result >= scale.from && result <= scale.to)) return undefined
      measured[index] = result
    }
    const height = measured[heightIndex] as number
    const weight = measured[weightIndex] as number
    if (height !== missing && weight !== missing) results[bmiIndex] = bmiTenths(height, weight)
    return results
  }
  return { kindOf, resultsOf }
}

function columnOf(column: MeasurementColumn, place: number): Column {
  const item = itemIndex(itemOf(column))
  const index = isHeight(column) ? heightIndex : isWeight(column) ? weightIndex : item
  return { place, item, index, scale: scales[column] }
}

const zero = 0x30
const point = 0x2e
const minus = 0x2d
const colon = 0x3a
const singleQuote = 0x27
const doubleQuote = 0x22

/** Where a cell is not plain: no range has it. */
const notPlain = Number.NaN

/** A whole number of the digits given; -1 if there is another byte. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Digits before the point and after it that a plain decimal may have. */
const wholeDigitsMax = 6

/** A decimal in whole units, as read-measurement.ts reads it. */
function decimal(bytes: Uint8Array, from: number, to: number, { factor, digitsMax }: Scale): number {
  const isNegative = bytes[from] === minus
  let at = isNegative ? from + 1 : from
  const wholeFrom = at
  let scaled = 0
  for (; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) break
    scaled = scaled * 10 + digit
  }
  if (at === wholeFrom || at - wholeFrom > wholeDigitsMax) return notPlain
  let decimals = 0
  if (at < to) {
    if (bytes[at] !== point || at + 1 === to) return notPlain
    for (at += 1; at < to; at++, decimals++) {
      const digit = (bytes[at] as number) - zero
      if (digit < 0 || digit > 9 || decimals === digitsMax) return notPlain
      scaled = scaled * 10 + digit
    }
  }
  for (; decimals < digitsMax; decimals++) scaled *= 10
  const value = Math.round((scaled * factor) / (powers[digitsMax] as number))
  return isNegative ? 0 - value : value
}

const powers = [1, 10, 100, 1000, 10_000]

/** Plain seconds of two or three digits, or minutes and two digits of seconds as `3'45"`, `3'45` or `3:45`. */
function seconds(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  let minutes = 0
  for (; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) break
    minutes = minutes * 10 + digit
  }
  const width = at - from
  if (at === to) return width === 2 || width === 3 ? minutes : notPlain
  const mark = bytes[at]
  const isQuoted = mark === singleQuote
  if (width < 1 || width > 2 || (!isQuoted && mark !== colon)) return notPlain
  const rest = to - at - 1
  if (rest !== 2 && !(isQuoted && rest === 3 && bytes[to - 1] === doubleQuote)) return notPlain
  const value = digits(bytes, at + 1, at + 3)
  return value < 0 || value > 59 ? notPlain : 60 * minutes + value
}

/** A pupil number that begins with a letter or has only digits, so that no spreadsheet has altered it. */
function isPlainNumber(bytes: Uint8Array, from: number, to: number): boolean {
  if (from === to) return false
  const first = bytes[from] as number
  const isLetter = (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a)
  return digits(bytes, isLetter ? from + 1 : from, to) >= 0
}

/** No class, or the grade's code and two digits. */
function isPlainClass(bytes: Uint8Array, from: number, to: number, grade: number): boolean {
  if (from === to) return true
  return to - from === 4 && digits(bytes, from, from + 2) === grade && digits(bytes, from + 2, to) >= 0
}

/** Days that every month has: later ones are left to the calendar. */
const everyMonth = 28
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** Ages between which a birth date is plausible beyond doubt. */
const [ageLeast, ageMost] = [4, 60]

/** No birth date, or a day such as `2012-09-01` at a plausible age. */
function isPlainBirth(bytes: Uint8Array, from: number, to: number, year: number): boolean {
  if (from === to) return true
  if (to - from !== 10 || bytes[from + 4] !== minus || bytes[from + 7] !== minus) return false
  const age = year - digits(bytes, from, from + 4)
  const month = digits(bytes, from + 5, from + 7)
  const day = digits(bytes, from + 8, to)
  if (!(age >= ageLeast && age <= ageMost) || month < 1 || month > 12 || day < 1) return false
  return day <= everyMonth || day <= (monthDays[month - 1] as number)
}
