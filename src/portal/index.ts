export { renderProblem } from './problems/problem-page.tsx'
export { portalRoutes } from './routes.ts'
export { renderDocs } from './site/docs-page.tsx'
