/** The annual lists over HTTP: years, and a year's items with the states derived at the moment of asking. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { type App, problemResponses, RecordRef } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import type { Reader } from '../base/reader.ts'
import { addresses, type House, listReadable } from '../catalogue/index.ts'
import type { Field } from '../contract/index.ts'
import { csv, jsonRecord, type Row } from '../formats/index.ts'
import { type AnnualList, findList, type ListItem, listYears } from './annual-lists.ts'
import { itemStates } from './state.ts'

const Rate = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description })
const Count = (description: string) => Type.Integer({ minimum: 0, description })
const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const Year = Type.String({ pattern: '^\\d{4}$', description: 'A year, such as `2026`.' })

const RatesSchema = Type.Object(
  {
    items: Count('Number of items.'),
    states: Type.Object(
      {
        published: Count('First open by the end of the due day.'),
        late: Count('Open, but first after the due day.'),
        planned: Count('Not open, and not yet due.'),
        overdue: Count('Due, and not open.'),
      },
      { description: 'Items by state.' },
    ),
    completion: Rate('Share of the items that are open, in time or late; null without items.'),
    onTime: Rate('Share of the items due by now that were open in time; null where none is due.'),
  },
  { description: 'Counts and rates, derived at the moment of asking.' },
)

const ItemSchema = Type.Object({
  number: Type.String({ description: 'Number of the item in its list.' }),
  name: Type.String({ description: 'What is promised.' }),
  providers: Type.Array(Type.String(), { description: 'Those who promise it; several promise it jointly.' }),
  due: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
    description: 'Last day on which the promise is kept in time; null where the list names none.',
  }),
  state: Type.Union(
    itemStates.map((state) => Type.Literal(state)),
    {
      description: 'Derived from evidence: published, late, planned, overdue.',
    },
  ),
  firstPublished: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
    description: 'Day in Asia/Shanghai on which it was first open.',
  }),
  dataset: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
    description: 'Address of the dataset or edition by which the promise is kept.',
  }),
  record: RecordRef,
})

const ListSchema = Type.Object({
  year: Year,
  rates: RatesSchema,
  byProvider: Type.Array(
    Type.Object({ provider: Type.String({ description: 'Its name in the list.' }), rates: RatesSchema }),
    { description: 'The same for each provider. A joint item counts under each of its providers.' },
  ),
  items: Type.Array(ItemSchema, { description: 'Every promise of the year.' }),
  links: Type.Object(
    {
      self: Link('This list.'),
      csv: Link('The same as CSV.'),
      versions: Type.Array(Link('A version of a list.'), {
        description: 'The lists as published data; mostly one, several are joined.',
      }),
    },
    { description: 'Where to go from here.' },
  ),
})

const YearsSchema = Type.Object({
  data: Type.Array(
    Type.Object({
      year: Year,
      rates: RatesSchema,
      href: Link('The list of the year.'),
    }),
    { description: 'The lists, the newest first.' },
  ),
})

/**
 * States change by the day and with each publication: caches ask again after a minute. With a key the states may rest
 * on what only some may read, and `public` would let a shared cache give that to everyone (RFC 9111, section 3.5).
 */
function cacheFor(reader: Reader, reply: FastifyReply): void {
  reply.header('cache-control', reader.keyId === undefined ? 'public, max-age=60' : 'private, no-cache')
  reply.header('vary', 'Authorization')
}

export async function listsRoutes(app: App, house: House): Promise<void> {
  const tags = ['lists']
  app.get(
    '/v1/lists',
    {
      schema: {
        operationId: 'listAnnualLists',
        tags,
        summary: 'The annual lists',
        description:
          'The years of which a list is published, newest first, with completion and on-time rates.',
        response: { 200: YearsSchema, ...problemResponses() },
      },
    },
    async (request, reply) => {
      const years = await listYears(house, request.reader)
      const data = []
      for (const year of years) {
        const { rates } = await getList(house, request.reader, year)
        data.push({ year, rates, href: addresses(house.config).list(year) })
      }
      cacheFor(request.reader, reply)
      return { data }
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
          'Every promise of the year, with its state: what was promised, by whom, by when, is it open yet.',
        params: Type.Object({ year: Year }),
        response: { 200: Type.Unsafe<string>(ListSchema), ...problemResponses('list-not-found') },
      },
    },
    async (request, reply) => {
      const list = await getList(house, request.reader, request.params.year)
      cacheFor(request.reader, reply)
      return reply.type('application/json; charset=utf-8').send(renderList(house, request.reader, list))
    },
  )
  app.get(
    '/v1/lists/:year(^\\d{4}).csv',
    {
      schema: {
        operationId: 'getAnnualListCsv',
        tags,
        summary: 'The list of a year as CSV',
        description: 'The fields of the list as published, then `state` and `first_published`.',
        params: Type.Object({ year: Year }),
        response: {
          200: {
            description: 'CSV, UTF-8.',
            content: { 'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problemResponses('list-not-found'),
        },
      },
    },
    async (request, reply) => {
      const list = await getList(house, request.reader, request.params.year)
      cacheFor(request.reader, reply)
      const { fields, rows } = tableOf(list)
      return reply
        .type(csv.mediaType)
        .send(Readable.from(csv.render(one(rows), { fields }), { objectMode: false }))
    },
  )
}

async function getList(house: House, reader: Reader, year: string): Promise<AnnualList> {
  const list = await findList(house, reader, year)
  if (list === undefined) throw problem('list-not-found', { path: 'year' })
  return list
}

/** A list as one table: the fields of the lists that were joined, each name once, then what is derived. */
function tableOf(list: AnnualList): { readonly fields: readonly Field[]; readonly rows: readonly Row[] } {
  const all = list.sources.flatMap(({ contract }) => contract.fields)
  const fields = all.filter((field, index) => all.findIndex(({ name }) => name === field.name) === index)
  const rows = list.items.map(({ source, record, state, firstPublished }) => {
    const own = new Map(source.contract.fields.map(({ name }, index) => [name, record[index]]))
    return [...fields.map(({ name }) => own.get(name) ?? null), state, firstPublished]
  })
  return { fields: [...fields, ...derivedFields], rows }
}

/** What `lists` adds to a list's own fields. */
const derivedFields: readonly Field[] = [
  {
    name: 'state',
    type: 'string',
    role: 'attribute',
    title: { zh: '状态', en: 'State' },
    description: { zh: '依据实际发布情况推导', en: 'Derived from what is published' },
  },
  {
    name: 'first_published',
    type: 'date',
    role: 'attribute',
    title: { zh: '首次发布日期', en: 'First published' },
    description: { zh: '上海时间', en: 'In Asia/Shanghai' },
  },
]

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** The body is written by hand because a record keeps the digits it was published with. */
function renderList(house: House, reader: Reader, list: AnnualList): string {
  const records = new Map(list.sources.map((source) => [source, jsonRecord(source.contract.fields)]))
  const at = addresses(house.config)
  const readable = new Set(listReadable(house.contracts, reader).map(({ contract }) => contract.dataset))
  const items = list.items.map((item) => {
    const own = JSON.stringify({
      number: item.number,
      name: item.name,
      providers: item.providers,
      due: item.due,
      state: item.state,
      firstPublished: item.firstPublished,
      dataset: keptBy(house, readable, item),
    })
    return `${own.slice(0, -1)},"record":${records.get(item.source)?.(item.record)}}`
  })
  const { year, rates, byProvider } = list
  const versions = list.sources.map((source) => at.version(source.version))
  const links = { self: at.list(year), csv: `${at.list(year)}.csv`, versions }
  return `${JSON.stringify({ year, rates, byProvider }).slice(0, -1)},"items":[${items.join(',')}],"links":${JSON.stringify(links)}}`
}

/** The address by which a promise is kept. An address that answers this reader with 404 would tell what is restricted. */
function keptBy(house: House, readable: ReadonlySet<string>, { dataset, edition }: ListItem): string | null {
  if (dataset === null || !readable.has(dataset)) return null
  const at = addresses(house.config)
  return edition === null ? at.dataset(dataset) : at.edition(dataset, edition)
}
