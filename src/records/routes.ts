/**
 * Records over HTTP: resolve the request (parse, versions, plan), check the ETag, then send a page or a
 * stream. JSON, NDJSON and CSV by extension, else by Accept.
 */

import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import {
  type AppContext,
  EditionName,
  ExactVersion,
  getReadable,
  linkHeader,
  listVersions,
  PreviewToken,
  Slug,
  setDeprecationHeaders,
  toLatest,
} from '../catalogue/index.ts'
import { coordinateFields, countRead, isOpen } from '../contract/index.ts'
import {
  type App,
  byteCacheOf,
  type CachedBody,
  isFresh,
  languageOf,
  problemResponses,
} from '../http/index.ts'
import { defined } from '../platform/defined.ts'
import { digestOf } from '../platform/digest.ts'
import { problem } from '../platform/problem.ts'
import { diffRoutes } from './diff/routes.ts'
import {
  type AnswerFormat,
  type RecordsRequest,
  type Request,
  resolveRequest,
} from './query/resolve-request.ts'
import { type RecordsReader, readerOf } from './read/read-records.ts'
import { answerAll, answerPage } from './read/render-answer.ts'
import {
  areaParameters,
  crsParameter,
  csvParameters,
  edition,
  FeaturesSchema,
  PageSchema,
  pageLimit,
  queryParameters,
  streamLimit,
} from './schemas.ts'
import { type Streams, streamsOf } from './streams.ts'

const mediaTypes: Readonly<Record<AnswerFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  geojson: 'application/geo+json',
}
const offered = Object.entries(mediaTypes) as readonly (readonly [AnswerFormat, string])[]

const refusals = [
  'dataset-not-found',
  'edition-not-found',
  'version-not-found',
  'version-withdrawn',
  'cursor-invalid',
  'contract-breaking',
  'precondition-failed',
  'query-too-slow',
  'streams-busy',
  'range-not-satisfiable',
  'coordinates-not-found',
] as const

/** Built once and shared by all requests. */
interface Services {
  readonly context: AppContext
  readonly reader: RecordsReader
  readonly streams: Streams
}

/** Each route exists without an extension, and with one for each format. */
const extensions: readonly (AnswerFormat | undefined)[] = [undefined, 'json', 'csv', 'ndjson', 'geojson']

export async function recordsRoutes(app: App, context: AppContext): Promise<void> {
  const services: Services = {
    context,
    reader: readerOf(context.database),
    streams: streamsOf(context),
  }
  for (const extension of extensions) {
    datasetRoute(app, services, extension)
    versionRoute(app, services, extension)
  }
  diffRoutes(app, context, services.streams)
}

function datasetRoute(app: App, services: Services, extension: AnswerFormat | undefined): void {
  app.get(
    `/v1/datasets/:slug/records${extension === undefined ? '' : `.${extension}`}`,
    {
      config: { openQuery: true, cacheable: true, ranges: true },
      schema: {
        operationId: `listRecords${suffixOf(extension)}`,
        tags: ['records'],
        summary: `Records of a dataset${nameOf(extension)}`,
        description: aboutOf(
          extension,
          'Records of the latest version of an edition; of the latest edition if none is given.',
        ),
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ edition, ...parametersOf(extension) }),
        response: responsesOf(extension),
      },
    },
    async (request, reply) => {
      const { slug } = request.params
      return answer(services, request, reply, {
        dataset: slug,
        ...formOf(services, request, slug, extension),
      })
    },
  )
}

function versionRoute(app: App, services: Services, extension: AnswerFormat | undefined): void {
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/records${extension === undefined ? '' : `.${extension}`}`,
    {
      config: { openQuery: true, cacheable: true, ranges: true },
      schema: {
        operationId: `listVersionRecords${suffixOf(extension)}`,
        tags: ['records'],
        summary: `Records of one version${nameOf(extension)}`,
        description: aboutOf(extension, 'Records of a fixed version.'),
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
        }),
        querystring: Type.Object({ ...parametersOf(extension), preview: PreviewToken }),
        response: { ...responsesOf(extension), ...toLatest },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const { preview, ...parameters } = request.query
      return answer(services, request, reply, {
        dataset: slug,
        version: { edition, number: Number(version) },
        ...formOf(services, request, slug, extension),
        parameters,
        ...defined({ preview }),
      })
    },
  )
}

function suffixOf(extension: AnswerFormat | undefined): string {
  return extension === undefined ? '' : extension.charAt(0).toUpperCase() + extension.slice(1)
}

const names = { json: 'JSON', csv: 'CSV', ndjson: 'NDJSON', geojson: 'GeoJSON' } as const

function nameOf(extension: AnswerFormat | undefined): string {
  return extension === undefined ? '' : `, as ${names[extension]}`
}

/** The whole description stands at the address without an extension. */
function aboutOf(extension: AnswerFormat | undefined, what: string): string {
  const same = 'The records of the address without extension.'
  if (extension === 'json') return `${same} \`links.next\` is the next page.`
  const all = 'Without `limit`, all records are streamed.'
  if (extension === 'geojson')
    return `${same} Points in WGS-84 (RFC 7946), for datasets with coordinates. ${all}`
  if (extension !== undefined) return `${same} ${all}`
  return (
    `${what} Filter by any field, as \`field\` or \`field__operator\`. ` +
    'JSON in pages, or CSV, NDJSON or GeoJSON by `Accept`; without `limit`, those stream all records.'
  )
}

function parametersOf(extension: AnswerFormat | undefined) {
  const limit = extension === undefined || extension === 'json' ? pageLimit : streamLimit
  const crs = extension === 'geojson' ? {} : crsParameter
  const forPeople = extension === undefined || extension === 'csv' ? csvParameters : {}
  return { ...queryParameters, ...areaParameters, ...crs, limit, ...forPeople }
}

function responsesOf(extension: AnswerFormat | undefined): Readonly<Record<number, unknown>> {
  const schemas: Readonly<Record<AnswerFormat, unknown>> = {
    json: PageSchema,
    csv: Type.String({ description: 'A header and one line per record, according to RFC 4180.' }),
    ndjson: Type.String({ description: 'One JSON object per line, like the records of the JSON response.' }),
    geojson: FeaturesSchema,
  }
  const content = offered
    .filter(([format]) => extension === undefined || format === extension)
    .map(([format, type]) => [type, { schema: schemas[format] }])
  return {
    200: { description: 'The records.', content: Object.fromEntries(content) },
    206: { description: 'The requested range.', content: Object.fromEntries(content) },
    304: Type.Null({ description: "Not modified: the caller's copy is current." }),
    ...problemResponses(...refusals),
  }
}

/** The format and language of the response. Throws `not-acceptable` if Accept names no format of the dataset. */
function formOf(
  { context }: Services,
  request: FastifyRequest,
  slug: string,
  extension: AnswerFormat | undefined,
): Omit<Request, 'dataset'> {
  const common = {
    parameters: request.query as Readonly<Record<string, unknown>>,
    language: languageOf(request, 'zh'),
  }
  if (extension !== undefined) return { ...common, format: extension, extension }
  const { accept = '*/*' } = request.headers
  // Most callers accept anything; skip the negotiation for them.
  if (accept === '*/*') return { ...common, format: 'json' }
  const { contract } = getReadable(context.contracts, request.caller, slug)
  const types = offered
    .filter(([format]) => format !== 'geojson' || coordinateFields(contract) !== undefined)
    .map(([, type]) => type)
  const [best] = new Negotiator(request).mediaTypes(types)
  const format = offered.find(([, type]) => type === best)?.[0]
  if (format === undefined) throw problem('not-acceptable', { path: 'Accept', offered: types })
  return { ...common, format }
}

async function answer(services: Services, request: FastifyRequest, reply: FastifyReply, input: Request) {
  const { context, reader, streams } = services
  const { contract } = getReadable(context.contracts, request.caller, input.dataset)
  const resolved = await resolveRequest(context, input)
  const links = await versionLinks(context, resolved)
  if (links !== undefined) reply.header('link', links)
  countRead(request.caller, contract, {
    versions: resolved.plan.targets.map(({ version }) => version),
    operation: 'records',
  })
  const tag = digestOf(resolved.key).slice(0, 32)
  const fresh = isFresh(request, reply, tag, isOpen(contract))
  if (isByLanguage(resolved, request))
    reply.header('vary', 'Accept, Accept-Encoding, Accept-Language, Authorization')
  const notice = () => setDeprecationHeaders(context, reply, resolved.plan.loaded.contract)
  if (fresh) {
    await notice()
    return reply.code(304).send(null)
  }
  if (resolved.limit !== undefined) {
    // Equal tags mean equal bytes, so the tag is the cache key.
    const { bytes, headers } = await byteCacheOf(context).get(
      tag,
      () => pageOf(services, resolved, links),
      'if-repeated',
    )
    describe(reply, resolved).headers(headers)
    await notice()
    return reply.send(bytes)
  }
  await notice()
  const open = () =>
    streams.open((signal) => answerAll(context, reader, resolved, signal), reply.raw, request.callerKey)
  const isHead = request.method === 'HEAD'
  const asksForSize = isHead || request.headers.range !== undefined
  const small = byteCacheOf(context).find(tag)?.bytes ?? (asksForSize ? await readSmall(open) : undefined)
  if (small !== undefined) {
    const { bytes } = await byteCacheOf(context).get(tag, async () => ({ bytes: small, headers: {} }))
    return describe(reply, resolved).send(bytes)
  }
  // For HEAD, Fastify would read a stream to its end and discard it.
  return describe(reply, resolved).send(isHead ? Readable.from([]) : await open())
}

/** Largest answer that is read before it is sent, to tell its size or cut a range out of it. */
const smallBytesMax = 4 * 1024 ** 2

/** The whole of a small answer; undefined for a larger one, which has no size in advance and no ranges. */
async function readSmall(open: () => Promise<Readable>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop destroys the stream, which ends its query.
  for await (const chunk of await open()) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > smallBytesMax) return undefined
  }
  return Buffer.concat(chunks)
}

/** A page that can be cached: it depends only on the versions read and on the request. */
async function pageOf(
  { context, reader }: Services,
  resolved: RecordsRequest,
  links: string | undefined,
): Promise<CachedBody> {
  const { bytes, next } = await answerPage(context, reader, resolved)
  const all = [links, next === undefined ? undefined : `<${next}>; rel="next"`]
  const link = all.filter((value) => value !== undefined).join(', ')
  return { bytes, headers: link === '' ? {} : { link } }
}

/** Links from the version to its neighbours; undefined for joined editions, which share none. */
async function versionLinks(context: AppContext, { plan }: RecordsRequest): Promise<string | undefined> {
  const [only] = plan.targets
  if (plan.joinsEditions || only === undefined) return undefined
  const { version } = only
  return linkHeader(version, await listVersions(context.database, version), context.config)
}

/** Whether the language of the labels follows `Accept-Language`. */
function isByLanguage({ form, format }: RecordsRequest, request: FastifyRequest): boolean {
  const { lang } = request.query as { readonly lang?: unknown }
  return format === 'csv' && form.header === 'labels' && lang === undefined
}

function describe(reply: FastifyReply, resolved: RecordsRequest): FastifyReply {
  const { format, form } = resolved
  if (format === 'json') return reply.type('application/json; charset=utf-8')
  // RFC 7946 defines no charset, and maps load the answer instead of saving it.
  if (format === 'geojson') return reply.type(mediaTypes.geojson)
  const charset = format === 'csv' ? form.encoding : 'utf-8'
  return reply
    .type(`${mediaTypes[format]}; charset=${charset}`)
    .header('content-disposition', dispositionOf(resolved))
}

/** The file name: with the title for people, with the slug as the ASCII fallback. */
function dispositionOf({ plan, format, form, crs }: RecordsRequest): string {
  const { dataset, title } = plan.loaded.contract
  const [first, last] = [plan.targets[0]?.version, plan.targets.at(-1)?.version]
  const what = plan.joinsEditions
    ? `${first?.edition}${first === last ? '' : `_${last?.edition}`}`
    : `${first?.edition}-v${first?.number}`
  const name = `${what}-records${crs === undefined ? '' : `-${crs}`}.${format}`
  const readable = encodeURIComponent(`${title[form.lang]}-${name}`).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${dataset}-${name}"; filename*=UTF-8''${readable}`
}
