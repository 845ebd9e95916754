/** Ingest: the door through which providers bring bundles, and the pipeline that makes editions public. */
export { type InboxRound, openInbox } from './inbox.ts'
export { publishEdition, takeBundle } from './pipeline.ts'
export { listSequenceGaps, type SequenceGap } from './place.ts'
export { type Progress, readings, watchRows } from './progress.ts'
export {
  approvePublication,
  askPublication,
  dropPublication,
  openPreview,
  revokePreview,
} from './publication-acts.ts'
export { publicationRoutes } from './publication-routes.ts'
export {
  findOpenPublication,
  listPublications,
  type Publication,
  type Wait,
  waitsFor,
} from './publications.ts'
export { dropBundle, releaseBundle } from './quarantine.ts'
export { type ReceiptBody, receiptBody } from './receipt-body.ts'
export {
  getSignedReceipt,
  receiptFileNames,
  type SignedReceipt,
  writeReceiptFiles,
} from './receipt-files.ts'
export { receiptRoutes } from './receipt-routes.ts'
export {
  findReceipt,
  getReceiptLike,
  isTurnedAway,
  listFindings,
  listReceipts,
  type Receipt,
  readFindings,
} from './receipts.ts'
export { receive } from './receive.ts'
export { ingestRoutes } from './routes.ts'
export { leftHints, startWays } from './ways.ts'
export { withdraw } from './withdraw.ts'
export { startWorker } from './worker.ts'
