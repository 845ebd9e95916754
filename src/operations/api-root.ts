/** The root of the API: the addresses that a program starts from. */
import { type Static, Type } from 'typebox'
import type { AppContext } from '../catalogue/index.ts'
import { type App, baseUrl, problemResponses } from '../http/index.ts'
import { Link } from '../platform/shape.ts'

const RootSchema = Type.Object({
  links: Type.Object(
    {
      self: Link('This address.'),
      lists: Link('The annual lists and their promises.'),
      datasets: Link('The datasets; search.'),
      changes: Link('Every change, in one order.'),
      problems: Link('All problem codes.'),
      openapi: Link('The OpenAPI document.'),
      docs: Link('The documentation, for people.'),
      catalogue: Link('The catalogue as DCAT-AP 3.'),
    },
    { description: 'Links to related resources.' },
  ),
})

/** Registers the root. */
export function apiRootRoutes(app: App, { config }: Pick<AppContext, 'config'>): void {
  app.get(
    '/v1',
    {
      schema: {
        operationId: 'getRoot',
        tags: ['service'],
        summary: 'The root of the API',
        description: 'The addresses to start from.',
        response: { 200: RootSchema, ...problemResponses() },
      },
    },
    async (request): Promise<Static<typeof RootSchema>> => {
      const base = baseUrl(request, config)
      return {
        links: {
          self: `${base}/v1`,
          lists: `${base}/v1/lists`,
          datasets: `${base}/v1/datasets`,
          changes: `${base}/v1/changes`,
          problems: `${base}/v1/problems`,
          openapi: `${base}/openapi.json`,
          docs: `${base}/docs`,
          catalogue: `${base}/catalog`,
        },
      }
    },
  )
}
