/** Validators of HTTP caching: what never changes may be kept, what may be withdrawn is asked for again soon. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'

/** Seconds that a cache may serve without asking; a withdrawal is seen by everyone after that long. */
const maxAgeSeconds = 300

/**
 * Sets strong ETag and Cache-Control, and tells whether the caller's copy is still good. Then the answer is 304.
 * `open` is false where only some may read: no shared cache may keep that.
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
  return fresh(request.headers, { etag })
}
