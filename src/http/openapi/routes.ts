/**
 * The OpenAPI document and the page that shows it, in both languages and offline: each script and style comes from
 * this service. A document is made again when contracts have come, and not otherwise.
 */
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { digestOf } from '../../platform/digest.ts'
import type { Language } from '../../platform/language.ts'
import { isFresh } from '../cache/freshness.ts'
import type { HttpContext } from '../context.ts'
import { type App, languageOf, problemResponses } from '../route-helpers.ts'
import type { DatasetPart } from './dataset-operations.ts'
import { buildOpenapi } from './document.ts'

/** Version of the public surface under /v1. It moves with the addresses, not with the package. */
export const apiVersion = '1.0.0'

/** Registers what collects the routes; it must stand before them. */
export async function registerOpenapi(app: App, { config }: Pick<HttpContext, 'config'>): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Qingdan 清单',
        version: apiVersion,
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: config.QINGDAN_PUBLIC_URL === '' ? '/' : config.QINGDAN_PUBLIC_URL }],
      tags: [
        { name: 'lists', description: 'What was promised, and what became of it' },
        { name: 'exchange', description: 'What other platforms follow' },
        { name: 'catalogue', description: 'Datasets, contracts, editions, versions, files' },
        { name: 'records', description: 'Records of any dataset; each has operations of its own below' },
        { name: 'bundles', description: 'For providers with a key: bring data, follow the receipt' },
        { name: 'publications', description: 'For keys that may publish: ask, approve, preview, withdraw' },
        { name: 'ckan', description: "CKAN's Action API, for catalogues that harvest" },
        { name: 'mcp', description: 'The Model Context Protocol, for agents' },
        { name: 'service', description: 'The service itself' },
      ],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'A key `qd_…`. Reading open data needs none.' },
        },
      },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json['$id'] ?? `schema-${i}`) },
  })
}

const description = `Open data of a city's education authority: what was promised, by whom, by when, and the data.

* Unknown parameters are refused, with the nearest known one.
* A refusal is a problem after RFC 9457 with a stable \`code\`; \`/v1/problems\` lists them all.
  A 404 is a page for those who rank \`text/html\` above JSON.
* A version's bytes never change; a correction is a new version.
* Titles come in Chinese and English; \`Accept-Language\` chooses where one is given. Codes never change.
* This document is there in Chinese as well: \`/openapi.json?lang=zh\`.`

const Lang = Type.Optional(Type.Enum(['zh', 'en'], { description: 'The language of the texts.' }))

/** Registers /openapi.json and /docs. `parts` is what the rooms say of their addresses for one dataset. */
export async function docsRoutes(
  app: App,
  context: Pick<HttpContext, 'contracts'>,
  parts: readonly DatasetPart[],
  renderDocs: (language: Language) => string,
): Promise<void> {
  const document = keepOpenapi(app, context, parts)
  const response: Readonly<Record<number, unknown>> = {
    200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    304: Type.Null({ description: 'The document has not changed.' }),
    ...problemResponses('precondition-failed'),
  }
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenapi',
        tags: ['service'],
        summary: 'This document',
        description:
          'OpenAPI 3.1, made of the routes and of the contracts that are loaded now. ' +
          'Without `lang` what is said of datasets stands in both languages, all else in English.',
        querystring: Type.Object({ lang: Lang }),
        response,
      },
    },
    async (request, reply) => {
      const { text, tag } = document(request.query.lang)
      if (isFresh(request, reply, tag)) return reply.code(304).send(null)
      return reply.type('application/json; charset=utf-8').serializer(String).send(text)
    },
  )
  await registerSwaggerUi(app)
  app.get(
    '/docs',
    {
      config: { offers: ['text/html'] },
      schema: { hide: true, querystring: Type.Object({ lang: Lang }) },
    },
    async (request, reply) =>
      sendDocs(request, reply, renderDocs, request.query.lang ?? languageOf(request, 'zh')),
  )
}

function sendDocs(
  request: FastifyRequest,
  reply: FastifyReply,
  renderDocs: (language: Language) => string,
  language: Language,
): FastifyReply {
  const page = renderDocs(language)
  const isCurrent = isFresh(request, reply, digestOf(page).slice(0, 32))
  reply.header('content-language', language === 'zh' ? 'zh-CN' : 'en')
  reply.header('vary', 'Accept-Language')
  return isCurrent ? reply.code(304).send() : reply.type('text/html; charset=utf-8').send(page)
}

/**
 * The scripts and styles of Swagger UI, under /docs/ui/static. Its own page knows one language only and breaks where its
 * address has parameters; what it would answer with leads to ours.
 */
async function registerSwaggerUi(app: App): Promise<void> {
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs/ui',
    uiHooks: {
      onRequest: (_request, reply) => {
        reply.redirect('/docs', 308)
      },
    },
  })
}

interface Kept {
  readonly text: string
  readonly tag: string
}

/** The document in each language, kept until the contracts differ from those that it was made of. */
function keepOpenapi(
  app: App,
  context: Pick<HttpContext, 'contracts'>,
  parts: readonly DatasetPart[],
): (language: Language | undefined) => Kept {
  const kept = new Map<Language | undefined, Kept & { readonly madeOf: HttpContext['contracts'] }>()
  return (language) => {
    const { contracts: madeOf } = context
    const known = kept.get(language)
    if (known?.madeOf === madeOf) return known
    const options = language === undefined ? { parts } : { parts, language }
    const text = JSON.stringify(buildOpenapi(app, madeOf, options))
    const made = { text, tag: digestOf(text).slice(0, 32), madeOf }
    kept.set(language, made)
    return made
  }
}
