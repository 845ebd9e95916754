/** Public API of operations: health, metrics, backups, and the verification of what is stored. */
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
  readErasures,
  refuseUnfinishedRestore,
  restoreSet,
  writeBackup,
} from './backup/index.ts'
export { operationsRoutes } from './routes.ts'
export { compareSizes, scrub, startScrub } from './verify/scrub.ts'
export type { Defect } from './verify/verification.ts'
export { type VerifyReport, verify } from './verify/verify.ts'
