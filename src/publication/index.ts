/** Public API of publication: request, approve, drop, preview and withdraw; the pipeline and its worker. */
export {
  approvePublication,
  dropPublication,
  openPreview,
  requestPublication,
  revokePreview,
} from './acts.ts'
export { startPublicationTasks } from './background-tasks.ts'
export { type CheckedProof, checkProofs } from './control/check-proofs.ts'
export { eraseVersion, type VersionErasure } from './erase.ts'
export { startPublicationJobs } from './jobs.ts'
export { dropControlled, listOrphanControlled } from './pipeline/control.ts'
export { publishEdition } from './pipeline/publish-edition.ts'
export { renderAgain } from './pipeline/render.ts'
export {
  findOpenPublication,
  listPublications,
  type PendingReason,
  type Publication,
  pendingReasonOf,
} from './publications.ts'
export { requeuePublications } from './requeue.ts'
export { publicationRoutes } from './routes.ts'
export { withdraw } from './withdraw.ts'
