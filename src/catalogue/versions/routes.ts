/**
 * Editions and versions over HTTP: the lists with reasons, one version with its files, redirects of `latest`,
 * and the preview of a draft with a token. A withdrawn version answers 410 with its reason and its successor.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type Contract, fileName, isOpen } from '../../contract/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import { addresses } from '../addresses.ts'
import type { AppContext } from '../context.ts'
import { distributionBody, editionBody, editionsOf, versionBody } from '../datasets/bodies.ts'
import {
  EditionName,
  EditionSchema,
  EditionsSchema,
  PreviewToken,
  Slug,
  toLatest,
  VersionNumber,
  VersionsSchema,
  VersionWithFilesSchema,
} from '../schemas.ts'
import { setDeprecationHeaders } from './deprecation.ts'
import { linkHeader } from './neighbour-links.ts'
import { findServed } from './previews.ts'
import {
  getReadable,
  getVersion,
  listDistributions,
  listVersions,
  modifiedAt,
  type PublishedVersion,
} from './published.ts'

const tags = ['catalogue']

export function versionRoutes(app: App, context: AppContext): void {
  listRoutes(app, context)
  versionRoute(app, context)
  latestRoute(app, context)
}

function listRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/editions',
    {
      schema: {
        operationId: 'listEditions',
        tags,
        summary: 'The editions of a dataset',
        description: 'Every edition with a published version, the newest first.',
        params: Type.Object({ slug: Slug }),
        response: { 200: EditionsSchema, ...problemResponses('dataset-not-found') },
      },
    },
    async (request) => {
      const { slug } = request.params
      getReadable(context.contracts, request.caller, slug)
      const data = editionsOf(await listVersions(context.database, { dataset: slug }), context.config)
      const at = addresses(context.config)
      return { data, links: { self: at.editions(slug), dataset: at.dataset(slug) } }
    },
  )
  app.get(
    '/v1/datasets/:slug/editions/:edition',
    {
      schema: {
        operationId: 'getEdition',
        tags,
        summary: 'One edition with its versions',
        description: 'All published versions of one period, with reasons; withdrawn ones are marked.',
        params: Type.Object({ slug: Slug, edition: EditionName }),
        response: {
          200: EditionSchema,
          304: NotModified,
          ...problemResponses('dataset-not-found', 'edition-not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { contract, versions } = await listOfEdition(context, request)
      const body = editionBody(versions, context.config)
      if (isCurrent(request, reply, body, versions, contract)) return reply.code(304).send(null)
      return body
    },
  )
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions',
    {
      schema: {
        operationId: 'listVersions',
        tags,
        summary: 'The versions of an edition',
        description:
          'Every version ever published, the newest first: its state, reason, time, number of records, digest, and ' +
          'difference from the previous version.',
        params: Type.Object({ slug: Slug, edition: EditionName }),
        response: {
          200: VersionsSchema,
          304: NotModified,
          ...problemResponses('dataset-not-found', 'edition-not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition } = request.params
      const { contract, versions } = await listOfEdition(context, request)
      const at = addresses(context.config)
      const links = {
        self: at.versions(slug, edition),
        edition: at.edition(slug, edition),
        latest: at.latest(slug, edition),
      }
      reply.header('link', `<${links.latest}>; rel="latest-version", <${links.edition}>; rel="collection"`)
      const body = { data: versions.map((version) => versionBody(version, versions, context.config)), links }
      if (isCurrent(request, reply, body, versions, contract)) return reply.code(304).send(null)
      return body
    },
  )
}

const NotModified = Type.Null({ description: "Not modified: the caller's copy is current." })

/** Sets the validators of a body that depends on the versions of an edition alone, and compares them. */
function isCurrent(
  request: FastifyRequest,
  reply: FastifyReply,
  body: unknown,
  versions: readonly PublishedVersion[],
  contract: Contract,
): boolean {
  const tag = digestOf(canonicalJson(body)).slice(0, 32)
  const modified = versions.length === 0 ? undefined : modifiedAt(versions)
  return isFresh(request, reply, tag, isOpen(contract), { modified })
}

/** The newest contract and the published versions of the requested edition. Throws `dataset-not-found` and `edition-not-found`. */
async function listOfEdition(
  context: AppContext,
  request: {
    readonly params: { readonly slug: string; readonly edition: string }
    readonly caller: Caller
  },
): Promise<{
  readonly contract: Contract
  readonly versions: readonly [PublishedVersion, ...PublishedVersion[]]
}> {
  const { slug, edition } = request.params
  const { contract } = getReadable(context.contracts, request.caller, slug)
  const [first, ...rest] = await listVersions(context.database, { dataset: slug, edition })
  if (first === undefined) throw problem('edition-not-found', { path: 'edition' })
  return { contract, versions: [first, ...rest] }
}

function versionRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/:version',
    {
      schema: {
        operationId: 'getVersion',
        tags,
        summary: 'One version with its files',
        description:
          'Counts, digests, warnings, suppressions, parts and files of a version. `latest` redirects, here and in every ' +
          'address below. The header `Link` gives its neighbours.',
        params: Type.Object({ slug: Slug, edition: EditionName, version: VersionNumber }),
        querystring: Type.Object({ preview: PreviewToken }),
        response: {
          200: VersionWithFilesSchema,
          ...toLatest,
          304: NotModified,
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
            'precondition-failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const { preview } = request.query
      const { contract } = getReadable(context.contracts, request.caller, slug)
      const of = { dataset: slug, edition }
      if (version === 'latest') {
        const found = await getVersion(context.database, context.config, { ...of, version })
        return reply.redirect(`${addresses(context.config).version(found)}${queryOf(request.url)}`, 307)
      }
      const found = await findServed(context, { ...of, version: Number(version), preview })
      const versions = await listVersions(context.database, of)
      const files = await listDistributions(context.database, found.id)
      reply.header('link', linkHeader(found, versions, context.config))
      await setDeprecationHeaders(context, reply, found)
      const body = {
        ...versionBody(found, versions, context.config, preview),
        distributions: files.map((file) => distributionBody(file, found, context.config, preview)),
      }
      const all = found.publishedAt === null ? [] : versions
      if (isCurrent(request, reply, body, all, contract)) return reply.code(304).send(null)
      return body
    },
  )
}

/** The addresses below `latest`: each redirects to the same one below the number, with its query. */
function latestRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/latest/*',
    {
      config: { openQuery: true },
      // Not in the OpenAPI, which has these addresses with the number of a version.
      schema: { hide: true, params: Type.Object({ slug: Slug, edition: EditionName, '*': Type.String() }) },
    },
    async (request, reply) => {
      const { slug, edition } = request.params
      getReadable(context.contracts, request.caller, slug)
      const of = { dataset: slug, edition, version: 'latest' as const }
      const found = await getVersion(context.database, context.config, of)
      // The raw URL, so that percent-encoding stays.
      const [path = ''] = request.url.split('?')
      const below = path.slice(path.indexOf('/versions/latest/') + '/versions/latest/'.length)
      const target = `${addresses(context.config).version(found)}/${numbered(below, found)}`
      return reply.redirect(`${target}${queryOf(request.url)}`, 307)
    },
  )
}

/**
 * Below `latest`, a file may be named without a number or with any; the redirect uses the number of the
 * latest version.
 */
function numbered(below: string, version: PublishedVersion): string {
  const [, name] = /^files\/([^/]+)$/.exec(below) ?? []
  const own = `${version.dataset}-${version.edition}`
  if (name === undefined || !name.startsWith(own)) return below
  const [, extension] = /^(?:-v\d+)?\.([A-Za-z0-9.]+)$/.exec(name.slice(own.length)) ?? []
  return extension === undefined ? below : `files/${fileName(version, extension)}`
}

function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at)
}
