/** Public API of operations: health, metrics, backups, verification of what is stored, erasure. */
export {
  type ApplyErasures,
  BackupFault,
  type BackupFaultReason,
  type BackupReport,
  type CheckedSet,
  checkSets,
  chooseSet,
  type ErasureEntry,
  erasuresFile,
  type FinishedRestore,
  findErasures,
  finishRestore,
  type RestoredSet,
  readLedger,
  refuseUnfinishedRestore,
  restoreSet,
  writeBackup,
} from './backup/index.ts'
export { applyErasures } from './erasure/apply-erasures.ts'
export { type Erasure, eraseBundleAct, eraseVersionAct } from './erasure/erase.ts'
export { appendErasures } from './erasure/ledger.ts'
export { verifyErasure } from './erasure/verify.ts'
export { operationsRoutes } from './routes.ts'
export { compareSizes, scrub, startScrub } from './verify/scrub.ts'
export type { Defect } from './verify/verification.ts'
export { type VerifyReport, verify } from './verify/verify.ts'
