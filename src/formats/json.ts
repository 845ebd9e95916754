/**
 * Records as JSON, one object a record, members in the order of the contract. Numbers are written with the very
 * digits that were published (RFC 8259 sets no limit to them), so 85.40 stays 85.40.
 */
import { type Field, fieldType } from '../contract/index.ts'
import type { RenderedFormat, Row } from './format.ts'

/** Makes the function that writes one record of these fields as a JSON object. */
export function jsonRecord(fields: readonly Field[]): (row: Row) => string {
  const members = fields.map((field) => {
    const { json } = fieldType(field.type)
    const name = `${JSON.stringify(field.name)}:`
    return (text: string | null | undefined) =>
      name + (text === null || text === undefined ? 'null' : json(text))
  })
  return (row) => `{${members.map((member, index) => member(row[index])).join(',')}}`
}

/**
 * SQL that gives one record as `jsonRecord` writes it, from columns named like the fields. A property test holds both
 * to the same bytes.
 */
export function jsonRow(fields: readonly Field[]): string {
  const columns = fields.map(({ name, type }) =>
    // Postgres would write an instant in the session's zone; every other column it writes as we do.
    type === 'datetime' ? `${fieldType(type).select(`"${name}"`)} AS "${name}"` : `"${name}"`,
  )
  return `(SELECT row_to_json(record)::text FROM (SELECT ${columns.join(', ')}) AS record)`
}

export const ndjson: RenderedFormat = {
  name: 'ndjson',
  mediaType: 'application/x-ndjson; charset=utf-8',
  async *render(batches, fields) {
    const record = jsonRecord(fields)
    for await (const batch of batches) {
      if (batch.length > 0) yield `${batch.map(record).join('\n')}\n`
    }
  },
}
