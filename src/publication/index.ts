/** Public API of publication. */
export {
  approvePublication,
  dropPublication,
  lockOf,
  openPreview,
  requestPublication,
  revokePreview,
} from './acts.ts'
export { assemble } from './pipeline/assemble.ts'
export { control } from './pipeline/control.ts'
export { derive } from './pipeline/derive.ts'
export { publish } from './pipeline/publish.ts'
export { release } from './pipeline/release.ts'
export {
  findOpenPublication,
  findPublication,
  isOpenPublication,
  listPublications,
  type PendingReason,
  type Publication,
  pendingReasonOf,
  publishEditionJob,
  writeRefused,
} from './publications.ts'
export { publicationRoutes } from './routes.ts'
export { withdraw } from './withdraw.ts'
