/**
 * Public API of the annual lists: promises with states derived from what is published, comparisons,
 * notifications.
 */
export { type AnnualList, listAnnualLists } from './annual-lists.ts'
export { startListTasks } from './background-tasks.ts'
export { diffBody, itemBody } from './bodies.ts'
export { compareLists, getList } from './comparison/compare.ts'
export { dueItems, endOfSpan, parseDaySpan, spanCountMax } from './due.ts'
export { appendItemChanges } from './notifications.ts'
export { annualListRoutes } from './routes.ts'
export { itemStates } from './state.ts'
