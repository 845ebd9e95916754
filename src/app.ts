/**
 * The table of contents: the HTTP service as a value, with the manners that all rooms share and each room's routes.
 * It listens nowhere, starts nothing and asks the database nothing; that is main's.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyError, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { accessRoutes } from './access/index.ts'
import { type App, ProblemSchema, RecordSchema } from './base/http.ts'
import { catalogueRoutes, type House } from './catalogue/index.ts'
import { countBehind, datasetForms, exchangeRoutes } from './exchange/index.ts'
import {
  buildWarm,
  type DatasetPart,
  docsRoutes,
  operationsRoutes,
  originForm,
  problemOf,
  refuseConnection,
  registerManners,
  registerOpenapi,
  registerRefusals,
  requestId,
  type SocketLimits,
  sendProblem,
  serverFactory,
  socketLimits,
  trustedProxies,
  unmatched,
} from './http/index.ts'
import { ingestRoutes, publicationRoutes, receiptRoutes } from './ingest/index.ts'
import { listsRoutes } from './lists/index.ts'
import { portalRoutes } from './portal/index.ts'
import { aggregatePart, aggregateRoutes, GroupSchema, recordsPart, recordsRoutes } from './records/index.ts'

/** What rooms say of their addresses for one dataset; the OpenAPI makes operations of each dataset of it. */
export const datasetParts: readonly DatasetPart[] = [recordsPart, aggregatePart]

/** Every room that answers, in the order of the OpenAPI. */
const rooms: readonly ((app: App, house: House) => void | Promise<void>)[] = [
  listsRoutes,
  (app, house) => catalogueRoutes(app, house, datasetForms),
  recordsRoutes,
  aggregateRoutes,
  ingestRoutes,
  receiptRoutes,
  publicationRoutes,
  exchangeRoutes,
  (app, house) => accessRoutes(app, house, (reader, cursor) => countBehind(house, reader, cursor)),
  operationsRoutes,
  (app, house) => docsRoutes(app, house, datasetParts),
  portalRoutes,
]

/** Names of distributions are the longest parameters of ours: slug, edition, version, extension. */
const parameterLengthMax = 300

/** Builds the service. Its routes are registered and its hooks stand; `close()` ends idle connections at once. */
export async function buildApp(house: House, limits: SocketLimits = socketLimits): Promise<App> {
  const warm = buildWarm(house)
  const app = fastify({
    // Fastify's own log lines quote addresses; the house says what it says by observations alone.
    logger: false,
    genReqId: ({ headers }) => requestId(headers),
    trustProxy: trustedProxies,
    bodyLimit: house.config.QINGDAN_BODY_BYTES_MAX,
    serverFactory: serverFactory(limits, warm.before),
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: parameterLengthMax },
    rewriteUrl: originForm,
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, house),
    frameworkErrors: (error, request, reply) => sendUnreadable(error, request, reply, house),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.addSchema(ProblemSchema)
  app.addSchema(RecordSchema)
  app.addSchema(GroupSchema)
  registerRefusals(app, house)
  await registerManners(app, house, warm)
  await registerOpenapi(app, house)
  for (const room of rooms) await app.register(async (scope) => room(scope, house))
  return app
}

/** An address that the router can't read reaches no route and no hook: what they would do is done here. */
function sendUnreadable(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  house: House,
): void {
  reply
    .header('x-request-id', request.id)
    .header('access-control-allow-origin', '*')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
  const refusal = problemOf(error)
  const { id, method } = request
  house.observe('request-answered', { requestId: id, route: unmatched, method, status: refusal.status })
  sendProblem(refusal, request, reply, house)
}
