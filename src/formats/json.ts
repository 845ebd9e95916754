/**
 * Records as JSON, one object a record, members in the order of the contract. Numbers are written with the very
 * digits that were published (RFC 8259 sets no limit to them), so 85.40 stays 85.40.
 */
import { type Field, fieldType } from '../contract/index.ts'
import type { FieldsAlone, RecordValues, RenderedFormat } from './format.ts'

/** Makes the function that writes one record of these fields as a JSON object. */
export function jsonRecord(fields: readonly Field[]): (row: RecordValues) => string {
  const members = fields.map((field) => {
    const { json } = fieldType(field.type)
    const name = `${JSON.stringify(field.name)}:`
    return (text: string | null | undefined) =>
      name + (text === null || text === undefined ? 'null' : json(text))
  })
  return (row) => `{${members.map((member, index) => member(row[index])).join(',')}}`
}

/**
 * SQL that gives one record as `jsonRecord` writes it, from columns named like the fields. Joined from texts, which takes
 * three quarters of the time of `row_to_json`. A property test holds both to the same bytes.
 */
export function jsonRow(fields: readonly Field[]): string {
  const found = rowOf.get(fields) ?? writeRow(fields)
  rowOf.set(fields, found)
  return found
}

/** Written once for the fields of a contract; those of a selection are new with each question. */
const rowOf = new WeakMap<readonly Field[], string>()

function writeRow(fields: readonly Field[]): string {
  const members = fields.map((field, index) => {
    const [column, name] = [`"${field.name}"`, `${index === 0 ? '{' : ','}"${field.name}":`]
    return `CASE WHEN ${column} IS NULL THEN '${name}null' ELSE ${jsonValue(field, name, column)} END`
  })
  return `${members.join(' || ')} || '}'`
}

/** SQL that gives one value as `jsonRecord` writes it, from any column of the field's type. */
export function jsonToken(field: Field, column: string): string {
  return `CASE WHEN ${column} IS NULL THEN 'null' ELSE ${jsonValue(field, '', column)} END`
}

/** A value that is not null, with the name before it. Where a null came through, the whole record would be one. */
function jsonValue(field: Field, name: string, column: string): string {
  const { type, codes } = field
  if (type === 'list' || (type === 'string' && codes === undefined)) {
    return `'${name}' || to_json(${column})::text`
  }
  // Digits, signs between them, and codes, which are letters and digits: nothing that JSON would escape.
  const text = fieldType(type).select(column)
  return fieldType(type).json('') === '' ? `'${name}' || ${text}` : `'${name}"' || ${text} || '"'`
}

/** COPY's options for lines that are ready: JSON holds no control character, so nothing is ever quoted or escaped. */
export const copyLines = `FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'`

export const ndjson: RenderedFormat<FieldsAlone> = {
  name: 'ndjson',
  mediaType: 'application/x-ndjson; charset=utf-8',
  async *render(batches, { fields }) {
    const record = jsonRecord(fields)
    for await (const batch of batches) {
      if (batch.length > 0) yield `${batch.map(record).join('\n')}\n`
    }
  },
  copied: (fields) => ({ columns: jsonRow(fields), options: copyLines, complete: (lines) => lines }),
}

/** One array of all records, a record a line, so that a stream of it can be read and compared by lines too. */
export const json: RenderedFormat<FieldsAlone> = {
  name: 'json',
  mediaType: 'application/json; charset=utf-8',
  async *render(batches, { fields }) {
    const record = jsonRecord(fields)
    let before = '[\n'
    for await (const batch of batches) {
      if (batch.length === 0) continue
      yield before + batch.map(record).join(',\n')
      before = ',\n'
    }
    yield before === ',\n' ? '\n]\n' : '[]\n'
  },
  copied: (fields) => ({
    columns: `${jsonRow(fields)} || ','`,
    options: copyLines,
    complete: intoArray,
  }),
}

/** Lines that all end with a comma, as an array: the last comma is none. */
async function* intoArray(lines: AsyncIterable<Uint8Array>): AsyncGenerator<string | Uint8Array> {
  const end = Buffer.from(',\n')
  let held: Buffer = Buffer.from('[\n')
  let isEmpty = true
  for await (const chunk of lines) {
    isEmpty = false
    const bytes = Buffer.concat([held, chunk])
    yield bytes.subarray(0, -end.length)
    held = bytes.subarray(-end.length)
  }
  yield isEmpty ? '[]\n' : '\n]\n'
}
