/** The addresses for people: the first page and the few files that it is made of. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { Type } from 'typebox'
import { digestOf } from '../base/digest.ts'
import { type App, languageOf } from '../base/http.ts'
import type { House } from '../catalogue/index.ts'
import { type AssetName, assets, readAsset } from './assets.ts'
import { renderHome } from './home.ts'
import { findOverview } from './overview.ts'

export async function portalRoutes(app: App, house: House): Promise<void> {
  app.get(
    '/',
    {
      config: { offers: ['text/html'] },
      schema: {
        hide: true,
        querystring: Type.Object({ lang: Type.Optional(Type.Enum(['zh', 'en'])) }),
      },
    },
    async (request, reply) => {
      const language = request.query.lang ?? languageOf(request, 'zh')
      reply.header('content-language', language === 'zh' ? 'zh-CN' : 'en').header('vary', 'Accept-Language')
      const text = renderHome(await findOverview(house), language)
      return sendText(request, reply, text, 'text/html; charset=utf-8', pageSeconds)
    },
  )
  for (const [name, type] of Object.entries(assets) as [AssetName, string][]) {
    const text = await readAsset(name)
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (request, reply) =>
      sendText(request, reply, text, type, assetSeconds),
    )
  }
}

/** A page changes with each publication, and a minute-old one misleads nobody. */
const pageSeconds = 60

/** The names don't change with the content, so browsers ask again after an hour and mostly get a 304. */
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
