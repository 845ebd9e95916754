/**
 * Every refusal that leaves the house, in one place: what went wrong becomes a problem of the closed list and is
 * written as RFC 9457, or as a small page for a browser. What is not theirs is ours: observed, and never shown.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { isDatabaseAway, isTooSlow, withoutValues } from '../../db/database-error.ts'
import { asError } from '../../platform/errors.ts'
import { Problem, type ProblemCode, problem, problems } from '../../platform/problem.ts'
import type { HttpContext } from '../context.ts'
import { type App, baseUrl, languageOf, type ProblemBody } from '../route-helpers.ts'

/** Registers the one error handler. The handler for addresses that do not exist is in manners.ts: it knows them. */
export function registerRefusals(app: App, context: HttpContext): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const route = request.routeOptions.url ?? unmatched
    // A caller that goes away in the middle of its body is no fault of ours, and hears no answer.
    if (request.raw.errored != null) {
      context.observe('stream-aborted', { route, requestId: request.id, reason: error.name })
      return sendProblem(problem('body-invalid'), request, reply, context)
    }
    const refusal = problemOf(error)
    if (refusal.status >= 500 && !(error instanceof Problem)) {
      context.observe('request-failed', {
        route,
        requestId: request.id,
        error: asError(withoutValues(error)),
      })
    }
    return sendProblem(refusal, request, reply, context)
  })
}

/** The route under which requests are counted that reach none. */
export const unmatched = 'unmatched'

/** Writes a problem as the answer, in the language asked for, as JSON unless a page is preferred. */
export function sendProblem(
  refusal: Problem,
  request: FastifyRequest,
  reply: FastifyReply,
  context: Pick<HttpContext, 'config' | 'renderProblem'>,
): FastifyReply {
  const { status } = refusal
  reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('vary', 'Accept, Accept-Language')
    // These described the answer that did not come to be.
    .removeHeader('etag')
    .removeHeader('last-modified')
    .removeHeader('content-disposition')
    .removeHeader('content-encoding')
    .removeHeader('content-length')
    .removeHeader('content-range')
    .removeHeader('accept-ranges')
    .removeHeader('repr-digest')
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="qingdan"')
  // RFC 9110, 15.5.17: so that the caller learns what there is to ask for.
  if (status === 416) reply.header('content-range', `bytes */${refusal.detail['bytes']}`)
  // RFC 5829: who holds the address of what was withdrawn is led on, also by a HEAD.
  const { successor } = refusal.detail
  if (typeof successor === 'string') reply.header('link', `<${successor}>; rel="successor-version"`)
  if (status === 503) reply.header('retry-after', String(retryAfterSeconds))
  if (status === 404 && prefersPage(request)) {
    const language = languageOf(request, 'zh')
    const page = context.renderProblem(refusal.code, request.id, language)
    return reply.header('content-language', language).type('text/html; charset=utf-8').send(page)
  }
  const language = languageOf(request)
  // Written here and now: a response schema of the route must not drop the members of this kind of problem.
  const body = JSON.stringify(bodyOf(refusal, request, baseUrl(request, context.config)))
  return reply.header('content-language', language).type('application/problem+json').send(body)
}

/** A start takes seconds rather than minutes, and a probe that comes too early costs nothing. */
const retryAfterSeconds = 5

function bodyOf(refusal: Problem, request: FastifyRequest, base: string): ProblemBody {
  const { code, status } = refusal
  const { title, titleZh, hint } = problems[code]
  const { detail, path, ...extensions } = refusal.detail
  const members = {
    type: `${base}/v1/problems/${code}`,
    title: languageOf(request) === 'zh' ? titleZh : title,
    status,
    code,
    hint,
    requestId: request.id,
    ...(detail === undefined || status >= 500 ? {} : { detail }),
    ...(path === undefined ? {} : { path }),
  }
  // Named twice: they stand first for those who read, and no extension can take their place.
  return { ...members, ...extensions, ...members }
}

/** Fastify's own refusals by their codes. What is not here counts by its status, and as our fault at last. */
const codesOfFastify: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_NOT_FOUND: 'not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  FST_ERR_BAD_URL: 'address-invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_EMPTY_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body-invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body-invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body-invalid',
}

const codesOfStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'body-invalid',
  404: 'not-found',
  406: 'not-acceptable',
  413: 'body-too-large',
  415: 'media-type-unsupported',
  416: 'range-not-satisfiable',
  503: 'not-ready',
}

/** The problem that an error stands for; `internal` where it is no refusal of the list. */
export function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return invalid(error)
  const byCode = codesOfFastify[error.code]
  if (byCode !== undefined) return problem(byCode)
  if (isDatabaseAway(error)) return problem('not-ready')
  if (isTooSlow(error)) return problem('query-too-slow')
  // A status alone is believed only for an error made to be shown: a driver's error has none.
  const byStatus = error.statusCode === undefined ? undefined : codesOfStatus[error.statusCode]
  return problem(byStatus ?? 'internal')
}

/** What the validator found first: where and what is expected there, never the value that stood there. */
function invalid({ validation = [], validationContext }: FastifyError): Problem {
  const [first] = validation
  const inside = (first?.instancePath ?? '').split('/').slice(1)
  const missing = first?.params['missingProperty'] ?? first?.params['additionalProperty']
  const path = [...inside, ...(typeof missing === 'string' ? [missing] : [])].join('.')
  const allowed = first?.params['allowedValues']
  const expected = Array.isArray(allowed) ? `one of ${allowed.join(', ')}` : undefined
  const detail =
    expected === undefined ? `The value ${first?.message ?? 'is not valid'}.` : `Expected is ${expected}.`
  const code = validationContext === 'body' ? 'body-invalid' : 'parameter-invalid'
  return problem(code, { ...(path === '' ? {} : { path }), detail })
}

/** A page is for those who name text/html before any JSON; `*` alone is a program. */
function prefersPage(request: FastifyRequest): boolean {
  const offered = ['application/problem+json', 'application/json', 'text/html']
  return new Negotiator(request).mediaTypes(offered)[0] === 'text/html'
}
