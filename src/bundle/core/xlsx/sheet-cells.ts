/**
 * Reads a cell of a sheet as the text that the same cell would have in a CSV, using only what the cell itself
 * contains. Rejects formula errors, days that do not exist, and damaged cells; never guesses a time zone.
 */
import type { CellKind } from '../../../derivations/index.ts'
import type { CellFault } from '../cells/read-code.ts'
import { type NumberFormat, type NumberKind, plainFormat } from './number-formats.ts'
import { type SharedStrings, unescapeText } from './shared-strings.ts'

/** A cell as in its XML element. */
interface RawCell {
  /** Attribute `t`; `n` if absent. */
  readonly type: string
  /** Attribute `s`, the index of its format. */
  readonly style: number
  /** Content of `v`; undefined if there is no such element. */
  readonly value: string | undefined
  /** Text of `is`; undefined if there is no such element. */
  readonly inline: string | undefined
  readonly isFormula: boolean
}

/** What the workbook defines for all its cells. */
export interface CellContext {
  readonly formats: readonly NumberFormat[]
  readonly strings: SharedStrings
  /** Days are counted from 1904. */
  readonly from1904: boolean
  readonly refusesFormulas: boolean
}

/** A text, empty if there is none, or what is wrong. */
export type SheetCell = string | CellFault

const damaged: CellFault = { check: 'cell-damaged' }
const noDay: CellFault = { check: 'cell-day' }

/** Reads a cell. */
export function readSheetCell(cell: RawCell, context: CellContext): SheetCell {
  const { type, value, inline, isFormula } = cell
  if (isFormula && context.refusesFormulas) return { check: 'cell-formula' }
  if (type === 'e') return { check: 'cell-error' }
  // A value in an element that does not belong to the cell's type would be lost silently.
  const isMisplaced = type === 'inlineStr' ? (value ?? '') !== '' : (inline ?? '') !== ''
  if (isMisplaced) return damaged
  if (type === 'inlineStr') return inline ?? ''
  const isEmpty = value === undefined || (value === '' && type !== 'str')
  if (isEmpty && isFormula) return { check: 'cell-uncached' }
  // An empty number is an empty cell; an empty index of a shared text is damage.
  if (value === undefined || (isEmpty && type === 'n')) return ''
  switch (type) {
    case 'n':
      return numberText(value.trim(), context.formats[cell.style] ?? plainFormat, context)
    case 's':
      return (/^\d{1,9}$/.test(value.trim()) ? context.strings.get(Number(value)) : undefined) ?? damaged
    case 'str':
      return unescapeText(value)
    case 'b':
      return value.trim() === '1' ? 'TRUE' : value.trim() === '0' ? 'FALSE' : damaged
    case 'd':
      return isoText(value.trim())
    default:
      return damaged
  }
}

/** Marks of the kinds of cells in `SheetRow.kinds`. */
export const kindMarks = { text: ' ', number: 'n', day: 'd', clock: 'c' } as const satisfies Record<
  CellKind,
  string
>

/** What a cell holds, by its type and format. */
export function kindOfCell(
  { type, style }: Pick<RawCell, 'type' | 'style'>,
  { formats }: Pick<CellContext, 'formats'>,
): CellKind {
  if (type === 'd') return 'day'
  if (type !== 'n') return 'text'
  const { kind } = formats[style] ?? plainFormat
  if (kind === 'time' || kind === 'elapsed') return 'clock'
  return kind === 'day' ? 'day' : 'number'
}

/** xsd:double without infinity and NaN, which no cell of a sheet has. */
const double = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/

function numberText(text: string, { kind, utc }: NumberFormat, { from1904 }: CellContext): SheetCell {
  if (!double.test(text)) return damaged
  const value = Number(text)
  if (!Number.isFinite(value)) return damaged
  if (kind === 'day' || kind === 'time' || kind === 'elapsed') return momentText(value, kind, utc, from1904)
  if (kind === 'percent') return `${plainDecimal(value, 2)}%`
  const plain = plainDecimal(value, 0)
  const isFilled = typeof kind === 'object' && /^\d+$/.test(plain)
  return isFilled ? plain.padStart(kind.zeros, '0') : plain
}

/** Digits that a spreadsheet stores. */
const digitsMax = 15

/**
 * A number as the decimal of its first 15 digits, with the point shifted by some places. A number with more
 * digits before the point is written as Excel shows it; every cell reader rejects that form as damaged.
 */
function plainDecimal(value: number, places: number): string {
  const [mantissa = '', exponentText = ''] = value.toExponential(digitsMax - 1).split('e')
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '')
  if (digits === '') return '0'
  const exponent = Number(exponentText) + places
  if (exponent >= digitsMax) {
    const fraction = digits.length === 1 ? '' : `.${digits.slice(1)}`
    return `${sign}${digits.slice(0, 1)}${fraction}E+${exponent}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

const dayMs = 86_400_000
/** 31 December 9999 is the last day in both calendars. */
const lastDay = Date.UTC(9999, 11, 31)
const start1900 = Date.UTC(1899, 11, 30)
const start1904 = Date.UTC(1904, 0, 1)
/** 29 February 1900: Excel has this day, no calendar does. */
const leapSerial = 60

/** A serial number as a day, a time of day, or both. Computed in UTC, whatever the machine's zone. */
function momentText(value: number, kind: NumberKind, utc: boolean, from1904: boolean): SheetCell {
  if (value < 0) return noDay
  const ms = Math.round(value * dayMs)
  if (kind === 'elapsed') return timeText(ms)
  if (kind === 'time' && ms < dayMs) return timeText(ms)
  const day = Math.floor(ms / dayMs)
  if (!from1904 && (day === 0 || day === leapSerial)) return noDay
  const start = from1904 ? start1904 : start1900
  const date = start + (!from1904 && day < leapSerial ? day + 1 : day) * dayMs
  if (date > lastDay) return noDay
  const text = new Date(date).toISOString().slice(0, 10)
  const time = ms - day * dayMs
  // Midnight is an instant only if the format says so.
  return time === 0 && !utc ? text : `${text}T${clockText(time)}${utc ? 'Z' : ''}`
}

/** `08:30`, with seconds unless they are zero. */
function timeText(ms: number): string {
  const text = clockText(ms)
  return text.endsWith(':00') ? text.slice(0, -3) : text
}

/** `08:30:00`, with milliseconds unless they are zero. */
function clockText(ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const seconds = Math.floor(ms / 1000)
  const rest = ms % 1000 === 0 ? '' : `.${String(ms % 1000).padStart(3, '0')}`
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${rest}`
}

/** A cell of type `d` (ISO 8601) in the same form as a serial. */
function isoText(text: string): SheetCell {
  const match = /^(\d{4}-\d{2}-\d{2})?(?:T?(\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,9}))?(Z?))?$/.exec(text)
  if (match === null || text === '' || text === 'T') return damaged
  const [day, minutes, seconds = ':00', fraction = '', zone = ''] = match.slice(1)
  const rest = fraction.replace(/0+$/, '')
  const time = minutes === undefined ? '' : `${minutes}${seconds}${rest === '' ? '' : `.${rest}`}`
  if (day === undefined) return zone === '' ? time.replace(/^(\d{2}:\d{2}):00$/, '$1') : damaged
  if (time === '' || (time === '00:00:00' && zone === '')) return day
  return `${day}T${time}${zone}`
}
