/** Public API of backups: write, check and restore sets. */
export { type BackupReport, writeBackup } from './backup.ts'
export { type CheckedSet, checkSets } from './check-sets.ts'
export { type ApplyErasures, type ErasureEntry, erasuresFile, readLedger } from './erasures.ts'
export { BackupFault, type BackupFaultReason } from './fault.ts'
export { type FinishedRestore, findErasures, finishRestore } from './finish-restore.ts'
export { chooseSet, type RestoredSet, restoreSet } from './restore.ts'
export { refuseUnfinishedRestore } from './restore-marker.ts'
