/** The catalogue: datasets as contracted, their editions, versions and distributions, and the ordered changes. */

export { addresses, fileName, storedName, type VersionName } from './addresses.ts'
export { isSynthetic } from './bodies.ts'
export type { House, Readiness } from './house.ts'
export { pinContracts } from './pins.ts'
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
export { EditionName, Slug } from './schemas.ts'
export {
  advanceDraft,
  type Draft,
  getDraft,
  type OmittedFormat,
  openDraft,
  type PublishedPart,
  publishVersion,
  type StoredDistribution,
  type Waiver,
  withdrawVersion,
} from './versions.ts'
