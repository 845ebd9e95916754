/** Public API of operations: health, metrics, and the verification of what is stored. */
export { operationsRoutes } from './routes.ts'
export { compareSizes, scrub, startScrub } from './verify/scrub.ts'
export type { Defect } from './verify/verification.ts'
export { type VerifyReport, verify } from './verify/verify.ts'
