/**
 * OData 4.0 for reading, at `/odata/`: service document, metadata, one entity set per dataset with the records of its
 * latest version, for Excel and Power BI. Refusals have OData's shape; what is not supported is refused by 501.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AppContext, getLatest, getReadable } from '../../catalogue/index.ts'
import { countRead, isOpen, type LoadedContract } from '../../contract/index.ts'
import { type App, baseUrl, isFresh, languageOf, problemResponses } from '../../http/index.ts'
import { digestOf } from '../../platform/digest.ts'
import { Problem, type ProblemCode, problem } from '../../platform/problem.ts'
import { problemTexts } from '../../platform/texts/problem-texts.ts'
import { limitMax, type PageQuery, readJsonPage } from '../../records/index.ts'
import { datasetOf, listEntitySets, metadataDocument, serviceDocument } from './model.ts'
import { type EntityQuery, optionsOf, parseOptions } from './options.ts'

const tags = ['odata']

/** Records on a page; clients follow `@odata.nextLink`. */
const pageMax = limitMax

const ErrorBody = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.String({ description: 'The code of the problem; `/v1/problems` lists them.' }),
        message: Type.String({ description: 'What is wrong, and what to do next.' }),
        target: Type.Optional(Type.String({ description: 'The option that is refused.' })),
      },
      { description: 'The refusal.' },
    ),
  },
  { description: "A refusal in OData's shape." },
)

const refusals = [
  'parameter-invalid',
  'dataset-not-found',
  'version-withdrawn',
  'cursor-invalid',
  'precondition-failed',
  'query-too-slow',
  'odata-unsupported',
] as const satisfies readonly ProblemCode[]

/** Statuses whose body has OData's shape; others are refused before a handler runs. */
const ownStatuses = [400, 404, 406, 410, 501] as const

function responses(ok: { readonly description: string; readonly content: object }) {
  const shared = problemResponses(...refusals) as Readonly<
    Record<number, { description?: string; content?: object }>
  >
  const own = ownStatuses.map((status) => {
    const { description = '', content = {} } = shared[status] ?? {}
    return [
      status,
      { description, content: { ...content, 'application/json': { schema: ErrorBody } } },
    ] as const
  })
  return {
    ...shared,
    ...Object.fromEntries(own),
    200: ok,
    304: Type.Null({ description: "Not modified: the caller's copy is current." }),
  } as Readonly<Record<number, unknown>>
}

const Name = Type.String({
  maxLength: 200,
  description: "The dataset's slug with `_` for `-`.",
  examples: ['school_calendar'],
})

const option = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))

const Options = Type.Object({
  $select: option('Properties, separated by commas.', 'name,starts'),
  $filter: option(
    'Conditions joined by `and`: `eq`, `ne`, `gt`, `ge`, `lt`, `le`, `in`, `contains`, `startswith`.',
    "starts ge 2026-01-01 and contains(name,'节')",
  ),
  $orderby: option('Up to three indexed properties, each with `asc` or `desc`.', 'starts desc'),
  $top: option('Most records in all pages together.', '10'),
  $skiptoken: Type.Optional(
    Type.String({ description: 'Position in a walk, from `@odata.nextLink`. Opaque.' }),
  ),
  $count: option('`true`: the number of matching records as `@odata.count`.', 'true'),
  $format: option('Only `json`.', 'json'),
})

const jsonType = 'application/json;odata.metadata=minimal'
const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
})

const Service = Type.Object(
  {
    '@odata.context': Type.String({ description: 'Address of the metadata.' }),
    value: Type.Array(
      Type.Object({
        name: Type.String({ description: 'Name of the entity set.' }),
        kind: Type.String({ description: 'Always `EntitySet`.' }),
        url: Type.String({ description: 'Its address, relative to this document.' }),
        title: Type.String({ description: 'Titles of the dataset.' }),
      }),
      { description: 'The entity sets.' },
    ),
  },
  { description: 'The service document.' },
)

const Page = Type.Object(
  {
    '@odata.context': Type.Optional(Type.String({ description: 'Describes the records.' })),
    '@odata.count': Type.Optional(Type.Integer({ description: 'Number of matching records.' })),
    value: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      description: 'The records. A withheld value is null; the status of its record says why.',
    }),
    '@odata.nextLink': Type.Optional(
      Type.String({ description: 'Address of the next page; absent on the last.' }),
    ),
  },
  { description: 'A page of records.' },
)

export function odataRoutes(app: App, context: AppContext): void {
  // Options are read here, because their refusals have another shape.
  app.setValidatorCompiler(() => () => true)
  modelRoutes(app, context)
  recordRoutes(app, context)
  app.route({
    method: ['GET', 'POST'],
    url: '/odata/*',
    config: { openQuery: true },
    schema: { hide: true },
    // Not in the OpenAPI, so the refusal is a problem as at any address.
    handler: async () => {
      throw problem('odata-unsupported', { detail: 'Entity sets are read whole, as /odata/{name}.' })
    },
  })
}

function modelRoutes(app: App, context: AppContext): void {
  for (const [path, hide] of [
    ['/odata', false],
    // The base of the entity sets' relative addresses.
    ['/odata/', true],
  ] as const)
    app.get(
      path,
      {
        config: { openQuery: true },
        schema: {
          operationId: 'odataService',
          tags,
          hide,
          summary: 'OData: the entity sets',
          description: 'The service document of OData 4.0: one entity set per dataset.',
          response: responses(json('The entity sets.', Service)),
        },
      },
      (request, reply) =>
        answer(request, reply, async () => {
          optionsOf(request.query as Record<string, unknown>, ['$format'])
          const sets = await listEntitySets(context, request.caller)
          return send(request, reply, JSON.stringify(serviceDocument(sets, rootOf(context, request))))
        }),
    )
  app.get(
    '/odata/$metadata',
    {
      config: { openQuery: true },
      schema: {
        operationId: 'odataMetadata',
        tags,
        summary: 'OData: the types of the entity sets',
        description:
          'The metadata document of OData 4.0 as CSDL XML, with what can be asked of each entity set.',
        response: responses({
          description: 'The metadata.',
          content: { 'application/xml': { schema: Type.String({ description: 'CSDL XML.' }) } },
        }),
      },
    },
    (request, reply) =>
      answer(request, reply, async () => {
        const sets = await listEntitySets(context, request.caller)
        return send(request, reply, metadataDocument(sets), { type: 'application/xml' })
      }),
  )
}

function recordRoutes(app: App, context: AppContext): void {
  app.get(
    '/odata/:set',
    {
      config: { openQuery: true },
      schema: {
        operationId: 'odataRecords',
        tags,
        summary: 'OData: records of a dataset',
        description:
          'Records of the latest version. A walk along `@odata.nextLink` stays on the version it began with. The header ' +
          '`Prefer: odata.maxpagesize` sets the size of a page.',
        params: Type.Object({ set: Name }),
        querystring: Options,
        response: responses(json('A page of records.', Page)),
      },
    },
    (request, reply) =>
      answer(request, reply, () => answerRecords(context, request, reply, findSet(context, request))),
  )
  app.get(
    '/odata/:set/$count',
    {
      config: { openQuery: true },
      schema: {
        operationId: 'odataCount',
        tags,
        summary: 'OData: the number of records of a dataset',
        description: 'The number of records that match `$filter`, as text.',
        params: Type.Object({ set: Name }),
        querystring: Type.Object({ $filter: Options.properties.$filter }),
        response: responses({
          description: 'The number.',
          content: { 'text/plain': { schema: Type.String({ description: 'A whole number.' }) } },
        }),
      },
    },
    (request, reply) =>
      answer(request, reply, async () => {
        const loaded = findSet(context, request)
        const { filters } = await queryOf(context, request, loaded)
        const page = await read(context, request, loaded, { filters, sort: [], limit: 0, count: true })
        return send(request, reply, String(page.count), { type: 'text/plain', open: isOpen(loaded.contract) })
      }),
  )
}

/** Runs a handler and gives refusals OData's shape (OData JSON format 4.0, section 19). */
async function answer(request: FastifyRequest, reply: FastifyReply, handle: () => unknown): Promise<unknown> {
  reply.header('odata-version', '4.0')
  try {
    return await handle()
  } catch (error) {
    if (!(error instanceof Problem) || !ownStatuses.some((status) => status === error.status)) throw error
    const { title, hint, detail } = problemTexts(error, languageOf(request))
    const { path, nearest } = error.detail
    const near = typeof nearest === 'string' ? ` (${nearest}?)` : ''
    const sentence = `${detail ?? title}${near}`
    const message = `${sentence}${/[.。)）]$/.test(sentence) ? '' : '.'} ${hint}`
    const target = targets.get(String(path)) ?? path
    reply
      .code(error.status)
      .header('cache-control', 'no-store')
      .header('vary', 'Accept-Language')
      .removeHeader('etag')
      .type('application/json; charset=utf-8')
    return reply.send(JSON.stringify({ error: { code: error.code, message, target } }))
  }
}

/** Names in OData of what the records module names otherwise. */
const targets: ReadonlyMap<string, string> = new Map([
  ['cursor', '$skiptoken'],
  ['slug', 'set'],
  ['sort', '$orderby'],
])

const rootOf = (context: AppContext, request: FastifyRequest) => `${baseUrl(request, context.config)}/odata/`

function findSet(context: AppContext, request: FastifyRequest): LoadedContract {
  const { set } = request.params as { readonly set: string }
  // Names with `$` are resources of the protocol, such as `$batch`.
  if (/[(/$]/.test(set))
    throw problem('odata-unsupported', { detail: 'Single entities are not addressed; use $filter.' })
  // A slug has no `_`, so it is no second name of the set.
  if (set.includes('-')) throw problem('dataset-not-found', { path: 'set' })
  return getReadable(context.contracts, request.caller, datasetOf(set))
}

/** The options, read against the contract of the latest version, whose fields are the properties. */
async function queryOf(
  { contracts, database, config }: AppContext,
  request: FastifyRequest,
  { contract: { dataset } }: LoadedContract,
): Promise<EntityQuery> {
  const latest = await getLatest(database, config, dataset)
  const { contract } = contracts.get(dataset, latest.contractVersion)
  return parseOptions(request.query as Record<string, unknown>, contract)
}

async function read(
  context: AppContext,
  request: FastifyRequest,
  { contract }: LoadedContract,
  query: Omit<PageQuery, 'dataset'>,
) {
  const page = await readJsonPage(context, { ...query, dataset: contract.dataset })
  countRead(request.caller, contract, { versions: [page.version], operation: 'odata' })
  return page
}

async function answerRecords(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  loaded: LoadedContract,
): Promise<FastifyReply> {
  const { filters, select, sort, top, skipToken, count } = await queryOf(context, request, loaded)
  const preferred = preferredSize(request)
  const limit = Math.min(top ?? pageMax, preferred ?? pageMax)
  const page = await read(context, request, loaded, {
    ...{ filters, sort, limit, count },
    ...(select === undefined ? {} : { select }),
    ...(skipToken === undefined ? {} : { cursor: skipToken }),
  })
  const root = rootOf(context, request)
  const { set } = request.params as { readonly set: string }
  const chosen = select === undefined ? '' : `(${select.join(',')})`
  const isBare = isWithoutMetadata(request)
  const rest = top === undefined ? undefined : top - limit
  const next =
    page.next === undefined || rest === 0 ? undefined : nextLink(`${root}${set}`, request, page.next, rest)
  const head = [
    ...(isBare ? [] : [`"@odata.context":${JSON.stringify(`${root}$metadata#${set}${chosen}`)}`]),
    ...(page.count === undefined ? [] : [`"@odata.count":${page.count}`]),
  ]
  const body = Buffer.concat([
    Buffer.from(`{${head.map((member) => `${member},`).join('')}"value":[`),
    page.records,
    Buffer.from(next === undefined ? ']}' : `],"@odata.nextLink":${JSON.stringify(next)}}`),
  ])
  if (preferred !== undefined) reply.header('preference-applied', `odata.maxpagesize=${preferred}`)
  const type = isBare ? 'application/json;odata.metadata=none' : jsonType
  return send(request, reply, body, { type, open: isOpen(loaded.contract) })
}

/** The same options with a position; `$top` is what is left of it, and the count is known from the first page. */
function nextLink(path: string, request: FastifyRequest, token: string, rest: number | undefined): string {
  const sent = request.query as Readonly<Record<string, string>>
  const options = ['$select', '$filter', '$orderby', '$format', 'lang'].flatMap(
    (name): [string, string][] => {
      const value = sent[name]
      return value === undefined ? [] : [[name, value]]
    },
  )
  if (rest !== undefined) options.push(['$top', String(rest)])
  options.push(['$skiptoken', token])
  return `${path}?${options.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

/** The page size of `Prefer: odata.maxpagesize=100`, at most ours. */
function preferredSize({ headers: { prefer } }: FastifyRequest): number | undefined {
  const [, size] =
    /(?:^|[,;\s])(?:odata\.)?maxpagesize\s*=\s*"?([1-9]\d{0,8})"?(?:$|[,;\s])/.exec(String(prefer)) ?? []
  return size === undefined ? undefined : Math.min(Number(size), pageMax)
}

function isWithoutMetadata({ headers: { accept = '' }, query }: FastifyRequest): boolean {
  const { $format = accept } = query as { readonly $format?: string }
  return $format.includes('odata.metadata=none')
}

interface Sent {
  readonly type?: string
  readonly open?: boolean
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  body: string | Buffer,
  { type = jsonType, open = request.caller.keyId === undefined }: Sent = {},
): FastifyReply {
  const isCurrent = isFresh(request, reply, digestOf(body).slice(0, 32), open)
  reply.header('vary', 'Accept, Accept-Encoding, Authorization, Prefer')
  if (isCurrent) return reply.code(304).send(null)
  return reply.type(`${type};charset=utf-8`).send(body)
}
