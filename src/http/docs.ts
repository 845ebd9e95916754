/**
 * The OpenAPI document and the pages that show it, offline: each script and style comes from this service.
 * The document is made again when contracts have come, and not otherwise.
 */
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import fresh from 'fresh'
import { digestOf } from '../base/digest.ts'
import { type App, problemResponses } from '../base/http.ts'
import type { House } from '../catalogue/index.ts'
import { readAsset } from '../portal/index.ts'
import { buildOpenapi, type OpenapiDocument } from './openapi.ts'

/** Version of the public surface under /v1. It moves with the addresses, not with the package. */
export const apiVersion = '1.0.0'

/** Registers what collects the routes; it must stand before them. */
export async function registerOpenapi(app: App, { config }: House): Promise<void> {
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
        { name: 'lists', description: 'What was promised, and what became of it 年度开放清单' },
        { name: 'catalogue', description: 'Datasets, contracts, editions, versions, files 目录' },
        { name: 'records', description: 'Records of any dataset; each has operations of its own below 记录' },
        { name: 'bundles', description: 'For providers with a key: bring data, follow the receipt 数据提交' },
        {
          name: 'publications',
          description: 'For keys that may publish: ask, approve, preview, withdraw 数据发布',
        },
        { name: 'service', description: 'The service itself 服务本身' },
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
* A version's bytes never change; a correction is a new version.
* Titles come in Chinese and English; \`Accept-Language\` chooses where one is given. Codes never change.`

/**
 * Registers /openapi.json and /docs. The policy blocks one style of Swagger UI, and shall: that of its own logo, which
 * ours replaces.
 */
export async function docsRoutes(app: App, house: House): Promise<void> {
  const document = keepOpenapi(app, house)
  const [style, logo] = await Promise.all([readAsset('docs.css'), readAsset('logo.svg')])
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, defaultModelsExpandDepth: 0, tryItOutEnabled: true },
    theme: {
      title: 'Qingdan 清单 API',
      css: [{ filename: 'qingdan.css', content: style }],
      favicon: [{ filename: 'logo.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: logo }],
    },
    logo: { type: 'image/svg+xml', content: logo, href: '/' },
    transformSpecification: () => ({ ...document().value }),
    transformSpecificationClone: false,
  })
  const response: Readonly<Record<number, unknown>> = {
    200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    304: { description: 'The document has not changed.', type: 'null' },
    ...problemResponses(),
  }
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenapi',
        tags: ['service'],
        summary: 'This document',
        description: 'OpenAPI 3.1, made of the routes and of the contracts that are loaded now.',
        response,
      },
    },
    async (request, reply) => {
      const { text, etag } = document()
      reply.header('etag', etag).header('cache-control', 'public, max-age=300')
      if (fresh(request.headers, { etag })) return reply.code(304).send()
      return reply.type('application/json; charset=utf-8').serializer(String).send(text)
    },
  )
}

interface Kept {
  readonly value: OpenapiDocument
  readonly text: string
  readonly etag: string
}

/** The document, kept until the contracts differ from those that it was made of. */
function keepOpenapi(app: App, { contracts }: House): () => Kept {
  let madeOf: string | undefined
  let kept: Kept | undefined
  return () => {
    const now = contracts
      .list()
      .map(({ digest }) => digest)
      .join()
    if (kept === undefined || madeOf !== now) {
      const value = buildOpenapi(app, contracts)
      const text = JSON.stringify(value)
      kept = { value, text, etag: `"${digestOf(text).slice(0, 32)}"` }
      madeOf = now
    }
    return kept
  }
}
