/**
 * Answers that may be given again: to a caller without a key, at an address whose route says `warm`, until anything that
 * is published changes. It stands before the router and saves all that comes before the bytes: routing, hooks, reading
 * parameters, looking up, planning. What it gives is what the route gave, header by header, and it is counted, kept
 * within the rate and observed like any other; where anything is unusual about a request, the route is asked.
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

declare module 'fastify' {
  interface FastifyRequest {
    /** Under which name the answer may be remembered, and at which state of what is published it was asked for. */
    warmth: { readonly name: string; readonly changes: number } | null
  }
}

/** An answer without its bytes, which are kept by the tag of their ETag. */
interface Answer {
  readonly route: string
  readonly tag: string
  /** Names and values in turn, as Node writes them: what a 304 carries, too. */
  readonly headers: readonly string[]
  /** The headers of the body, known once the whole answer was given, and where it was no stream. */
  readonly ofBody: readonly string[] | undefined
}

/** An answer that was given, as it is told of. */
interface Given extends Pick<Answer, 'route'> {
  readonly requestId: string
  readonly status: number
  /** As `performance.now()` has it. */
  readonly began: number
}

/** What the manners do for every request, and this for its own. */
export interface ResponseCacheHooks {
  /** Headers of every answer, names and values in turn. */
  readonly always: readonly string[]
  readonly requestId: (headers: IncomingMessage['headers']) => string
  /** Counts a request without a key, and tells whether its sender is within the rate. */
  readonly count: (request: IncomingMessage) => boolean
}

export interface ResponseCache {
  /** Stands before the app's own listener, which answers what this does not. */
  readonly before: (listener: RequestListener) => RequestListener
  /** Has the app's answers remembered. Behind the reader, and once: nothing is remembered before. */
  readonly register: (app: App, hooks: ResponseCacheHooks) => void
}

/** Beside the bytes themselves, of which there may be `QINGDAN_CACHE_BYTES_MAX`. */
const answersShare = 1 / 8
const answerBytesBeside = 900

/** What an answer may depend on beside its address. Who names more is not remembered. */
const known = new Set(['accept', 'accept-encoding', 'authorization'])

/** Headers of this one answer. To a proxy the last of them would be an order to send the file, even on a 304. */
const ofAnswer = new Set(['x-request-id', 'content-length', 'x-accel-redirect'])

/** Headers that a 304 does not carry: they are of the body. */
const ofBody = new Set(['content-type', 'content-disposition', 'accept-ranges', 'repr-digest'])

export function buildResponseCache(context: HttpContext): ResponseCache {
  const bytesMax = Math.floor(context.config.QINGDAN_CACHE_BYTES_MAX * answersShare)
  if (bytesMax === 0) return { before: (listener) => listener, register: () => undefined }
  const answers = new LRUCache<string, Answer>({
    maxSize: bytesMax,
    sizeCalculation: (_answer, name) => 2 * name.length + answerBytesBeside,
  })
  let changes = 0
  let isHeard: (() => boolean) | undefined
  let hooks: ResponseCacheHooks | undefined
  const onChange = () => {
    changes += 1
    answers.clear()
  }
  const tell = buildTeller(context)
  // Those that came in one turn of the event loop go out together: each alone would wake its caller by itself, which
  // costs more than the answer.
  let due: (() => Given)[] = []
  const giveAll = () => {
    const gives = due
    due = []
    for (const given of gives.map((give) => give())) tell(given)
  }
  return {
    before: (listener) => (request, response) => {
      const answer = isPlain(request) ? answers.get(nameOf(request)) : undefined
      const bytes = answer && bytesOf(context, answer, request)
      // Who is above the rate hears from the route how long to wait.
      const mayGive = bytes !== undefined && isHeard?.() === true && hooks?.count(request) === true
      if (answer === undefined || bytes === undefined || hooks === undefined || !mayGive) {
        listener(request, response)
        return
      }
      const [began, requestId] = [performance.now(), hooks.requestId(request.headers)]
      const headers = ['x-request-id', requestId].concat(hooks.always)
      if (due.length === 0) setImmediate(giveAll)
      due.push(() => ({ ...answer, requestId, began, status: give(answer, bytes, response, headers) }))
    },
    register: (app, given) => {
      const always = new Set(given.always.filter((_, index) => index % 2 === 0))
      app.decorateRequest('warmth', null)
      app.addHook('onRequest', (request, _reply, done) => {
        if (request.routeOptions.config.warm !== true || request.method !== 'GET') return done()
        isHeard ??= context.database.hear(onChange)
        if (isHeard() && request.reader.keyId === undefined && isPlain(request.raw)) {
          request.warmth = { name: nameOf({ url: request.url, headers: request.headers }), changes }
        }
        done()
      })
      app.addHook('onSend', (request, reply, payload, done) => {
        // Asked for before a change and answered after it: nobody knows which of them it is of.
        if (request.warmth !== null && request.warmth.changes === changes) {
          const answer = answerOf(reply, payload, always)
          if (answer !== undefined) answers.set(request.warmth.name, answer)
        }
        done(null, payload)
      })
      app.addHook('preClose', (done) => {
        // Who comes while it closes hears so from the app.
        hooks = undefined
        done()
      })
      hooks = given
    },
  }
}

/** Tells of answers as any other answer is told of, by what is looked up once for each kind of them. */
function buildTeller({ observeAs }: HttpContext): (given: Given) => void {
  const known = new Map<string, (facts: EventFacts) => void>()
  return ({ route, status, requestId, began }) => {
    const kind = `${status} ${route}`
    const observe = known.get(kind) ?? observeAs('request-completed', { route, method: 'GET', status })
    known.set(kind, observe)
    observe({ requestId, seconds: (performance.now() - began) / 1000 })
  }
}

/** A GET without a body by somebody without a key, expecting nothing: what is expected is for the route to hold. */
function isPlain({ method, headers, rawHeaders }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.authorization === undefined &&
    headers['if-match'] === undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !isHostDuplicate(rawHeaders)
  )
}

/** An address as it was sent, and what the answer may depend on beside it. */
function nameOf({ url, headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  return `${url}\n${headers.accept ?? ''}\n${headers['accept-encoding'] ?? ''}`
}

/** The bytes to answer with, none where the caller has them already; undefined where they are not kept any more. */
function bytesOf(
  context: HttpContext,
  { tag, ofBody }: Answer,
  request: IncomingMessage,
): Buffer | null | undefined {
  if (fresh(request.headers, { etag: `"${tag}"` })) return null
  return ofBody === undefined ? undefined : byteCacheOf(context).find(tag)?.bytes
}

function give(
  { headers, ofBody = [] }: Answer,
  bytes: Buffer | null,
  response: ServerResponse,
  first: string[],
): number {
  if (bytes === null) {
    response.writeHead(304, first.concat(headers)).end()
    return 304
  }
  response.writeHead(200, first.concat(headers, ofBody, 'content-length', String(bytes.length))).end(bytes)
  return 200
}

function answerOf(reply: FastifyReply, payload: unknown, always: ReadonlySet<string>): Answer | undefined {
  const { statusCode } = reply
  if (statusCode !== 200 && statusCode !== 304) return undefined
  const etag = String(reply.getHeader('etag') ?? '')
  const isForAll = String(reply.getHeader('cache-control')).startsWith('public')
  if (!strong.test(etag) || !isForAll || !isKnown(String(reply.getHeader('vary') ?? ''))) return undefined
  const [headers, own]: [string[], string[]] = [[], []]
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (always.has(name) || ofAnswer.has(name)) continue
    const those = ofBody.has(name) ? own : headers
    those.push(name, String(value))
  }
  return {
    route: reply.request.routeOptions.url ?? '',
    tag: etag.slice(1, -1),
    headers,
    ofBody: statusCode === 200 && Buffer.isBuffer(payload) ? own : undefined,
  }
}

/** An ETag for the bytes themselves. */
const strong = /^"[^"]+"$/

function isKnown(vary: string): boolean {
  return vary === '' || vary.split(',').every((name) => known.has(name.trim().toLowerCase()))
}
