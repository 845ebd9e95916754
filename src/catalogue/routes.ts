/** The catalogue over HTTP: datasets, contracts, editions, versions. Files have a place of their own beside it. */
import { Type } from 'typebox'
import { canonicalJson, digestOf } from '../base/digest.ts'
import { isFresh } from '../base/freshness.ts'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import { type Contract, type Contracts, isOpen, recordSchema, tableSchema } from '../contract/index.ts'
import { addresses } from './addresses.ts'
import { contractsOf, datasetBody, distributionBody, editionBody, editionsOf, versionBody } from './bodies.ts'
import { fileRoutes } from './file-routes.ts'
import type { House } from './house.ts'
import { getReadable, getVersion, listDistributions, listReadable, listVersions } from './published.ts'
import {
  DatasetSchema,
  DatasetWithEditionsSchema,
  EditionName,
  EditionSchema,
  Slug,
  VersionNumber,
  VersionWithFilesSchema,
} from './schemas.ts'

const tags = ['catalogue']

const NotModified = Type.Null({ description: 'The copy of the caller is still good.' })

export async function catalogueRoutes(app: App, house: House): Promise<void> {
  datasetRoutes(app, house)
  contractRoutes(app, house)
  editionRoutes(app, house)
  fileRoutes(app, house)
}

function datasetRoutes(app: App, house: House): void {
  app.get(
    '/v1/datasets',
    {
      schema: {
        operationId: 'listDatasets',
        tags,
        summary: 'All datasets',
        description: 'Every dataset that the reader may see, by slug, with its latest version.',
        response: {
          200: Type.Object({ data: Type.Array(DatasetSchema, { description: 'The datasets, by slug.' }) }),
          ...problemResponses(),
        },
      },
    },
    async (request) => {
      const versions = await listVersions(house.database)
      const data = listReadable(house.contracts, request.reader).map((loaded) => {
        const own = versions.filter((version) => version.dataset === loaded.contract.dataset)
        return datasetBody(loaded, own, house.contracts, house.config)
      })
      return { data }
    },
  )
  app.get(
    '/v1/datasets/:slug',
    {
      schema: {
        operationId: 'getDataset',
        tags,
        summary: 'One dataset',
        description: 'What the dataset is, its contracts and its published editions.',
        params: Type.Object({ slug: Slug }),
        response: { 200: DatasetWithEditionsSchema, ...problemResponses('dataset-not-found') },
      },
    },
    async (request) => {
      const loaded = getReadable(house.contracts, request.reader, request.params.slug)
      const dataset = loaded.contract.dataset
      const versions = await listVersions(house.database, { dataset })
      return {
        ...datasetBody(loaded, versions, house.contracts, house.config),
        contracts: contractsOf(house.contracts.versions(dataset), house.config),
        editions: editionsOf(versions, house.config),
      }
    },
  )
}

/** A contract in the languages that tools speak: the path behind its own, and the body. */
const contractForms = [
  {
    suffix: '',
    operationId: 'getContract',
    summary: 'A contract',
    description:
      'What the dataset promises: fields, keys, checks, disclosure, providers, rhythm. Never changes.',
    body: (contract: Contract) => ({ ...contract }),
  },
  {
    suffix: '/table-schema',
    operationId: 'getTableSchema',
    summary: 'A contract as Table Schema',
    description: 'The fields of the published CSV as a Frictionless Table Schema, for tools that read it.',
    body: (contract: Contract, contracts: Contracts) => ({ ...tableSchema(contract, contracts) }),
  },
  {
    suffix: '/json-schema',
    operationId: 'getJsonSchema',
    summary: 'A contract as JSON Schema',
    description: 'One published record as JSON Schema 2020-12, with code lists as enumerations.',
    body: (contract: Contract, contracts: Contracts) => ({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...recordSchema(contract, contracts, { complete: true }),
    }),
  },
] as const

function contractRoutes(app: App, house: House): void {
  const params = Type.Object({
    slug: Slug,
    contractVersion: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'The number of a contract.' }),
  })
  const response = {
    200: Type.Record(Type.String(), Type.Unknown()),
    304: NotModified,
    ...problemResponses('dataset-not-found', 'contract-not-found', 'precondition-failed'),
  }
  for (const { suffix, body, ...described } of contractForms) {
    app.get(
      `/v1/datasets/:slug/contracts/:contractVersion${suffix}`,
      { schema: { ...described, tags, params, response } },
      async (request, reply) => {
        const { slug, contractVersion } = request.params
        const newest = getReadable(house.contracts, request.reader, slug)
        const { contract, digest } = house.contracts.get(slug, Number(contractVersion))
        // Labels come from the code lists, which may gain codes: only the contract itself never changes.
        const text = body(contract, house.contracts)
        const tag = suffix === '' ? digest : digestOf(canonicalJson(text)).slice(0, 32)
        if (isFresh(request, reply, tag, isOpen(newest.contract))) return reply.code(304).send(null)
        return text
      },
    )
  }
}

function editionRoutes(app: App, house: House): void {
  app.get(
    '/v1/datasets/:slug/editions/:edition',
    {
      schema: {
        operationId: 'getEdition',
        tags,
        summary: 'One edition with its versions',
        description: 'All published versions of one period, with reasons; withdrawn ones are named as such.',
        params: Type.Object({ slug: Slug, edition: EditionName }),
        response: { 200: EditionSchema, ...problemResponses('dataset-not-found', 'edition-not-found') },
      },
    },
    async (request) => {
      const { slug, edition } = request.params
      getReadable(house.contracts, request.reader, slug)
      const [first, ...rest] = await listVersions(house.database, { dataset: slug, edition })
      if (first === undefined) throw problem('edition-not-found', { path: 'edition' })
      return editionBody([first, ...rest], house.config)
    },
  )
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/:version',
    {
      schema: {
        operationId: 'getVersion',
        tags,
        summary: 'One version with its files',
        description:
          'Counts, digests, warnings, suppressions, parts and files of a version. `latest` redirects.',
        params: Type.Object({ slug: Slug, edition: EditionName, version: VersionNumber }),
        response: {
          200: VersionWithFilesSchema,
          307: Type.Null({ description: 'The address of the latest version.' }),
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      getReadable(house.contracts, request.reader, slug)
      const asked = version === 'latest' ? version : Number(version)
      const found = await getVersion(house.database, house.config, { dataset: slug, edition, version: asked })
      if (asked === 'latest') return reply.redirect(addresses(house.config).version(found), 307)
      const files = await listDistributions(house.database, found.id)
      return {
        ...versionBody(found, house.config),
        distributions: files.map((file) => distributionBody(file, found, house.config)),
      }
    },
  )
}
