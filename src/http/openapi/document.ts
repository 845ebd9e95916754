/**
 * The OpenAPI 3.1 documents: one of the generic operations, which links the documents of all open datasets,
 * and one per dataset, with its own record operations: fields, operators, code lists, record schema.
 */

import { type Contract, type Contracts, isOpen, type LoadedContract } from '../../contract/index.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import type { App } from '../route-helpers.ts'
import { collectRoutes } from './collect-routes.ts'
import { withDefault } from './common-problems.ts'
import {
  codeSchemas,
  type DatasetPart,
  datasetOperations,
  partSchemas,
  recordSchemas,
  specificPaths,
} from './dataset-operations.ts'
import { shareEquals } from './deduplicate.ts'
import { type Json, mapValues, type OpenapiDocument, type Operation, sorted } from './document-shape.ts'
import { toEnd } from './slices.ts'
import { translate } from './translate.ts'

/** Steps of building a document; each takes some milliseconds. */
export type Steps<T> = Generator<void, T>

interface OpenapiOptions {
  /** What the modules declare about their routes for one dataset. */
  readonly parts: readonly DatasetPart[]
  /** The language of all texts. If omitted, routes are in English and datasets in both languages. */
  readonly language?: Language | undefined
}

/**
 * Builds one document of the generic operations and those of datasets, for files and tests; the service never
 * does. `datasets` are slugs; if omitted, all open datasets. The app must be ready.
 */
export function buildOpenapi(
  app: App,
  contracts: Contracts,
  { datasets, ...options }: OpenapiOptions & { readonly datasets?: readonly string[] },
): OpenapiDocument {
  return toEnd(joinedSteps(app, contracts, options, datasets))
}

function* joinedSteps(
  app: App,
  contracts: Contracts,
  options: OpenapiOptions,
  datasets: readonly string[] | undefined,
): Steps<OpenapiDocument> {
  const { parts, language } = options
  const routes = yield* routeSteps(app, language)
  const generic = namingDatasets(routes, contracts, language)
  const chosen = openDatasets(contracts).filter(
    ({ contract }) => datasets?.includes(contract.dataset) ?? true,
  )
  const unknown = datasets?.filter((slug) => !chosen.some(({ contract }) => contract.dataset === slug)) ?? []
  if (unknown.length > 0) throw new Error(`No open dataset is called ${unknown.join(', ')}.`)
  const own: OwnParts[] = []
  for (const { contract } of chosen)
    own.push(yield* ownSteps(routes, contract, contracts, { parts, language }))
  return yield* shareEquals({
    ...generic,
    tags: [...(generic.tags ?? []), ...own.map(({ tag }) => tag)],
    paths: sorted(Object.assign({}, generic.paths, ...own.map(({ paths }) => paths))),
    components: {
      ...generic.components,
      schemas: sorted(Object.assign({}, generic.components['schemas'], ...own.map(({ schemas }) => schemas))),
    },
  })
}

/** The document of the generic operations. `x-datasets` links the document of each open dataset. */
export function* genericSteps(
  app: App,
  contracts: Contracts,
  language: Language | undefined,
): Steps<OpenapiDocument> {
  const routes = yield* routeSteps(app, language)
  return yield* shareEquals(namingDatasets(routes, contracts, language))
}

/** The generic operations and schemas that all documents of datasets are built from. */
export function* basisSteps(app: App, { parts, language }: OpenapiOptions): Steps<OpenapiDocument> {
  const routes = yield* routeSteps(app, language)
  return { ...routes, paths: specificPaths(routes.paths, parts) }
}

/** The document of one dataset, built from the result of `basisSteps` for the same language. */
export function* datasetSteps(
  basis: OpenapiDocument,
  contract: Contract,
  contracts: Contracts,
  { parts, language }: OpenapiOptions,
): Steps<OpenapiDocument> {
  const own = yield* ownSteps(basis, contract, contracts, { parts, language })
  const generic = basis.components['schemas'] as Readonly<Record<string, Json>>
  const schemas = { ...generic, ...own.schemas }
  const used = namesUsed(own.paths, schemas)
  yield
  const base = baseOf(basis)
  return yield* shareEquals({
    ...basis,
    info: {
      ...basis.info,
      // ASCII, because generators make the package's name of it; the summary has the dataset's title.
      title: `${String(basis.info['title'])} ${contract.dataset}`,
      summary: inLanguage(contract.title, language),
      description: `${inLanguage(contract.description, language, '\n\n')}\n\n${inLanguage(ownText, language, '\n\n')}`,
    },
    // It must be a URI, not a relative reference; the description names the address in any case.
    ...(base === ''
      ? {}
      : {
          externalDocs: {
            url: `${base}/openapi.json${langOf(language)}`,
            description: inLanguage(genericText, language, ' / '),
          },
        }),
    tags: [own.tag],
    paths: own.paths,
    components: {
      ...basis.components,
      schemas: sorted(Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)))),
    },
  })
}

const ownText = {
  zh: '本文档只含该数据集的记录与汇总接口；其他接口见 `/openapi.json`。',
  en: 'This document has the operations on the records of this dataset; all others are in `/openapi.json`.',
}

const genericText = { zh: '通用接口', en: 'The generic operations' }

/** The path of a dataset's document, relative to the address of the service. */
export function datasetDocumentPath(slug: string, language: Language | undefined): string {
  return `/v1/datasets/${slug}/openapi.json${langOf(language)}`
}

function langOf(language: Language | undefined): string {
  return language === undefined ? '' : `?lang=${language}`
}

/** Datasets that everybody may read, with their newest contracts. */
export function openDatasets(contracts: Contracts): readonly LoadedContract[] {
  return contracts.list().filter(({ contract }) => isOpen(contract))
}

/** What the routes declare, in a language, with an id for every operation. */
function* routeSteps(app: App, language: Language | undefined): Steps<OpenapiDocument> {
  const named = withOperationIds(yield* collectRoutes(app))
  yield
  if (language !== 'zh') return named
  return yield* translate(named)
}

function namingDatasets(
  routes: OpenapiDocument,
  contracts: Contracts,
  language: Language | undefined,
): OpenapiDocument {
  const base = baseOf(routes)
  const datasets = openDatasets(contracts).map(({ contract: { dataset, title } }) => ({
    slug: dataset,
    title: inLanguage(title, language),
    openapi: `${base}${datasetDocumentPath(dataset, language)}`,
  }))
  return { ...routes, 'x-datasets': datasets }
}

/** The address of the service in the document; empty if links are relative. */
function baseOf({ servers }: OpenapiDocument): string {
  const [first] = servers as readonly { readonly url: string }[]
  return first === undefined ? '' : first.url.replace(/\/+$/, '')
}

/** The parts of a document that belong to one dataset. */
interface OwnParts {
  readonly tag: Json
  readonly paths: OpenapiDocument['paths']
  readonly schemas: Readonly<Record<string, Json>>
}

function* ownSteps(
  { paths }: OpenapiDocument,
  contract: Contract,
  contracts: Contracts,
  { parts, language }: { readonly parts: readonly DatasetPart[]; readonly language: Language | undefined },
): Steps<OwnParts> {
  const options = { contracts, parts, language }
  const own = yield* datasetOperations(paths, contract, options)
  const records = recordSchemas(contract, options)
  yield
  const others = partSchemas(contract, options)
  yield
  const codes = codeSchemas(contracts.versions(contract.dataset), contracts, language)
  yield
  return {
    tag: { name: contract.dataset, description: inLanguage(contract.title, language) },
    paths: own,
    schemas: { ...records, ...others, ...codes },
  }
}

/** Names of the schemas that a value refers to, directly or through other schemas. */
function namesUsed(value: unknown, schemas: Readonly<Record<string, Json>>): ReadonlySet<string> {
  const used = new Set<string>()
  const visit = (inner: unknown): void => {
    if (inner === null || typeof inner !== 'object') return
    const reference =
      '$ref' in inner ? /^#\/components\/schemas\/(.+)$/.exec(String(inner.$ref))?.[1] : undefined
    if (reference !== undefined && !used.has(reference)) {
      used.add(reference)
      visit(schemas[reference])
    }
    for (const member of Object.values(inner)) visit(member)
  }
  visit(value)
  return used
}

/** Adds missing ids of operations and responses, from method and path: `getDatasetsSlugRecords`. */
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
        withResponses({ ...operation, operationId: operation.operationId ?? name(method, path) }),
      ]),
    ),
  ])
  return { ...document, paths: sorted(Object.fromEntries(paths)) }
}

/**
 * Replaces the plugin's `Default Response` with a description from the operation, and what all operations have in
 * common with `default`.
 */
function withResponses(operation: Operation): Operation {
  const { summary, responses } = operation
  if (responses === undefined) return operation
  return {
    ...operation,
    responses: mapValues(withDefault(responses), (response) => {
      const isNamed = summary === undefined || response['description'] !== 'Default Response'
      return withoutOtherForms(isNamed ? response : { ...response, description: summary })
    }),
  }
}

/**
 * Keeps JSON only where a URL negotiates formats: with a plain text or GeoJSON, generated clients would type every
 * answer as a union. Other formats have URLs with an extension; `x-also-as` lists them here.
 */
function withoutOtherForms(response: Json): Json {
  const content = Object.entries((response['content'] ?? {}) as Readonly<Record<string, { schema?: Json }>>)
  const hasJson = content.some(([type]) => type === 'application/json')
  const isOther = ([type, { schema }]: (typeof content)[number]) =>
    (schema?.['type'] === 'string' && !/[/+]json$/.test(type)) || (hasJson && type === 'application/geo+json')
  const others = content.filter(isOther)
  if (others.length === 0 || others.length === content.length) return response
  return {
    ...response,
    content: Object.fromEntries(content.filter((one) => !isOther(one))),
    'x-also-as': others.map(([type]) => type),
  }
}
