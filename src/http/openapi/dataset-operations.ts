/**
 * The operations of one dataset: copies of the generic record operations with the contract's parameters, and
 * schemas of its records and code lists. Names in `components` are `<dataset>.…` and `codes.<list>`.
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

/** What a module declares about those of its routes that depend on a contract. */
export interface DatasetPart {
  /** Last segment of generic paths, without extension: `records` also for `…/{slug}/…/records.csv`. */
  readonly segment: string
  /** The parameters of one dataset. One with the name of a generic parameter replaces it. */
  readonly parameters: (contract: Contract, options: ParameterOptions) => readonly Parameter[]
  /** Schemas of one dataset that replace generic ones, by the generic names. */
  readonly schemas?: Readonly<Record<string, (contract: Contract, options: ParameterOptions) => Json>>
  /** What a dataset does not have of the generic routes: parameters by name, and extensions of paths. */
  readonly lacks?: (contract: Contract) => {
    readonly parameters: readonly string[]
    readonly extensions: readonly string[]
  }
  /** Whether the route exists for a contract; if omitted, it always does. */
  readonly answers?: (contract: Contract) => boolean
}

interface ParameterOptions {
  readonly contracts: Contracts
  /** The language of descriptions; both if undefined. */
  readonly language: Language | undefined
  /** A reference to the schema of a code list in the same document. */
  readonly codes: (list: string) => Json
}

interface Options {
  readonly contracts: Contracts
  readonly parts: readonly DatasetPart[]
  readonly language: Language | undefined
}

/** The operations specific to a contract, by path. A generator, so that a caller can build it in slices. */
export function* datasetOperations(
  paths: Paths,
  contract: Contract,
  { contracts, parts, language }: Options,
): Generator<void, Paths> {
  const specialised: [string, Paths[string]][] = []
  for (const part of parts) {
    if (part.answers?.(contract) === false) continue
    // Built once for all paths of the part, so that equal parameters are one object.
    const parameters = part.parameters(contract, { contracts, language, codes: codesReference })
    yield
    const replacements = replacementsOf(contract, { contracts, parts, language }, part)
    const lacks = part.lacks?.(contract) ?? { parameters: [], extensions: [] }
    yield
    for (const [path, operations] of Object.entries(paths)) {
      if (segmentOf(path) !== part.segment) continue
      if (lacks.extensions.some((extension) => path.endsWith(`.${extension}`))) continue
      const own = mapValues(operations, (operation) =>
        specialise(
          without(replaceReferences(operation, replacements) as Operation, lacks.parameters),
          contract,
          parameters,
          language,
        ),
      )
      specialised.push([path.replace('{slug}', contract.dataset), own])
      yield
    }
  }
  return sorted(Object.fromEntries(specialised))
}

/** The generic operations that datasets may specialise. */
export function specificPaths(paths: Paths, parts: readonly DatasetPart[]): Paths {
  const segments = new Set(parts.map(({ segment }) => segment))
  return Object.fromEntries(Object.entries(paths).filter(([path]) => segments.has(segmentOf(path) ?? '')))
}

/** The last segment of a generic path below a dataset: `records` of `…/{slug}/…/records.csv`. */
function segmentOf(path: string): string | undefined {
  return /\{slug\}\/(?:.*\/)?([a-z-]+)(?:\.[a-z]+)?$/.exec(path)?.[1]
}

function without(operation: Operation, names: readonly string[]): Operation {
  const { parameters = [] } = operation
  return { ...operation, parameters: parameters.filter(({ name }) => !names.includes(name)) }
}

function specialise(
  operation: Operation,
  contract: Contract,
  parameters: readonly Parameter[],
  language: Language | undefined,
): Operation {
  const named = new Map(parameters.map((parameter) => [parameter.name, parameter]))
  const generic = (operation.parameters ?? []).filter(({ name }) => name !== 'slug')
  const adapted = generic.map((parameter) =>
    withExample({ ...parameter, ...named.get(parameter.name) }, contract),
  )
  const replaced = new Set(generic.map(({ name }) => name))
  const { summary = '', operationId = '' } = operation
  return {
    ...operation,
    operationId: `${operationId}.${contract.dataset}`,
    summary: `${inLanguage(contract.title, language)}: ${summary}`,
    tags: [contract.dataset],
    parameters: [...adapted, ...parameters.filter(({ name }) => !replaced.has(name))],
  }
}

/** Adds an example in the form of the contract's periods to path parameters that need a look-up first. */
function withExample(parameter: Parameter, contract: Contract): Parameter {
  const example = parameter.in === 'path' ? pathExamples[parameter.name]?.(contract) : undefined
  if (example === undefined) return parameter
  return { ...parameter, schema: { ...(parameter['schema'] as Json), examples: [example] } }
}

const pathExamples: Readonly<Record<string, (contract: Contract) => string>> = {
  edition: ({ period }) => (period === 'year' ? '2025' : '2024-2025'),
  version: () => '1',
}

/** The schemas that replace generic ones, by reference. */
type Replacements = ReadonlyMap<string, Json>

function replacementsOf(contract: Contract, options: Options, part: DatasetPart): Replacements {
  const own = Object.keys(part.schemas ?? {}).map((name): [string, Json] => [
    reference(name),
    oneOf(Object.keys(partSchemas(contract, { ...options, parts: [part] }))),
  ])
  return new Map([...own, [reference('Record'), oneOf(Object.keys(recordSchemas(contract, options)))]])
}

/** A reference to the schema of this name, or `oneOf` several. */
function oneOf(names: readonly string[]): Json {
  const [first = {}, ...others] = names.map((name) => ({ $ref: reference(name) }))
  return others.length === 0 ? first : { anyOf: [first, ...others] }
}

/** Replaces references to generic schemas. */
function replaceReferences(value: unknown, replacements: Replacements): unknown {
  if (Array.isArray(value)) return value.map((inner) => replaceReferences(inner, replacements))
  if (value === null || typeof value !== 'object') return value
  const replacement = '$ref' in value ? replacements.get(String(value.$ref)) : undefined
  if (replacement !== undefined) return replacement
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, replaceReferences(inner, replacements)]),
  )
}

const reference = (schema: string) => `#/components/schemas/${schema}`
const codesName = (list: string) => `codes.${list}`
const codesReference = (list: string): Json => ({ $ref: reference(codesName(list)) })

/** The record schemas of a dataset. */
export function recordSchemas(contract: Contract, options: Options): Readonly<Record<string, Json>> {
  const { contracts, language } = options
  const ofLanguage = language === undefined ? {} : { language }
  return schemasOf(contract, options, 'record', (one) => {
    const schema = recordSchema(one, contracts, { codes: codesReference, required: 'filled', ...ofLanguage })
    // Generators name a class by the title before they look at the schema's name, and all contracts have one title.
    const { title: _title, ...untitled } = schema
    return withEdition(untitled, language)
  })
}

/** The schemas that parts declare for one dataset. */
export function partSchemas(contract: Contract, options: Options): Readonly<Record<string, Json>> {
  const { contracts, parts, language } = options
  const own = parts.flatMap(({ schemas = {}, answers }) =>
    Object.entries(schemas).map(([name, schema]) =>
      schemasOf(contract, options, name.toLowerCase(), (one) =>
        answers?.(one) === false ? undefined : schema(one, { contracts, language, codes: codesReference }),
      ),
    ),
  )
  return Object.assign({}, ...own)
}

/**
 * The schemas of one kind: the newest contract's, and different ones of older contracts, because an edition
 * stays under the contract it was published with.
 */
function schemasOf(
  { dataset }: Contract,
  { contracts }: Options,
  kind: string,
  schemaOf: (contract: Contract) => Json | undefined,
): Readonly<Record<string, Json>> {
  const schemas = new Map<string, Json>()
  for (const [index, { contract }] of contracts.versions(dataset).toReversed().entries()) {
    const schema = schemaOf(contract)
    const isKnown = [...schemas.values()].some((other) => shapeOf(other) === shapeOf(schema ?? {}))
    if (schema === undefined || isKnown) continue
    const name = `${dataset}.${kind}`
    schemas.set(index === 0 ? name : `${name}.v${contract.contractVersion}`, schema)
  }
  return Object.fromEntries(schemas)
}

/** If editions are joined, `edition` is the first member of each record; no contract has such a field. */
function withEdition(record: Json, language: Language | undefined): Json {
  const edition = {
    type: 'string',
    description: inLanguage(
      {
        zh: '记录所属的期次。仅在合并读取多期时给出。',
        en: 'The edition of the record. Only if editions are joined.',
      },
      language,
    ),
  }
  return { ...record, properties: { edition, ...(record['properties'] as Json) } }
}

/** The text by which schemas are compared; the dataset's title is left out. */
function shapeOf(schema: Json): string {
  return JSON.stringify([schema['properties'], schema['required']])
}

/**
 * The code lists of contracts, each once: `enum` for generators, the labels as a description and as
 * `x-enum-descriptions`. JSON Schema would use `oneOf` of `const` and `title`, but Swagger UI shows that as
 * `string | (string | string | …)`; that form is at `…/contracts/{n}/json-schema`.
 */
export function codeSchemas(
  loaded: readonly LoadedContract[],
  contracts: Contracts,
  language: Language | undefined,
): Readonly<Record<string, Json>> {
  const lists = new Set(loaded.flatMap(({ contract }) => contract.fields.flatMap(({ codes }) => codes ?? [])))
  const schemas = [...lists].map((list): [string, Json] => {
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
  return Object.fromEntries(schemas)
}
