/**
 * The error handler: an error becomes a problem of the closed list, written as RFC 9457 or as a small page
 * for a browser. Errors outside the list are logged as internal and never shown.
 */

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { isDatabaseUnavailable, isStatementTimeout, withoutValues } from '../../db/database-error.ts'
import { defined } from '../../platform/defined.ts'
import { asError } from '../../platform/errors.ts'
import { Problem, type ProblemCode, problem } from '../../platform/problem.ts'
import { storageFaultOf } from '../../platform/storage-fault.ts'
import { problemTexts } from '../../platform/texts/problem-texts.ts'
import type { HttpContext } from '../context.ts'
import { type App, baseUrl, languageOf, type ProblemBody, pageLanguageOf } from '../route-helpers.ts'

/** Registers the only error handler. Unknown paths are handled in hooks.ts, which knows the paths. */
export function registerErrorHandler(app: App, context: HttpContext): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const route = request.routeOptions.url ?? unmatched
    // A caller that disconnects while sending its body is no internal error and gets no response.
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

/** The route label in metrics for requests that match no route. */
export const unmatched = 'unmatched'

/** Sends a problem in the language requested, as JSON unless the caller prefers a page. */
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
    // These headers described the response that the problem replaces.
    .removeHeader('etag')
    .removeHeader('last-modified')
    .removeHeader('content-disposition')
    .removeHeader('content-encoding')
    .removeHeader('content-length')
    .removeHeader('content-range')
    .removeHeader('accept-ranges')
    .removeHeader('repr-digest')
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="qingdan"')
  // RFC 9110, 15.5.17: a 416 names the size of the content.
  if (status === 416) reply.header('content-range', `bytes */${refusal.detail['bytes']}`)
  // RFC 5829: links the successor of something withdrawn, also on HEAD.
  const { successor } = refusal.detail
  if (typeof successor === 'string') reply.header('link', `<${successor}>; rel="successor-version"`)
  // A client over its limit gives its connection back; a refusal must not keep it open.
  if (status === 429) reply.header('connection', 'close')
  const seconds = retryAfterSeconds[refusal.code] ?? (status === 503 ? retryAfterSecondsUsual : undefined)
  if (seconds !== undefined) reply.header('retry-after', String(seconds))
  if ((status === 404 || isOfPage(request)) && prefersPage(request)) {
    const language = pageLanguageOf(request)
    const page = context.renderProblem(refusal, request.id, language)
    return reply
      .header('content-language', language)
      .header('vary', 'Accept, Accept-Language, Cookie')
      .type('text/html; charset=utf-8')
      .send(page)
  }
  const language = languageOf(request)
  // Serialised here: a response schema of the route would drop the members of this kind of problem.
  const body = JSON.stringify(bodyOf(refusal, request, baseUrl(request, context.config)))
  return reply.header('content-language', language).type('application/problem+json').send(body)
}

/** A start takes seconds, and a request that comes too early costs nothing. */
const retryAfterSecondsUsual = 5

/** Somebody has to free space or mount a disk first, which takes minutes. */
const retryAfterSeconds: { readonly [Code in ProblemCode]?: number } = {
  'storage-full': 60,
  'storage-read-only': 60,
  'storage-failing': 60,
  'storage-missing': 60,
}

function bodyOf(refusal: Problem, request: FastifyRequest, base: string): ProblemBody {
  const { code, status } = refusal
  const language = languageOf(request)
  const { title, hint, detail } = problemTexts(refusal, language)
  const { detail: _detail, path, ...extensions } = refusal.detail
  const members = {
    type: `${base}/v1/problems/${code}`,
    title,
    status,
    code,
    hint: lostPlus(refusal, request) ? `${hint} ${plusHints[language]}` : hint,
    requestId: request.id,
    ...(detail === undefined || status >= 500 ? {} : { detail }),
    ...defined({ path }),
  }
  // Listed twice: the first puts the members in front, the second stops extensions from replacing them.
  return { ...members, ...extensions, ...members }
}

const plusHints = {
  zh: '查询中的 `+` 会被读成空格，加号请写作 `%2B`。',
  en: 'A `+` in a query is read as a blank: write `%2B` for a plus sign.',
}

/** Whether the parameter of a problem was written with a `+`, as in a time zone, which a query reads as a blank. */
function lostPlus({ status, detail: { path } }: Problem, request: FastifyRequest): boolean {
  if (status !== 400 || path === undefined) return false
  const [, query = ''] = (request.raw.url ?? '').split('?', 2)
  return [...new URLSearchParams(query.replaceAll('+', '%00'))].some(
    ([name, value]) => name === path && value.includes('\0'),
  )
}

/** Problem codes for Fastify's errors. Others are mapped by status, or become `internal`. */
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

/** The problem for an error; `internal` if the list has no kind for it. */
export function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return invalid(error)
  const byCode = codesOfFastify[error.code]
  if (byCode !== undefined) return problem(byCode)
  const fault = storageFaultOf(error)
  if (fault !== undefined) return problem(`storage-${fault}`)
  if (isDatabaseUnavailable(error)) return problem('not-ready')
  if (isStatementTimeout(error)) return problem('query-too-slow')
  // Only errors made to be shown have a status; a driver's error has none.
  const byStatus = error.statusCode === undefined ? undefined : codesOfStatus[error.statusCode]
  return problem(byStatus ?? 'internal')
}

/** The validator's first error: the place and what is expected, never the value found. */
function invalid({ validation = [], validationContext }: FastifyError): Problem {
  const [first] = validation
  const inside = (first?.instancePath ?? '').split('/').slice(1)
  const missing = first?.params['missingProperty'] ?? first?.params['additionalProperty']
  const path = [...inside, ...(typeof missing === 'string' ? [missing] : [])].join('.')
  const allowed = first?.params['allowedValues']
  const expected = Array.isArray(allowed) ? `one of ${allowed.join(', ')}` : undefined
  const detail =
    expected === undefined ? `The value ${first?.message ?? 'is not valid'}.` : `Expected ${expected}.`
  const code = validationContext === 'body' ? 'body-invalid' : 'parameter-invalid'
  return problem(code, { ...(path === '' ? {} : { path }), detail })
}

/** Whether the address is a page, whose refusals are pages too. */
function isOfPage({ routeOptions }: FastifyRequest): boolean {
  return routeOptions?.config?.offers?.includes('text/html') === true
}

/** Whether text/html is listed before JSON; a caller with only `*` is treated as a program. */
function prefersPage(request: FastifyRequest): boolean {
  const offered = ['application/problem+json', 'application/json', 'text/html']
  return new Negotiator(request).mediaTypes(offered)[0] === 'text/html'
}
