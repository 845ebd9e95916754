/**
 * HTTP caching: what never changes may be cached, what may be withdrawn is revalidated soon. A request whose
 * If-Match does not match the content is rejected.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import { problem } from '../../platform/problem.ts'
import { type Coding, codedTag, codingOf } from './codings.ts'

/** Seconds that a cache may serve without revalidation; after that, everyone sees a withdrawal. */
const maxAgeSeconds = 300

/** What else validates a response besides its tag. */
interface Validated {
  /** When the content last changed. */
  readonly modified?: Date | undefined
  /** The codings that the response is offered in; all if absent. */
  readonly offered?: readonly Coding[]
}

/**
 * Sets a strong ETag and Cache-Control. Returns whether the caller's copy is current, so that the answer is
 * 304. `open` is false for restricted data, which shared caches must not store. Throws `precondition-failed`.
 */
export function isFresh(
  request: FastifyRequest,
  reply: FastifyReply,
  tag: string,
  open = true,
  validated: Validated = {},
): boolean {
  const isCurrent = matches(request, reply, tag, validated)
  // A preview by token is not public: it must not be cached or indexed.
  if (Object.hasOwn(Object(request.query), 'preview')) {
    reply.header('cache-control', 'private, no-store').header('x-robots-tag', 'noindex')
    return false
  }
  reply.header('cache-control', open ? `public, max-age=${maxAgeSeconds}` : 'private, no-cache')
  // A key may open more data, so a response with a key must never be served without one.
  reply.header('vary', 'Accept, Accept-Encoding, Authorization')
  const { 'if-match': expected } = request.headers
  if (expected !== undefined && !isExpected(expected, tagsOf(request, tag, validated)))
    throw problem('precondition-failed', { path: 'If-Match' })
  return isCurrent
}

/**
 * Sets the ETag, and Last-Modified if it is known. Returns whether the caller's copy is current: of the bytes
 * without a coding, or in the coding that the caller would get now. Each has its own ETag; the identity's is
 * replaced when a body is compressed (compression.ts).
 */
export function matches(
  request: FastifyRequest,
  reply: FastifyReply,
  tag: string,
  validated: Validated = {},
): boolean {
  const lastModified = setModified(reply, validated.modified)
  const etags = tagsOf(request, tag, validated)
  const found = etags.find((etag) => fresh(request.headers, { etag, 'last-modified': lastModified }))
  reply.header('etag', found ?? `"${tag}"`)
  return found !== undefined
}

/** The ETags of a response: of the identity, and of the coding that the caller would get. */
function tagsOf({ headers }: FastifyRequest, tag: string, { offered }: Validated): readonly string[] {
  const coding = codingOf(headers['accept-encoding'], offered)
  return coding === undefined ? [`"${tag}"`] : [`"${tag}"`, `"${codedTag(tag, coding)}"`]
}

/**
 * RFC 9110, 8.8.2.2: a time in whole seconds identifies a state only if no other state can follow in the same
 * second, so what changed just now has none.
 */
function setModified(reply: FastifyReply, modified: Date | undefined): string | undefined {
  if (modified === undefined || Date.now() - modified.getTime() < 1_000) return undefined
  const text = modified.toUTCString()
  reply.header('last-modified', text)
  return text
}

/**
 * RFC 9110, 13.1.1: true if `If-Match` is `*` or lists an ETag of the content by strong comparison, which no
 * weak tag passes. It is checked before If-None-Match (13.2.2) and applies to GET as well.
 */
function isExpected(ifMatch: string, etags: readonly string[]): boolean {
  return ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => etags.includes(tag.trim()))
}
