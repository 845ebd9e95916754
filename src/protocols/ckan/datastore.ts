/**
 * CKAN's datastore over published records: the words of `datastore_search` become a query of the records room, which alone
 * plans and reads. A resource is pinned to one version within an answer; `_links.next` names that version, so that a walk by
 * it stays on the records that it began with. Refuses what the records room does, and what isn't spoken by name.
 */
import { stringify } from 'csv-stringify/sync'
import type { AppContext } from '../../catalogue/index.ts'
import { type Contract, type Field, type FieldTypeName, fieldType } from '../../contract/index.ts'
import { csvLines, jsonRecord, type RecordValues } from '../../formats/index.ts'
import {
  countNumbered,
  type Filter,
  type NumberedPlan,
  numberedMax,
  numberField,
  planNumbered,
  readNumbered,
  writeValues,
} from '../../records/index.ts'
import type { PackageContext } from './bodies.ts'
import { type Resource, versionResource } from './catalogue.ts'
import { invalid } from './refusal.ts'

/** Records in one answer where nothing is said, as CKAN has it; above `numberedMax` the limit is cut to that. */
export const limitDefault = 100
/** Words of one question: each is looked for in every record. */
export const wordsMax = 10

export const recordForms = ['objects', 'lists', 'csv', 'tsv'] as const

export interface DatastoreRequest {
  readonly filters: unknown
  readonly q: unknown
  readonly fields: readonly string[] | undefined
  readonly sort: string | undefined
}

/** A question about a table, planned. */
export interface PlannedTable {
  readonly plan: NumberedPlan
  /** The columns of the answer; a field stands in the plan as well. */
  readonly columns: readonly Field[]
}

/** Plans a question about a resource. Throws `invalid`, and the problems of records under the names of their parameters. */
export function planTable(context: AppContext, { version }: Resource, asked: DatastoreRequest): PlannedTable {
  const { contract } = context.contracts.get(version.dataset, version.contractVersion)
  const chosen = asked.fields?.filter((name) => name !== numberField.name)
  const plan = planNumbered(context, version, {
    filters: filtersOf(asked.filters),
    words: wordsOf(asked.q),
    sort: sortOf(asked.sort),
    ...(chosen === undefined ? {} : { select: chosen }),
  })
  if (asked.fields !== undefined && new Set(asked.fields).size < asked.fields.length) {
    throw invalid('fields', 'Give each field once')
  }
  const columns = (asked.fields ?? [numberField.name, ...contract.fields.map(({ name }) => name)]).map(
    (name) => plan.fields.find((field) => field.name === name) ?? numberField,
  )
  return { plan, columns }
}

/** `{field: value}` or `{field: [values]}`; null asks for records without a value. */
function filtersOf(given: unknown): readonly Filter[] {
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('filters', 'Must be a dictionary of fields and values')
  }
  return Object.entries(given).map(([name, value]): Filter => {
    const filter = (operator: string, text: string): Filter => ({
      name: operator === 'eq' ? name : `${name}__${operator}`,
      field: name,
      operator,
      value: text,
    })
    if (value === null) return filter('isnull', 'true')
    if (!Array.isArray(value)) return filter('eq', filterText(value))
    if (value.length === 0) throw invalid('filters', 'A list of values may not be empty')
    return filter('in', writeValues(value.map(filterText)))
  })
}

function filterText(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value)
  throw invalid('filters', 'A value is a text that is not empty, a number or a truth value')
}

/** Words for all fields, or by field. Quotes and operators of a text query have no meaning here: they are letters. */
function wordsOf(given: unknown): readonly { readonly text: string; readonly field?: string }[] {
  const split = (value: unknown) => {
    if (typeof value !== 'string') throw invalid('q', 'Must be a text, or a dictionary of fields and texts')
    return value.split(/\s+/).filter((word) => word !== '')
  }
  if (given === undefined) return []
  const words =
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? Object.entries(given).flatMap(([field, value]) => split(value).map((text) => ({ text, field })))
      : split(given).map((text) => ({ text }))
  if (words.length > wordsMax) throw invalid('q', `At most ${wordsMax} words`)
  return words
}

/** `field`, `field asc`, `field desc`, with commas between them. */
function sortOf(given: string | undefined) {
  if (given === undefined) return []
  const fields = given.split(',').map((piece) => {
    const [, quoted, plain, direction = 'asc'] =
      /^\s*(?:"([^"]+)"|(\S+))(?:\s+(asc|desc))?\s*$/i.exec(piece) ?? []
    const field = quoted ?? plain
    if (field === undefined) throw invalid('sort', 'Written is `field asc` or `field desc`, with commas')
    return { field, descending: direction.toLowerCase() === 'desc' }
  })
  if (new Set(fields.map(({ field }) => field)).size < fields.length) {
    throw invalid('sort', 'Give each field once')
  }
  return fields
}

export interface SearchedTable extends DatastoreRequest {
  /** The resource as it was asked for. */
  readonly id: string
  readonly limit: number | undefined
  readonly offset: number | undefined
  readonly includeTotal: boolean
  readonly form: (typeof recordForms)[number]
  /** The question as it was given, to be written into the links. */
  readonly given: Readonly<Record<string, string>>
}

/** The result of `datastore_search` as JSON text: numbers keep the digits that were published. */
export async function searchTable(
  { context }: PackageContext,
  resource: Resource,
  asked: SearchedTable,
  path: string,
): Promise<string> {
  const { version } = resource
  const { plan, columns } = planTable(context, resource, asked)
  const limit = Math.min(asked.limit ?? limitDefault, numberedMax)
  const offset = asked.offset ?? 0
  const [rows, total] = await Promise.all([
    readNumbered(context, plan, { offset, limit }),
    asked.includeTotal ? countNumbered(context, plan) : undefined,
  ])
  const pinned = versionResource(version, resource.name.format)
  const link = (from: number) =>
    `${path}?${new URLSearchParams({ ...asked.given, resource_id: pinned, limit: String(limit), offset: String(from) })}`
  const facts = {
    resource_id: asked.id,
    include_total: asked.includeTotal,
    records_format: asked.form,
    limit,
    offset,
    fields: columns.map(columnBody),
    ...(total === undefined ? {} : { total, total_was_estimated: false }),
    edition: version.edition,
    edition_version: version.number,
    version_id: pinned,
    _links: { start: link(0), next: link(offset + limit) },
  }
  return `${JSON.stringify(facts).slice(0, -1)},"records":${recordsOf(rowsOf(rows, plan, columns), columns, asked.form)}}`
}

/** Rows of the number and the plan's fields, as rows of the columns. */
function rowsOf(
  rows: readonly RecordValues[],
  plan: NumberedPlan,
  columns: readonly Field[],
): readonly RecordValues[] {
  const places = columns.map(({ name }) => plan.fields.findIndex((field) => field.name === name) + 1)
  return rows.map((row) => places.map((place) => row[place] ?? null))
}

function recordsOf(
  rows: readonly RecordValues[],
  columns: readonly Field[],
  form: SearchedTable['form'],
): string {
  if (form === 'csv') return JSON.stringify(csvLines(rows))
  if (form === 'tsv') return JSON.stringify(tabbedLines(rows))
  if (form === 'objects') return `[${rows.map(jsonRecord(columns)).join(',')}]`
  const tokens = columns.map(({ type }) => fieldType(type).json)
  const list = (row: RecordValues) =>
    row.map((text, index) => (text === null ? 'null' : (tokens[index]?.(text) ?? 'null'))).join(',')
  return `[${rows.map((row) => `[${list(row)}]`).join(',')}]`
}

/** As COPY writes it with a tab for the comma. */
function tabbedLines(rows: readonly RecordValues[]): string {
  return stringify([...rows], { delimiter: '\t', record_delimiter: '\n', quoted_match: /[\r\n]/ })
}

/** CKAN's types are names of Postgres; a clock's time may be 24:00, which that has as well. */
const columnTypes = {
  string: 'text',
  integer: 'int8',
  number: 'numeric',
  boolean: 'bool',
  date: 'date',
  time: 'time',
  datetime: 'timestamptz',
  list: '_text',
} as const satisfies Record<FieldTypeName, string>

function columnBody({ name, type, title, description, unit }: Field) {
  if (name === numberField.name) return { id: name, type: 'int' }
  const info = { label: title.zh, notes: description.zh, ...(unit === undefined ? {} : { unit }) }
  return { id: name, type: columnTypes[type], info }
}

/** The result of `datastore_info`: the fields, and how many records there are. */
export function describeTable({ context }: PackageContext, { version, name }: Resource) {
  const { contract }: { readonly contract: Contract } = context.contracts.get(
    version.dataset,
    version.contractVersion,
  )
  return {
    meta: {
      id: versionResource(version, name.format),
      count: version.records,
      table_type: 'BASE TABLE',
      edition: version.edition,
      edition_version: version.number,
    },
    fields: contract.fields.map((field) => ({
      ...columnBody(field),
      schema: {
        native_type: columnTypes[field.type],
        notnull: contract.primaryKey.includes(field.name),
        is_index: contract.primaryKey.includes(field.name),
        uniquekey: contract.primaryKey.length === 1 && contract.primaryKey[0] === field.name,
        index_name: '',
      },
    })),
  }
}
