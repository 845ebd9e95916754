/** HTTP: shared hooks, problem responses, endpoints for operators, and the API's own description. */
export { attachment } from './attachment.ts'
export { byteCacheOf, type CachedBody } from './cache/byte-cache.ts'
export { codedTag, codingOf } from './cache/codings.ts'
export { isFresh, matches } from './cache/freshness.ts'
export { buildResponseCache } from './cache/response-cache.ts'
export type { HttpContext, QuotaState, ReadBy } from './context.ts'
export { problemOf, registerErrorHandler, sendProblem, unmatched } from './errors/problem-responses.ts'
export { registerHooks, requestId } from './hooks/hooks.ts'
export { lazySerialisers, type SchemaCompilation } from './hooks/lazy-compilers.ts'
export { trustedProxies } from './hooks/rate-limit.ts'
export type { DatasetPart } from './openapi/dataset-operations.ts'
export { buildOpenapi } from './openapi/document.ts'
export type { OpenapiDocument } from './openapi/document-shape.ts'
export { type DocsPage, docsRoutes, registerOpenapi } from './openapi/routes.ts'
export { rangeOf } from './ranges.ts'
export {
  type App,
  baseUrl,
  languageOf,
  nearestOf,
  ProblemSchema,
  pageLanguageOf,
  problemResponses,
  RecordRef,
  RecordSchema,
} from './route-helpers.ts'
export { originForm, refuseConnection, type SocketLimits, serverFactory, socketLimits } from './sockets.ts'
