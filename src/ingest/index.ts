/** Public API of ingest: intake channels, receipts, quarantine, and the pipeline to a staged part. */
export { ignoredHints, startBackgroundTasks } from './background-tasks.ts'
export { correctionsEnd } from './derived/corrections.ts'
export { newestDirectories, readDirectories } from './derived/directories.ts'
export { holdingChecks, listHeldWarnings } from './derived/held-warnings.ts'
export { listSharedKeys, readStatistics } from './derived/statistics.ts'
export {
  dropProof,
  listOrphanProofs,
  readProof,
  type VersionProof,
  writeProof,
} from './derived/version-proofs.ts'
export {
  type BundleErasure,
  type ErasedBundle,
  eraseBundle,
  listErasedBundles,
} from './erasure/erase-bundle.ts'
export { removeReadBundles } from './erasure/personal.ts'
export { reasonOf } from './erasure/stored-bytes.ts'
export { startIngestJobs } from './jobs.ts'
export { checkParts, dropOrphanStaged, listOrphanStaged, restagePart } from './pipeline/check-parts.ts'
export { lockOf } from './pipeline/edition-lock.ts'
export {
  baseFile,
  type DirectoryPin,
  dropReplaced,
  fileColumn,
  listParts,
  rowColumn,
  type StagedPart,
  stagingTable,
} from './pipeline/parts.ts'
export { takeBundle } from './pipeline/pipeline.ts'
export { type Progress, readPasses, watchRows } from './pipeline/progress.ts'
export { Refusal } from './pipeline/refusal.ts'
export { ensureDerived, ensureStaged } from './pipeline/rows.ts'
export { listSequenceGaps } from './pipeline/sequence.ts'
export { dropBundle, releaseBundle } from './quarantine/quarantine.ts'
export { receiptBody } from './receipts/body.ts'
export { checkReceipt, type ReceiptFault, restoreReceipt } from './receipts/check-receipt.ts'
export { writeReceiptFiles } from './receipts/files.ts'
export {
  countWarnings,
  findReceipt,
  getReceiptLike,
  hasBrought,
  isRejected,
  listBundleIds,
  listFindings,
  listReceipts,
  type Receipt,
  readFindings,
} from './receipts/receipts.ts'
export { receiptRoutes } from './receipts/routes.ts'
export { checkBundle } from './receive/check-bundle.ts'
export { type InboxRound, openInbox } from './receive/inbox.ts'
export { bundleFolder, receive } from './receive/receive.ts'
export { requeueBundles } from './receive/requeue.ts'
export { ingestRoutes } from './routes.ts'
