/**
 * The OpenAPI 3.1 document: what the routes declare, and for each open dataset its own copy of the generic record
 * operations, with its fields as parameters, its code lists and its record. What is restricted is not in it.
 */
import type { App } from '../base/http.ts'
import {
  type Contract,
  type Contracts,
  codesOf,
  type Field,
  fieldType,
  isOpen,
  jsonValue,
  listSeparator,
  recordSchema,
} from '../contract/index.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenapiDocument {
  readonly openapi: string
  readonly info: Json
  readonly tags?: readonly Json[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Json>>
  readonly [member: string]: unknown
}

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly responses?: Readonly<Record<string, Json>>
  readonly [member: string]: unknown
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly [member: string]: unknown
}

/** What stands in the place of the generic filters and of the generic record. */
export interface DatasetParts {
  /** The parameters by which records of a contract are filtered. */
  readonly parameters: (contract: Contract, contracts: Contracts) => readonly Parameter[]
  readonly record: (contract: Contract, contracts: Contracts) => Json
}

/**
 * The document for the contracts as they are now. The app must be ready.
 * `parts` lets the records room say which filters it takes; by default equality on each field.
 */
export function buildOpenapi(
  app: App,
  contracts: Contracts,
  parts: DatasetParts = { parameters: fieldParameters, record: recordSchema },
): OpenapiDocument {
  const generic = withOperationIds(structuredClone(app.swagger()) as unknown as OpenapiDocument)
  const open = contracts.list().filter(({ contract }) => isOpen(contract))
  const paths: Record<string, Readonly<Record<string, Operation>>> = { ...generic.paths }
  const schemas: Record<string, unknown> = { ...generic.components['schemas'] }
  for (const { contract } of open) {
    schemas[recordName(contract)] = parts.record(contract, contracts)
    const parameters = parts.parameters(contract, contracts)
    for (const [path, operations] of Object.entries(generic.paths)) {
      if (!recordsPath.test(path)) continue
      const own = Object.entries(operations).map(([method, operation]) => [
        method,
        specialise(operation, contract, parameters),
      ])
      paths[path.replace('{slug}', contract.dataset)] = Object.fromEntries(own)
    }
  }
  const tags = open.map(({ contract }) => ({
    name: contract.dataset,
    description: `${contract.title.zh} ${contract.title.en}`,
  }))
  return {
    ...generic,
    tags: [...(generic.tags ?? []), ...tags],
    paths: sorted(paths),
    components: { ...generic.components, schemas: sorted(schemas) },
  }
}

/** Names the operations and responses that don't name themselves, by method and path: `getDatasetsSlugRecords`. */
function withOperationIds(document: OpenapiDocument): OpenapiDocument {
  const name = (method: string, path: string) =>
    path
      .replace(/^\/v1(?=\/)/, '')
      .split(/[^A-Za-z0-9]+/)
      .filter((word) => word !== '')
      .reduce((before, word) => before + word.charAt(0).toUpperCase() + word.slice(1), method)
  const paths = Object.entries(document.paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        withSummaries({ ...operation, operationId: operation.operationId ?? name(method, path) }),
      ]),
    ),
  ])
  return { ...document, paths: Object.fromEntries(paths) }
}

/** What the collector calls `Default Response` is called after its operation, so that a page says something there. */
function withSummaries(operation: Operation): Operation {
  const { summary, responses } = operation
  if (summary === undefined || responses === undefined) return operation
  const named = Object.entries(responses).map(([status, response]) => [
    status,
    response['description'] === 'Default Response' ? { ...response, description: `${summary}.` } : response,
  ])
  return { ...operation, responses: Object.fromEntries(named) }
}

/** The generic addresses of records, in any version and as any file: `…/{slug}/…/records`, `…/records.csv`. */
const recordsPath = /\{slug\}(\/.*)?\/records(\.[a-z]+)?$/

const recordName = (contract: Contract) => `${contract.dataset}.record`

function specialise(operation: Operation, contract: Contract, parameters: readonly Parameter[]): Operation {
  const given = (operation.parameters ?? []).filter(({ name }) => name !== 'slug')
  const taken = new Set(given.map(({ name }) => name))
  const own = parameters.filter(({ name }) => !taken.has(name))
  const { operationId } = operation
  return {
    ...(withRecord(operation, contract) as Operation),
    ...(operationId === undefined ? {} : { operationId: `${operationId}.${contract.dataset}` }),
    ...(operation.summary === undefined
      ? {}
      : { summary: `${contract.title.zh} ${contract.title.en}: ${operation.summary}` }),
    tags: [contract.dataset],
    description: `${contract.description.en}\n\n${contract.description.zh}`,
    parameters: [...given, ...own],
  }
}

/** The same value with each reference to the generic record turned to the contract's own. */
function withRecord(value: unknown, contract: Contract): unknown {
  if (Array.isArray(value)) return value.map((inner) => withRecord(inner, contract))
  if (value === null || typeof value !== 'object') return value
  if ('$ref' in value && value.$ref === '#/components/schemas/Record') {
    return { $ref: `#/components/schemas/${recordName(contract)}` }
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withRecord(inner, contract)]))
}

/** Each field as an equality filter, with its code list, its unit and its example. */
export function fieldParameters(contract: Contract, contracts: Contracts): readonly Parameter[] {
  return contract.fields.map((field) => ({
    name: field.name,
    in: 'query',
    required: false,
    description: describe(field, contracts),
    // Inside the schema: as the parameter's own, /docs would fill all filters in at once, and nothing fits them all.
    schema: {
      ...filterSchema(field, contracts),
      ...(field.example === undefined ? {} : { examples: [exampleOf(field, field.example)] }),
    },
  }))
}

/** A filter names one element of a list; the field itself holds several. */
function filterSchema(field: Field, contracts: Contracts): Json {
  const own = field.type === 'list' ? { type: 'string' } : fieldType(field.type).schema(field)
  const codes = codesOf(contracts, field)
  return codes === undefined ? own : { ...own, enum: [...new Set(codes.map(({ code }) => code))] }
}

function exampleOf(field: Field, text: string): unknown {
  return field.type === 'list' ? text.split(listSeparator)[0] : jsonValue(field, text)
}

/** More labels than this belong into the code list's own page and make a description unreadable. */
const labelsMax = 40

function describe(field: Field, contracts: Contracts): string {
  const unit = field.unit === undefined ? '' : ` (${field.unit})`
  const lines = [
    `${field.title.zh} ${field.title.en}${unit}. ${field.description.en} ${field.description.zh}`,
  ]
  const codes = codesOf(contracts, field) ?? []
  if (codes.length <= labelsMax) {
    for (const { code, label } of codes) lines.push(`* \`${code}\` ${label.zh} ${label.en}`)
  }
  return lines.join('\n')
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
