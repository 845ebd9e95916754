/**
 * The catalogue over HTTP for harvesters: DCAT-AP 3 as JSON-LD, Turtle and RDF/XML, by `Accept` or by
 * extension, whole at `/catalog` and per dataset at the dataset's address. An unknown syntax is refused with
 * the list of known ones.
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { type TSchema, Type } from 'typebox'
import {
  type AppContext,
  type DatasetForm,
  getReadable,
  listReadable,
  listVersions,
  type PublishedVersion,
  Slug,
} from '../../catalogue/index.ts'
import type { LoadedContract } from '../../contract/index.ts'
import { isOpen } from '../../contract/index.ts'
import { type App, baseUrl, byteCacheOf, isFresh, problemResponses } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { type ProblemCode, problem } from '../../platform/problem.ts'
import { parseMoment } from '../../platform/time.ts'
import type { Graph } from '../rdf/graph.ts'
import { type Syntax, syntaxes } from '../rdf/syntaxes.ts'
import {
  type CatalogueQuery,
  catalogueGraph,
  datasetGraph,
  editionsDefault,
  editionsMax,
  findPage,
} from './catalogue.ts'

const tags = ['exchange']

type KnownSyntax = (typeof syntaxes)[number]

const bodies = {
  jsonld: Type.Object(
    {
      '@context': Type.Record(Type.String(), Type.String(), { description: 'The vocabularies by prefix.' }),
      '@graph': Type.Array(Type.Record(Type.String(), Type.Unknown()), {
        description: 'The nodes, each with its `@id`.',
      }),
    },
    { description: 'A graph as JSON-LD.' },
  ),
  ttl: Type.String({ description: 'A graph as Turtle.' }),
  rdf: Type.String({ description: 'A graph as RDF/XML.' }),
} satisfies Record<KnownSyntax['extension'], TSchema>

/** The responses of an address. Bodies are sent as bytes, so their schemas give the handler no types. */
function responsesOf(
  description: string,
  of: readonly KnownSyntax[],
  refusal: ProblemCode,
): Readonly<Record<number, unknown>> {
  const content = of.map(({ extension, mediaType }) => [mediaType, { schema: bodies[extension] }])
  return {
    200: { description, content: Object.fromEntries(content) },
    304: Type.Null({ description: "Not modified: the caller's copy is current." }),
    ...problemResponses(refusal, 'precondition-failed'),
  }
}

const CatalogueParameters = Type.Object({
  modified_since: Type.Optional(
    Type.String({
      description:
        'A day or an instant; in Asia/Shanghai if it has no offset. Only editions of which a version was published or ' +
        'withdrawn at that time or later.',
      examples: ['2020-01-01'],
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: editionsMax,
      description: `Editions on a page, 1 to ${editionsMax}; ${editionsDefault} if absent.`,
    }),
  ),
  cursor: Type.Optional(Type.String({ description: 'Position in a walk, from `hydra:next`. Opaque.' })),
})

const aboutCatalogue =
  'Every edition that the reader may see, as a dataset of its series, with its versions, the files of the current one ' +
  'with their SHA-256, and the services. Withdrawn versions have a status. Pages are linked by Hydra.'

export function dcatRoutes(app: App, context: AppContext): void {
  app.get(
    '/catalog',
    {
      schema: {
        operationId: 'getCatalogue',
        tags,
        summary: 'The catalogue as DCAT-AP 3',
        description: `${aboutCatalogue} The syntax is chosen by \`Accept\`.`,
        querystring: CatalogueParameters,
        response: responsesOf('A page of the catalogue.', syntaxes, 'cursor-invalid'),
      },
    },
    (request, reply) => sendCatalogue(context, request, reply, negotiated(request), '/catalog'),
  )
  for (const syntax of syntaxes) syntaxRoutes(app, context, syntax)
  unknownRoutes(app, context)
}

function syntaxRoutes(app: App, context: AppContext, syntax: KnownSyntax): void {
  const { extension, title } = syntax
  const name = `${extension.slice(0, 1).toUpperCase()}${extension.slice(1)}`
  app.get(
    `/catalog.${extension}`,
    {
      schema: {
        operationId: `getCatalogue${name}`,
        tags,
        summary: `The catalogue as DCAT-AP 3 in ${title}`,
        description: aboutCatalogue,
        querystring: CatalogueParameters,
        response: responsesOf('A page of the catalogue.', [syntax], 'cursor-invalid'),
      },
    },
    (request, reply) => sendCatalogue(context, request, reply, syntax, `/catalog.${extension}`),
  )
  app.get(
    `/v1/datasets/:slug(^[a-z][a-z0-9-]{0,62}).${extension}`,
    {
      schema: {
        operationId: `getDataset${name}`,
        tags,
        summary: `One dataset as DCAT-AP 3 in ${title}`,
        description: 'The series with its editions, versions and the files of all readable versions.',
        params: Type.Object({ slug: Slug }),
        response: responsesOf('The dataset.', [syntax], 'dataset-not-found'),
      },
    },
    (request, reply) => {
      const loaded = getReadable(context.contracts, request.caller, request.params.slug)
      return sendDataset(context, request, reply, { loaded, syntax })
    },
  )
}

/** Unknown syntaxes: the problem lists the known ones, as a refused `Accept` does. */
function unknownRoutes(app: App, context: AppContext): void {
  const offered = syntaxes.map(({ extension }) => extension)
  const detail = 'The catalogue has no such syntax.'
  const params = Type.Object({ slug: Type.Optional(Slug), syntax: Type.String() })
  for (const path of ['/catalog.:syntax', '/v1/datasets/:slug(^[a-z][a-z0-9-]{0,62}).:syntax']) {
    app.get(path, { schema: { hide: true, params } }, async (request) => {
      const { slug } = request.params as { readonly slug?: string }
      if (slug !== undefined) getReadable(context.contracts, request.caller, slug)
      throw problem('not-found', { detail, offered })
    })
  }
}

/** The forms of a dataset at its own address, besides JSON. */
export const datasetForms: readonly DatasetForm[] = syntaxes.map((syntax) => ({
  mediaType: syntax.mediaType,
  schema: bodies[syntax.extension],
  send: (context, request, reply, loaded) => sendDataset(context, request, reply, { loaded, syntax }),
}))

function negotiated(request: Pick<FastifyRequest, 'headers'>): Syntax {
  const [wanted] = new Negotiator(request).mediaTypes(syntaxes.map(({ mediaType }) => mediaType))
  return syntaxes.find(({ mediaType }) => mediaType === wanted) ?? syntaxes[0]
}

async function sendCatalogue(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  syntax: Syntax,
  path: string,
): Promise<FastifyReply> {
  const base = baseUrl(request, context.config)
  const query = request.query as Readonly<Record<string, string | number | undefined>>
  const page = findPage(
    listReadable(context.contracts, request.caller),
    await listVersions(context.database),
    queryOf(query),
  )
  const address = (cursor: string | undefined) => {
    const parameters = new URLSearchParams()
    for (const name of ['modified_since', 'limit'] as const) {
      if (query[name] !== undefined) parameters.set(name, String(query[name]))
    }
    if (cursor !== undefined) parameters.set('cursor', cursor)
    return `${base}${path}${parameters.size === 0 ? '' : `?${parameters}`}`
  }
  const { cursor } = query
  const at = {
    base,
    first: address(undefined),
    self: address(cursor === undefined ? undefined : String(cursor)),
    ...(page.next === undefined ? {} : { next: address(page.next) }),
  }
  const links = at.next === undefined ? '' : `, <${at.next}>; rel="next"`
  reply.header('link', `<${at.first}>; rel="first"${links}`)
  const inputs = [
    at,
    page.total,
    page.issued,
    page.licensed?.licence,
    page.entries.map(({ loaded, all }) => stateOf(loaded, all)),
  ]
  const build = () => catalogueGraph(context, page, at)
  return send(context, request, reply, { syntax, inputs, build, open: request.caller.keyId === undefined })
}

function queryOf(query: Readonly<Record<string, string | number | undefined>>): CatalogueQuery {
  const { modified_since: since, limit, cursor } = query
  const modifiedSince = since === undefined ? undefined : parseMoment(String(since))
  if (since !== undefined && modifiedSince === undefined) {
    const detail = 'Expected a day or an instant, such as 2026-03-01 or 2026-03-01T09:00:00Z.'
    throw problem('parameter-invalid', { path: 'modified_since', detail })
  }
  return {
    limit: limit === undefined ? editionsDefault : Number(limit),
    ...defined({ modifiedSince }),
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
  }
}

async function sendDataset(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { loaded, syntax }: { readonly loaded: LoadedContract; readonly syntax: Syntax },
): Promise<FastifyReply> {
  const base = baseUrl(request, context.config)
  const versions = await listVersions(context.database, { dataset: loaded.contract.dataset })
  const inputs = [base, stateOf(loaded, versions)]
  const build = () => datasetGraph(context, loaded, versions, base)
  return send(context, request, reply, { syntax, inputs, build, open: isOpen(loaded.contract) })
}

/** What a dataset's description depends on, besides the code lists, which a process reads once. */
function stateOf({ digest }: LoadedContract, versions: readonly PublishedVersion[]) {
  return [digest, versions.map(({ id, state }) => [id, state])]
}

interface GraphResponse {
  readonly syntax: Syntax
  /** What the graph depends on: equal inputs give equal bytes as long as the process lives. */
  readonly inputs: unknown
  readonly build: () => Promise<Graph>
  /** Whether everyone may read it. */
  readonly open: boolean
}

async function send(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { syntax, inputs, build, open }: GraphResponse,
): Promise<FastifyReply> {
  const name = `dcat ${syntax.extension} ${digestOf(canonicalJson(inputs))}`
  const { bytes, headers } = await byteCacheOf(context).get(name, async () => {
    const text = await syntax.write(await build())
    return { bytes: Buffer.from(text), headers: { tag: digestOf(text).slice(0, 32) } }
  })
  if (isFresh(request, reply, headers['tag'] ?? '', open)) return reply.code(304).send(null)
  return reply.type(`${syntax.mediaType}; charset=utf-8`).send(bytes)
}
