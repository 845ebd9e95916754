/**
 * The CSV for people: labels as header, a byte order mark, GB18030, and cells that a spreadsheet can't take for formulas.
 * It changes how the plain CSV is written, never a number or a day. A character outside the encoding is refused.
 */
import iconv from 'iconv-lite'
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
  /** Whether texts that a spreadsheet would take for a formula are guarded by an apostrophe. */
  readonly guarded: boolean
}

/** The header's line. */
export function csvHeader(fields: readonly Field[], { header, lang }: CsvForm): string {
  return csvLines([fields.map((field) => (header === 'names' ? field.name : field.title[lang]))])
}

/**
 * Signs with which a spreadsheet begins a formula, after OWASP's page on CSV injection, full-width ones included
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const formulaSigns = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']

/** Whether cells of the field can hold free text; numbers, days and truth values are never touched. */
export function isGuarded({ type }: Field): boolean {
  return type === 'string' || type === 'list'
}

/** Makes the function that guards a row's texts. */
export function guardCells(fields: readonly Field[]): (row: RecordValues) => RecordValues {
  const guarded = fields.map(isGuarded)
  const guard = (text: string | null) =>
    text !== null && formulaSigns.some((sign) => text.startsWith(sign)) ? `'${text}` : text
  return (row) => row.map((text, index) => (guarded[index] === true ? guard(text) : text))
}

/** `csvColumns` with the texts guarded by Postgres, to the bytes of `guardCells`. */
export function guardedColumns(fields: readonly Field[], plain: readonly string[]): readonly string[] {
  const signs = formulaSigns.map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  return fields.map((field, index) => {
    if (!isGuarded(field)) return plain[index] ?? ''
    const text = fieldType(field.type).select(`"${field.name}"`)
    return `CASE WHEN strpos(E'${signs}', left(${text}, 1)) > 0 THEN '''' || ${text} ELSE ${text} END`
  })
}

/**
 * What GB18030 can't write so that it reads back as the same: one private character that the standard left out, and
 * those whose bytes now belong to other characters (GB18030-2005 and -2022; the WHATWG Encoding Standard reads them so).
 * A character class for JavaScript and for Postgres alike.
 */
export const unwritablePattern =
  '[\ue5e5\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864]'

const unwritable = new RegExp(unwritablePattern)

/** The first field in which GB18030 has no place for a character of some row; undefined where it has for all. */
export function unwritableField(fields: readonly Field[], rows: readonly RecordValues[]): Field | undefined {
  return fields.find((_, index) => rows.some((row) => unwritable.test(row[index] ?? '')))
}

/**
 * Bytes of a UTF-8 CSV in the form's encoding, with its byte order mark. Throws a plain Error at a character outside
 * the encoding: nothing is ever replaced. Whoever answers asks before the first byte whether there is one.
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
  // A character may be cut by the end of a chunk; the decoder keeps its first bytes for the next.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (unwritable.test(text)) throw new Error('GB18030 has no place for a character of the text')
    if (text !== '') yield iconv.encode(text, encoding)
  }
  decoder.decode()
}
