/** Registers the routes of all protocols, and the route of a version as a signed bag. */
import type { AppContext } from '../catalogue/index.ts'
import type { App } from '../http/index.ts'
import { ckanRoutes } from './ckan/routes.ts'
import { coreMetadataRoutes } from './core-metadata/routes.ts'
import { dcatRoutes } from './dcat/routes.ts'
import { apiCatalogRoutes } from './discovery/api-catalog.ts'
import { atomRoutes } from './feed/atom.ts'
import { feedRoutes } from './feed/routes.ts'
import { mcpRoutes } from './mcp/routes.ts'
import { odataRoutes } from './odata/routes.ts'
import { sitemapRoutes } from './sitemap/routes.ts'
import { versionDocumentRoutes } from './version-documents/routes.ts'

/**
 * Each protocol is one line. Those with hooks or error formats of their own get a Fastify scope of their own.
 */
export async function protocolRoutes(app: App, context: AppContext): Promise<void> {
  feedRoutes(app, context)
  atomRoutes(app, context)
  dcatRoutes(app, context)
  coreMetadataRoutes(app, context)
  sitemapRoutes(app, context)
  apiCatalogRoutes(app, context)
  versionDocumentRoutes(app, context)
  await app.register((scope, _options, done) => {
    ckanRoutes(scope, context)
    done()
  })
  await app.register((scope, _options, done) => {
    odataRoutes(scope, context)
    done()
  })
  await app.register((scope, _options, done) => {
    mcpRoutes(scope, context)
    done()
  })
}
