/**
 * Converts a cell's text to the canonical text of its field, or null. Makes and counts only unambiguous
 * corrections; rejects numbers that a spreadsheet may have altered.
 */
import {
  type Contract,
  type Contracts,
  type Field,
  fieldType,
  listSeparator,
} from '../../../contract/index.ts'
import {
  conversionOf,
  isFailedCell,
  isShortenedNumber,
  mayBeShortenedText,
  mayHaveLostDigits,
  plainNumber,
} from './cell-forms.ts'
import { buildCodeReader, type CellFault, type CodeReader, type OnRepair } from './read-code.ts'

/** Reads a cell; `above` as for codes. */
export type CellReader = (
  text: string,
  above: string | null | undefined,
  onRepair: OnRepair,
) => string | null | CellFault

/** Whether a field takes any text: what a person typed, not one of a list of codes. */
export function isFreeText({ type, codes }: Field): boolean {
  return codes === undefined && (type === 'string' || type === 'list')
}

/** What the cells of a field are read by, beside the field itself. */
export interface CellRules extends Pick<Contract, 'missingValues'> {
  /** The stand-in for an empty cell of the field. */
  readonly standIn?: string | undefined
  /** Whether rows are about persons, so that findings must not come close to their values. */
  readonly isPersonal?: boolean
}

/** Texts cached per field. Codes, days and lists repeat often; these are enough for a year of days. */
const cachedMax = 4096

/** Builds the reader of a field's cells for an edition's day. */
export function buildCellReader(
  field: Field,
  contract: CellRules,
  contracts: Pick<Contracts, 'codes'>,
  day: string,
): CellReader {
  const read = buildPlainReader(field, contract, contracts, day)
  const recurs = field.codes !== undefined || !['string', 'integer', 'number'].includes(field.type)
  return recurs && field.codesBy === undefined ? withCache(read) : read
}

/** Caches the results of a reader, except for corrected texts: each correction must be counted. */
function withCache(read: CellReader): CellReader {
  const cache = new Map<string, string | null | CellFault>()
  let repairs = 0
  return (text, above, onRepair) => {
    const known = cache.get(text)
    if (known !== undefined) return known
    const before = repairs
    const outcome = read(text, above, (repair) => {
      repairs += 1
      onRepair(repair)
    })
    if (repairs === before && outcome !== null && cache.size < cachedMax) cache.set(text, outcome)
    return outcome
  }
}

function buildPlainReader(
  field: Field,
  contract: CellRules,
  contracts: Pick<Contracts, 'codes'>,
  day: string,
): CellReader {
  const type = fieldType(field.type)
  const missing = new Set(contract.missingValues)
  const codes =
    field.codes === undefined
      ? undefined
      : buildCodeReader(contracts.codes(field.codes), day, contract.isPersonal === true)
  const isStandIn = (text: string) =>
    codes === undefined || typeof codes(text, undefined, () => {}) === 'string'
  const standIn = isStandIn(contract.standIn ?? '') ? contract.standIn : undefined
  const wrongType: CellFault = { check: 'type', expected: expectedOf(field) }
  // What is said of a person's cell must not depend on its text.
  const wrongNumber = (text: string): CellFault =>
    isNumeric && contract.isPersonal !== true
      ? { check: 'type', expected: expectedOf(field, hintOf(text)) }
      : wrongType
  const damaged: CellFault = { check: 'number-damaged', expected: wrongType.expected ?? '' }
  const failed: CellFault = { check: 'cell-error', expected: wrongType.expected ?? '' }
  const isWhole = field.type === 'integer'
  const isNumeric = isWhole || field.type === 'number'
  const convert = conversionOf(field.type)
  return (raw, above, onRepair) => {
    let text = trimBlanks(raw)
    if (text === '' || missing.has(text)) {
      if (standIn === undefined) return null
      onRepair('key-missing')
      return standIn
    }
    if (text.length < raw.length) onRepair('blanks')
    if (isFailedCell(text)) return failed
    // Digits may be lost, so it is rejected even as a text.
    if (isNumeric ? isShortenedNumber(text) : mayBeShortenedText(text)) return damaged
    // The separators of a list may be full-width themselves; its type handles them.
    if (field.type !== 'string' && field.type !== 'list') text = narrow(visible(text, onRepair), onRepair)
    if (isNumeric) {
      text = withoutThousands(field.unit === '%' ? withoutPercent(text, onRepair) : text, onRepair)
      text = plainNumber(text, isWhole, onRepair)
      if (mayHaveLostDigits(text, isWhole)) return damaged
    } else if (codes === undefined) text = convert(text, onRepair)
    if (codes !== undefined && field.type !== 'list') {
      const code = codes(text, above, onRepair)
      if (typeof code !== 'string') return code
      text = code
    }
    const canonical = type.parse(text, field)
    if (canonical === undefined) return wrongNumber(text)
    return codes !== undefined && field.type === 'list'
      ? readEach(canonical, codes, above, onRepair, wrongType)
      : canonical
  }
}

/** Reads each element of a list as a code; two labels of one code count as a repetition. */
function readEach(
  list: string,
  codes: CodeReader,
  above: string | null | undefined,
  onRepair: OnRepair,
  wrongType: CellFault,
): string | CellFault {
  const elements: string[] = []
  for (const element of list.split(listSeparator)) {
    const code = codes(element, above, onRepair)
    if (typeof code !== 'string') return code
    elements.push(code)
  }
  return new Set(elements).size === elements.length ? elements.join(listSeparator) : wrongType
}

const noWidth = '\u200b\u2060'
const blanks = /^[\s\u200b\u2060]+|[\s\u200b\u2060]+$/g

/** Trims white space, including ideographic and zero-width spaces. */
function trimBlanks(text: string): string {
  // String.trim removes all white space of Unicode, and U+FEFF.
  const trimmed = text.trim()
  const isTrimmed =
    !noWidth.includes(trimmed.charAt(0)) && !noWidth.includes(trimmed.charAt(trimmed.length - 1))
  return isTrimmed || trimmed === '' ? trimmed : trimmed.replace(blanks, '')
}

/** Invisible characters: soft hyphens, zero-width spaces, direction marks that Windows copies with a day. */
const unseen = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

function visible(text: string, onRepair: OnRepair): string {
  const seen = text.replace(unseen, '')
  if (seen.length === text.length) return text
  onRepair('invisible')
  return seen.trim()
}

/** Converts full-width digits, letters and punctuation to half-width. */
function narrow(text: string, onRepair: OnRepair): string {
  if (!/[\uff01-\uff5e\u2212]/.test(text)) return text
  const narrowed = text.replace(/[\uff01-\uff5e\u2212]/g, (sign) =>
    sign === '\u2212' ? '-' : String.fromCharCode(sign.charCodeAt(0) - 0xfee0),
  )
  onRepair('width')
  return narrowed
}

/** Removes the separators of `1,234,567.8`; any other comma stays, and the number is rejected. */
function withoutThousands(text: string, onRepair: OnRepair): string {
  if (!/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return text
  onRepair('thousands')
  return text.replaceAll(',', '')
}

/** Removes the % of `37.2%` if the field's unit is per cent; else it stays, and the number is rejected. */
function withoutPercent(text: string, onRepair: OnRepair): string {
  if (!/^[^%]*\d ?%$/.test(text)) return text
  onRepair('percent')
  return text.slice(0, -1).trimEnd()
}

/** What is wrong with a text that is nearly a number, in Chinese and English. */
function hintOf(text: string): readonly [string, string] {
  if (/^[+-]?\d{16,}$/.test(text)) return ['，至多 9007199254740991', ', at most 9007199254740991']
  if (/^[+-]?[\d.,]+\s*[^\d\s.,%]+$/.test(text)) return ['，不写单位', ', without its unit']
  if (/^[+-]?[\d.,]+(\s+[\d.,]+)+$/.test(text)) return ['，中间不加空格', ', without blanks']
  if (/^[+-]?\d[\d.]*,\d+$/.test(text)) return ['，小数点写作“.”', ', with a point before its decimals']
  return ['', '']
}

/** What a cell should hold: its type and, for a number, the digits that the contract allows. */
function expectedOf(
  { type, scale, unit }: Field,
  [hintZh, hintEn]: readonly [string, string] = ['', ''],
): string {
  const { zh, en } = fieldType(type).expected
  if (scale === undefined) return `${zh}${hintZh} / ${en}${hintEn}`
  const [ofZh, ofEn] = unit === undefined ? ['', ''] : [`，单位 ${unit}`, `, in ${unit}`]
  if (scale === 0) return `不带小数的${zh}${ofZh}${hintZh} / ${en} without decimals${ofEn}${hintEn}`
  const decimals = scale === 1 ? 'decimal' : 'decimals'
  return `最多 ${scale} 位小数的${zh}${ofZh}${hintZh} / ${en} of at most ${scale} ${decimals}${ofEn}${hintEn}`
}
