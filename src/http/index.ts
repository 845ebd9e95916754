/** HTTP: the manners that all addresses share, refusals, what operators ask, and the API's own description. */
export { docsRoutes, registerOpenapi } from './docs.ts'
export { registerManners, requestId } from './manners.ts'
export type { DatasetPart } from './openapi/dataset-operations.ts'
export { buildOpenapi } from './openapi/document.ts'
export type { OpenapiDocument } from './openapi/document-shape.ts'
export { operationsRoutes } from './operations.ts'
export { trustedProxies } from './rate.ts'
export { problemOf, registerRefusals, sendProblem, unmatched } from './refusals.ts'
export {
  originForm,
  refuseConnection,
  type SocketLimits,
  serverFactory,
  socketLimits,
} from './sockets.ts'
export { buildWarm } from './warm.ts'
