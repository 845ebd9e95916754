/** The feed over HTTP. Refuses what feed.ts refuses; ends the waiting of all when the service stops. */

import type { AppContext } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import { answerFeed } from './feed.ts'
import { FeedQuery, FeedSchema } from './schemas.ts'
import { buildChangeWaiters } from './wait-for-change.ts'

export function feedRoutes(app: App, context: AppContext): void {
  const waits = buildChangeWaiters(context.database, context.config)
  app.addHook('preClose', (done) => {
    waits.end()
    done()
  })
  app.get(
    '/v1/changes',
    {
      schema: {
        operationId: 'listChanges',
        tags: ['exchange'],
        summary: 'The feed of changes',
        description:
          'Every change in one order: datasets, contracts, versions, corrections, withdrawals, items of annual lists. ' +
          'Keep `meta.cursor` and ask `after` it: nothing is missed, nothing comes twice. `links.next` is always there; with ' +
          '`wait` it answers as soon as something has changed. After `dataset-opened` read the past of that dataset by ' +
          '`dataset`; after `dataset-closed` nothing more of it is told.',
        querystring: FeedQuery,
        response: {
          200: FeedSchema,
          ...problemResponses('cursor-invalid', 'dataset-not-found', 'waits-busy'),
        },
      },
    },
    async (request, reply) => {
      const { query: parameters, reader, caller } = request
      const body = await answerFeed(context, waits, { parameters, reader, caller, leaver: reply.raw })
      // What comes next may come at any moment; and with a key it may be what only some may see.
      return reply
        .header('cache-control', reader.keyId === undefined ? 'no-cache' : 'private, no-store')
        .header('vary', 'Authorization')
        .header('link', `<${body.links.next}>; rel="next"`)
        .send(body)
    },
  )
}
