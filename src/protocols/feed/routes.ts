/** The feed over HTTP. Refuses what feed.ts refuses; ends all waiting requests when the service stops. */

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
      config: { ownLimit: true },
      schema: {
        operationId: 'listChanges',
        tags: ['exchange'],
        summary: 'The feed of changes',
        description:
          'Every change in one order: datasets, contracts, versions, corrections, withdrawals, items of annual lists. ' +
          'Store `meta.cursor` and send it as `after` next time: you miss nothing and get nothing twice. `links.next` is ' +
          'always present; with `wait` the response comes as soon as something changes. After `dataset-opened`, read the ' +
          'earlier changes of that dataset with `dataset`; after `dataset-closed` the feed has no more changes of it.',
        querystring: FeedQuery,
        response: {
          200: FeedSchema,
          ...problemResponses('cursor-invalid', 'dataset-not-found', 'waits-busy'),
        },
      },
    },
    async (request, reply) => {
      const { query: parameters, caller, callerKey } = request
      const body = await answerFeed(context, waits, {
        parameters,
        reader: caller,
        caller: callerKey,
        client: reply.raw,
      })
      // The next change may come at any moment, and a response to a key may hold restricted data.
      return reply
        .header('cache-control', caller.keyId === undefined ? 'no-cache' : 'private, no-store')
        .header('vary', 'Authorization')
        .header('link', `<${body.links.next}>; rel="next"`)
        .send(body)
    },
  )
}
