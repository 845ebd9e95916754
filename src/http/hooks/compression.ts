/**
 * Compresses responses in the best coding that their caller accepts: bodies with a strong ETag once, under a
 * tag of the coding, all others each time, and streams while they are sent. Stored files, ranges of them and
 * small bodies are sent as they are.
 */
import { pipeline, type Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { byteCacheOf } from '../cache/byte-cache.ts'
import { type Coding, codedTag, codingOf, compress, createCompressor } from '../cache/codings.ts'
import type { HttpContext } from '../context.ts'
import type { App } from '../route-helpers.ts'

/** Less than a packet of the network: compressing it saves no time. */
export const compressedBytesMin = 1_024

/**
 * Texts. Events of a stream must not wait for a block to fill, and workbooks, images and archives are compressed.
 */
const compressible =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?(?:json|xml)\b|application\/(?:x-ndjson|javascript)\b|image\/svg\+xml)/

/** Registers the hook. What it compresses is what the hooks after it count and cache. */
export function registerCompression(app: App, context: HttpContext): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isCompressible(reply)) return done(null, payload)
    addVary(reply)
    const coding = codingOf(request.headers['accept-encoding'])
    if (coding === undefined) return done(null, payload)
    if (isStream(payload)) return done(null, compressedStream(request, reply, payload, coding))
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return done(null, payload)
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    if (bytes.length < compressedBytesMin) return done(null, payload)
    compressedBytes(context, reply, bytes, coding).then((coded) => done(null, coded), done)
  })
}

function isCompressible(reply: FastifyReply): boolean {
  const { statusCode } = reply
  return (
    statusCode !== 204 &&
    statusCode !== 206 &&
    statusCode !== 304 &&
    compressible.test(String(reply.getHeader('content-type'))) &&
    !reply.hasHeader('content-encoding') &&
    // A stored file: its ranges are those of the bytes as stored.
    !reply.hasHeader('accept-ranges')
  )
}

/** The bytes in a coding, from the cache if their ETag identifies them and everyone may keep them. */
async function compressedBytes(
  context: HttpContext,
  reply: FastifyReply,
  bytes: Buffer,
  coding: Coding,
): Promise<Buffer> {
  const tag = setCoding(reply, coding)
  if (tag === undefined || /no-store/.test(String(reply.getHeader('cache-control')))) {
    return compress(bytes, coding)
  }
  const work = async () => ({ bytes: await compress(bytes, coding), headers: {} })
  return (await byteCacheOf(context).get(tag, work, 'if-repeated')).bytes
}

function compressedStream(
  request: FastifyRequest,
  reply: FastifyReply,
  source: Readable,
  coding: Coding,
): Readable {
  setCoding(reply, coding)
  reply.removeHeader('content-length')
  if (request.method === 'HEAD') return source
  const compressor = createCompressor(coding)
  // Either end destroys the other. What failed is logged by the hook that watches the source.
  pipeline(source, compressor, () => undefined)
  return compressor
}

/** Describes the coded body. Returns its tag, if it has a strong ETag. */
function setCoding(reply: FastifyReply, coding: Coding): string | undefined {
  reply.header('content-encoding', coding)
  const [, tag] = /^"([^"]+)"$/.exec(String(reply.getHeader('etag') ?? '')) ?? []
  if (tag === undefined) return undefined
  reply.header('etag', `"${codedTag(tag, coding)}"`)
  return codedTag(tag, coding)
}

function addVary(reply: FastifyReply): void {
  const vary = String(reply.getHeader('vary') ?? '')
  if (/\baccept-encoding\b/i.test(vary)) return
  reply.header('vary', vary === '' ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
}

function isStream(payload: unknown): payload is Readable {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload
}
