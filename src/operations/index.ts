/** Public API of operations. */
export { operationsRoutes } from './routes.ts'
