/** Public API of operations. */
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
