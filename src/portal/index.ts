/** The portal: pages for people, without a script, that only say what machines can fetch too. */
export type { PortalDataset } from './dataset-card.ts'
export { renderDocs } from './docs-page.ts'
export type { ItemState, PortalList, PortalOverview } from './home.ts'
export { renderHome } from './home.ts'
export { renderProblem } from './problem-page.ts'
export { type PortalResults, renderResults } from './results.ts'
export { portalRoutes } from './routes.ts'
