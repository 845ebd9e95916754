/** Public API of records: published rows, loaded before release, queried and served. */
export { aggregatePart } from './aggregate/openapi.ts'
export { aggregateRoutes } from './aggregate/routes.ts'
export { GroupSchema } from './aggregate/schemas.ts'
export { countDifference } from './diff/count-difference.ts'
export { dropRecords, loadPlainFile, loadRecords } from './load-records.ts'
export {
  bindConditions,
  type Condition,
  conditionText,
  type Filter,
  numberedParameters,
  type OperatorName,
  operators,
  operatorsOf,
  parameterName,
  planConditions,
  resolveFilters,
} from './query/filters.ts'
export { aggregateJson, type ReadQuery, recordsJson } from './query/json-queries.ts'
export {
  countNumbered,
  type NumberedPlan,
  type NumberedQuery,
  numberedMax,
  numberField,
  planNumbered,
  readNumbered,
  sortableNames,
  streamNumbered,
} from './query/offset-query.ts'
export { recordsPart } from './query/parameters.ts'
export { parseFilters } from './query/query.ts'
export { writeValues } from './query/values.ts'
export { copyAll, readAll } from './read/read-records.ts'
export { recordsRoutes } from './routes.ts'
export { publishedTable, selectTexts, sortableFields } from './tables.ts'
