/**
 * HTTP caching: what never changes may be cached, what may be withdrawn is revalidated soon. A request whose
 * If-Match does not match the content is rejected.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { problem } from '../../platform/problem.ts'

/** Seconds that a cache may serve without revalidation; after that, everyone sees a withdrawal. */
const maxAgeSeconds = 300

/**
 * Sets a strong ETag and Cache-Control. Returns whether the caller's copy is current, so that the answer is
 * 304. `open` is false for restricted data, which shared caches must not store. Throws `precondition-failed`.
 */
export function isFresh(request: FastifyRequest, reply: FastifyReply, tag: string, open = true): boolean {
  const etag = `"${tag}"`
  reply.header('etag', etag)
  // A preview by token is not public: it must not be cached or indexed.
  if (Object.hasOwn(Object(request.query), 'preview')) {
    reply.header('cache-control', 'private, no-store').header('x-robots-tag', 'noindex')
    return false
  }
  reply.header('cache-control', open ? `public, max-age=${maxAgeSeconds}` : 'private, no-cache')
  // A key may open more data, so a response with a key must never be served without one.
  reply.header('vary', 'Accept, Accept-Encoding, Authorization')
  const { 'if-match': expected } = request.headers
  if (expected !== undefined && !isExpected(expected, etag))
    throw problem('precondition-failed', { path: 'If-Match' })
  return fresh(request.headers, { etag })
}

/**
 * RFC 9110, 13.1.1: true if `If-Match` is `*` or lists the ETag by strong comparison, which no weak tag
 * passes. It is checked before If-None-Match (13.2.2) and applies to GET as well.
 */
function isExpected(ifMatch: string, etag: string): boolean {
  return ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => tag.trim() === etag)
}
