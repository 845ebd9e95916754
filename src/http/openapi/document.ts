/**
 * The OpenAPI 3.1 document: what the routes declare, and for each open dataset its own copy of the generic operations
 * on records, with its fields, operators, code lists and record. What is restricted is not in it.
 */

import { type Contracts, isOpen, type LoadedContract } from '../../contract/index.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import type { App } from '../route-helpers.ts'
import {
  codeSchemas,
  type DatasetPart,
  datasetOperations,
  partSchemas,
  recordSchemas,
} from './dataset-operations.ts'
import { shareEquals } from './deduplicate.ts'
import { type Json, type OpenapiDocument, type Operation, sorted } from './document-shape.ts'
import { translate } from './translate.ts'

export interface OpenapiOptions {
  /** What the rooms say of their addresses for one dataset. */
  readonly parts: readonly DatasetPart[]
  /** The language of all texts. Left out, the routes speak English and the datasets both. */
  readonly language?: Language
}

/** The document for the contracts as they are now. The app must be ready. */
export function buildOpenapi(
  app: App,
  contracts: Contracts,
  { parts, language }: OpenapiOptions,
): OpenapiDocument {
  const routes = withOperationIds(structuredClone(app.swagger()) as unknown as OpenapiDocument)
  const generic = language === 'zh' ? translate(routes) : routes
  const open = contracts.list().filter(({ contract }) => isOpen(contract))
  const own = open.map(({ contract }) =>
    datasetOperations(generic.paths, contract, { contracts, parts, language }),
  )
  const schemas = open.map(({ contract }) => ({
    ...recordSchemas(contract, { contracts, parts, language }),
    ...partSchemas(contract, { contracts, parts, language }),
  }))
  return shareEquals({
    ...generic,
    tags: [...(generic.tags ?? []), ...open.map((loaded) => tagOf(loaded, language))],
    paths: sorted(Object.assign({}, generic.paths, ...own)),
    components: {
      ...generic.components,
      schemas: sorted({
        ...generic.components['schemas'],
        ...Object.assign({}, ...schemas),
        ...codeSchemas(
          open.flatMap(({ contract }) => contracts.versions(contract.dataset)),
          contracts,
          language,
        ),
      }),
    },
  })
}

function tagOf({ contract }: LoadedContract, language: Language | undefined): Json {
  return { name: contract.dataset, description: inLanguage(contract.title, language) }
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
    response['description'] === 'Default Response' ? { ...response, description: summary } : response,
  ])
  return { ...operation, responses: Object.fromEntries(named) }
}
