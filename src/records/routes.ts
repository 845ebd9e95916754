/**
 * Records over HTTP, as five consecutive steps: parse (text to query), plan (query and contract to one statement),
 * read (the only one that touches the database), render, validators and links.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { digestOf } from '../base/digest.ts'
import { isFresh } from '../base/freshness.ts'
import { type App, problemResponses, RecordRef } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import {
  addresses,
  EditionName,
  getLatest,
  getReadable,
  getVersion,
  type House,
  isSynthetic,
  type PublishedVersion,
  Slug,
} from '../catalogue/index.ts'
import { isOpen, type LoadedContract } from '../contract/index.ts'
import { jsonRecord } from '../formats/index.ts'
import { keptBytes } from '../store/index.ts'
import { cursorAfter, type Place, type Plan, placeOf, planPage } from './plan.ts'
import { limitDefault, limitMax, parseQuery, type Query } from './query.ts'
import { type Page, readPage } from './read.ts'

/** Part of every page's ETag; raise it when the form of the body changes, so that no cache keeps the old form. */
const bodyForm = 1

const PageSchema = Type.Object({
  data: Type.Array(RecordRef, { description: 'The records, in the order of the primary key.' }),
  meta: Type.Object(
    {
      dataset: Type.String({ description: 'Slug of the dataset.' }),
      edition: Type.String({ description: 'Name of the edition that is read.' }),
      version: Type.Integer({ description: 'Number of the version that is read.' }),
      contractVersion: Type.Integer({ description: 'The contract that the version keeps.' }),
      publishedAt: Type.String({ format: 'date-time', description: 'When it was published, in UTC.' }),
      records: Type.Integer({ description: 'Records in the whole version, before any filter.' }),
      synthetic: Type.Boolean({ description: 'True where the data were made up for demonstration.' }),
    },
    { description: 'What the records are of.' },
  ),
  links: Type.Object(
    {
      self: Type.String({ format: 'uri-reference', description: 'This page.' }),
      next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The next page, to be followed as it is; null on the last.',
      }),
      version: Type.String({ format: 'uri-reference', description: 'The version that is read.' }),
      contract: Type.String({ format: 'uri-reference', description: 'Its contract.' }),
    },
    { description: 'Where to go from here.' },
  ),
})

const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: limitMax,
    description: `Records on a page, 1 to ${limitMax}; ${limitDefault} if absent.`,
  }),
)
const cursor = Type.Optional(Type.String({ description: 'Place in a walk, from `links.next`. Opaque.' }))

const refusals = [
  'dataset-not-found',
  'edition-not-found',
  'version-not-found',
  'version-withdrawn',
  'cursor-invalid',
] as const

export async function recordsRoutes(app: App, house: House): Promise<void> {
  app.get(
    '/v1/datasets/:slug/records',
    {
      config: { openQuery: true, warm: true },
      schema: {
        operationId: 'listRecords',
        tags: ['records'],
        summary: 'Records of a dataset',
        description:
          'Records of the latest version of an edition, the latest edition without one. Any field filters.',
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ edition: Type.Optional(EditionName), limit, cursor }),
        response: { 200: PageSchema, ...problemResponses(...refusals) },
      },
    },
    async (request, reply) => {
      const { slug } = request.params
      const loaded = getReadable(house.contracts, request.reader, slug)
      const query = parseQuery(request.query)
      const place = placeOf(slug, query)
      return answer(house, request, reply, {
        loaded,
        query,
        place,
        version: await choose(house, slug, query, place),
      })
    },
  )
  app.get(
    '/v1/datasets/:slug/editions/:edition/versions/:version/records',
    {
      config: { openQuery: true, warm: true },
      schema: {
        operationId: 'listVersionRecords',
        tags: ['records'],
        summary: 'Records of one version',
        description: 'Records of a version that stays as it is. Any field filters.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'The number of a version.' }),
        }),
        querystring: Type.Object({ limit, cursor }),
        response: { 200: PageSchema, ...problemResponses(...refusals) },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const loaded = getReadable(house.contracts, request.reader, slug)
      const query = parseQuery(request.query)
      if (query.edition !== undefined)
        throw problem('parameter-invalid', { path: 'edition', detail: 'The path says it.' })
      const place = placeOf(slug, query)
      const of = { dataset: slug, edition, version: Number(version) }
      if (place !== undefined && (place.edition !== edition || place.version !== of.version)) {
        throw problem('cursor-invalid', { path: 'cursor' })
      }
      return answer(house, request, reply, {
        loaded,
        query,
        place,
        version: await getVersion(house.database, house.config, of),
      })
    },
  )
}

/** The version to read: the one a cursor began with, else the latest of the edition asked for, or of the newest. */
async function choose(
  house: House,
  dataset: string,
  query: Query,
  place: Place | undefined,
): Promise<PublishedVersion> {
  const { database, config } = house
  if (place !== undefined) {
    const { edition, version } = place
    return getVersion(database, config, { dataset, edition, version })
  }
  if (query.edition === undefined) return getLatest(database, config, dataset)
  return getVersion(database, config, { dataset, edition: query.edition, version: 'latest' })
}

interface Asked {
  readonly loaded: LoadedContract
  readonly query: Query
  readonly place: Place | undefined
  readonly version: PublishedVersion
}

async function answer(house: House, request: FastifyRequest, reply: FastifyReply, asked: Asked) {
  const { query, place, version } = asked
  const kept = house.contracts.get(version.dataset, version.contractVersion)
  const plan = planPage(query, version, kept, house.contracts, place?.after ?? 0)
  const tag = digestOf(`${bodyForm} ${version.digest} ${version.number} ${request.url}`).slice(0, 32)
  if (isFresh(request, reply, tag, isOpen(asked.loaded.contract))) return reply.code(304).send(null)
  // The tag stands for the bytes, so it is what they are kept by.
  const bytes = await keptBytes(house).get(tag, async () => {
    const page = await readPage(house.database.serve, plan)
    return Buffer.from(render(house, request, { ...asked, loaded: kept }, plan, page))
  })
  return reply.type('application/json; charset=utf-8').send(bytes)
}

function render(house: House, request: FastifyRequest, asked: Asked, plan: Plan, page: Page): string {
  const { version, loaded } = asked
  const record = jsonRecord(loaded.contract.fields)
  const at = addresses(house.config)
  const meta = {
    dataset: version.dataset,
    edition: version.edition,
    version: version.number,
    contractVersion: version.contractVersion,
    publishedAt: version.publishedAt.toISOString(),
    records: version.records,
    synthetic: isSynthetic(version),
  }
  const links = {
    self: `${house.config.QINGDAN_PUBLIC_URL}${request.url}`,
    next: page.next === undefined ? null : nextLink(house, request, asked, plan, page.next),
    version: at.version(version),
    contract: at.contract(version.dataset, version.contractVersion),
  }
  const data = page.rows.map(record).join(',')
  return `{"data":[${data}],"meta":${JSON.stringify(meta)},"links":${JSON.stringify(links)}}`
}

function nextLink(house: House, request: FastifyRequest, asked: Asked, plan: Plan, after: number): string {
  const { version, query } = asked
  const [path = ''] = request.url.split('?')
  const parameters = new URLSearchParams([
    ...query.filters.map(([name, value]): [string, string] => [name, value]),
  ])
  if (query.edition !== undefined) parameters.set('edition', query.edition)
  parameters.set('limit', String(plan.limit))
  const place = { edition: version.edition, version: version.number, after }
  parameters.set('cursor', cursorAfter(version.dataset, query, place))
  return `${house.config.QINGDAN_PUBLIC_URL}${path}?${parameters}`
}
