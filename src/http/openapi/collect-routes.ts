/**
 * Collects what the routes declare. The plugin describes all its routes at once, which takes 100 ms the first
 * time; it is registered once per group of paths, so that other requests run between two groups.
 */
import { type FastifyDynamicSwaggerOptions, fastifySwagger } from '@fastify/swagger'
import type { App } from '../route-helpers.ts'
import type { OpenapiDocument } from './document-shape.ts'

/** About six paths per group, which take some 10 ms the first time. */
const groups = 16

const groupName = (group: number) => `openapiGroup${group}`

/** Registers the collectors; call it before any route. `app.swagger()` describes all routes at once. */
export async function registerCollectors(app: App, options: FastifyDynamicSwaggerOptions): Promise<void> {
  const groupOf = new Map<string, number>()
  app.addHook('onRoute', ({ url }) => {
    if (!groupOf.has(url)) groupOf.set(url, groupOf.size % groups)
  })
  await app.register(fastifySwagger, options)
  for (let group = 0; group < groups; group += 1) {
    await app.register(fastifySwagger, {
      ...options,
      decorator: groupName(group) as 'swagger',
      transform: ({ schema, url }) =>
        groupOf.get(url) === group ? { schema, url } : { schema: { hide: true }, url },
    })
  }
}

/** The document of all routes, in steps. The app must be ready. */
export function* collectRoutes(app: App): Generator<void, OpenapiDocument> {
  const documents: OpenapiDocument[] = []
  for (let group = 0; group < groups; group += 1) {
    documents.push(app.getDecorator<() => OpenapiDocument>(groupName(group))())
    yield
  }
  const [first, ...others] = documents
  if (first === undefined) throw new Error('No group of routes exists.')
  return { ...first, paths: Object.assign({}, first.paths, ...others.map(({ paths }) => paths)) }
}
