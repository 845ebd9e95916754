/** Public API of operations: health, metrics, verification of what is stored, erasure. */
export { type Erasure, eraseBundleAct, eraseVersionAct } from './erasure/erase.ts'
export { appendErasures, type ErasureEntry, ledgerName, parseErasures } from './erasure/ledger.ts'
export { verifyErasure } from './erasure/verify.ts'
export { operationsRoutes } from './routes.ts'
export { compareSizes, scrub, startScrub } from './verify/scrub.ts'
export type { Defect } from './verify/verification.ts'
export { type VerifyReport, verify } from './verify/verify.ts'
