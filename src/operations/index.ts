/** Public API of operations. */
export { type Erasure, eraseBundleAct, eraseVersionAct } from './erasure/erase.ts'
export { appendErasures, type ErasureEntry, ledgerName, parseErasures } from './erasure/ledger.ts'
export { verifyErasure } from './erasure/verify.ts'
export { operationsRoutes } from './routes.ts'
