/**
 * Descriptions of a version in the terms of standards, each at an address below it, and the catalogue of Data Packages.
 * All are derived from the version, so they never change; a withdrawn version answers 410.
 */
import { Type } from 'typebox'
import {
  type AppContext,
  addresses,
  byDataset,
  EditionName,
  ExactVersion,
  getReadable,
  getVersion,
  isSynthetic,
  latestOf,
  listDistributions,
  listReadable,
  listVersions,
  type PublishedVersion,
  Slug,
  toLatest,
} from '../../catalogue/index.ts'
import { isOpen } from '../../contract/index.ts'
import { type App, baseUrl, isFresh, problemResponses } from '../../http/index.ts'
import { digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import type { AddressedFile, VersionDocument } from './document.ts'
import { versionDocuments } from './list.ts'

const Description = Type.Record(Type.String(), Type.Unknown(), {
  description: 'A JSON object of the standard.',
})

const unchanged = Type.Null({ description: "Not modified: the caller's copy is current." })

export function versionDocumentRoutes(app: App, context: AppContext): void {
  for (const document of versionDocuments) documentRoute(app, context, document)
  packagesRoute(app, context)
}

function documentRoute(app: App, context: AppContext, document: VersionDocument): void {
  const { name, mediaType, operationId, summary, description } = document
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/${name}`,
    {
      schema: {
        operationId,
        tags: ['catalogue'],
        summary,
        description,
        params: Type.Object({ slug: Slug, edition: EditionName, version: ExactVersion }),
        response: {
          200: { description: 'The description.', content: { [mediaType]: { schema: Description } } },
          ...toLatest,
          304: unchanged,
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
            'precondition-failed',
          ),
        } as Readonly<Record<number, unknown>>,
      },
    },
    async (request, reply) => {
      const { slug, edition, version: number } = request.params
      const { contract: newest } = getReadable(context.contracts, request.caller, slug)
      const of = { dataset: slug, edition, version: Number(number) }
      const version = await getVersion(context.database, context.config, of)
      const text = await describe(context, version, document, baseUrl(request, context.config))
      if (isFresh(request, reply, digestOf(text).slice(0, 32), isOpen(newest)))
        return reply.code(304).send(null)
      return reply.type(mediaType).send(text)
    },
  )
}

async function describe(
  { database, contracts }: AppContext,
  version: PublishedVersion,
  document: VersionDocument,
  base: string,
): Promise<string> {
  const at = addresses({ QINGDAN_PUBLIC_URL: base })
  const { dataset, edition, number, records, contractVersion } = version
  const { contract } = contracts.get(dataset, contractVersion)
  const files = (await listDistributions(database, version.id)).map(
    (file): AddressedFile => ({ ...file, url: at.file(version, file.name) }),
  )
  const plain = files.find(({ format }) => format === 'csv')
  if (plain === undefined) throw problem('file-not-found')
  const body = document.build({
    context: {
      contract,
      contracts,
      fields: contract.fields,
      version: { dataset, edition, number, records, synthetic: isSynthetic(version) },
    },
    version,
    files,
    plain,
    page: at.page(dataset),
  })
  return `${JSON.stringify(body, null, 2)}\n`
}

/**
 * A catalogue in the terms of Frictionless (https://framework.frictionlessdata.io/docs/framework/catalog.html): the latest
 * version of each edition that the reader may see.
 */
function packagesRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/datapackages.json',
    {
      schema: {
        operationId: 'getDataPackages',
        tags: ['exchange'],
        summary: 'Catalogue of Data Packages',
        description:
          'A catalogue of Frictionless: the Data Package of the latest version of each edition, at its own address.',
        response: {
          200: { description: 'The catalogue.', content: { 'application/json': { schema: Description } } },
          304: unchanged,
          ...problemResponses('precondition-failed'),
        } as Readonly<Record<number, unknown>>,
      },
    },
    async (request, reply) => {
      const at = addresses({ QINGDAN_PUBLIC_URL: baseUrl(request, context.config) })
      const versions = byDataset(await listVersions(context.database))
      const datasets = listReadable(context.contracts, request.caller).flatMap(({ contract }) => {
        const own = versions.get(contract.dataset) ?? []
        const editions = [...new Set(own.map(({ edition }) => edition))]
        return editions.flatMap((edition) => {
          const latest = latestOf(own.filter((version) => version.edition === edition))
          if (latest === undefined) return []
          const { title, description } = contract
          return {
            name: `${contract.dataset}-${edition}`,
            title: `${title.zh} ${edition}`,
            description: description.zh,
            package: at.document(latest, 'datapackage.json'),
          }
        })
      })
      const body = { name: 'qingdan', title: '教育数据开放清单 Open education data', datasets }
      const text = `${JSON.stringify(body, null, 2)}\n`
      const open = request.caller.keyId === undefined
      if (isFresh(request, reply, digestOf(text).slice(0, 32), open)) return reply.code(304).send(null)
      return reply.type('application/json; charset=utf-8').send(text)
    },
  )
}
