/**
 * Caches responses to requests without a key, on routes that are `cacheable`, until anything published
 * changes. It runs before the router and saves routing, hooks, parsing of parameters, look-ups and planning.
 * It sends exactly what the route sent, header by header; requests are counted, rate-limited and logged as
 * usual. Any unusual request goes to the route.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import fresh from 'fresh'
import { LRUCache } from 'lru-cache'
import type { EventFacts } from '../../platform/log/events.ts'
import type { HttpContext } from '../context.ts'
import type { App } from '../route-helpers.ts'
import { isHostDuplicate } from '../sockets.ts'
import { byteCacheOf } from './byte-cache.ts'
import { codingOf, codings, uncodedTag } from './codings.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The cache key of the response, and the state of the catalogue when it was requested. */
    cacheState: { readonly name: string; readonly changes: number } | null
  }
}

/** A response without its bytes, which are stored under the tag of their ETag. */
interface CachedResponse {
  readonly route: string
  readonly tag: string
  /** The tags by which a caller's copy is current: its own, and that of the same response without a coding. */
  readonly currentTags: readonly string[]
  readonly lastModified: string | undefined
  /** All but the ETag. Names and values alternate, as Node writes them; a 304 has them too. */
  readonly headers: readonly string[]
  /** Headers of the body; undefined until the whole response was sent, and for streams. */
  readonly bodyHeaders: readonly string[] | undefined
}

/** A response that was sent, for its event. */
interface SentResponse extends Pick<CachedResponse, 'route'> {
  readonly requestId: string
  readonly status: number
  /** In milliseconds of `performance.now()`. */
  readonly began: number
}

/** What the shared hooks do for every request, for requests answered here. */
interface ResponseCacheHooks {
  /** Headers of every response; names and values alternate. */
  readonly always: readonly string[]
  readonly requestId: (headers: IncomingMessage['headers']) => string
  /** Counts a request without a key. Returns whether its sender is within the rate. */
  readonly count: (request: IncomingMessage) => boolean
}

export interface ResponseCache {
  /** Wraps the app's own listener, which answers what the cache does not. */
  readonly before: (listener: RequestListener) => RequestListener
  /** Registers the hooks that cache responses. Call it once, after the hook that finds the caller. */
  readonly register: (app: App, hooks: ResponseCacheHooks) => void
}

/**
 * Share of `QINGDAN_CACHE_BYTES_MAX` for the headers, in addition to the bytes; and the size of one entry.
 */
const responsesShare = 1 / 8
const responseBytes = 900

/** `Vary` values that the cache supports. Responses that name others are not cached. */
const supportedVary = new Set(['accept', 'accept-encoding', 'authorization'])

/** Headers of one response only. The last one makes a proxy send the file, even on a 304. */
const responseOnly = new Set(['x-request-id', 'content-length', 'x-accel-redirect'])

/** Headers that a 304 does not carry, because they describe the body. */
const bodyOnly = new Set([
  'content-type',
  'content-encoding',
  'content-disposition',
  'accept-ranges',
  'repr-digest',
])

export function buildResponseCache(context: HttpContext): ResponseCache {
  const bytesMax = Math.floor(context.config.QINGDAN_CACHE_BYTES_MAX * responsesShare)
  if (bytesMax === 0) return { before: (listener) => listener, register: () => undefined }
  const responses = new LRUCache<string, CachedResponse>({
    maxSize: bytesMax,
    sizeCalculation: (_response, name) => 2 * name.length + responseBytes,
  })
  let changes = 0
  let isSubscribed: (() => boolean) | undefined
  let hooks: ResponseCacheHooks | undefined
  const onChange = () => {
    changes += 1
    responses.clear()
  }
  const log = buildResponseLog(context)
  // Responses of one turn of the event loop are sent together: sending each alone wakes its caller, which
  // costs more than the response.
  let due: (() => SentResponse)[] = []
  const sendAll = () => {
    const sends = due
    due = []
    for (const sent of sends.map((send) => send())) log(sent)
  }
  return {
    before: (listener) => (request, response) => {
      const cached = isPlain(request) ? responses.get(nameOf(request)) : undefined
      const currentTag = cached && currentTagOf(cached, request)
      const bytes = cached && (currentTag === undefined ? bytesOf(context, cached) : null)
      // The route tells a caller above the rate how long to wait.
      const maySend = bytes !== undefined && isSubscribed?.() === true && hooks?.count(request) === true
      if (cached === undefined || bytes === undefined || hooks === undefined || !maySend) {
        listener(request, response)
        return
      }
      const [began, requestId] = [performance.now(), hooks.requestId(request.headers)]
      const headers = ['x-request-id', requestId].concat(hooks.always)
      if (due.length === 0) setImmediate(sendAll)
      headers.push('etag', `"${currentTag ?? cached.tag}"`)
      due.push(() => ({ ...cached, requestId, began, status: send(cached, bytes, response, headers) }))
    },
    register: (app, shared) => {
      const always = new Set(shared.always.filter((_, index) => index % 2 === 0))
      app.decorateRequest('cacheState', null)
      app.addHook('onRequest', (request, _reply, done) => {
        if (request.routeOptions.config.cacheable !== true || request.method !== 'GET') return done()
        isSubscribed ??= context.database.subscribe(onChange)
        if (isSubscribed() && request.caller.keyId === undefined && isPlain(request.raw)) {
          request.cacheState = { name: nameOf({ url: request.url, headers: request.headers }), changes }
        }
        done()
      })
      app.addHook('onSend', (request, reply, payload, done) => {
        // If a change came between request and response, it is unknown which state the response has.
        if (request.cacheState !== null && request.cacheState.changes === changes) {
          const cached = cachedOf(reply, payload, always)
          if (cached !== undefined) responses.set(request.cacheState.name, cached)
        }
        done(null, payload)
      })
      app.addHook('preClose', (done) => {
        // During a shutdown the app answers, so that callers get its 503.
        hooks = undefined
        done()
      })
      hooks = shared
    },
  }
}

/** Logs cached responses like all others; labels are looked up once per kind of response. */
function buildResponseLog({ observeAs }: HttpContext): (sent: SentResponse) => void {
  const known = new Map<string, (facts: EventFacts) => void>()
  return ({ route, status, requestId, began }) => {
    const kind = `${status} ${route}`
    const observe = known.get(kind) ?? observeAs('request-completed', { route, method: 'GET', status })
    known.set(kind, observe)
    observe({ requestId, seconds: (performance.now() - began) / 1000 })
  }
}

/** A GET without a body or a key. If-Match and ranges are left to the route. */
function isPlain({ method, headers, rawHeaders }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.authorization === undefined &&
    headers['if-match'] === undefined &&
    headers.range === undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !isHostDuplicate(rawHeaders)
  )
}

/** The cache key: the URL as sent, and what the response may depend on besides. */
function nameOf({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  return `${url}\n${headers.accept ?? ''}\n${codingOf(headers['accept-encoding']) ?? ''}`
}

/** The tag of the caller's copy, if that is current. */
function currentTagOf(
  { currentTags, lastModified }: CachedResponse,
  { headers }: IncomingMessage,
): string | undefined {
  // Most requests have no condition.
  if (headers['if-none-match'] === undefined && headers['if-modified-since'] === undefined) return undefined
  return currentTags.find((tag) => fresh(headers, { etag: `"${tag}"`, 'last-modified': lastModified }))
}

/** The bytes to send; undefined if they are not known or were evicted. */
function bytesOf(context: HttpContext, { tag, bodyHeaders }: CachedResponse): Buffer | undefined {
  return bodyHeaders === undefined ? undefined : byteCacheOf(context).find(tag)?.bytes
}

function send(
  { headers, bodyHeaders = [] }: CachedResponse,
  bytes: Buffer | null,
  response: ServerResponse,
  first: string[],
): number {
  if (bytes === null) {
    response.writeHead(304, first.concat(headers)).end()
    return 304
  }
  response
    .writeHead(200, first.concat(headers, bodyHeaders, 'content-length', String(bytes.length)))
    .end(bytes)
  return 200
}

function cachedOf(
  reply: FastifyReply,
  payload: unknown,
  always: ReadonlySet<string>,
): CachedResponse | undefined {
  const { statusCode } = reply
  if (statusCode !== 200 && statusCode !== 304) return undefined
  const etag = String(reply.getHeader('etag') ?? '')
  const isPublic = String(reply.getHeader('cache-control')).startsWith('public')
  if (!strong.test(etag) || !isPublic || !isSupported(String(reply.getHeader('vary') ?? ''))) return undefined
  const [headers, own]: [string[], string[]] = [[], []]
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (name === 'etag' || always.has(name) || responseOnly.has(name)) continue
    const those = bodyOnly.has(name) ? own : headers
    those.push(name, String(value))
  }
  const tag = etag.slice(1, -1)
  const coding = codings.find((name) => name === reply.getHeader('content-encoding'))
  return {
    route: reply.request.routeOptions.url ?? '',
    tag,
    currentTags: coding === undefined ? [tag] : [uncodedTag(tag, coding), tag],
    lastModified: reply.getHeader('last-modified')?.toString(),
    headers,
    bodyHeaders: statusCode === 200 && Buffer.isBuffer(payload) ? own : undefined,
  }
}

/** An ETag of the bytes themselves, not a weak one. */
const strong = /^"[^"]+"$/

function isSupported(vary: string): boolean {
  return vary === '' || vary.split(',').every((name) => supportedVary.has(name.trim().toLowerCase()))
}
