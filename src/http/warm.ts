/**
 * Answers that may be given again: to a caller without a key, at an address whose route says `warm`, until anything that
 * is published changes. It saves what comes before the bytes: reading parameters, looking up, planning. What it gives is
 * what the route gave, header by header; it gives nothing while changes are not heard.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { LRUCache } from 'lru-cache'
import type { App } from '../base/http.ts'
import type { House } from '../catalogue/index.ts'
import { keptBytes } from '../store/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Under which name the answer may be remembered, and at which state of what is published it was asked for. */
    warmth: { readonly name: string; readonly changes: number } | null
  }
}

/** An answer without its bytes, which are kept by the tag of their ETag. */
interface Answer {
  readonly tag: string
  /** What a 304 carries, too. */
  readonly headers: Readonly<Record<string, string>>
  /** Known once the whole answer was given, and where it was no stream. */
  readonly type?: string
}

/** Beside the bytes themselves, of which there may be `QINGDAN_CACHE_BYTES_MAX`. */
const answersShare = 1 / 8
const answerBytesBeside = 800

/** What an answer may depend on beside its address. Who names more is not remembered. */
const known = new Set(['accept', 'accept-encoding', 'authorization'])

/** Headers of this one answer, or of its body: to a proxy even a 304 would be an order to send the file. */
const ownOfAnswer = new Set(['x-request-id', 'content-length', 'content-type', 'x-accel-redirect'])

/** Registers it behind the reader and the rate, which count for warm answers as for any. */
export function registerWarm(app: App, house: House, always: Readonly<Record<string, string>>): void {
  const bytesMax = Math.floor(house.config.QINGDAN_CACHE_BYTES_MAX * answersShare)
  if (bytesMax === 0) return
  app.decorateRequest('warmth', null)
  const answers = new LRUCache<string, Answer>({
    maxSize: bytesMax,
    sizeCalculation: (_answer, name) => 2 * name.length + answerBytesBeside,
  })
  let changes = 0
  let isHeard: (() => boolean) | undefined
  const onChange = () => {
    changes += 1
    answers.clear()
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.warm !== true || request.method !== 'GET') return done()
    isHeard ??= house.database.hear(onChange)
    if (!isHeard() || request.reader.keyId !== undefined) return done()
    const { accept = '', 'accept-encoding': coding = '', 'if-match': expected } = request.headers
    // What the caller expects is for the route to hold against what there is.
    if (expected !== undefined) return done()
    const name = `${request.url}\n${accept}\n${coding}`
    const answer = answers.get(name)
    if (answer !== undefined && give(house, answer, request, reply)) return
    request.warmth = { name, changes }
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
}

/** Gives the answer again where that can be done with what is kept. */
function give(house: House, answer: Answer, request: FastifyRequest, reply: FastifyReply): boolean {
  const { tag, headers, type } = answer
  if (fresh(request.headers, { etag: `"${tag}"` })) {
    reply.code(304).headers(headers).send(null)
    return true
  }
  const kept = type === undefined ? undefined : keptBytes(house).find(tag)
  if (type === undefined || kept === undefined) return false
  reply.headers(headers).header('content-type', type).send(kept.bytes)
  return true
}

function answerOf(
  reply: FastifyReply,
  payload: unknown,
  always: Readonly<Record<string, string>>,
): Answer | undefined {
  const { statusCode } = reply
  if (statusCode !== 200 && statusCode !== 304) return undefined
  const given = reply.getHeaders()
  const [, tag] = /^"([^"]+)"$/.exec(String(given['etag'])) ?? []
  const varying = String(given['vary'] ?? '').toLowerCase()
  const isForAll = String(given['cache-control']).startsWith('public')
  const isKnown = varying.split(',').every((name) => name === '' || known.has(name.trim()))
  if (tag === undefined || !isForAll || !isKnown) return undefined
  const headers = Object.entries(given).filter(([name]) => !ownOfAnswer.has(name) && !(name in always))
  const isWhole = statusCode === 200 && Buffer.isBuffer(payload)
  return {
    tag,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    ...(isWhole ? { type: String(given['content-type']) } : {}),
  }
}
