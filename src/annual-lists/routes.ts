/** The annual lists over HTTP: years, a year's items with their current states, and differences. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { type AppContext, addresses, listReadable } from '../catalogue/index.ts'
import { encodeCsv, getFormat } from '../formats/index.ts'
import { type App, problemResponses } from '../http/index.ts'
import type { Caller } from '../platform/caller.ts'
import { problem } from '../platform/problem.ts'
import { type AnnualList, listAnnualLists } from './annual-lists.ts'
import { diffBody, renderList } from './bodies.ts'
import { compareLists, getList } from './comparison/compare.ts'
import {
  diffTable,
  type FileTable,
  fileFormats,
  guardTable,
  listTable,
  refuseUnwritable,
  renderTable,
  type TableSource,
  withTitles,
} from './file-tables.ts'
import { DiffSchema, ListSchema, Year, YearsSchema } from './schemas.ts'

const tags = ['lists']

/** Options of CSV for people. */
const CsvParameters = Type.Object({
  header: Type.Optional(
    Type.Enum(['names', 'labels'], { description: 'Names of the fields (default), or their titles.' }),
  ),
  encoding: Type.Optional(
    Type.Enum(['utf-8', 'gb18030'], {
      description: 'A character that GB18030 cannot encode is refused, not replaced.',
    }),
  ),
  variant: Type.Optional(
    Type.Enum(['excel'], {
      description:
        '`excel` has titles, a byte order mark, and an apostrophe before texts that begin with =, +, -, @ (half or full ' +
        'width), tab or a line break, so that no cell becomes a formula.',
    }),
  ),
  lang: Type.Optional(Type.Enum(['zh', 'en'], { description: 'Language of the titles; Chinese if absent.' })),
  bom: Type.Optional(
    Type.Enum(['0', '1'], { description: '`1` begins the file with a byte order mark, as Excel needs it.' }),
  ),
})

type CsvSwitches = Static<typeof CsvParameters>

const Against = Type.Optional(
  Type.String({
    pattern: '^\\d{4}$',
    description: 'The year to compare with; if absent, each version of the year is compared with the next.',
  }),
)

export async function annualListRoutes(app: App, context: AppContext): Promise<void> {
  yearRoutes(app, context)
  for (const format of fileFormats) fileRoutes(app, context, format)
  diffRoute(app, context)
}

/**
 * States change daily and with each publication, so caches revalidate after a minute. With a key, states may
 * depend on restricted data, and `public` would let a shared cache serve them to everyone (RFC 9111, section
 * 3.5).
 */
function cacheFor(reader: Caller, reply: FastifyReply): void {
  reply.header('cache-control', reader.keyId === undefined ? 'public, max-age=60' : 'private, no-cache')
  reply.header('vary', 'Authorization')
}

function yearRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/lists',
    {
      schema: {
        operationId: 'listAnnualLists',
        tags,
        summary: 'The annual lists',
        description: 'The years with a published list, newest first, with completion and on-time rates.',
        response: { 200: YearsSchema, ...problemResponses() },
      },
    },
    async (request, reply) => {
      const lists = await listAnnualLists(context, request.caller)
      cacheFor(request.caller, reply)
      const at = addresses(context.config)
      return { data: lists.map(({ year, rates }) => ({ year, rates, href: at.list(year) })) }
    },
  )
  app.get(
    '/v1/lists/:year(^\\d{4}$)',
    {
      schema: {
        operationId: 'getAnnualList',
        tags,
        summary: 'The list of a year',
        description:
          'Every promise of the year with its state: what was promised, by whom, by when, and whether it is open.',
        params: Type.Object({ year: Year }),
        response: { 200: Type.Unsafe<string>(ListSchema), ...problemResponses('list-not-found') },
      },
    },
    async (request, reply) => {
      const list = await getList(context, request.caller, request.params.year)
      const readable = new Set(
        listReadable(context.contracts, request.caller).map(({ contract }) => contract.dataset),
      )
      cacheFor(request.caller, reply)
      return reply.type('application/json; charset=utf-8').send(renderList(list, readable, context.config))
    },
  )
}

function fileRoutes(app: App, context: AppContext, format: string): void {
  const suffix = format.toUpperCase()
  const switches = format === 'csv' ? CsvParameters.properties : {}
  const schema = Type.Unsafe<Buffer>(
    format === 'csv' ? { type: 'string' } : { type: 'string', format: 'binary' },
  )
  const content = { [getFormat(format).mediaType.split(';')[0] ?? '']: { schema } }
  const response = {
    200: { description: `${suffix}${format === 'csv' ? ', UTF-8' : ''}.`, content },
    206: { description: 'The requested range.', content },
    ...problemResponses('list-not-found', 'range-not-satisfiable'),
  }
  const camel = `${suffix[0]}${suffix.slice(1).toLowerCase()}`
  app.get(
    `/v1/lists/:year(^\\d{4}).${format}`,
    {
      config: { ranges: true },
      schema: {
        operationId: `getAnnualList${camel}`,
        tags,
        summary: `The list of a year as ${suffix}`,
        description:
          'The fields of the list as published, then `state`, `first_published`, `first_due` and `list_reason`.',
        params: Type.Object({ year: Year }),
        querystring: Type.Object(switches),
        response,
      },
    },
    async (request, reply) => {
      const list = await getList(context, request.caller, request.params.year)
      cacheFor(request.caller, reply)
      return sendTable(reply, format, listTable(list), sourceOf(context, list), request.query)
    },
  )
  app.get(
    `/v1/lists/:year(^\\d{4}$)/diff.${format}`,
    {
      config: { ranges: true },
      schema: {
        operationId: `getAnnualListDiff${camel}`,
        tags,
        summary: `What changed, as ${suffix}`,
        description: 'One row per item added or dropped, and one per changed property.',
        params: Type.Object({ year: Year }),
        querystring: Type.Object({ against: Against, ...switches }),
        response,
      },
    },
    async (request, reply) => {
      const { against, ...options } = request.query as CsvSwitches & { readonly against?: string }
      const compared = await compareLists(context, request.caller, request.params.year, against)
      cacheFor(request.caller, reply)
      const list = await getList(context, request.caller, request.params.year)
      const table = diffTable(compared, headerOf(options), options.lang ?? 'zh')
      return sendTable(reply, format, table, sourceOf(context, list), options)
    },
  )
}

function sourceOf({ contracts }: AppContext, { sources }: AnnualList): TableSource {
  const [source] = sources
  if (source === undefined) throw new Error('the list has no source')
  return { source, contracts }
}

function headerOf({ header, variant }: CsvSwitches): 'names' | 'labels' {
  return header ?? (variant === 'excel' ? 'labels' : 'names')
}

/** Sends a table. The options apply to CSV only; a workbook is sent as rendered. */
async function sendTable(
  reply: FastifyReply,
  format: string,
  table: FileTable,
  source: TableSource,
  switches: CsvSwitches,
): Promise<FastifyReply> {
  const { lang = 'zh', encoding = 'utf-8', variant, bom } = switches
  if (encoding === 'gb18030') {
    if (bom === '1') {
      throw problem('parameter-invalid', {
        path: 'bom',
        detail: 'A byte order mark is for UTF-8; GB18030 has none.',
      })
    }
    refuseUnwritable(table)
  }
  const guarded = variant === 'excel' ? guardTable(table) : table
  const titled = headerOf(switches) === 'labels' ? withTitles(guarded, lang) : guarded
  const { mediaType, bytes } = renderTable(format, titled, source)
  const marked = encodeCsv(bytes, { encoding, bom: bom === '1' || variant === 'excel' })
  return reply
    .type(mediaType.replace('utf-8', encoding))
    .send(await buffer(Readable.from(format === 'csv' ? marked : bytes, { objectMode: false })))
}

function diffRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/lists/:year(^\\d{4}$)/diff',
    {
      schema: {
        operationId: 'getAnnualListDiff',
        tags,
        summary: 'Differences between two years, or within one',
        description:
          'Items added, dropped and changed from the list of `against` to that of the year, with the reasons of the ' +
          'versions. Items are matched by dataset, else by name and providers.',
        params: Type.Object({ year: Year }),
        querystring: Type.Object({ against: Against }),
        response: { 200: DiffSchema, ...problemResponses('list-not-found') },
      },
    },
    async (request, reply) => {
      const { year } = request.params
      const { against } = request.query
      const compared = await compareLists(context, request.caller, year, against)
      cacheFor(request.caller, reply)
      return diffBody(year, against, compared, context.config)
    },
  )
}
