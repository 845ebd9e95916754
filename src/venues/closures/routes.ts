/** Closures over HTTP, for keys with the scope `closures`: add one, or many as CSV, and remove one. */
import { Type } from 'typebox'
import { requireScope } from '../../accounts/index.ts'
import { type AppContext, addresses } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import { problem } from '../../platform/problem.ts'
import { closureBody } from '../bodies.ts'
import { ClosureSchema } from '../schemas.ts'
import { addClosures, closuresMax, reasonLengthMax, removeClosure } from './change-closures.ts'
import { parseClosures } from './closures-csv.ts'

const tags = ['venues']
const security = [{ key: [] }]
/** Two thousand lines of a closure fit well. */
const bodyLimit = 1 << 20

const scoped = ['key-missing', 'scope-missing', 'venue-not-found', 'mirror-read-only'] as const
const bodied = [
  ...(['body-invalid', 'body-too-large', 'media-type-unsupported'] as const),
  ...(['closure-invalid', 'closure-overlaps', 'closures-too-many'] as const),
] as const

const RequestSchema = Type.Object(
  {
    kind: Type.Optional(
      Type.Enum(['closed', 'open'], { description: '`closed` if absent; `open` for a one-off opening.' }),
    ),
    from: Type.Optional(Type.String({ description: 'When it begins, with its zone; now if absent.' })),
    until: Type.Optional(
      Type.String({ description: 'When it ends, with its zone; until it is removed if absent.' }),
    ),
    reason: Type.String({
      minLength: 1,
      maxLength: reasonLengthMax,
      description: 'The reason, which is public.',
    }),
  },
  { additionalProperties: false, description: 'A closure or a one-off opening.' },
)

const VenueId = Type.String({ minLength: 1, maxLength: 100, description: 'Code of the venue.' })

export function closureRoutes(app: App, context: AppContext): void {
  // Fastify takes plain text by itself.
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser('text/csv', { parseAs: 'string', bodyLimit }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('onRequest', async (request, reply) => {
    // The answers are for the holder of the key only.
    reply.header('cache-control', 'private, no-store')
    requireScope(request.caller, 'closures')
  })
  addRoute(app, context)
  bulkRoute(app, context)
  removeRoute(app, context)
}

function addRoute(app: App, context: AppContext): void {
  app.post(
    '/v1/venues/:id/closures',
    {
      bodyLimit,
      schema: {
        operationId: 'addClosure',
        tags,
        security,
        summary: 'Close a venue, or open it once',
        description:
          'In force at once, everywhere within a second, and in the feed of changes. A closure wins over sessions and ' +
          'one-off openings. Needs the scope `closures`; a key of a district or school may close its own venues.',
        params: Type.Object({ id: VenueId }),
        body: RequestSchema,
        response: { 201: ClosureSchema, ...problemResponses(...scoped, ...bodied) },
      },
    },
    async (request, reply) => {
      const { caller, body, params } = request
      if (typeof body !== 'object') throw problem('media-type-unsupported')
      const by = { actor: `key:${caller.keyId}`, caller }
      const [added] = await addClosures(context, [{ ...body, venue: params.id }], by)
      if (added === undefined) throw new Error('nothing was added')
      const location = `${addresses(context.config).venue(added.venue)}/closures/${added.id}`
      return reply.code(201).header('location', location).send(closureBody(added))
    },
  )
}

function bulkRoute(app: App, context: AppContext): void {
  app.post(
    '/v1/venues/closures',
    {
      bodyLimit,
      schema: {
        operationId: 'addClosures',
        tags,
        security,
        summary: 'Close many venues',
        description:
          `CSV with the columns \`venue,kind,from,until,reason\`, at most ${closuresMax} lines. All are added or none; the ` +
          'problem names the line by `row`. Needs the scope `closures`.',
        consumes: ['text/csv'],
        body: Type.String({ description: 'The CSV.' }),
        response: {
          201: Type.Object({ data: Type.Array(ClosureSchema, { description: 'What was added, in order.' }) }),
          ...problemResponses(...scoped, ...bodied),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request
      if (typeof body !== 'string')
        throw problem('media-type-unsupported', { path: 'Content-Type', taken: ['text/csv'] })
      const added = await addClosures(context, parseClosures(body), { actor: `key:${caller.keyId}`, caller })
      return reply.code(201).send({ data: added.map(closureBody) })
    },
  )
}

function removeRoute(app: App, context: AppContext): void {
  app.delete(
    '/v1/venues/:id/closures/:closure',
    {
      schema: {
        operationId: 'removeClosure',
        tags,
        security,
        summary: 'Remove a closure',
        description: 'The venue is open again at its hours, at once. Needs the scope `closures`.',
        params: Type.Object({
          id: VenueId,
          closure: Type.String({ maxLength: 100, description: 'Id of the closure.' }),
        }),
        response: {
          204: Type.Null({ description: 'It was removed.' }),
          ...problemResponses(...scoped, 'closure-not-found', 'closure-removed'),
        },
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const by = { actor: `key:${caller.keyId}`, caller }
      await removeClosure(context, { venue: params.id, id: params.closure }, by)
      return reply.code(204).send(null)
    },
  )
}
