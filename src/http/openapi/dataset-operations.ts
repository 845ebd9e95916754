/**
 * The operations of one dataset: copies of the generic ones on its records, with parameters that its contract gives,
 * and the schemas of its records and code lists. Names in `components` are `<dataset>.…` and `codes.<list>`.
 */

import {
  type Contract,
  type Contracts,
  type LoadedContract,
  listCodes,
  recordSchema,
} from '../../contract/index.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import { type Json, mapValues, type Operation, type Parameter, type Paths, sorted } from './document-shape.ts'

/** What a room says of those of its addresses that depend on a contract. */
export interface DatasetPart {
  /** Last segment of the generic addresses, without extension: `records` for `…/{slug}/…/records.csv` too. */
  readonly segment: string
  /** The parameters of one dataset. One of a generic one's name makes that more specific. */
  readonly parameters: (contract: Contract, options: ParameterOptions) => readonly Parameter[]
  /** Schemas of one dataset that take the place of generic ones, by the names of those. */
  readonly schemas?: Readonly<Record<string, (contract: Contract, options: ParameterOptions) => Json>>
  /** Whether the address answers for a contract at all; left out, it always does. */
  readonly answers?: (contract: Contract) => boolean
}

export interface ParameterOptions {
  readonly contracts: Contracts
  /** The language of descriptions; both where none is chosen. */
  readonly language: Language | undefined
  /** The schema of one code of a list: a reference to it in the same document. */
  readonly codes: (list: string) => Json
}

interface Options {
  readonly contracts: Contracts
  readonly parts: readonly DatasetPart[]
  readonly language: Language | undefined
}

/** The operations that a contract makes specific, by their paths. A generator, so that a caller can build it in slices. */
export function* datasetOperations(
  paths: Paths,
  contract: Contract,
  { contracts, parts, language }: Options,
): Generator<void, Paths> {
  const made: [string, Paths[string]][] = []
  for (const part of parts) {
    if (part.answers?.(contract) === false) continue
    // Built once for all addresses of the part: equal parameters are then one object.
    const parameters = part.parameters(contract, { contracts, language, codes: codesReference })
    yield
    const places = placesOf(contract, { contracts, parts, language }, part)
    yield
    for (const [path, operations] of Object.entries(paths)) {
      if (segmentOf(path) !== part.segment) continue
      const own = mapValues(operations, (operation) =>
        specialise(inPlaceOf(operation, places) as Operation, contract, parameters, language),
      )
      made.push([path.replace('{slug}', contract.dataset), own])
      yield
    }
  }
  return sorted(Object.fromEntries(made))
}

/** The generic operations that some dataset may have operations of its own for. */
export function specificPaths(paths: Paths, parts: readonly DatasetPart[]): Paths {
  const segments = new Set(parts.map(({ segment }) => segment))
  return Object.fromEntries(Object.entries(paths).filter(([path]) => segments.has(segmentOf(path) ?? '')))
}

/** The last segment of a generic address below one dataset: `records` of `…/{slug}/…/records.csv`. */
function segmentOf(path: string): string | undefined {
  return /\{slug\}\/(?:.*\/)?([a-z-]+)(?:\.[a-z]+)?$/.exec(path)?.[1]
}

function specialise(
  operation: Operation,
  contract: Contract,
  parameters: readonly Parameter[],
  language: Language | undefined,
): Operation {
  const named = new Map(parameters.map((parameter) => [parameter.name, parameter]))
  const generic = (operation.parameters ?? []).filter(({ name }) => name !== 'slug')
  const given = generic.map((parameter) =>
    withExample({ ...parameter, ...named.get(parameter.name) }, contract),
  )
  const taken = new Set(generic.map(({ name }) => name))
  const { summary = '', operationId = '', description = '' } = operation
  return {
    ...operation,
    operationId: `${operationId}.${contract.dataset}`,
    summary: `${inLanguage(contract.title, language)}: ${summary}`,
    tags: [contract.dataset],
    description: `${description}\n\n${inLanguage(contract.description, language, '\n\n')}`,
    parameters: [...given, ...parameters.filter(({ name }) => !taken.has(name))],
  }
}

/** Parts of an address that a reader would have to look up first get an example in the form of the contract's periods. */
function withExample(parameter: Parameter, contract: Contract): Parameter {
  const example = parameter.in === 'path' ? pathExamples[parameter.name]?.(contract) : undefined
  if (example === undefined) return parameter
  return { ...parameter, schema: { ...(parameter['schema'] as Json), examples: [example] } }
}

const pathExamples: Readonly<Record<string, (contract: Contract) => string>> = {
  edition: ({ period }) => (period === 'year' ? '2025' : '2024-2025'),
  version: () => '1',
}

/** What stands in the place of generic schemas, by the references to those. */
type Places = ReadonlyMap<string, Json>

function placesOf(contract: Contract, options: Options, part: DatasetPart): Places {
  const own = Object.keys(part.schemas ?? {}).map((name): [string, Json] => [
    reference(name),
    oneOf(Object.keys(partSchemas(contract, { ...options, parts: [part] }))),
  ])
  return new Map([...own, [reference('Record'), oneOf(Object.keys(recordSchemas(contract, options)))]])
}

/** A reference to the schema of this name, or to whichever of several fits. */
function oneOf(names: readonly string[]): Json {
  const [first = {}, ...others] = names.map((name) => ({ $ref: reference(name) }))
  return others.length === 0 ? first : { anyOf: [first, ...others] }
}

/** The same value with each reference to a generic schema turned to what stands in its place. */
function inPlaceOf(value: unknown, places: Places): unknown {
  if (Array.isArray(value)) return value.map((inner) => inPlaceOf(inner, places))
  if (value === null || typeof value !== 'object') return value
  const place = '$ref' in value ? places.get(String(value.$ref)) : undefined
  if (place !== undefined) return place
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inPlaceOf(inner, places)]))
}

const reference = (schema: string) => `#/components/schemas/${schema}`
const codesName = (list: string) => `codes.${list}`
const codesReference = (list: string): Json => ({ $ref: reference(codesName(list)) })

/** The records of a dataset. */
export function recordSchemas(contract: Contract, options: Options): Readonly<Record<string, Json>> {
  const { contracts, language } = options
  const ofLanguage = language === undefined ? {} : { language }
  return schemasOf(contract, options, 'record', (one) =>
    withEdition(
      recordSchema(one, contracts, { codes: codesReference, required: 'filled', ...ofLanguage }),
      language,
    ),
  )
}

/** The schemas that parts have for one dataset. */
export function partSchemas(contract: Contract, options: Options): Readonly<Record<string, Json>> {
  const { contracts, parts, language } = options
  const made = parts.flatMap(({ schemas = {}, answers }) =>
    Object.entries(schemas).map(([name, schema]) =>
      schemasOf(contract, options, name.toLowerCase(), (one) =>
        answers?.(one) === false ? undefined : schema(one, { contracts, language, codes: codesReference }),
      ),
    ),
  )
  return Object.assign({}, ...made)
}

/**
 * The schemas of one kind: the newest contract's, and those of older contracts where they look otherwise, since an
 * edition keeps the contract that it was published under.
 */
function schemasOf(
  { dataset }: Contract,
  { contracts }: Options,
  kind: string,
  schemaOf: (contract: Contract) => Json | undefined,
): Readonly<Record<string, Json>> {
  const made = new Map<string, Json>()
  for (const [index, { contract }] of contracts.versions(dataset).toReversed().entries()) {
    const schema = schemaOf(contract)
    const isKnown = [...made.values()].some((other) => shapeOf(other) === shapeOf(schema ?? {}))
    if (schema === undefined || isKnown) continue
    const name = `${dataset}.${kind}`
    made.set(index === 0 ? name : `${name}.v${contract.contractVersion}`, schema)
  }
  return Object.fromEntries(made)
}

/** Where editions are joined, each record says first which it is of; no contract has a field of that name. */
function withEdition(record: Json, language: Language | undefined): Json {
  const edition = {
    type: 'string',
    description: inLanguage(
      {
        zh: '所属的期。仅在各期合并读取时给出。',
        en: 'The edition that it is of. Only where editions are joined.',
      },
      language,
    ),
  }
  return { ...record, properties: { edition, ...(record['properties'] as Json) } }
}

/** What two schemas are told apart by: another title of the dataset makes no other record. */
function shapeOf(schema: Json): string {
  return JSON.stringify([schema['properties'], schema['required']])
}

/**
 * The code lists that contracts use, each once: `enum` for whoever generates or fills in, the labels as a description and
 * as `x-enum-descriptions`. `oneOf` of `const` and `title` would be the words of JSON Schema for it, and Swagger UI shows
 * that as `string | (string | string | …)`; who wants it finds it at `…/contracts/{n}/json-schema`.
 */
export function codeSchemas(
  loaded: readonly LoadedContract[],
  contracts: Contracts,
  language: Language | undefined,
): Readonly<Record<string, Json>> {
  const lists = new Set(loaded.flatMap(({ contract }) => contract.fields.flatMap(({ codes }) => codes ?? [])))
  const made = [...lists].map((list): [string, Json] => {
    const codes = listCodes(contracts, list)
    const labels = codes.map(({ label }) => inLanguage(label, language))
    return [
      codesName(list),
      {
        type: 'string',
        description: codes.map(({ code }, index) => `* \`${code}\` ${labels[index]}`).join('\n'),
        enum: codes.map(({ code }) => code),
        'x-enum-descriptions': labels,
      },
    ]
  })
  return Object.fromEntries(made)
}
