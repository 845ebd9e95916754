/**
 * What routes of all modules share: the typed Fastify instance, the problem schema, the caller of a request,
 * its language and base URL. It registers nothing and rejects only unknown parameters.
 */

import type { Server } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { closest, distance } from 'fastest-levenshtein'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import Negotiator from 'negotiator'
import { type Static, Type } from 'typebox'
import type { Caller } from '../platform/caller.ts'
import type { Config } from '../platform/config.ts'
import { defined } from '../platform/defined.ts'
import type { Language } from '../platform/language.ts'
import { type ProblemCode, problem, problems } from '../platform/problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller: anonymous, or the holder of a valid key. Set before any handler runs. */
    caller: Caller
    /** Identifies the caller for counting: the id of its key, else its network. Set with `reader`. */
    callerKey: string
    /** Ends the turn of a page that waits or runs (admission.ts); null for what takes no turn. */
    endTurn: (() => void) | null
  }
  interface FastifyContextConfig {
    /** The module checks its query parameters itself, by `refuseUnknown`: they depend on a contract. */
    openQuery?: boolean
    /**
     * The response to GET depends only on the URL, the headers in its `Vary`, and what is published. It has a
     * strong ETag, and its bytes are cached under that, so it may be reused until something is published.
     */
    cacheable?: boolean
    /** The response may take long and has a limit of its own, so it takes no turn of the pages. */
    ownLimit?: boolean
    /** Bodies that are not streams are sent in ranges; the schema declares 206. */
    ranges?: boolean
    /** Additional headers of the response to OPTIONS. */
    options?: Readonly<Record<string, string>>
    /** No rate limit: probes and metrics must never be rejected. */
    unlimited?: boolean
    /** The media types of the response, if the schema does not declare them. */
    offers?: readonly string[]
  }
}

/** The Fastify instance that modules register their routes on: TypeBox schemas are the types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** RFC 9457 problem details as this service writes them. Some kinds of problem add members. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Address of the description of this code.' }),
    title: Type.String({ description: 'Title of the problem code, in the requested language.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.String({ description: 'Stable code to program against; GET /v1/problems lists them all.' }),
    hint: Type.String({ description: 'What the caller can do next.' }),
    requestId: Type.String({ description: 'Id of the request; quote it when you report the problem.' }),
    detail: Type.Optional(Type.String({ description: 'One sentence about this occurrence.' })),
    path: Type.Optional(Type.String({ description: 'The parameter, field or file concerned.' })),
  },
  { $id: 'Problem', additionalProperties: true, description: 'A problem according to RFC 9457.' },
)

export type ProblemBody = Static<typeof ProblemSchema>

/**
 * Placeholder for one record in the response schema of a generic route. The OpenAPI of each dataset replaces
 * it with the record schema of its contract.
 */
export const RecordSchema = Type.Object(
  {},
  {
    $id: 'Record',
    additionalProperties: true,
    description: 'One record. The contract defines its fields: see the OpenAPI of each dataset.',
  },
)

/** Reference to `RecordSchema` for use in a response schema: `Type.Array(RecordRef)`. */
export const RecordRef = Type.Unsafe<Readonly<Record<string, unknown>>>({ $ref: 'Record#' })

/** Problems that any operation can return, so that no route has to list them. */
export const commonProblems: readonly ProblemCode[] = [
  'parameter-unknown',
  'parameter-invalid',
  'address-invalid',
  'key-invalid',
  'rate-limited',
  'connections-too-many',
  'quota-exceeded',
  'not-acceptable',
  'internal',
  'not-ready',
  'pages-busy',
  'storage-full',
  'storage-read-only',
  'storage-failing',
  'storage-missing',
]

/** The problem responses of a route's schema: `response: {200: …, ...problemResponses('not-found')}`. */
export function problemResponses(...codes: readonly ProblemCode[]): Readonly<Record<number, unknown>> {
  const byStatus = new Map<number, Set<ProblemCode>>()
  for (const code of [...codes, ...commonProblems]) {
    const { status } = problems[code]
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  // A 404 may also be a page (problem-responses.ts). It is not declared: generated clients do not prefer
  // HTML, and each of them would have to distinguish a problem from a text.
  const content = { 'application/problem+json': { schema: Type.Unsafe({ $ref: 'Problem#' }) } }
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      status,
      { description: [...listed].map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '), content },
    ]),
  )
}

/**
 * Rejects unknown parameters and names the nearest known one. Throws the problem `parameter-unknown`;
 * `nearest` is omitted if no name is near.
 */
export function refuseUnknown(known: readonly string[], parameters: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name))
  if (unknown === undefined) return
  // The name is truncated: a caller may send a megabyte, and its beginning is enough to find the typo.
  const path = unknown.slice(0, nameLengthMax)
  const nearest = nearestOf(path, known)
  throw problem('parameter-unknown', {
    path,
    detail: known.length === 0 ? 'This address takes no parameters.' : 'Unknown parameter.',
    ...defined({ nearest }),
    known,
  })
}

const nameLengthMax = 100

/** The name that was probably meant; undefined if none is near. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  const nearest = names.length === 0 ? undefined : closest(name, [...names])
  const far = nearest === undefined ? 0 : distance(name, nearest)
  const isNear = far < name.length && far <= Math.max(2, name.length / 2)
  return isNear ? nearest : undefined
}

/** Rejects a caller that accepts none of the media types offered. Throws `not-acceptable` with the list. */
export function refuseUnacceptable(
  request: Pick<FastifyRequest, 'headers'>,
  offered: readonly string[],
): void {
  const { accept } = request.headers
  // RFC 9110, 12.5.1: without the header any type is acceptable; an empty one is treated the same way.
  if (accept === undefined || accept.trim() === '') return
  if (new Negotiator(request).mediaTypes([...offered]).length > 0) return
  throw problem('not-acceptable', { path: 'Accept', offered })
}

/** The language of titles: `?lang=`, else the first choice of `Accept-Language`, else the fallback. Codes never change. */
export function languageOf(
  request: Pick<FastifyRequest, 'headers'> & { readonly url?: string },
  fallback: Language = 'en',
): Language {
  // Read from the address, since a problem may be written before the parameters are.
  const [, chosen] = /[?&]lang=(zh|en)(?:[&#]|$)/.exec(request.url ?? '') ?? []
  if (chosen === 'zh' || chosen === 'en') return chosen
  const wanted = request.headers['accept-language']
  if (wanted === undefined) return fallback
  const [best] = new Negotiator(request).languages()
  if (best === '*') return fallback
  const offered = fallback === 'en' ? ['en', 'zh'] : ['zh', 'en']
  const [first] = new Negotiator({ headers: { 'accept-language': baseLanguages(wanted) } }).languages(offered)
  return first === 'zh' || first === 'en' ? first : fallback
}

/** The language of a page: `?lang=`, else the one that the reader chose before (a cookie), else as for titles; Chinese first. */
export function pageLanguageOf(
  request: Pick<FastifyRequest, 'headers'> & { readonly url?: string },
): Language {
  const isNamed = /[?&]lang=(zh|en)(?:[&#]|$)/.test(request.url ?? '')
  const [, chosen] = /(?:^|;\s*)lang=(zh|en)(?:;|$)/.exec(request.headers.cookie ?? '') ?? []
  return !isNamed && (chosen === 'zh' || chosen === 'en') ? chosen : languageOf(request, 'zh')
}

/** `zh-CN;q=0.9` becomes `zh;q=0.9`: regions and scripts are ignored. */
function baseLanguages(header: string): string {
  return header.replace(/([a-z]{2,3})(-[a-z0-9]+)+/gi, '$1')
}

/** The part of a request that knows the app's server. */
export interface Served {
  readonly server: { readonly server: Pick<Server, 'address'> }
}

/**
 * The base URL of the service without a trailing slash: the setting, else the listening address, which is
 * then a loopback address (config.ts). Never from Host or X-Forwarded-Host: those are the caller's words, and
 * others would get them from a cache.
 */
export function baseUrl(
  { server }: Served,
  { QINGDAN_PUBLIC_URL: configured, QINGDAN_HOST: host, QINGDAN_PORT }: Config,
): string {
  if (configured !== '') return configured
  const address = server.server.address()
  // Port 0 is known only once the service listens.
  const port = typeof address === 'object' && address !== null ? address.port : QINGDAN_PORT
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
