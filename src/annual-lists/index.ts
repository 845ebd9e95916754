/**
 * Public API of the annual lists: promises with states derived from what is published, comparisons,
 * notifications.
 */
export { type AnnualList, findList, type ListItem, listAnnualLists } from './annual-lists.ts'
export { startListTasks } from './background-tasks.ts'
export { type Compared, diffBody, itemBody } from './bodies.ts'
export { compareLists, getList } from './comparison/compare.ts'
export { type DueItem, dueItems, endOfSpan, parseDaySpan, spanCountMax } from './due.ts'
export { appendItemChanges, changesOf } from './notifications.ts'
export { annualListRoutes } from './routes.ts'
export { type ItemState, itemStates, type Rates } from './state.ts'
