/** Public API of the portal: pages for people. All their content is also available from the API. */
export type { PortalDataset } from './datasets/card.ts'
export { renderDocs } from './docs-page.ts'
export { type ItemState, type PortalList, type PortalOverview, renderHome } from './home.ts'
export { renderProblem } from './problem-page.ts'
export { portalRoutes } from './routes.ts'
export { type PortalResults, renderResults } from './search/results.ts'
