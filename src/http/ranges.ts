/**
 * Ranges of a response (RFC 9110, 14): of stored files, and of small generated bodies, which clients such as Polars
 * read in pieces. They are ranges of the bytes without a coding.
 */
import type { FastifyRequest } from 'fastify'
import parseRange from 'range-parser'
import { problem } from '../platform/problem.ts'
import type { App } from './route-helpers.ts'

/** Registers the hook that cuts the requested range out of a body; streams are sent whole. Before compression. */
export function registerRanges(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isWhole = reply.statusCode === 200 && request.routeOptions.config.ranges === true
    if (!isWhole || request.headers.range === undefined) return done(null, payload)
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return done(null, payload)
    const body = typeof payload === 'string' ? Buffer.from(payload) : payload
    const etag = reply.getHeader('etag')?.toString()
    let range: ByteRange | undefined
    try {
      range = rangeOf(request, { bytes: body.length, etag })
    } catch (refusal) {
      return done(refusal as Error)
    }
    if (range === undefined) return done(null, payload)
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${body.length}`)
    done(null, body.subarray(range.start, range.end + 1))
  })
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The requested range; undefined to send the whole file: no range, several (RFC 9110, section 14.2 allows
 * ignoring them), an unknown unit, a method other than GET (14.2), or an If-Range for other bytes.
 */
export function rangeOf(
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  { bytes, etag }: { readonly bytes: number; readonly etag: string | undefined },
): ByteRange | undefined {
  const ifRange = headers['if-range']
  if (method !== 'GET') return undefined
  if (headers.range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined
  // RFC 9110, 14.2: several ranges may be ignored. Checked here, before the library sorts a thousand of them.
  if (headers.range.includes(',')) return undefined
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d+)[ \t]*$/.exec(headers.range) ?? []
  // RFC 9110, 14.1.2: a suffix longer than the file selects the whole file. The library refuses this and the
  // next case.
  if (first === '' && Number(last) >= bytes) return { start: 0, end: bytes - 1 }
  // RFC 9110, 14.1.1: a range that ends before it begins is invalid, and an invalid one MUST be ignored.
  if (first !== '' && Number(last) < Number(first)) return undefined
  const ranges = parseRange(bytes, headers.range, { combine: true })
  if (ranges === -1) throw problem('range-not-satisfiable', { path: 'Range', bytes })
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}
