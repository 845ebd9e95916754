/**
 * Rejects a request whose `Accept` matches no media type of the route, before a handler runs. A URL with an
 * extension names its format, so `Accept` is ignored (RFC 9110, 12.5.1: the header may be disregarded).
 */
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { refuseUnacceptable } from '../route-helpers.ts'

type Offers = readonly string[] | undefined

/** Read once per route. */
const known = new WeakMap<object, { readonly offers: Offers }>()

/** A hook for every route. The offer is its `config.offers` or what its schema declares for success. */
export function refuseUnacceptableRequests(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: () => void,
): void {
  const { accept } = request.headers
  const { config, schema, url = '' } = request.routeOptions
  // Most callers accept anything, and probes are never rejected.
  const isSelective = accept !== undefined && !accept.includes('*/*') && !request.is404
  if (isSelective && config.unlimited !== true && !/\.[a-z]+$/.test(url)) {
    const offers = config.offers ?? (schema === undefined ? undefined : declaredBy(schema))
    if (offers !== undefined) refuseUnacceptable(request, offers)
  }
  done()
}

function declaredBy(schema: FastifySchema): Offers {
  const declared = known.get(schema) ?? { offers: successTypes(schema.response) }
  known.set(schema, declared)
  return declared.offers
}

/** The media types of success; undefined if the schema declares none or leaves them to the handler. */
function successTypes(response: unknown): Offers {
  const types = Object.entries((response ?? {}) as Readonly<Record<string, DeclaredResponse>>)
    .filter(([status, { type }]) => status.startsWith('2') && type !== 'null')
    .flatMap(([, { content }]) => (content === undefined ? ['application/json'] : Object.keys(content)))
  return types.length === 0 || types.includes('*/*') ? undefined : [...new Set(types)]
}

interface DeclaredResponse {
  readonly type?: unknown
  readonly content?: object
}
