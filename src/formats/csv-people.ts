/**
 * CSV for people: labels as header, a byte order mark, GB18030, and cells that a spreadsheet reads as what they are: no
 * formulas, no lost zeros or digits. It never changes a decimal or a date, and refuses characters outside the encoding.
 */
import { type Field, fieldType } from '../contract/index.ts'
import type { Language } from '../platform/language.ts'
import { csvLines } from './csv.ts'
import type { RecordValues } from './format.ts'

export interface CsvForm {
  readonly header: 'names' | 'labels'
  /** The language of the labels. */
  readonly lang: Language
  readonly bom: boolean
  readonly encoding: 'utf-8' | 'gb18030'
  /** Whether cells that a spreadsheet would read as a formula or alter get an apostrophe in front. */
  readonly guarded: boolean
}

/** The header line. */
export function csvHeader(fields: readonly Field[], { header, lang }: CsvForm): string {
  return csvLines([fields.map((field) => (header === 'names' ? field.name : field.title[lang]))])
}

/**
 * Characters with which a spreadsheet formula begins, from OWASP's page on CSV injection, including full-width ones
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const formulaStarts = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']

/**
 * Texts that a spreadsheet turns into another number: a code with leading zeros, more than fifteen digits, an exponent. A
 * regular expression valid in JavaScript and in Postgres.
 */
const alteredPattern = '^(0[0-9]+([.][0-9]*)?|[0-9]{16,}([.][0-9]*)?|[0-9]+([.][0-9]*)?[eE][-+]?[0-9]+)$'
const altered = new RegExp(alteredPattern)

/** The integers that a spreadsheet would round: those of sixteen digits. */
const roundedPattern = '^-?[0-9]{16,}$'
const rounded = new RegExp(roundedPattern)

/** Whether cells of the field can hold free text. */
export function isGuarded({ type }: Field): boolean {
  return type === 'string' || type === 'list'
}

/** Returns a function that guards the cells of a row. */
export function guardCells(fields: readonly Field[]): (row: RecordValues) => RecordValues {
  const tests = fields.map((field) => {
    if (isGuarded(field)) return isMisread
    return field.type === 'integer' ? (text: string) => rounded.test(text) : undefined
  })
  return (row) =>
    row.map((text, index) => (text !== null && tests[index]?.(text) === true ? `'${text}` : text))
}

function isMisread(text: string): boolean {
  return formulaStarts.some((start) => text.startsWith(start)) || altered.test(text)
}

/** `csvColumns` with cells guarded in SQL; the bytes equal those of `guardCells`. */
export function guardedColumns(fields: readonly Field[], plain: readonly string[]): readonly string[] {
  const starts = formulaStarts
    .map((start) => `\\u${start.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
  return fields.map((field, index) => {
    const text = fieldType(field.type).select(`"${field.name}"`)
    const guard = (test: string) => `CASE WHEN ${test} THEN '''' || ${text} ELSE ${text} END`
    if (isGuarded(field))
      return guard(`strpos(E'${starts}', left(${text}, 1)) > 0 OR ${text} ~ '${alteredPattern}'`)
    return field.type === 'integer' ? guard(`${text} ~ '${roundedPattern}'`) : (plain[index] ?? '')
  })
}

/**
 * Characters that don't survive GB18030: one private-use character that the standard omits, and those whose bytes now
 * belong to other characters (GB18030-2005 and -2022, read as in the WHATWG Encoding Standard). A character class valid
 * in JavaScript and in Postgres.
 */
export const unwritablePattern =
  '[\ue5e5\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864]'

const unwritable = new RegExp(unwritablePattern)

/** The first field with a character that GB18030 can't represent; undefined if there is none. */
export function unwritableField(fields: readonly Field[], rows: readonly RecordValues[]): Field | undefined {
  return fields.find((_, index) => rows.some((row) => unwritable.test(row[index] ?? '')))
}

/**
 * Encodes a UTF-8 CSV, with a byte order mark if required. Throws a plain Error at a character outside the encoding;
 * nothing is ever replaced. Callers check for such characters before the first byte.
 */
export async function* encodeCsv(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  { bom, encoding }: Pick<CsvForm, 'bom' | 'encoding'>,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'utf-8') {
    if (bom) yield Buffer.from('\ufeff')
    for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    return
  }
  // The tables of the encoding are loaded on first use.
  const { default: iconv } = await import('iconv-lite')
  // A character may be split between two chunks; the decoder buffers its first bytes.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (unwritable.test(text)) throw new Error('GB18030 cannot encode a character of the text')
    if (text !== '') yield iconv.encode(text, encoding)
  }
  decoder.decode()
}
