/** Records: the rows as published, loaded unseen, read by plan, and served page by page. */
export { loadRecords } from './load.ts'
export { recordsPart } from './parameters.ts'
export { readAll } from './read.ts'
export { recordsRoutes } from './routes.ts'
export { publishedTable, selectTexts } from './tables.ts'
