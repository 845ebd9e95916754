/**
 * The list of this service's interfaces at `/.well-known/api-catalog` (RFC 9727), as a set of links (RFC 9264): each with
 * its description for machines and for people. It is public, so it names only open datasets.
 */
import { Type } from 'typebox'
import { type AppContext, listReadable } from '../../catalogue/index.ts'
import { type App, baseUrl, isFresh, problemResponses } from '../../http/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { digestOf } from '../../platform/digest.ts'

const path = '/.well-known/api-catalog'

/** RFC 9727, section 4.2: the profile tells an API catalogue from other sets of links. */
const mediaType = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'

const Linkset = Type.Object(
  {
    linkset: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      description: 'The interfaces by `anchor`, each with its links by relation.',
    }),
  },
  { description: 'A set of links.' },
)

export function apiCatalogRoutes(app: App, context: AppContext): void {
  app.get(
    path,
    {
      schema: {
        operationId: 'getApiCatalog',
        tags: ['exchange'],
        summary: 'Catalogue of the interfaces',
        description: 'All interfaces of this service with their descriptions, as a set of links (RFC 9727).',
        response: {
          200: {
            description: 'The catalogue.',
            content: { 'application/linkset+json': { schema: Linkset } },
          },
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses('precondition-failed'),
        } as Readonly<Record<number, unknown>>,
      },
    },
    async (request, reply) => {
      const base = baseUrl(request, context.config)
      const text = `${JSON.stringify(linksOf(context, base), null, 2)}\n`
      // RFC 9727, section 2: a HEAD request finds the catalogue by this relation.
      reply.header('link', `<${base}${path}>; rel="api-catalog"`)
      if (isFresh(request, reply, digestOf(text).slice(0, 32))) return reply.code(304).send(null)
      return reply.type(mediaType).send(text)
    },
  )
}

function linksOf({ contracts }: AppContext, base: string) {
  const link = (href: string, type: string) => ({ href: `${base}${href}`, type })
  const html = [link('/docs', 'text/html')]
  const openapi = 'application/json'
  const interfaces = [
    { anchor: '/v1', 'service-desc': [link('/openapi.json', openapi)], status: [link('/health', openapi)] },
    ...listReadable(contracts, anonymousCaller).map(({ contract: { dataset } }) => ({
      anchor: `/v1/datasets/${dataset}`,
      'service-desc': [link(`/v1/datasets/${dataset}/openapi.json`, openapi)],
      'service-meta': [link(`/v1/datasets/${dataset}.jsonld`, 'application/ld+json')],
    })),
    { anchor: '/odata/', 'service-desc': [link('/odata/$metadata', 'application/xml')] },
    { anchor: '/catalog', 'service-meta': [link('/catalog.jsonld', 'application/ld+json')] },
    { anchor: '/api/3/action', 'service-desc': [link('/openapi.json', openapi)] },
    { anchor: '/mcp', 'service-desc': [link('/openapi.json', openapi)] },
  ]
  return {
    linkset: [
      { anchor: `${base}${path}`, item: interfaces.map(({ anchor }) => ({ href: `${base}${anchor}` })) },
      ...interfaces.map(({ anchor, ...links }) => ({
        anchor: `${base}${anchor}`,
        ...links,
        'service-doc': html,
      })),
    ],
  }
}
