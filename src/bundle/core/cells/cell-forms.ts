/**
 * The forms in which programs write numbers, days, times and booleans, and the one form that each becomes
 * (docs/cell-forms.md). Only forms with one meaning are accepted; any other text is returned unchanged, and the
 * type of the field refuses it.
 */
import type { FieldTypeName } from '../../../contract/index.ts'
import type { OnRepair, Repair } from './read-code.ts'

/** Digits that a spreadsheet stores; it replaces further digits by zeros. */
export const digitsMax = 15

/** Digits that programs write for a double so that it reads back as the same double. */
const doubleDigitsMax = 17

/** Longest number that an exponent is written out to; no field has more digits. */
const expandedMax = 40

/** Converts a text that is trimmed, half-width and without invisible characters. */
type Convert = (text: string, onRepair: OnRepair) => string

const unchanged: Convert = (text) => text

/** By type: the conversion to the plain form, before the type itself reads the text. */
const conversions: Partial<Record<FieldTypeName, Convert>> = {
  boolean: (text, onRepair) => replaced(text, booleans.get(text.toLowerCase()) ?? text, 'boolean', onRepair),
  date: plainDay,
  datetime: plainInstant,
  time: plainTime,
}

/** The conversion of a type that is not a number. */
export function conversionOf(type: FieldTypeName): Convert {
  return conversions[type] ?? unchanged
}

/** As Table Schema, PostgreSQL, pandas and people write them. */
const booleans: ReadonlyMap<string, string> = new Map([
  ...['true', 't', 'yes', 'y', '1', '1.0', '是', '√', '✓', '✔', '☑'].map((text) => [text, 'true'] as const),
  ...['false', 'f', 'no', 'n', '0', '0.0', '否', '×', '✗', '✘'].map((text) => [text, 'false'] as const),
])

const number = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * A number without exponent, with a digit before the point and, in a whole number, without `.0`. A number of 16
 * or 17 digits is rounded to 15, as the same number in a workbook: programs write the noise of a double.
 */
export function plainNumber(text: string, isWhole: boolean, onRepair: OnRepair): string {
  const match = number.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction, exponent] = match
  if (whole === '' && (fraction ?? '') === '') return text
  const shifted = shift(whole, fraction ?? '', Number(exponent ?? 0))
  if (shifted === undefined) return text
  const [before, after] = roundNoise(...shifted, onRepair)
  // A fraction of zeros says nothing; without one, the text keeps its digits as they are.
  const isPlain = exponent === undefined && whole !== '' && fraction !== ''
  if (isPlain && before === whole && after === (fraction ?? '')) {
    return isWhole && /^0+$/.test(after) ? replaced(text, `${sign}${before}`, 'number', onRepair) : text
  }
  const isBare = after === '' || (isWhole && /^0+$/.test(after))
  const plain = `${sign}${before}${isBare ? '' : `.${after}`}`
  if (!isPlain || (isWhole && after !== '' && isBare)) onRepair('number')
  return plain
}

/** The digits before and after the point once it is moved; undefined if that needs too many digits. */
function shift(whole: string, fraction: string, by: number): readonly [string, string] | undefined {
  if (by === 0) return [whole === '' ? '0' : whole, fraction]
  if (whole.length + fraction.length + Math.abs(by) > expandedMax) return undefined
  const at = whole.length + by
  const digits = `${'0'.repeat(Math.max(0, -at))}${whole}${fraction}`.padEnd(at, '0')
  const point = Math.max(0, at)
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, '')
  return [before === '' ? '0' : before, digits.slice(point).replace(/0+$/, '')]
}

/** Rounds a fraction with 16 or 17 significant digits to 15; more digits are not a double's. */
function roundNoise(whole: string, fraction: string, onRepair: OnRepair): readonly [string, string] {
  const digitsAfter = fraction.replace(/0+$/, '')
  const digits = whole.replace(/^0+/, '')
  const leading = digits === '' ? (/^0*/.exec(digitsAfter)?.[0].length ?? 0) : 0
  const significant = digits.length + digitsAfter.length - leading
  const excess = significant - digitsMax
  if (excess <= 0 || significant > doubleDigitsMax || excess > digitsAfter.length) return [whole, fraction]
  onRepair('precision')
  const rounded = Number(`${whole}.${digitsAfter}`).toExponential(digitsMax - 1)
  const [mantissa = '', exponent = ''] = rounded.split('e')
  const [before = '', after = ''] = shift(mantissa.slice(0, 1), mantissa.slice(2), Number(exponent)) ?? []
  return [before, after.replace(/0+$/, '')]
}

/** Significant digits of a plain number, or an upper bound: without leading and trailing zeros. */
export function significantDigits(text: string): number {
  if (text.length <= digitsMax) return text.length
  const match = /^[+-]?0*(\d*)(?:\.(\d*))?$/.exec(text)
  if (match === null) return 0
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  return `${match[1]}${fraction}`.replace(/^0+/, '').length
}

/**
 * Whether a number's digits may have been lost. A whole number of 16 digits has them all unless it ends in the
 * zero that a spreadsheet puts in place of the sixteenth.
 */
export function mayHaveLostDigits(text: string, isWhole: boolean): boolean {
  if (significantDigits(text) <= digitsMax) return false
  return !(isWhole && /^[+-]?0*\d{15}[1-9]$/.test(text))
}

/** Excel's form of a number that it shortens: `1.23E+17`, `1.5E-07`. Its further digits are lost. */
const shortened = /^[+-]?\d(?:\.(\d+))?E([+-]\d{2,})$/

/** Whether a number is written as Excel shortens it. */
export function isShortenedNumber(text: string): boolean {
  return shortened.test(text)
}

/** The exponent from which Excel shortens a number in a cell without a format. */
const shortenedFrom = 11

/**
 * Whether a text may be a number that Excel shortened: a long one, or a code such as 1E5 that it took for a
 * number and shows with two decimals (`1.00E+05`). `1E+05` is neither.
 */
export function mayBeShortenedText(text: string): boolean {
  const [, decimals = '', exponent = ''] = shortened.exec(text) ?? []
  if (!exponent.startsWith('+')) return false
  return Number(exponent) >= shortenedFrom || decimals.length === 2
}

/** What a spreadsheet writes for a formula that failed, and for a number or day that a column is too narrow for. */
const failedCell = /^#(N\/A|REF!|DIV\/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|GETTING_DATA)$|^#{3,}$/

/** Whether a text stands in a CSV for a value that its spreadsheet did not write. */
export function isFailedCell(text: string): boolean {
  return text.charCodeAt(0) === 0x23 && failedCell.test(text)
}

const dayPart = String.raw`(\d{4})(?:([/.-])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)`
const dayWithMidnight = new RegExp(`^${dayPart}(?:[T ] ?0?0:00(?::00(?:\\.0{1,9})?)?)?$`, 'i')

function plainDay(text: string, onRepair: OnRepair): string {
  // pandas writes whole numbers with .0 if one of the column is missing.
  const compact = /^(\d{4})(\d{2})(\d{2})(?:\.0)?$/.exec(text)
  if (compact !== null) return replaced(text, compact.slice(1, 4).join('-'), 'date', onRepair)
  const match = dayWithMidnight.exec(text)
  return match === null ? text : replaced(text, dayOf(match), 'date', onRepair)
}

function dayOf(match: RegExpExecArray): string {
  const [, year = '', , month = match[5] ?? '', day = match[6] ?? ''] = match
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

const instant = new RegExp(
  `^${dayPart}[T ] ?(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:\\.0{1,9})?)? ?(Z|([+-]\\d{2})(?::?(\\d{2}))?)$`,
  'i',
)

function plainInstant(text: string, onRepair: OnRepair): string {
  const match = instant.exec(text)
  if (match === null) return text
  const [hour = '', minute = '', second = '00', zone = '', offset, minutes = '00'] = match.slice(7)
  const time = `${hour.padStart(2, '0')}:${minute}:${second}`
  const plain = `${dayOf(match)}T${time}${offset === undefined ? zone.toUpperCase() : `${offset}:${minutes}`}`
  // ISO 8601: the end of a day, which is read as the beginning of the next.
  if (hour === '24' && plain === text) onRepair('instant')
  return replaced(text, plain, 'instant', onRepair)
}

function plainTime(text: string, onRepair: OnRepair): string {
  const match = /^(\d{1,2}):(\d{2})(?::00(?:\.0{1,9})?)?$/.exec(text)
  return match === null ? text : replaced(text, `${match[1]?.padStart(2, '0')}:${match[2]}`, 'time', onRepair)
}

function replaced(text: string, better: string, repair: Repair, onRepair: OnRepair): string {
  if (better !== text) onRepair(repair)
  return better
}
