/** Records: the rows as published, loaded unseen, read by plan, and served page by page. */
export { aggregatePart } from './aggregate-part.ts'
export { aggregateRoutes } from './aggregate-routes.ts'
export { GroupSchema } from './aggregate-schemas.ts'
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
export { countDifference } from './difference.ts'
export { dropRecords } from './drop.ts'
export { loadPlainFile, loadRecords } from './load.ts'
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
} from './numbered.ts'
export { recordsPart } from './parameters.ts'
export { parseFilters } from './query.ts'
export { type Question, questionAggregate, questionRecords } from './questions.ts'
export { copyAll, readAll } from './read.ts'
export { recordsRoutes } from './routes.ts'
export { publishedTable, selectTexts, sortableFields } from './tables.ts'
export { writeValues } from './values.ts'
