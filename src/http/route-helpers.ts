/**
 * What routes of every room share: the typed Fastify instance, the schema of a problem, the reader on a request,
 * the language and the address that a caller sees. It registers nothing and refuses only unknown parameters.
 */
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
import type { Language } from '../platform/language.ts'
import { type ProblemCode, problem, problems } from '../platform/problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller: anonymous, or the holder of a key that was found good. Set before any handler runs. */
    reader: Caller
    /** What stands for the caller where callers are counted: the id of its key, else its network. Set with the reader. */
    caller: string
  }
  interface FastifyContextConfig {
    /** The room checks its query parameters itself, by `refuseUnknown`: they depend on a contract. */
    openQuery?: boolean
    /**
     * The answer to GET depends on nothing but the address, the headers that its `Vary` names, and what is published; it
     * has a strong ETag, and its bytes are kept by that. So it may be given again until something is published.
     */
    warm?: boolean
    /** Headers that OPTIONS answers with besides. */
    options?: Readonly<Record<string, string>>
    /** No rate limit: probes and metrics must never be refused. */
    unlimited?: boolean
    /** The media types that the address answers with, where its schema doesn't declare them. */
    offers?: readonly string[]
  }
}

/** The Fastify instance that rooms register their routes on: TypeBox schemas are the types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** RFC 9457 problem details as this service writes them. Kinds of problem add members of their own. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Address of the description of this code.' }),
    title: Type.String({ description: 'What kind of refusal this is, in the language asked for.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.String({ description: 'Stable code to program against; GET /v1/problems lists them all.' }),
    hint: Type.String({ description: 'What the caller can do next.' }),
    requestId: Type.String({ description: 'Quote it when you ask about this answer.' }),
    detail: Type.Optional(Type.String({ description: 'One sentence on this very occurrence.' })),
    path: Type.Optional(Type.String({ description: 'The parameter, field or file that is meant.' })),
  },
  { $id: 'Problem', additionalProperties: true, description: 'A refusal, after RFC 9457.' },
)

export type ProblemBody = Static<typeof ProblemSchema>

/**
 * Stands for one record in the response schema of a generic route. The OpenAPI of each dataset puts the record of its
 * own contract in this place.
 */
export const RecordSchema = Type.Object(
  {},
  {
    $id: 'Record',
    additionalProperties: true,
    description: 'One record. Its fields are those of the contract: see the operations of each dataset.',
  },
)

/** Reference to `RecordSchema`, to write inside a response schema: `Type.Array(RecordRef)`. */
export const RecordRef = Type.Unsafe<Readonly<Record<string, unknown>>>({ $ref: 'Record#' })

/** Refusals that any operation can meet, so that no route has to name them. */
const everywhere: readonly ProblemCode[] = [
  'parameter-unknown',
  'parameter-invalid',
  'address-invalid',
  'key-invalid',
  'rate-limited',
  'quota-exceeded',
  'not-acceptable',
  'internal',
  'not-ready',
]

/** The part of a response schema that lists a route's refusals: `response: {200: …, ...problemResponses('not-found')}`. */
export function problemResponses(...codes: readonly ProblemCode[]): Readonly<Record<number, unknown>> {
  const byStatus = new Map<number, Set<ProblemCode>>()
  for (const code of [...codes, ...everywhere]) {
    const { status } = problems[code]
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  // A 404 may also be a page (refusals.ts). It isn't declared: whoever ranks HTML first is no generated client, and
  // every one of these would have to tell a problem from a text.
  const content = { 'application/problem+json': { schema: Type.Unsafe({ $ref: 'Problem#' }) } }
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      { description: [...of].map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '), content },
    ]),
  )
}

/**
 * Refuses parameters that are not known, with the nearest that is.
 * Throws the problem `parameter-unknown`; `nearest` is left out where nothing is near.
 */
export function refuseUnknown(known: readonly string[], given: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  // The name is cut: a caller may send a megabyte of it, and only its beginning helps to find the slip.
  const path = unknown.slice(0, nameLengthMax)
  const nearest = nearestOf(path, known)
  throw problem('parameter-unknown', {
    path,
    detail: known.length === 0 ? 'This address takes no parameters.' : 'The parameter is not known here.',
    ...(nearest === undefined ? {} : { nearest }),
    known,
  })
}

const nameLengthMax = 100

/** The name that was probably meant; undefined where none is near. */
export function nearestOf(given: string, names: readonly string[]): string | undefined {
  const nearest = names.length === 0 ? undefined : closest(given, [...names])
  const far = nearest === undefined ? 0 : distance(given, nearest)
  const isNear = far < given.length && far <= Math.max(2, given.length / 2)
  return isNear ? nearest : undefined
}

/** Refuses a caller who takes none of the media types offered. Throws `not-acceptable`, naming them. */
export function refuseUnacceptable(
  request: Pick<FastifyRequest, 'headers'>,
  offered: readonly string[],
): void {
  const { accept } = request.headers
  // RFC 9110, 12.5.1: without the header anything is taken; an empty one says no more than none.
  if (accept === undefined || accept.trim() === '') return
  if (new Negotiator(request).mediaTypes([...offered]).length > 0) return
  throw problem('not-acceptable', { path: 'Accept', offered })
}

/** The language of titles: what `Accept-Language` ranks first, else the fallback. Codes never change. */
export function languageOf(request: Pick<FastifyRequest, 'headers'>, fallback: Language = 'en'): Language {
  const wanted = request.headers['accept-language']
  if (wanted === undefined) return fallback
  const [best] = new Negotiator(request).languages()
  if (best === '*') return fallback
  const offered = fallback === 'en' ? ['en', 'zh'] : ['zh', 'en']
  const [first] = new Negotiator({ headers: { 'accept-language': baseLanguages(wanted) } }).languages(offered)
  return first === 'zh' || first === 'en' ? first : fallback
}

/** `zh-CN;q=0.9` becomes `zh;q=0.9`: a region or a script never decides between our two languages. */
function baseLanguages(header: string): string {
  return header.replace(/([a-z]{2,3})(-[a-z0-9]+)+/gi, '$1')
}

/**
 * The address under which the caller reaches the service, without a slash at its end: as configured, else taken from
 * the request. Empty where the Host header is not one, so that links become relative and never quote it.
 */
export function baseUrl(
  request: Pick<FastifyRequest, 'protocol' | 'host'>,
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
): string {
  if (config.QINGDAN_PUBLIC_URL !== '') return config.QINGDAN_PUBLIC_URL.replace(/\/+$/, '')
  return /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(request.host)
    ? `${request.protocol}://${request.host}`
    : ''
}
