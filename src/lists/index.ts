/** The annual lists: promises with their states, derived from what is published. */
export { type AnnualList, findList, type ListItem, listYears } from './annual-lists.ts'
export { listsRoutes } from './routes.ts'
export type { ItemState, Rates } from './state.ts'
