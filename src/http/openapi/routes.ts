/**
 * The OpenAPI documents and the page that shows them, in both languages. It works offline: all scripts and
 * styles come from this service. Documents are built at first request and after contracts have changed.
 */
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type Contracts, isOpen, mayRead } from '../../contract/index.ts'
import { digestOf } from '../../platform/digest.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { codedTag, codingOf } from '../cache/codings.ts'
import { isFresh } from '../cache/freshness.ts'
import type { HttpContext } from '../context.ts'
import { type App, pageLanguageOf, problemResponses } from '../route-helpers.ts'
import { registerCollectors } from './collect-routes.ts'
import type { DatasetPart } from './dataset-operations.ts'
import { datasetDocumentPath, openDatasets } from './document.ts'
import { buildDocumentCache, expandDocument, type RenderedDocument } from './document-cache.ts'

/** Version of the public API under /v1. It follows the API, not the package. */
const apiVersion = '1.0.0'

/** Registers what collects the routes; call it before any route is registered. */
export async function registerOpenapi(app: App, { config }: Pick<HttpContext, 'config'>): Promise<void> {
  await registerCollectors(app, {
    openapi: {
      openapi: '3.1.0',
      info: {
        // ASCII, because generators make the package's name of it.
        title: 'Qingdan',
        version: apiVersion,
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        contact: {
          name: 'Qingdan 清单',
          ...(config.QINGDAN_PUBLIC_URL === '' ? {} : { url: config.QINGDAN_PUBLIC_URL }),
        },
      },
      // Reading open data needs no key; operations that need one say so.
      security: [{}, { key: [] }],
      servers: [{ url: config.QINGDAN_PUBLIC_URL === '' ? '/' : config.QINGDAN_PUBLIC_URL }],
      tags: [
        { name: 'lists', description: 'What was promised, and whether it is open yet' },
        { name: 'exchange', description: 'Interfaces for other platforms' },
        { name: 'catalogue', description: 'Datasets, contracts, editions, versions, files' },
        {
          name: 'records',
          description: 'Records of all datasets; each dataset has its own OpenAPI document',
        },
        { name: 'venues', description: 'What is open, sessions, calendars, closures' },
        { name: 'bundles', description: 'For providers with a key: submit data, track the receipt' },
        {
          name: 'publications',
          description: 'For keys that may publish: request, approve, preview, withdraw',
        },
        {
          name: 'ckan',
          description:
            "CKAN's Action API, for catalogues that harvest. Each action also by `POST`, with the parameters as JSON",
        },
        { name: 'odata', description: 'OData 4.0 for reading, for Excel and Power BI' },
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

* Unknown parameters are refused; the response names the nearest known one.
* Errors are problems according to RFC 9457 with a stable \`code\`; \`/v1/problems\` lists all codes.
  The response \`default\` lists those that any operation can return.
  A 404 is an HTML page for callers that prefer \`text/html\` to JSON.
* A version's bytes never change; a correction is a new version.
* Titles are in Chinese and English; where a response has one language, \`Accept-Language\` or \`?lang=zh|en\`, which every address takes, chooses it. Codes never change.
* Fields, filters and code lists of a dataset: \`/v1/datasets/{slug}/openapi.json\`; \`x-datasets\` lists all of them.
* This document is also available in Chinese: \`/openapi.json?lang=zh\`.`

const Slug = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,62}$',
  description: 'The slug of a dataset, from GET /v1/datasets.',
})

/** As the page's form sends it: empty for the generic document. */
const ChosenSlug = Type.String({ pattern: '^([a-z][a-z0-9-]{0,62})?$' })

const Lang = Type.Optional(Type.Enum(['zh', 'en'], { description: 'The language of the texts.' }))

/** Data of the documentation page. */
export interface DocsPage {
  readonly language: Language
  /** Address of the document in that language. */
  readonly document: string
  /** The dataset of the document; undefined for the generic one. */
  readonly dataset?: string | undefined
  /** Datasets to choose from. */
  readonly datasets: readonly { readonly slug: string; readonly title: string }[]
}

/**
 * Registers /openapi.json, the document of each dataset, and /docs. `parts` is what the modules declare about
 * their routes for one dataset.
 */
export async function docsRoutes(
  app: App,
  context: Pick<HttpContext, 'contracts'>,
  parts: readonly DatasetPart[],
  renderDocs: (page: DocsPage) => string,
): Promise<void> {
  documentRoutes(app, context, parts)
  await registerSwaggerUi(app)
  app.get(
    '/docs',
    {
      config: { offers: ['text/html'] },
      schema: { hide: true, querystring: Type.Object({ lang: Lang, dataset: Type.Optional(ChosenSlug) }) },
    },
    async (request, reply) => {
      const { lang = pageLanguageOf(request), dataset } = request.query
      return sendDocs(
        request,
        reply,
        renderDocs(docsPage(context.contracts, lang, dataset || undefined)),
        lang,
      )
    },
  )
}

function documentRoutes(
  app: App,
  context: Pick<HttpContext, 'contracts'>,
  parts: readonly DatasetPart[],
): void {
  const documents = buildDocumentCache(app, parts)
  // Built while the service starts, so that the first caller need not wait for it.
  app.addHook('onListen', async () => {
    await documents.generic(context.contracts, undefined)
  })
  const response = (title: string): Readonly<Record<number, unknown>> => ({
    200: { description: title, content: { 'application/json': { schema: { type: 'object' } } } },
    304: Type.Null({ description: "Not modified: the caller's copy is current." }),
  })
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenapi',
        tags: ['service'],
        summary: 'This document',
        description:
          'OpenAPI 3.1 of the operations that do not depend on a dataset. `x-datasets` lists the datasets with the ' +
          'addresses of their documents. Without `lang` texts are in English, and titles of datasets in both languages.',
        querystring: Type.Object({ lang: Lang }),
        response: { ...response('OpenAPI 3.1.'), ...problemResponses('precondition-failed') },
      },
    },
    async (request, reply) => {
      const document = await documents.generic(context.contracts, request.query.lang)
      return sendDocument(request, reply, document, true)
    },
  )
  app.get(
    '/v1/datasets/:slug/openapi.json',
    {
      schema: {
        operationId: 'getDatasetOpenapi',
        tags: ['service'],
        summary: 'OpenAPI of one dataset',
        description:
          'OpenAPI 3.1 of the operations on the records of a dataset, with its fields, operators, code lists and ' +
          'examples. Without `lang` the texts of the dataset are in both languages, all others in English.',
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ lang: Lang }),
        response: {
          ...response('OpenAPI 3.1.'),
          ...problemResponses('dataset-not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { contracts } = context
      const { slug } = request.params
      const loaded = contracts.find(slug)
      // Do not reveal that a dataset exists to callers who may not read it.
      if (loaded === undefined || !mayRead(request.caller, loaded.contract))
        throw problem('dataset-not-found', { path: 'slug' })
      const document = await documents.dataset(contracts, loaded, request.query.lang)
      return sendDocument(request, reply, document, isOpen(loaded.contract))
    },
  )
}

/** Sends a document: as gzip as it is cached; in other codings like all texts (compression.ts). */
async function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  document: RenderedDocument,
  open: boolean,
): Promise<FastifyReply> {
  if (isFresh(request, reply, document.tag, open)) return reply.code(304).send(null)
  reply.type('application/json; charset=utf-8')
  if (codingOf(request.headers['accept-encoding']) !== 'gzip') {
    return reply.send(await expandDocument(document))
  }
  return reply
    .header('etag', `"${codedTag(document.tag, 'gzip')}"`)
    .header('content-encoding', 'gzip')
    .send(document.gzip)
}

/** Throws `dataset-not-found`: the page is public, so it shows public datasets only. */
function docsPage(contracts: Contracts, language: Language, dataset: string | undefined): DocsPage {
  const datasets = openDatasets(contracts).map(({ contract }) => ({
    slug: contract.dataset,
    title: inLanguage(contract.title, language),
  }))
  if (dataset === undefined) return { language, document: `/openapi.json?lang=${language}`, datasets }
  if (!datasets.some(({ slug }) => slug === dataset)) throw problem('dataset-not-found', { path: 'dataset' })
  return { language, document: datasetDocumentPath(dataset, language), dataset, datasets }
}

function sendDocs(
  request: FastifyRequest,
  reply: FastifyReply,
  page: string,
  language: Language,
): FastifyReply {
  const isCurrent = isFresh(request, reply, digestOf(page).slice(0, 32))
  reply.header('content-language', language === 'zh' ? 'zh-CN' : 'en')
  reply.header('vary', 'Accept-Language, Cookie')
  return isCurrent ? reply.code(304).send() : reply.type('text/html; charset=utf-8').send(page)
}

/**
 * The scripts and styles of Swagger UI, under /docs/ui/static. Its own page has one language and breaks if
 * its URL has parameters, so requests for it are redirected to /docs.
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
