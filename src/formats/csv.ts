/**
 * The plain CSV: UTF-8 without BOM, LF, header = field names, codes as text, quotes only where needed (RFC 4180).
 * Null is the empty field. An empty text is never a valid value, so nothing is lost.
 */
import { type Options, stringify } from 'csv-stringify/sync'
import { type Field, type FieldTypeName, fieldType } from '../contract/index.ts'
import type { FieldsAlone, RecordValues, RenderedFormat } from './format.ts'

const options: Options = {
  header: false,
  record_delimiter: '\n',
  // A lone CR would end a line in some readers, and csv-stringify quotes only for its own record delimiter.
  quoted_match: /[\r\n]/,
  // Postgres writes a null as an empty field without quotes, and so does this.
  quoted_empty: false,
}

/** Postgres before 18 reads `\.` alone on a line as the end of data and writes it quoted; so does this. */
const singleColumn: Options = { ...options, quoted_match: /[\r\n]|^\\\.$/ }

/** Rows as lines of the plain CSV, each with a line feed. */
export function csvLines(rows: readonly RecordValues[]): string {
  if (rows.length === 0) return ''
  return stringify([...rows], rows[0]?.length === 1 ? singleColumn : options)
}

/** COPY options for the plain CSV. */
export const copyCsv = 'FORMAT csv'

/** Types that COPY writes in canonical form without a cast, which would cost a fifth of the time. */
const plainTypes: readonly FieldTypeName[] = ['string', 'integer', 'number', 'date', 'time']

/**
 * SQL of the fields' columns with which `COPY … TO STDOUT (FORMAT csv)` writes the same bytes as `csvLines`. The columns
 * are named like the fields.
 */
export function csvColumns(fields: readonly Field[]): readonly string[] {
  return fields.map(({ name, type }) =>
    plainTypes.includes(type) ? `"${name}"` : `${csvValue(type, `"${name}"`)} AS "${name}"`,
  )
}

/** SQL of one value for COPY, from any column of the type. */
export function csvValue(type: FieldTypeName, column: string): string {
  return plainTypes.includes(type) ? column : fieldType(type).select(column)
}

export const csv: RenderedFormat<FieldsAlone> = {
  name: 'csv',
  mediaType: 'text/csv; charset=utf-8',
  async *render(batches, { fields }) {
    yield csvLines([fields.map((field) => field.name)])
    for await (const batch of batches) if (batch.length > 0) yield csvLines(batch)
  },
  copied: ({ fields }) => ({
    columns: csvColumns(fields).join(', '),
    options: copyCsv,
    async *complete(lines) {
      yield csvLines([fields.map((field) => field.name)])
      yield* lines
    },
  }),
}
