/** The portal over HTTP: home page, search, dataset pages and static files. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { Type } from 'typebox'
import {
  type AppContext,
  type DatasetParameters,
  facetNames,
  listReadable,
  Slug,
} from '../catalogue/index.ts'
import { type App, baseUrl, languageOf } from '../http/index.ts'
import { anonymousCaller } from '../platform/caller.ts'
import { digestOf } from '../platform/digest.ts'
import type { Language } from '../platform/language.ts'
import { type AssetName, assets, readAsset } from './assets.ts'
import { findDatasetPage } from './datasets/find-page.ts'
import { renderDatasetPage } from './datasets/page.ts'
import { renderHome } from './home.ts'
import { findOverview } from './overview.ts'
import { dataCatalog } from './schema-org.ts'
import { findResults } from './search/find-results.ts'
import { renderResults } from './search/results.ts'

export async function portalRoutes(app: App, context: AppContext): Promise<void> {
  app.get(
    '/',
    {
      config: { offers: ['text/html'] },
      schema: {
        hide: true,
        querystring: Type.Object({
          lang: Type.Optional(Type.Enum(['zh', 'en'])),
          q: Type.Optional(Type.String()),
          cursor: Type.Optional(Type.String()),
          ...Object.fromEntries(facetNames.map((name) => [name, Type.Optional(Type.String())])),
        }),
      },
    },
    async (request, reply) => {
      const { lang, ...parameters } = request.query as DatasetParameters & { readonly lang?: Language }
      const language = lang ?? languageOf(request, 'zh')
      reply.header('content-language', language === 'zh' ? 'zh-CN' : 'en').header('vary', 'Accept-Language')
      // A form sends empty fields too; without any search term the home page is shown.
      const isSearch = Object.values(parameters).some((value) => String(value).trim() !== '')
      const site = { contracts: context.contracts, base: baseUrl(request, context.config), language }
      const open = listReadable(context.contracts, anonymousCaller).map(({ contract }) => contract)
      const send = (text: string) => sendText(request, reply, text, 'text/html; charset=utf-8', pageSeconds)
      if (isSearch) return send(renderResults(await findResults(context, parameters, language), language))
      const overview = await findOverview(context)
      const samples = overview.datasets.filter(({ synthetic }) => synthetic).map(({ slug }) => slug)
      return send(renderHome(overview, language, dataCatalog(open, site, new Set(samples))))
    },
  )
  datasetPageRoute(app, context)
  for (const [name, type] of Object.entries(assets) as [AssetName, string][]) {
    const text = await readAsset(name)
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (request, reply) =>
      sendText(request, reply, text, type, assetSeconds),
    )
  }
}

function datasetPageRoute(app: App, context: AppContext): void {
  app.get(
    '/datasets/:slug',
    {
      config: { offers: ['text/html'] },
      schema: {
        hide: true,
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ lang: Type.Optional(Type.Enum(['zh', 'en'])) }),
      },
    },
    async (request, reply) => {
      const language = request.query.lang ?? languageOf(request, 'zh')
      const site = { contracts: context.contracts, base: baseUrl(request, context.config), language }
      const { content, data } = await findDatasetPage(context, request.params.slug, site)
      reply.header('content-language', language === 'zh' ? 'zh-CN' : 'en').header('vary', 'Accept-Language')
      const text = renderDatasetPage(content, language, data)
      return sendText(request, reply, text, 'text/html; charset=utf-8', pageSeconds)
    },
  )
}

/** Pages change with each publication; being a minute late does no harm. */
const pageSeconds = 60

/** File names don't change with the content, so browsers revalidate after an hour and usually get a 304. */
const assetSeconds = 3600

function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
  type: string,
  seconds: number,
): FastifyReply {
  const etag = `"${digestOf(text).slice(0, 32)}"`
  reply.header('etag', etag).header('cache-control', `public, max-age=${seconds}`)
  if (fresh(request.headers, { etag })) return reply.code(304).send()
  return reply.type(type).send(text)
}
