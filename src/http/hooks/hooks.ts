/**
 * Hooks that all modules share: request ids, security headers, CORS, limits, the caller, methods. They reject
 * unreadable URLs, unknown parameters and methods, and callers above their rate before a handler runs.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { anonymousCaller } from '../../platform/caller.ts'
import { Problem, problem } from '../../platform/problem.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { HttpContext } from '../context.ts'
import { sendProblem, unmatched } from '../errors/problem-responses.ts'
import { registerRanges } from '../ranges.ts'
import { type App, refuseUnknown } from '../route-helpers.ts'
import { refuseDuplicateHost } from '../sockets.ts'
import { refuseUnacceptableRequests } from './acceptable.ts'
import { buildAdmission, buildConnectionCounts } from './admission.ts'
import { registerCompression } from './compression.ts'
import { readConstantHeaders } from './constant-headers.ts'
import { answerWhenFrozen } from './frozen-database.ts'
import { enforceQuota, registerKeyHooks, withReadAudit } from './key-hooks.ts'
import { lazyValidator, type SchemaCompilation } from './lazy-compilers.ts'
import { buildSenderOf, networkOf, RateCounts } from './rate-limit.ts'
import { shareRates } from './share-rates.ts'

/** Registers all shared hooks on the root instance, before any route. */
export async function registerHooks(
  app: App,
  context: HttpContext,
  cache: ResponseCache,
  compile: SchemaCompilation,
): Promise<void> {
  app.decorateRequest('caller')
  app.decorateRequest('callerKey', '')
  const { methods, options } = collectMethods(app)
  registerValidators(app, compile)
  const constant = await readConstantHeaders()
  app.addHook('onRequest', refuseDuplicateHost)
  // Hooks use callbacks: they run for every response, and a promise costs more than most hooks do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(constant.always)
    if (request.method !== 'OPTIONS') return done()
    const allowed = methods(request.url)
    if (allowed.length === 0) return done(problem('not-found'))
    // Without a Content-Length of 0, browsers may wait for the body of a 204.
    reply
      .headers({ ...constant.preflight, ...options(request.url) })
      .header('allow', allowed.join(', '))
      .header('content-length', '0')
    reply.code(204).send()
  })
  // Registered only for its name in the metrics: the hook above has already answered.
  app.options('*', { schema: { hide: true } }, async () => undefined)
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode !== 304) return done(null, payload)
    // Without this, a null body would be declared as JSON. Fastify measures what HEAD would send.
    reply.removeHeader('content-type')
    done(null, request.method === 'HEAD' ? '' : null)
  })
  refuseWhenClosing(app)
  answerWhenFrozen(app, context)
  registerRequestEvents(app, context)
  const count = registerCallerHook(app, context)
  app.addHook('onRequest', refuseUnacceptableRequests)
  registerAdmission(app, context)
  registerRanges(app)
  registerCompression(app, context)
  registerKeyHooks(app, context)
  cache.register(app, { always: Object.entries(constant.always).flat(), requestId, count })
  app.addHook('preValidation', (request, _reply, done) => done(problemOfParameters(request)))
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods(request.url)
    if (allowed.length === 0) return sendProblem(problem('not-found'), request, reply, context)
    reply.header('allow', allowed.join(', '))
    return sendProblem(problem('method-not-allowed', { allowed }), request, reply, context)
  })
}

/** The caller's request id if it is harmless in a log and in a header, else a generated one. */
export function requestId(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const id = headers['x-request-id']
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : randomUUID()
}

/** Requests on open connections still arrive during a shutdown. Their connections are closed afterwards. */
function refuseWhenClosing(app: App): void {
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })
  app.addHook('onRequest', (_request, _reply, done) => done(isClosing ? problem('not-ready') : undefined))
}

/** What OPTIONS answers for a URL, from the routes registered from now on. */
interface Collected {
  readonly methods: (url: string) => readonly string[]
  readonly options: (url: string) => Readonly<Record<string, string>>
}

interface CollectedRoute {
  readonly pattern: RegExp
  readonly methods: Set<string>
  readonly options: Record<string, string>
}

/** Collects the methods of each URL and the other headers of its OPTIONS response. */
function collectMethods(app: App): Collected {
  const routes = new Map<string, CollectedRoute>()
  app.addHook('onRoute', ({ url, method, config }) => {
    // The wildcard route serves OPTIONS only; it is not a URL of its own.
    if (url === '*') return
    const entry = routes.get(url) ?? { pattern: patternOf(url), methods: new Set(['OPTIONS']), options: {} }
    for (const name of [method].flat()) entry.methods.add(name)
    Object.assign(entry.options, config?.options)
    routes.set(url, entry)
  })
  const found = (url: string) => {
    const path = url.split('?', 1)[0] ?? ''
    return [...routes.values()].filter(({ pattern }) => pattern.test(path))
  }
  return {
    methods: (url) => [...new Set(found(url).flatMap(({ methods }) => [...methods]))].sort(),
    options: (url) => Object.assign({}, ...found(url).map(({ options }) => options)),
  }
}

/**
 * A route's pattern as a regular expression: `:name` is a segment or part of one, `*` matches the remainder.
 */
function patternOf(url: string): RegExp {
  const source = url
    .split(/(:[A-Za-z0-9_]+(?:\([^)]*\))?|\*)/)
    .map((piece) => {
      if (piece === '*') return '.*'
      const parameter = /^:[A-Za-z0-9_]+(\([^)]*\))?$/.exec(piece)
      // The router's own anchors apply to the segment, not to the whole URL.
      if (parameter !== null) return parameter[1]?.replace(/^\(\^/, '(').replace(/\$\)$/, ')') ?? '[^/]+'
      return piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${source}$`)
}

/** Values from URLs are coerced. Bodies are not, because JSON has types. */
function registerValidators(app: App, compilation: SchemaCompilation): void {
  const shared = {
    ...{ useDefaults: true, removeAdditional: false, allErrors: false },
    // Compiling the metaschema would slow the first request; at the start it is checked.
    ...(compilation === 'at-start' ? {} : { meta: false, validateSchema: false }),
  } as const
  // A very long number becomes Infinity, and a strict Ajv does not check bounds of non-finite numbers.
  const coercing = new Ajv({ ...shared, coerceTypes: true, strictNumbers: false })
  const exact = new Ajv({ ...shared, coerceTypes: false })
  for (const ajv of [coercing, exact]) addFormats.default(ajv)
  app.setValidatorCompiler<FastifySchema>(({ schema, httpPart }) => {
    const ajv = httpPart === 'body' ? exact : coercing
    return compilation === 'at-start' ? ajv.compile(schema) : lazyValidator(ajv, schema)
  })
}

/** One event per request, labelled by the route's pattern, because URLs may contain anything. */
function registerRequestEvents(app: App, context: HttpContext): void {
  const { observe } = context
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isStream(payload)) watchStream(context, request, reply, payload)
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    observe('request-completed', {
      requestId: request.id,
      route: request.routeOptions.url ?? unmatched,
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
    done()
  })
}

function watchStream(
  { observe }: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: NodeJS.ReadableStream,
): void {
  finished(payload, { writable: false }, (error) => {
    // Until the headers are sent, the error handler answers and logs the event.
    if (!error || !reply.raw.headersSent) return
    const route = request.routeOptions.url ?? unmatched
    const reason = (error as NodeJS.ErrnoException).code ?? error.name
    observe('stream-aborted', { route, requestId: request.id, reason })
  })
}

function isStream(payload: unknown): payload is NodeJS.ReadableStream {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload
}

/** A client that repeats a refused request at once would keep the service busy with refusals. */
const refusalMilliseconds = 1_000

function refuseLater(refusal: Problem, done: (error: Error) => void): void {
  setTimeout(() => done(refusal), refusalMilliseconds)
}

/** Pages that run at once for each database connection: while one waits for the database, one computes. */
const pagesPerConnection = 2

/**
 * Lets pages run in turns, fairly among clients. A page's turn ends when its answer is ready: a stream has its
 * own limit, as have long polls and uploads.
 */
function registerAdmission(app: App, { config }: HttpContext): void {
  const runningMax = config.QINGDAN_POOL_MAX * pagesPerConnection
  const admission = buildAdmission(runningMax, config.QINGDAN_PAGES_WAITING_MAX)
  app.server.on('connection', admission.accepted)
  app.decorateRequest('endTurn', null)
  app.addHook('onRequest', (request, reply, done) => {
    const { unlimited, ownLimit } = request.routeOptions.config
    const isPage = request.method === 'GET' || request.method === 'HEAD'
    if (!isPage || unlimited === true || ownLimit === true) return done()
    const endTurn = admission.enter(request.callerKey, (refusal) => {
      if (refusal === undefined) done()
      else refuseLater(refusal, done)
    })
    request.endTurn = endTurn
    reply.raw.once('close', endTurn)
  })
  app.addHook('onSend', (request, _reply, payload, done) => {
    request.endTurn?.()
    done(null, payload)
  })
}

const minute = 60_000

/** Counts a request without a key. Returns whether its sender is within the rate. */
type Count = (request: IncomingMessage) => boolean

/**
 * Finds the caller and limits the rate: valid keys by key, all others by network (IPv6: a /64). Invalid keys
 * have their own count by network, checked before the database, so that guessing is slow and cheap to reject.
 * A network above it waits with valid keys too, or responses would reveal valid keys; requests without a key
 * continue. The quota of a key also applies.
 */
function registerCallerHook(app: App, context: HttpContext): Count {
  const max = context.config.QINGDAN_RATE_PER_MINUTE
  const [callers, invalidKeys] = [new RateCounts(max, minute), new RateCounts(max, minute)]
  shareRates(app, context, { callers, invalidKeys })
  const refusalOf = (seconds: number, reply: FastifyReply): Problem | undefined => {
    if (seconds === 0) return undefined
    reply.header('retry-after', String(seconds))
    return problem('rate-limited', { limit: max, retryAfterSeconds: seconds })
  }
  const connections = buildConnectionCounts(context.config.QINGDAN_CONNECTIONS_PER_CLIENT_MAX)
  const refusalOfConnection = ({ raw }: FastifyRequest, sender: string) =>
    connections.isWithin(raw, sender)
      ? undefined
      : problem('connections-too-many', { limit: context.config.QINGDAN_CONNECTIONS_PER_CLIENT_MAX })
  const findKeyHolder = async (request: FastifyRequest, reply: FastifyReply, authorization: string) => {
    const sender = request.callerKey
    const early = refusalOf(invalidKeys.wait(sender), reply)
    if (early !== undefined) throw early
    try {
      const from = { sender: request.ip, now: context.clock() }
      request.caller = withReadAudit(request, await context.keys.findCaller(authorization, from))
    } catch (error) {
      throw (error instanceof Problem ? refusalOf(invalidKeys.count(sender), reply) : undefined) ?? error
    }
    const { keyId, quota } = request.caller
    request.callerKey = keyId ?? sender
    // A rate agreed for a key replaces the general one.
    const seconds = quota?.perMinute === undefined ? callers.count(request.callerKey) : 0
    const late = refusalOf(seconds, reply)
    if (late !== undefined) throw late
    await enforceQuota(context, request.caller, reply)
  }
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = anonymousCaller
    request.callerKey = networkOf(request.ip)
    const { authorization } = request.headers
    if (request.routeOptions.config.unlimited === true) return done()
    const tooMany = refusalOfConnection(request, request.callerKey)
    if (tooMany !== undefined) refuseLater(tooMany, done)
    else if (authorization === undefined) done(refusalOf(callers.count(request.callerKey), reply))
    else findKeyHolder(request, reply, authorization).then(() => done(), done)
  })
  const senderOf = buildSenderOf(context.config)
  return (request) => {
    const sender = networkOf(senderOf(request))
    return connections.isWithin(request, sender) && callers.count(sender) === 0
  }
}

/** The problem for parameters outside the schema and for text that is not percent-encoded UTF-8. */
function problemOfParameters(request: FastifyRequest): Problem | undefined {
  try {
    refuseUnknreservedNames(request)
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

function refuseUnknreservedNames(request: FastifyRequest): void {
  // Fast path: most requests have no query.
  const at = request.url.indexOf('?')
  if (at < 0 || request.is404) return
  const { schema, config } = request.routeOptions
  for (const piece of request.url.slice(at + 1).split('&')) {
    try {
      decodeURIComponent(piece)
    } catch {
      throw problem('address-invalid')
    }
  }
  const declared = schema?.querystring as { readonly properties?: object } | undefined
  const query = request.query as Record<string, unknown>
  // Every address takes the language of its texts; it is read where a text is written (languageOf).
  if ('lang' in query && !Object.hasOwn(declared?.properties ?? {}, 'lang')) {
    if (query['lang'] !== 'zh' && query['lang'] !== 'en')
      throw problem('parameter-invalid', { path: 'lang', detail: 'Expected zh or en.' })
    delete query['lang']
  }
  if (config.openQuery === true) return
  // Pages and files outside the OpenAPI accept what browsers append, unless they declare parameters.
  if (declared === undefined && (schema as { readonly hide?: boolean } | undefined)?.hide === true) return
  refuseUnknown(Object.keys(declared?.properties ?? {}), query)
}
