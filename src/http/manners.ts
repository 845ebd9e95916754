/**
 * The manners of HTTP that all rooms share: request ids, security headers, CORS, limits, the reader, methods.
 * It refuses unreadable addresses, unknown parameters, methods and callers above their rate, before any room is asked.
 */
import { randomUUID } from 'node:crypto'
import { finished } from 'node:stream'
import { fastifyCors } from '@fastify/cors'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyRateLimit, normalizeIP } from '@fastify/rate-limit'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { findReader } from '../access/index.ts'
import { type App, refuseUnknown } from '../base/http.ts'
import { Problem, problem } from '../base/problem.ts'
import { anonymous } from '../base/reader.ts'
import type { House } from '../catalogue/index.ts'
import { sendProblem, unmatched } from './refusals.ts'

/** Registers every shared manner on the root instance, before any route. */
export async function registerManners(app: App, house: House): Promise<void> {
  app.decorateRequest('reader')
  const methods = collectMethods(app)
  registerValidators(app)
  registerObservation(app, house)
  await registerHeaders(app)
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'OPTIONS') return
    const allowed = methods(request.url)
    if (allowed.length === 0) throw problem('not-found')
    reply.header('allow', allowed.join(', '))
  })
  await registerCors(app)
  await registerReader(app, house)
  app.addHook('preValidation', async (request) => refuseUnknownParameters(request))
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods(request.url)
    if (allowed.length === 0) return sendProblem(problem('not-found'), request, reply, house)
    reply.header('allow', allowed.join(', '))
    return sendProblem(problem('method-not-allowed', { allowed }), request, reply, house)
  })
}

/** The caller's id where it is harmless in a log and in a header, else one of ours. */
export function requestId(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : randomUUID()
}

/** Tells which methods an address takes, by the routes that are registered from now on. */
function collectMethods(app: App): (url: string) => readonly string[] {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    // The wildcard is the one for OPTIONS: it is no address of its own.
    if (url === '*') return
    const entry = routes.get(url) ?? { pattern: patternOf(url), methods: new Set(['OPTIONS']) }
    for (const name of [method].flat()) entry.methods.add(name)
    routes.set(url, entry)
  })
  return (url) => {
    const path = url.split('?', 1)[0] ?? ''
    const found = [...routes.values()].filter(({ pattern }) => pattern.test(path))
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort()
  }
}

/** A route's pattern as an expression: `:name` is one segment or a share of it, `*` all that follows. */
function patternOf(url: string): RegExp {
  const source = url
    .split(/(:[A-Za-z0-9_]+(?:\([^)]*\))?|\*)/)
    .map((piece) => {
      if (piece === '*') return '.*'
      const own = /^:[A-Za-z0-9_]+(\([^)]*\))?$/.exec(piece)
      if (own !== null) return own[1] ?? '[^/]+'
      return piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${source}$`)
}

/** Text from addresses is coerced, a body is not: JSON has types of its own. */
function registerValidators(app: App): void {
  const shared = { useDefaults: true, removeAdditional: false, allErrors: false } as const
  const coercing = new Ajv({ ...shared, coerceTypes: true })
  const exact = new Ajv({ ...shared, coerceTypes: false })
  for (const ajv of [coercing, exact]) addFormats.default(ajv)
  app.setValidatorCompiler<FastifySchema>(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : coercing).compile(schema),
  )
}

/** One observation a request, by the route's pattern: an address or a parameter may hold anything. */
function registerObservation(app: App, house: House): void {
  const { observe } = house
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isStream(payload)) return
    finished(payload, { writable: false }, (error) => {
      // Before the headers are out, the error handler still answers, and observes.
      if (!error || !reply.raw.headersSent) return
      const route = request.routeOptions.url ?? unmatched
      const reason = (error as NodeJS.ErrnoException).code ?? error.name
      observe('stream-aborted', { route, requestId: request.id, reason })
    })
  })
  app.addHook('onResponse', async (request, reply) => {
    observe('request-answered', {
      requestId: request.id,
      route: request.routeOptions.url ?? unmatched,
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
  })
}

function isStream(payload: unknown): payload is NodeJS.ReadableStream {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload
}

/** Strict headers: no script, style or picture from elsewhere, and none written into a page. */
async function registerHeaders(app: App): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Swagger UI draws its signs from data: addresses in its own style sheet.
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        // The search box of the portal asks this service and no other.
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Open data may be read, embedded and drawn by any page.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // TLS ends at a proxy: that one knows whether plain HTTP may be forbidden under this name.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
}

/** Any page may read; none may write in a reader's name. */
async function registerCors(app: App): Promise<void> {
  await app.register(fastifyCors, {
    origin: '*',
    methods: ['GET', 'HEAD', 'OPTIONS'],
    allowedHeaders: ['Accept', 'Authorization', 'If-None-Match', 'If-Range', 'Range', 'X-Request-Id'],
    exposedHeaders: [
      'Content-Disposition',
      'Content-Range',
      'ETag',
      'Link',
      'Repr-Digest',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: 86_400,
    strictPreflight: false,
  })
}

const minute = 60_000

/**
 * Finds the reader and keeps both within the rate: good keys by key, all others by address (an IPv6 one by its /64).
 * Wrong keys have a count of their own by address, looked at before the database is: guessing is slow and cheap for
 * us. An address above it waits with good keys too, or the answer would tell a guesser which one was good; reading
 * without a key goes on.
 */
async function registerReader(app: App, house: House): Promise<void> {
  const max = house.config.QINGDAN_RATE_PER_MINUTE
  await app.register(fastifyRateLimit, { global: false, max, timeWindow: minute })
  const address = (request: FastifyRequest) => normalizeIP(request.ip)
  const callers = app.createRateLimit({
    keyGenerator: (request) => request.reader.keyId ?? address(request),
  })
  const strangers = app.createRateLimit({ keyGenerator: address })
  const keep = async (
    limit: typeof callers,
    request: FastifyRequest,
    reply: FastifyReply,
    increment = true,
  ) => {
    const state = await limit(request, { increment })
    if (state.isAllowed || !(increment ? state.isExceeded : state.remaining === 0)) return
    reply.header('retry-after', String(Math.max(1, state.ttlInSeconds)))
    throw problem('rate-limited', { limit: max, retryAfterSeconds: Math.max(1, state.ttlInSeconds) })
  }
  app.addHook('onRequest', async (request, reply) => {
    request.reader = anonymous
    const { authorization } = request.headers
    if (request.routeOptions.config.unlimited === true) return
    if (authorization !== undefined) {
      await keep(strangers, request, reply, false)
      try {
        request.reader = await findReader(house, authorization, house.clock())
      } catch (error) {
        if (error instanceof Problem) await keep(strangers, request, reply)
        throw error
      }
    }
    await keep(callers, request, reply)
  })
}

/** Refuses parameters that the route's schema doesn't name, and text that is not percent-encoded UTF-8. */
function refuseUnknownParameters(request: FastifyRequest): void {
  const { schema, config } = request.routeOptions
  if (request.is404) return
  for (const piece of (request.raw.url ?? '').split('?').slice(1).join('?').split('&')) {
    try {
      decodeURIComponent(piece)
    } catch {
      throw problem('address-invalid')
    }
  }
  if (config.openQuery === true) return
  const declared = schema?.querystring as { readonly properties?: object } | undefined
  // Pages and files that aren't in the OpenAPI take what browsers append to them, unless they declare parameters.
  if (declared === undefined && (schema as { readonly hide?: boolean } | undefined)?.hide === true) return
  refuseUnknown(Object.keys(declared?.properties ?? {}), request.query as Readonly<Record<string, unknown>>)
}
