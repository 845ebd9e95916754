/** Public API of records: published rows, loaded before release, queried and served. */
export { aggregatePart } from './aggregate/openapi.ts'
export { aggregateRoutes } from './aggregate/routes.ts'
export { GroupSchema } from './aggregate/schemas.ts'
export { checkTable } from './check-table.ts'
export { countDifference } from './diff/count-difference.ts'
export { type FirstDifferences, firstDifferences } from './diff/first-differences.ts'
export { digestOfTable, dropRecords, loadPlainFile, loadRecords, restoreRecords } from './load-records.ts'
export { dropOrphanRecords, listOrphanRecords } from './orphan-tables.ts'
export { type Filter, operatorsOf } from './query/filters.ts'
export { type PageQuery, readJsonPage } from './query/json-page.ts'
export { aggregateJson, recordsJson } from './query/json-queries.ts'
export {
  countNumbered,
  type NumberedPlan,
  numberedMax,
  numberField,
  planNumbered,
  readNumbered,
  streamNumbered,
} from './query/offset-query.ts'
export { recordsPart } from './query/parameters.ts'
export { limitMax, type SortField, sortMax, valueLengthMax } from './query/query.ts'
export { writeValues } from './query/values.ts'
export { copyAll, readAll } from './read/read-records.ts'
export { removeVersion, removeWithdrawn } from './remove-version.ts'
export { recordsRoutes } from './routes.ts'
export { createIndexes, createTable, publishedTable, selectTexts, sortableFields } from './tables.ts'
