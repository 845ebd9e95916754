/** The routes of all protocols. Each that changes parsing or error handling has a Fastify scope of its own. */
import type { AppContext } from '../catalogue/index.ts'
import type { App } from '../http/index.ts'
import { ckanRoutes } from './ckan/routes.ts'
import { coreMetadataRoutes } from './core-metadata/routes.ts'
import { dcatRoutes } from './dcat/routes.ts'
import { feedRoutes } from './feed/routes.ts'
import { mcpRoutes } from './mcp/routes.ts'
import { sitemapRoutes } from './sitemap/routes.ts'

/** Each protocol has its line; those with manners of their own have a scope of their own. */
export async function protocolRoutes(app: App, context: AppContext): Promise<void> {
  feedRoutes(app, context)
  dcatRoutes(app, context)
  coreMetadataRoutes(app, context)
  sitemapRoutes(app, context)
  await app.register((scope, _options, done) => {
    ckanRoutes(scope, context)
    done()
  })
  await app.register((scope, _options, done) => {
    mcpRoutes(scope, context)
    done()
  })
}
