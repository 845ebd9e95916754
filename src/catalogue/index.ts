/**
 * Public API of the catalogue: datasets by contract, their editions, versions and distributions, and the
 * change log.
 */
export { type Addresses, addresses, bagFolder, bagsFolder, storedName, versionFolder } from './addresses.ts'
export {
  appendChange,
  findChangePosition,
  isErasure,
  markOf,
  readChanges,
  readEditionChanges,
} from './changes/change-log.ts'
export {
  checkChangeLog,
  restoreChanges,
  restoreCounter,
} from './changes/check-change-log.ts'
export {
  countFeed,
  type FeedChange,
  type FeedSelection,
  listPinned,
  listReportedItems,
  type PinnedContract,
  type ReportedItem,
  readFeed,
} from './changes/read-changes.ts'
export type { AppContext, Readiness } from './context.ts'
export {
  bindDataFolder,
  bindRestored,
  checkDataFolder,
  dataFolderOf,
  isNew,
  refuseBrokenFolders,
  refuseMissingDatabase,
} from './data-folder.ts'
export { datasetBody, editionsOf, isSynthetic, provenOf } from './datasets/bodies.ts'
export { checkPins, restorePin } from './datasets/check-pins.ts'
export { followContracts } from './datasets/follow-contracts.ts'
export { byDataset } from './datasets/group-by-dataset.ts'
export { pinContracts, readPinnedContracts } from './datasets/pinned-contracts.ts'
export type { DatasetForm } from './datasets/representation.ts'
export { searchDatasets } from './datasets/routes.ts'
export { type DatasetTimes, listDatasetTimes } from './datasets/times.ts'
export { adoptOrigin, applyMirrored, openMirrored, prepareMirrored } from './mirror.ts'
export { findOrigin, type MirrorState, readMirror, refuseOnMirror, writeMirror } from './origin.ts'
export { catalogueRoutes } from './routes.ts'
export {
  DistributionSchema,
  EditionName,
  ExactVersion,
  PreviewToken,
  Slug,
  toLatest,
  VersionSchema,
} from './schemas.ts'
export { type FacetName, type FacetValue, facetNames } from './search/facets.ts'
export type { SearchMatch } from './search/matches.ts'
export { type DatasetParameters, questionLengthMax } from './search/query.ts'
export { readCarried } from './version-export.ts'
export { noticeFrom, setDeprecationHeaders } from './versions/deprecation.ts'
export {
  advanceDraft,
  type Draft,
  getDraft,
  openDraft,
  prepareVersion,
  publishVersion,
  resetDraft,
  withdrawVersion,
} from './versions/drafts.ts'
export {
  clearRecords,
  type ErasedVersion,
  findStored,
  listErasedVersions,
  listHolders,
  listRemovable,
  type StoredVersion,
  writeErasure,
} from './versions/erasure.ts'
export { type SentFile, sendFile } from './versions/file-routes.ts'
export { reportFile, requireIntact } from './versions/intact-files.ts'
export { linkHeader, neighboursOf } from './versions/neighbour-links.ts'
export { previewDaysDefault, previewDaysMax } from './versions/preview-days.ts'
export {
  createPreview,
  findServed,
  listPreviews,
  revokePreview,
  type ServedVersion,
} from './versions/previews.ts'
export {
  getLatest,
  getReadable,
  getVersion,
  latestOf,
  latestOfDataset,
  listDistributions,
  listReadable,
  listVersions,
  modifiedAt,
  type PublishedVersion,
  readVersions,
} from './versions/published.ts'
export { type RecordedVersion, readDrafts, readRecorded } from './versions/recorded-versions.ts'
export { sealPublished, sealVersion } from './versions/seal-files.ts'
