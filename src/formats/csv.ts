/**
 * The plain CSV: UTF-8 without BOM, LF, header = field names, codes as text, quotes only where needed (RFC 4180).
 * Null is the empty field; an empty text is never a value in this house, so reading it back loses nothing.
 */
import { type Options, stringify } from 'csv-stringify/sync'
import type { FieldsAlone, RenderedFormat } from './format.ts'

const options: Options = {
  header: false,
  record_delimiter: '\n',
  // A lone CR would end a line in some readers, and csv-stringify quotes only for its own record delimiter.
  quoted_match: /[\r\n]/,
  // A record of one null field would be an empty line, which readers skip.
  quoted_empty: false,
}

export const csv: RenderedFormat<FieldsAlone> = {
  name: 'csv',
  mediaType: 'text/csv; charset=utf-8',
  async *render(batches, { fields }) {
    yield stringify([fields.map((field) => field.name)], options)
    for await (const batch of batches) if (batch.length > 0) yield stringify([...batch], options)
  },
}
