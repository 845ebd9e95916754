/** The portal: pages for people, without a script, that only say what machines can fetch too. */
export { renderDocs } from './docs-page.ts'
export type { ItemState, PortalDataset, PortalList, PortalOverview } from './home.ts'
export { renderHome } from './home.ts'
export { renderProblem } from './problem-page.ts'
export { portalRoutes } from './routes.ts'
