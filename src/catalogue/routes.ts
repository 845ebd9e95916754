/** The catalogue over HTTP: registers all its routes; contracts are here, the rest in files of their own. */
import { Type } from 'typebox'
import { type Contracts, isOpen, type LoadedContract, recordSchema, tableSchema } from '../contract/index.ts'
import { type App, isFresh, problemResponses } from '../http/index.ts'
import { canonicalJson, digestOf } from '../platform/digest.ts'
import type { AppContext } from './context.ts'
import { comparisonRoutes } from './datasets/contract-comparison-routes.ts'
import type { DatasetForm } from './datasets/representation.ts'
import { datasetRoutes } from './datasets/routes.ts'
import { ContractNumber, Slug } from './schemas.ts'
import { setDeprecationHeaders } from './versions/deprecation.ts'
import { fileRoutes } from './versions/file-routes.ts'
import { getReadable } from './versions/published.ts'
import { versionRoutes } from './versions/routes.ts'

const tags = ['catalogue']

const NotModified = Type.Null({ description: 'The copy of the caller is still valid.' })

/** Registers the module's routes. `forms` are the further forms of a dataset at its own address, besides JSON. */
export async function catalogueRoutes(
  app: App,
  context: AppContext,
  forms: readonly DatasetForm[],
): Promise<void> {
  datasetRoutes(app, context, forms)
  contractRoutes(app, context)
  comparisonRoutes(app, context)
  versionRoutes(app, context)
  fileRoutes(app, context)
}

/** A contract in several schema languages: the path suffix and the body. */
const contractForms = [
  {
    suffix: '',
    operationId: 'getContract',
    summary: 'A contract',
    description:
      'What the dataset promises: fields, keys, checks, disclosure, providers, update frequency. Never changes.',
    body: ({ document }: LoadedContract) => ({ ...document }),
  },
  {
    suffix: '/table-schema',
    operationId: 'getTableSchema',
    summary: 'A contract as Table Schema',
    description: 'The fields of the published CSV as a Frictionless Table Schema, for tools that read it.',
    body: ({ contract }: LoadedContract, contracts: Contracts) => ({ ...tableSchema(contract, contracts) }),
  },
  {
    suffix: '/json-schema',
    operationId: 'getJsonSchema',
    summary: 'A contract as JSON Schema',
    description: 'One published record as JSON Schema 2020-12, with code lists as enumerations.',
    body: ({ contract }: LoadedContract, contracts: Contracts) => ({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...recordSchema(contract, contracts, { required: 'all' }),
    }),
  },
] as const

function contractRoutes(app: App, context: AppContext): void {
  const params = Type.Object({
    slug: Slug,
    contractVersion: ContractNumber,
  })
  const response = {
    200: Type.Record(Type.String(), Type.Unknown()),
    304: NotModified,
    ...problemResponses('dataset-not-found', 'contract-not-found', 'precondition-failed'),
  }
  for (const { suffix, body, ...schema } of contractForms) {
    app.get(
      `/v1/datasets/:slug/contracts/:contractVersion${suffix}`,
      { schema: { ...schema, tags, params, response } },
      async (request, reply) => {
        const { slug, contractVersion } = request.params
        const newest = getReadable(context.contracts, request.reader, slug)
        const loaded = context.contracts.get(slug, Number(contractVersion))
        await setDeprecationHeaders(context, reply, loaded.contract)
        // Labels come from code lists, which may gain codes, so these bodies can change; a contract cannot.
        const text = body(loaded, context.contracts)
        const tag = suffix === '' ? loaded.digest : digestOf(canonicalJson(text)).slice(0, 32)
        if (isFresh(request, reply, tag, isOpen(newest.contract))) return reply.code(304).send(null)
        return text
      },
    )
  }
}
