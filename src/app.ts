/**
 * Builds the HTTP service from the shared hooks and each module's routes, and starts the jobs and background
 * tasks of all modules for the command `serve`. Building it neither listens nor queries the database.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyError, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import {
  accessRoutes,
  addRates,
  countRequest,
  deleteRates,
  findCaller,
  usageCounterOf,
  writeReads,
} from './accounts/index.ts'
import { annualListRoutes, startListTasks } from './annual-lists/index.ts'
import { type AppContext, catalogueRoutes, followContracts } from './catalogue/index.ts'
import type { OpenContext } from './context.ts'
import {
  type App,
  buildResponseCache,
  type DatasetPart,
  docsRoutes,
  type HttpContext,
  lazySerialisers,
  originForm,
  ProblemSchema,
  problemOf,
  RecordSchema,
  refuseConnection,
  registerErrorHandler,
  registerHooks,
  registerOpenapi,
  requestId,
  type SchemaCompilation,
  type SocketLimits,
  sendProblem,
  serverFactory,
  socketLimits,
  trustedProxies,
  unmatched,
} from './http/index.ts'
import { ingestRoutes, receiptRoutes, startBackgroundTasks, startIngestJobs } from './ingest/index.ts'
import { operationsRoutes, startScrub } from './operations/index.ts'
import { portalRoutes, renderDocs, renderProblem } from './portal/index.ts'
import { countBehind, datasetForms, protocolRoutes } from './protocols/index.ts'
import { publicationRoutes, startPublicationJobs, startPublicationTasks } from './publication/index.ts'
import { aggregatePart, aggregateRoutes, GroupSchema, recordsPart, recordsRoutes } from './records/index.ts'
import { startTransferTasks, transferRoutes } from './transfer/index.ts'
import { closureRoutes, venueRoutes } from './venues/index.ts'

/** What modules declare about their routes for one dataset; the OpenAPI builds its operations from it. */
export const datasetParts: readonly DatasetPart[] = [recordsPart, aggregatePart]

/** The modules with routes, in the order of the OpenAPI. */
const modules: readonly ((app: App, context: AppContext) => void | Promise<void>)[] = [
  annualListRoutes,
  (app, context) => catalogueRoutes(app, context, datasetForms),
  recordsRoutes,
  aggregateRoutes,
  venueRoutes,
  closureRoutes,
  ingestRoutes,
  receiptRoutes,
  publicationRoutes,
  protocolRoutes,
  transferRoutes,
  (app, context) => accessRoutes(app, context, (reader, cursor) => countBehind(context, reader, cursor)),
  operationsRoutes,
  (app, context) => docsRoutes(app, context, datasetParts, renderDocs),
  portalRoutes,
]

/** Names of distributions are the longest parameters: slug, edition, version, extension. */
const parameterLengthMax = 300

/**
 * Builds the service with its hooks and routes; `close()` ends idle connections at once. Schemas are compiled
 * at first use; with `compile: 'at-start'`, which tests use, `ready()` throws on a faulty one.
 */
export async function buildApp(
  context: AppContext,
  limits: SocketLimits = socketLimits,
  compile: SchemaCompilation = 'at-first-use',
): Promise<App> {
  const http = httpContext(context)
  const cache = buildResponseCache(http)
  const app = fastify({
    // Fastify's own log lines contain request addresses; the service logs its closed list of events only.
    logger: false,
    genReqId: ({ headers }) => requestId(headers),
    trustProxy: trustedProxies(context.config),
    bodyLimit: context.config.QINGDAN_BODY_BYTES_MAX,
    serverFactory: serverFactory(limits, context.config.QINGDAN_REQUESTS_PER_CONNECTION_MAX, cache.before),
    forceCloseConnections: 'idle',
    // A hook refuses these requests: Fastify's answer has no Retry-After and is no problem.
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: parameterLengthMax },
    ...(compile === 'at-start' ? {} : { schemaController: lazySerialisers }),
    rewriteUrl: originForm,
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, http),
    frameworkErrors: (error, request, reply) => sendUnreadable(error, request, reply, http),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.addSchema(ProblemSchema)
  app.addSchema(RecordSchema)
  app.addSchema(GroupSchema)
  registerErrorHandler(app, http)
  await registerHooks(app, http, cache, compile)
  await registerOpenapi(app, http)
  for (const routes of modules) await app.register(async (scope) => routes(scope, context))
  return app
}

/** Starts the workers of all queues; `context.jobs.stop` ends them. */
export async function startJobs(context: AppContext): Promise<void> {
  await startIngestJobs(context)
  await startPublicationJobs(context)
}

/** Starts the background tasks of all modules. The result stops them; it waits for a task that is running. */
export function startTasks(context: OpenContext): () => Promise<void> {
  const stops = [
    followContracts(context),
    startBackgroundTasks(context),
    startPublicationTasks(context),
    startTransferTasks(context),
    startListTasks(context),
    startScrub(context),
  ]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** What HTTP needs from higher modules: callers and their keys, and a problem as a page. */
function httpContext(context: AppContext): HttpContext {
  const { config, clock, observe, observeAs, database } = context
  const usage = usageCounterOf(context)
  return {
    config,
    clock,
    observe,
    observeAs,
    database,
    // Contracts are replaced while the service runs.
    get contracts() {
      return context.contracts
    },
    keys: {
      findCaller: (authorization, from) => findCaller(context, authorization, from),
      countRequest: (keyId, quota, now) => countRequest(database, keyId, quota, now),
      writeReads: (reads, by, at) => writeReads(database.work, reads, by, at),
      countUse: (use, isRefused) => usage.count(use, isRefused),
      addRates: async (counts) => {
        await deleteRates(database)
        return addRates(database, counts)
      },
      close: () => usage.close(),
    },
    renderProblem,
  }
}

/** A URL that the router cannot parse reaches no route and no hook, so their work is done here. */
function sendUnreadable(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  context: HttpContext,
): void {
  reply
    .header('x-request-id', request.id)
    .header('access-control-allow-origin', '*')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
  const refusal = problemOf(error)
  const { id, method } = request
  context.observe('request-completed', { requestId: id, route: unmatched, method, status: refusal.status })
  sendProblem(refusal, request, reply, context)
}
