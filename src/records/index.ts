/** Records: the rows as published, loaded unseen, read by plan, and served page by page. */
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
} from './conditions.ts'
export { loadRecords } from './load.ts'
export { parseFilters } from './query.ts'
export { readAll } from './read.ts'
export { recordsRoutes } from './routes.ts'
export { publishedTable, selectTexts, sortableFields } from './tables.ts'
