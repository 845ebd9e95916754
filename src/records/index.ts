/** Records: the rows as published, loaded unseen, read by plan, and served page by page. */
export { countDifference } from './difference.ts'
export { dropRecords } from './drop.ts'
export { loadRecords } from './load.ts'
export { readAll } from './read.ts'
export { recordsRoutes } from './routes.ts'
export { publishedTable, selectTexts } from './tables.ts'
