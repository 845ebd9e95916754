/** The catalogue: datasets as contracted, their editions, versions and distributions, and the ordered changes. */

export { addresses, fileName, storedName, type VersionName } from './addresses.ts'
export { isSynthetic } from './bodies.ts'
export { byDataset } from './by-dataset.ts'
export { type SearchedDatasets, searchDatasets } from './dataset-routes.ts'
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
} from './published.ts'
export { catalogueRoutes } from './routes.ts'
export { EditionName, Slug } from './schemas.ts'
export { type FacetName, type FacetValue, facetNames } from './search-facets.ts'
export type { SearchMatch } from './search-matches.ts'
export { type DatasetParameters, questionLengthMax } from './search-query.ts'
export {
  advanceDraft,
  type Draft,
  getDraft,
  openDraft,
  type PublishedPart,
  publishVersion,
  type StoredDistribution,
  type Waiver,
  withdrawVersion,
} from './versions.ts'
