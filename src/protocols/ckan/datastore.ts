/**
 * CKAN's datastore over published records: `datastore_search` becomes a query of the records module, which
 * plans and reads. A response comes from one version; `_links.next` names that version, so that a walk stays
 * on the records it began with. Refuses what the records module refuses, and unsupported parameters.
 */

import { stringify } from 'csv-stringify/sync'
import type { AppContext } from '../../catalogue/index.ts'
import { type Contract, type Field, type FieldTypeName, fieldType } from '../../contract/index.ts'
import { csvLines, jsonRecord, type RecordValues } from '../../formats/index.ts'
import { defined } from '../../platform/defined.ts'
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

/** CKAN's default number of records in a response; a limit above `numberedMax` is reduced to it. */
const limitDefault = 100
/** Words of one query; each is searched in every record. */
const wordsMax = 10

export const recordForms = ['objects', 'lists', 'csv', 'tsv'] as const

interface DatastoreRequest {
  readonly filters: unknown
  readonly q: unknown
  readonly fields: readonly string[] | undefined
  readonly sort: string | undefined
}

/** A planned query of a table. */
interface PlannedTable {
  readonly plan: NumberedPlan
  /** The columns of the response; all except the row number are in the plan as well. */
  readonly columns: readonly Field[]
}

/**
 * Plans a query of a resource. Throws `invalid`, and the problems of records with this action's parameter
 * names.
 */
export function planTable(
  context: AppContext,
  { version }: Resource,
  request: DatastoreRequest,
): PlannedTable {
  const { contract } = context.contracts.get(version.dataset, version.contractVersion)
  const chosen = request.fields?.filter((name) => name !== numberField.name)
  const plan = planNumbered(context, version, {
    filters: filtersOf(request.filters),
    words: wordsOf(request.q),
    sort: sortOf(request.sort),
    ...defined({ select: chosen }),
  })
  if (request.fields !== undefined && new Set(request.fields).size < request.fields.length) {
    throw invalid('fields', 'Duplicate field')
  }
  const columns = (request.fields ?? [numberField.name, ...contract.fields.map(({ name }) => name)]).map(
    (name) => plan.fields.find((field) => field.name === name) ?? numberField,
  )
  return { plan, columns }
}

/** Reads `{field: value}` or `{field: [values]}`; null selects records without a value. */
function filtersOf(sent: unknown): readonly Filter[] {
  if (sent === undefined) return []
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    throw invalid('filters', 'Must be a dictionary of fields and values')
  }
  return Object.entries(sent).map(([name, value]): Filter => {
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
  throw invalid('filters', 'A value must be a non-empty string, a number or a boolean')
}

/**
 * Words for all fields, or by field. Quotes and text query operators have no meaning and count as letters.
 */
function wordsOf(sent: unknown): readonly { readonly text: string; readonly field?: string }[] {
  const split = (value: unknown) => {
    if (typeof value !== 'string')
      throw invalid('q', 'Must be a string, or a dictionary of fields and strings')
    return value.split(/\s+/).filter((word) => word !== '')
  }
  if (sent === undefined) return []
  const words =
    typeof sent === 'object' && sent !== null && !Array.isArray(sent)
      ? Object.entries(sent).flatMap(([field, value]) => split(value).map((text) => ({ text, field })))
      : split(sent).map((text) => ({ text }))
  if (words.length > wordsMax) throw invalid('q', `At most ${wordsMax} words`)
  return words
}

/** `field`, `field asc`, `field desc`, separated by commas. */
function sortOf(sent: string | undefined) {
  if (sent === undefined) return []
  const fields = sent.split(',').map((piece) => {
    const [, quoted, plain, direction = 'asc'] =
      /^\s*(?:"([^"]+)"|(\S+))(?:\s+(asc|desc))?\s*$/i.exec(piece) ?? []
    const field = quoted ?? plain
    if (field === undefined)
      throw invalid('sort', 'Expected `field asc` or `field desc`, separated by commas')
    return { field, descending: direction.toLowerCase() === 'desc' }
  })
  if (new Set(fields.map(({ field }) => field)).size < fields.length) {
    throw invalid('sort', 'Duplicate field')
  }
  return fields
}

interface SearchedTable extends DatastoreRequest {
  /** The resource id as sent. */
  readonly id: string
  readonly limit: number | undefined
  readonly offset: number | undefined
  readonly includeTotal: boolean
  readonly form: (typeof recordForms)[number]
  /** The parameters as sent, for the links. */
  readonly sent: Readonly<Record<string, string>>
}

/** The result of `datastore_search` as JSON text: numbers keep their published digits. */
export async function searchTable(
  { context }: PackageContext,
  resource: Resource,
  request: SearchedTable,
  path: string,
): Promise<string> {
  const { version } = resource
  const { plan, columns } = planTable(context, resource, request)
  const limit = Math.min(request.limit ?? limitDefault, numberedMax)
  const offset = request.offset ?? 0
  const [rows, total] = await Promise.all([
    readNumbered(context, plan, { offset, limit }),
    request.includeTotal ? countNumbered(context, plan) : undefined,
  ])
  const pinned = versionResource(version, resource.name.format)
  const link = (from: number) =>
    `${path}?${new URLSearchParams({ ...request.sent, resource_id: pinned, limit: String(limit), offset: String(from) })}`
  const head = {
    resource_id: request.id,
    include_total: request.includeTotal,
    records_format: request.form,
    limit,
    offset,
    fields: columns.map(columnBody),
    ...(total === undefined ? {} : { total, total_was_estimated: false }),
    edition: version.edition,
    edition_version: version.number,
    version_id: pinned,
    _links: { start: link(0), next: link(offset + limit) },
  }
  return `${JSON.stringify(head).slice(0, -1)},"records":${recordsOf(rowsOf(rows, plan, columns), columns, request.form)}}`
}

/** Turns rows of the row number and the plan's fields into rows of the columns. */
function rowsOf(
  rows: readonly RecordValues[],
  plan: NumberedPlan,
  columns: readonly Field[],
): readonly RecordValues[] {
  const positions = columns.map(({ name }) => plan.fields.findIndex((field) => field.name === name) + 1)
  return rows.map((row) => positions.map((position) => row[position] ?? null))
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

/** The text that COPY would write, with tabs for commas. */
function tabbedLines(rows: readonly RecordValues[]): string {
  return stringify([...rows], { delimiter: '\t', record_delimiter: '\n', quoted_match: /[\r\n]/ })
}

/** CKAN's types are PostgreSQL's names. Its `time` allows 24:00, as ours does. */
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
  const info = { label: title.zh, notes: description.zh, ...defined({ unit }) }
  return { id: name, type: columnTypes[type], info }
}

/** The result of `datastore_info`: the fields and the number of records. */
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
