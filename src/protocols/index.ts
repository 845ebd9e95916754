/** Public API of the protocols: feed, DCAT-AP, core metadata, CKAN, OData, MCP, descriptions of versions and sitemap. */
export { datasetForms } from './dcat/routes.ts'
export { countBehind } from './feed/count-behind.ts'
export { protocolRoutes } from './routes.ts'
