/** The catalogue: datasets as contracted, their editions, versions and distributions, and the ordered changes. */

export { addresses, fileName, storedName, type VersionName, versionFolder } from './addresses.ts'
export { isSynthetic } from './bodies.ts'
export type { House, Readiness } from './house.ts'
export { linkHeader } from './links.ts'
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
export { EditionName, PreviewToken, Slug } from './schemas.ts'
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
