/**
 * Canonical texts as cells of SpreadsheetML (ECMA-376, part 1, 18.3.1.4), so that a spreadsheet keeps every digit. A
 * column with a value that it would alter (more than fifteen digits, a date before its calendar) is written as text,
 * whole: a column of two types can't be added up. Refuses a text that is too long for a cell.
 */

import type { Field, FieldTypeName } from '../../contract/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import { FormatRefusal } from '../format.ts'

/** Excel's limit for a cell, in UTF-16 units. Excel cuts longer texts. */
const cellLengthMax = 32_767

/** Significant digits that Excel keeps; it replaces the others with zeros. */
const digitsMax = 15

/** Each number of decimals, from 0 to this, has its own style. */
const decimalsMax = digitsMax

/** The styles of a workbook by their index in `cellXfs`. */
export const cellStyles = {
  plain: 0,
  header: 1,
  text: 2,
  date: 3,
  instant: 4,
  wrapped: 5,
  decimals: 6,
} as const

/** `xl/styles.xml`: the styles above, then one for each number of decimals. */
export function stylesPart(): string {
  const decimals = Array.from({ length: decimalsMax + 1 }, (_, count) =>
    count === 0 ? '0' : `0.${'0'.repeat(count)}`,
  )
  const codes = ['yyyy\\-mm\\-dd', 'yyyy\\-mm\\-dd&quot;T&quot;hh:mm:ss&quot;Z&quot;', ...decimals]
  const numberFormats = codes.map((code, n) => `<numFmt numFmtId="${164 + n}" formatCode="${code}"/>`)
  const xf = (numberFormat: number, rest = '') =>
    `<xf numFmtId="${numberFormat}" fontId="0" fillId="0" borderId="0" xfId="0"${rest}`
  const applied = ' applyNumberFormat="1"/>'
  const formats = [
    xf(0, '/>'),
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>',
    // 49 is `@`, text: a code stays text when edited.
    xf(49, applied),
    xf(164, applied),
    xf(165, applied),
    xf(49, ' applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'),
    ...decimals.map((_, count) => xf(166 + count, applied)),
  ]
  const font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
  return (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
    `<numFmts count="${numberFormats.length}">${numberFormats.join('')}</numFmts>` +
    `<fonts count="2"><font>${font}</font><font><b/>${font}</font></fonts>` +
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>' +
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EEF4"/><bgColor indexed="64"/></patternFill></fill></fills>' +
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
    `<cellXfs count="${formats.length}">${formats.join('')}</cellXfs>` +
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
  )
}

/** A cell's element after its reference: ` s="2" t="inlineStr"><is>…</c>`. */
export type CellWriter = (text: string) => string

/**
 * Returns a function that writes cells of a field, with `asText` as texts. It throws FormatRefusal for a text that is
 * too long.
 */
export function cellWriter(field: Field, asText = false): CellWriter {
  return asText ? textWriter(field) : writers[field.type](field)
}

/** Whether a spreadsheet keeps a canonical text of this type exactly. Types without an entry are always kept. */
export const keepsExactly: Readonly<Partial<Record<FieldTypeName, (text: string) => boolean>>> = {
  integer: hasFewDigits,
  number: hasFewDigits,
  date: isInCalendar,
  datetime: isInCalendar,
}

/** A text as a cell of this style. Throws FormatRefusal if it is too long. */
export function textCell(text: string, style: number = cellStyles.text, field?: Field): string {
  if (text.length > cellLengthMax) throw new FormatRefusal(tooLong(field))
  if (!remarkable.test(text)) return ` s="${style}" t="inlineStr"><is><t>${text}</t></is></c>`
  // Without it some readers trim the text and collapse white space within.
  const space = /^\s|\s$|\s\s|[\n\t]/.test(text) ? ' xml:space="preserve"' : ''
  return ` s="${style}" t="inlineStr"><is><t${space}>${escapeText(text)}</t></is></c>`
}

/** One test excludes most texts from escaping; a large edition has sixty million cells. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for control characters.
const remarkable = /[\s&<>_\u0000-\u001f\ufffe\uffff]/

type WriterOf = (field: Field) => CellWriter

const textWriter: WriterOf = (field) => (text) => textCell(text, cellStyles.text, field)
const asNumber: WriterOf = () => (text) => {
  const point = text.indexOf('.')
  const decimals = point === -1 ? 0 : Math.min(decimalsMax, text.length - point - 1)
  return ` s="${cellStyles.decimals + decimals}"><v>${text}</v></c>`
}

const writers = {
  string: textWriter,
  integer: asNumber,
  number: asNumber,
  boolean: () => (text) => ` t="b"><v>${text === 'true' ? 1 : 0}</v></c>`,
  date: () => (text) => ` s="${cellStyles.date}"><v>${serialOf(Date.parse(text))}</v></c>`,
  // A spreadsheet has no 24:00, the end of a day's last session.
  time: textWriter,
  datetime: () => (text) =>
    ` s="${cellStyles.instant}"><v>${serialOf(Date.parse(text)) + instantMargin}</v></c>`,
  list: textWriter,
} as const satisfies Record<FieldTypeName, WriterOf>

/** Excel treats 1900 as a leap year; from this day on all programs agree on serial numbers. */
const calendarStart = '1900-03-01'
/**
 * A tenth of a millisecond, in days. The nearest double may lie just below the instant, and LibreOffice rounds seconds
 * down, so that 12:34:56 would show as 12:34:55.
 */
const instantMargin = 1e-9
const dayMilliseconds = 86_400_000
const serialStart = Date.UTC(1899, 11, 30)

function serialOf(instant: number): number {
  return (instant - serialStart) / dayMilliseconds
}

function isInCalendar(text: string): boolean {
  return text >= calendarStart
}

/** Zeros that only fill up the decimals are not significant: 123456.5 is still exact at scale 10. */
function hasFewDigits(text: string): boolean {
  if (text.length <= digitsMax) return true
  const [whole = '', decimals = ''] = text.replace('-', '').split('.')
  const significant = decimals.replace(/0+$/, '')
  if (significant.length > decimalsMax) return false
  return `${whole}${significant}`.replace(/^0+/, '').length <= digitsMax
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must be escaped.
const unsafe = /[&<>\u0000-\u001f\ufffe\uffff]|_(?=[xX][0-9a-fA-F]{1,4}_)/g
const named: Readonly<Record<string, string>> = {
  _: '_x005F_',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\n': '\n',
  '\t': '\t',
}

/**
 * Escapes a text for an element. Characters that XML can't contain become `_xHHHH_` (ECMA-376, part 1, 22.9.2.19,
 * ST_Xstring). Texts that look like such an escape are escaped too, even with fewer digits, since LibreOffice decodes
 * `_xD_`; `max_xyz` does not.
 */
export function escapeText(text: string): string {
  return text.replace(unsafe, (found) => {
    return named[found] ?? `_x${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
  })
}

function tooLong(field: Field | undefined): Bilingual {
  const name = field?.name ?? ''
  return {
    zh: `字段 ${name} 有超过 ${cellLengthMax} 个字符的文本，超出 Excel 单元格的上限；请使用 CSV。`,
    en: `The field ${name} has a text of more than ${cellLengthMax} characters, the limit of an Excel cell; use the CSV.`,
  }
}
