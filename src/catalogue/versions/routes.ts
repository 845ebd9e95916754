/**
 * Editions and versions over HTTP: the lists with reasons, one version with its files, redirects of `latest`,
 * and the preview of a draft with a token. A withdrawn version answers 410 with its reason and its successor.
 */
import { Type } from 'typebox'
import { fileName } from '../../contract/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
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
        response: { 200: EditionSchema, ...problemResponses('dataset-not-found', 'edition-not-found') },
      },
    },
    async (request) => editionBody(await listOfEdition(context, request), context.config),
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
        response: { 200: VersionsSchema, ...problemResponses('dataset-not-found', 'edition-not-found') },
      },
    },
    async (request, reply) => {
      const { slug, edition } = request.params
      const versions = await listOfEdition(context, request)
      const at = addresses(context.config)
      const links = {
        self: at.versions(slug, edition),
        edition: at.edition(slug, edition),
        latest: at.latest(slug, edition),
      }
      reply.header('link', `<${links.latest}>; rel="latest-version", <${links.edition}>; rel="collection"`)
      return { data: versions.map((version) => versionBody(version, versions, context.config)), links }
    },
  )
}

/** The published versions of the requested edition. Throws `dataset-not-found` and `edition-not-found`. */
async function listOfEdition(
  context: AppContext,
  request: {
    readonly params: { readonly slug: string; readonly edition: string }
    readonly caller: Caller
  },
): Promise<readonly [PublishedVersion, ...PublishedVersion[]]> {
  const { slug, edition } = request.params
  getReadable(context.contracts, request.caller, slug)
  const [first, ...rest] = await listVersions(context.database, { dataset: slug, edition })
  if (first === undefined) throw problem('edition-not-found', { path: 'edition' })
  return [first, ...rest]
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
      const { preview } = request.query
      getReadable(context.contracts, request.caller, slug)
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
      if (preview !== undefined) {
        reply.header('cache-control', 'private, no-store').header('x-robots-tag', 'noindex')
      }
      return {
        ...versionBody(found, versions, context.config, preview),
        distributions: files.map((file) => distributionBody(file, found, context.config, preview)),
      }
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
