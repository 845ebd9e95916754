/** The catalogue: datasets as contracted, their editions, versions and distributions, and the ordered changes. */

export {
  type Addresses,
  addresses,
  fileName,
  storedName,
  type VersionName,
  versionFolder,
} from './addresses.ts'
export { datasetBody, editionsOf, isSynthetic } from './bodies.ts'
export { byDataset } from './by-dataset.ts'
export { type CarriedVersion, readCarried } from './carried.ts'
export {
  appendChange,
  type ChangeKind,
  changeKinds,
  findPlace,
  type PlacedChange,
  readChanges,
  readEditionChanges,
} from './changes.ts'
export type { DatasetForm } from './dataset-form.ts'
export { type SearchedDatasets, searchDatasets } from './dataset-routes.ts'
export { type DatasetTimes, listDatasetTimes } from './dataset-times.ts'
export {
  countFeed,
  type FedChange,
  type FeedSelection,
  listPinned,
  listTold,
  type PinnedContract,
  readFeed,
  type Told,
} from './feed.ts'
export { type SentFile, sendFile } from './file-routes.ts'
export type { House, Readiness } from './house.ts'
export { linkHeader, neighboursOf } from './links.ts'
export { adoptOrigin, applyMirrored, openMirrored, prepareMirrored } from './mirrored.ts'
export { giveNotice, noticeFrom } from './notice.ts'
export { findOrigin, type MirrorState, readMirror, refuseOnMirror, writeMirror } from './origin.ts'
export { pinContracts } from './pins.ts'
export {
  createPreview,
  findPreviewed,
  findServed,
  listPreviews,
  type Preview,
  type PreviewedVersion,
  previewDaysMax,
  previewDaysUsual,
  revokePreview,
  type ServedVersion,
} from './previews.ts'
export {
  getLatest,
  getReadable,
  getVersion,
  latestOf,
  latestOfDataset,
  listDistributions,
  listReadable,
  listVersions,
  type PublishedVersion,
  readVersions,
} from './published.ts'
export { catalogueRoutes } from './routes.ts'
export { EditionName, PreviewToken, Slug, toLatest } from './schemas.ts'
export { type FacetName, type FacetValue, facetNames } from './search-facets.ts'
export type { SearchMatch } from './search-matches.ts'
export { type DatasetParameters, questionLengthMax } from './search-query.ts'
export {
  advanceDraft,
  type Difference,
  type Draft,
  getDraft,
  type OmittedFormat,
  openDraft,
  type Prepared,
  type PublishedPart,
  prepareVersion,
  publishVersion,
  resetDraft,
  type StoredDistribution,
  type Waiver,
  withdrawVersion,
} from './versions.ts'
