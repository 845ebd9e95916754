/** The catalogue over HTTP: datasets, contracts, editions, versions. Files have a place of their own beside it. */
import { Type } from 'typebox'
import { isFresh } from '../base/freshness.ts'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import { isOpen, tableSchema } from '../contract/index.ts'
import { addresses } from './addresses.ts'
import { datasetBody, distributionBody, editionBody, editionsOf, versionBody } from './bodies.ts'
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
        contracts: house.contracts.versions(dataset).map(({ contract, digest }) => ({
          contractVersion: contract.contractVersion,
          sha256: digest,
          href: addresses(house.config).contract(dataset, contract.contractVersion),
        })),
        editions: editionsOf(versions, house.config),
      }
    },
  )
}

function contractRoutes(app: App, house: House): void {
  const params = Type.Object({
    slug: Slug,
    contractVersion: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'The number of a contract.' }),
  })
  const responses = problemResponses('dataset-not-found', 'contract-not-found')
  app.get(
    '/v1/datasets/:slug/contracts/:contractVersion',
    {
      schema: {
        operationId: 'getContract',
        tags,
        summary: 'A contract',
        description:
          'What the dataset promises: fields, keys, checks, disclosure, providers, rhythm. Never changes.',
        params,
        response: { 200: Type.Record(Type.String(), Type.Unknown()), 304: NotModified, ...responses },
      },
    },
    async (request, reply) => {
      const { slug, contractVersion } = request.params
      const newest = getReadable(house.contracts, request.reader, slug)
      const { contract, digest } = house.contracts.get(slug, Number(contractVersion))
      if (isFresh(request, reply, digest, isOpen(newest.contract))) return reply.code(304).send(null)
      return { ...contract }
    },
  )
  app.get(
    '/v1/datasets/:slug/contracts/:contractVersion/table-schema',
    {
      schema: {
        operationId: 'getTableSchema',
        tags,
        summary: 'A contract as Table Schema',
        description:
          'The fields of the published CSV as a Frictionless Table Schema, for tools that read it.',
        params,
        response: { 200: Type.Record(Type.String(), Type.Unknown()), 304: NotModified, ...responses },
      },
    },
    async (request, reply) => {
      const { slug, contractVersion } = request.params
      const newest = getReadable(house.contracts, request.reader, slug)
      const { contract, digest } = house.contracts.get(slug, Number(contractVersion))
      if (isFresh(request, reply, `${digest}-table-schema`, isOpen(newest.contract))) {
        return reply.code(304).send(null)
      }
      return { ...tableSchema(contract, house.contracts) }
    },
  )
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
