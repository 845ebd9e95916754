/**
 * The core metadata of the national guide of 2017 over HTTP, for government catalogues: all datasets that the
 * reader may see, as JSON, CSV and XLSX. What a contract does not state is empty.
 */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AppContext, byDataset, listReadable, listVersions } from '../../catalogue/index.ts'
import {
  type CsvForm,
  csvHeader,
  csvLines,
  encodeCsv,
  getFormat,
  guardCells,
  renderWorkbook,
  repeatable,
} from '../../formats/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import { digestOf } from '../../platform/digest.ts'
import { Text } from '../../platform/shape.ts'
import { type InformationResource, resourceOf } from './resources.ts'
import { tableFields, tableRows } from './table.ts'

const tags = ['exchange']
const Known = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const ResourceSchema = Type.Object({
  category: Known('信息资源分类: the column `catalogue_2017` of the list `themes`; null if it has none.'),
  name: Text('信息资源名称: the title of the dataset.'),
  code: Text('信息资源代码: the class (if known), a slash, and the slug.'),
  provider: Text('信息资源提供方: joint providers separated by ；.'),
  providerCode: Known(
    '信息资源提供方代码: the column `credit_code` of the list `providers`; null if a provider has none.',
  ),
  abstract: Text('信息资源摘要.'),
  format: Text("信息资源格式: the guide's classes with their file types."),
  shareType: Known('共享类型 of the guide: `1` unconditional, `2` conditional, `3` not shared.'),
  shareTypeLabel: Known("The guide's label of the sharing type."),
  shareClass: Text("Label of the city's own sharing class."),
  shareCondition: Known('共享条件: null if the contract has none.'),
  shareWay: Text('共享方式.'),
  open: Known('是否向社会开放: `1` or `0`.'),
  openClass: Text("Label of the city's own open class."),
  openCondition: Known('开放条件: the terms of use, if it is open conditionally.'),
  updateCycle: Text('更新周期, as a label: platforms disagree about its codes.'),
  published: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
    description: '发布日期: when the dataset was first published, in Asia/Shanghai.',
  }),
  related: Known('关联资源代码.'),
  items: Type.Array(
    Type.Object({
      name: Text('信息项名称.'),
      field: Text('Name of the field in records and files.'),
      type: Text('数据类型 of the guide.'),
    }),
    { description: '信息项信息: the fields of the newest contract.' },
  ),
})

const CoreMetadataSchema = Type.Object({
  data: Type.Array(ResourceSchema, {
    description: 'The datasets as information resources, ordered by slug.',
  }),
})

const CsvParameters = Type.Object({
  header: Type.Optional(
    Type.Enum(['names', 'labels'], { description: 'Names of the columns (default), or their titles.' }),
  ),
  lang: Type.Optional(Type.Enum(['zh', 'en'], { description: 'Language of the titles; Chinese if absent.' })),
  variant: Type.Optional(
    Type.Enum(['excel'], {
      description:
        '`excel` has titles, a byte order mark, and an apostrophe before texts that a spreadsheet would read as a formula.',
    }),
  ),
})

const about =
  "Core metadata according to the national catalogue guide of 2017, with its sharing types and the city's own classes."
const perItem = `${about} One row per information item.`

const NotModified = Type.Null({ description: "Not modified: the caller's copy is current." })

export function coreMetadataRoutes(app: App, context: AppContext): void {
  app.get(
    '/v1/core-metadata',
    {
      schema: {
        operationId: 'getCoreMetadata',
        tags,
        summary: 'Core metadata of the national guide of 2017',
        description: about,
        response: { 200: CoreMetadataSchema, 304: NotModified, ...problemResponses('precondition-failed') },
      },
    },
    async (request, reply) => {
      const resources = await findResources(context, request)
      const body = { data: resources.map(({ items, ...rest }) => ({ ...rest, items: [...items] })) }
      if (isCurrent(request, reply, JSON.stringify(body))) return reply.code(304).send(null)
      return body
    },
  )
  csvRoute(app, context)
  xlsxRoute(app, context)
}

function csvRoute(app: App, context: AppContext): void {
  const content = { 'text/csv': { schema: Type.Unsafe<Buffer>({ type: 'string' }) } }
  app.get(
    '/v1/core-metadata.csv',
    {
      config: { ranges: true },
      schema: {
        operationId: 'getCoreMetadataCsv',
        tags,
        summary: 'Core metadata of the national guide of 2017 as CSV',
        description: perItem,
        querystring: CsvParameters,
        response: {
          200: { description: 'CSV, UTF-8.', content },
          206: { description: 'The requested range.', content },
          304: NotModified,
          ...problemResponses('precondition-failed', 'range-not-satisfiable'),
        },
      },
    },
    async (request, reply) => {
      const { variant, header = variant === 'excel' ? 'labels' : 'names', lang = 'zh' } = request.query
      const guarded = variant === 'excel'
      const form: CsvForm = { header, lang, bom: guarded, encoding: 'utf-8', guarded }
      const rows = tableRows(await findResources(context, request))
      const text = csvHeader(tableFields, form) + csvLines(guarded ? rows.map(guardCells(tableFields)) : rows)
      if (isCurrent(request, reply, `${guarded} ${text}`)) return reply.code(304).send(null)
      return reply.type('text/csv; charset=utf-8').send(await buffer(Readable.from(encodeCsv([text], form))))
    },
  )
}

function xlsxRoute(app: App, context: AppContext): void {
  const { mediaType } = getFormat('xlsx')
  const content = { [mediaType]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } }
  app.get(
    '/v1/core-metadata.xlsx',
    {
      schema: {
        operationId: 'getCoreMetadataXlsx',
        tags,
        summary: 'Core metadata of the national guide of 2017 as XLSX',
        description: perItem,
        response: {
          200: { description: 'XLSX.', content },
          304: NotModified,
          ...problemResponses('precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const rows = tableRows(await findResources(context, request))
      if (isCurrent(request, reply, `xlsx ${csvLines(rows)}`)) return reply.code(304).send(null)
      const { contracts } = context
      const workbook = { fields: tableFields, contracts, records: rows.length, about: aboutTable }
      return reply.type(mediaType).send(
        Readable.from(
          renderWorkbook(
            repeatable(() => only(rows)),
            workbook,
          ),
        ),
      )
    },
  )
}

const aboutTable = [
  ['title', '政务信息资源目录核心元数据', 'Core metadata of government information resources'],
  [
    'description',
    '按国家《政务信息资源目录编制指南（试行）》（2017年）的核心元数据；市级共享与开放属性并列。契约未载明的内容为空。',
    "Core metadata according to the national catalogue guide of 2017, with the city's sharing and open classes. What the contracts do not state is empty.",
  ],
] as const

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value
}

async function findResources(
  { contracts, database }: AppContext,
  { caller }: Pick<FastifyRequest, 'caller'>,
): Promise<readonly InformationResource[]> {
  const versions = byDataset(await listVersions(database))
  return listReadable(contracts, caller).map((loaded) =>
    resourceOf(loaded, versions.get(loaded.contract.dataset) ?? [], contracts),
  )
}

/**
 * Whether the caller's copy is current. A response to a key may hold restricted metadata, so it is private.
 */
function isCurrent(request: FastifyRequest, reply: FastifyReply, text: string): boolean {
  return isFresh(request, reply, digestOf(text).slice(0, 32), request.caller.keyId === undefined)
}
