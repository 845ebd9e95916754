/**
 * Validators of HTTP caching: what never changes may be kept, what may be withdrawn is asked for again soon. A request
 * that expects other content than there is (If-Match) is refused.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { problem } from '../../platform/problem.ts'

/** Seconds that a cache may serve without asking; a withdrawal is seen by everyone after that long. */
const maxAgeSeconds = 300

/**
 * Sets strong ETag and Cache-Control, and tells whether the caller's copy is still good. Then the answer is 304.
 * `open` is false where only some may read: no shared cache may keep that. Throws `precondition-failed`.
 */
export function isFresh(request: FastifyRequest, reply: FastifyReply, tag: string, open = true): boolean {
  const etag = `"${tag}"`
  reply.header('etag', etag)
  // What a token shows is not public: nobody keeps it, and nobody finds it.
  if (Object.hasOwn(Object(request.query), 'preview')) {
    reply.header('cache-control', 'private, no-store').header('x-robots-tag', 'noindex')
    return false
  }
  reply.header('cache-control', open ? `public, max-age=${maxAgeSeconds}` : 'private, no-cache')
  // A key may open more than nobody sees, so one answer must never be given for the other.
  reply.header('vary', 'Accept, Accept-Encoding, Authorization')
  const { 'if-match': expected } = request.headers
  if (expected !== undefined && !isExpected(expected, etag))
    throw problem('precondition-failed', { path: 'If-Match' })
  return fresh(request.headers, { etag })
}

/**
 * RFC 9110, 13.1.1: true where `If-Match` is `*` or lists the ETag, by strong comparison: a weak one is never meant. It
 * stands before If-None-Match (13.2.2), and concerns reading as well.
 */
function isExpected(ifMatch: string, etag: string): boolean {
  return ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => tag.trim() === etag)
}
