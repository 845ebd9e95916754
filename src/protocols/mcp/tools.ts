/** The tools of the Model Context Protocol, one entry each: all of them read, by the rooms' own questions, for the caller's grants. */
import { type Static, type TSchema, Type } from 'typebox'
import { getList, itemBody, itemStates, listAnnualLists } from '../../annual-lists/index.ts'
import {
  type AppContext,
  datasetBody,
  editionsOf,
  getReadable,
  listReadable,
  listVersions,
  searchDatasets,
} from '../../catalogue/index.ts'
import { codesOf } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { aggregateJson, operatorsOf, recordsJson, sortableFields } from '../../records/index.ts'
import { describeChanges } from '../feed/feed.ts'
import { feedTypes } from '../feed/types.ts'
import { type BoundedResult, makeBounded } from './bounds.ts'

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: TSchema
  /** Gives the result as JSON text. Throws problems. */
  readonly run: (input: Readonly<Record<string, unknown>>, asked: ToolRequest) => Promise<string>
}

export interface ToolRequest {
  readonly context: AppContext
  readonly reader: Caller
}

const tool = <Input extends TSchema>(
  name: string,
  described: {
    readonly title: string
    readonly description: string
    readonly input: Input
    readonly run: (input: Static<Input>, asked: ToolRequest) => Promise<string>
  },
): Tool => ({ name, ...described, run: described.run as Tool['run'] })

const exact = { additionalProperties: false }
const Text = (description: string) => Type.String({ minLength: 1, maxLength: 1_000, description })
const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100, description })
const limitOf = (max: number, usual: number, what: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: max, description: `Most ${what}; ${usual} if absent.` }))

const Dataset = Text('Slug of the dataset, as search_datasets gives it.')
const Edition = Type.Optional(
  Text('Name of an edition such as 2025 or 2024-2025, several with commas, or all; the latest if absent.'),
)
const Filters = Type.Optional(
  Type.Record(
    Type.String({ maxLength: 200 }),
    Type.Union([Type.String({ maxLength: 1_000 }), Type.Number(), Type.Boolean()]),
    {
      description:
        'Filters by field, with an operator behind two underscores: {"district__label": "浦东新区", "tested__gte": 100}. ' +
        'describe_dataset names fields, operators and codes.',
    },
  ),
)

/** Items of one result, and what is usual: a model asks on where it needs more. */
export const limits = {
  datasets: { max: 50, usual: 20 },
  fields: { max: 200, usual: 100 },
  records: { max: 100, usual: 20 },
  groups: { max: 200, usual: 50 },
  items: { max: 200, usual: 50 },
  changes: { max: 200, usual: 50 },
} as const

/** Codes of one field that are told with it. */
export const codesMax = 40

const made = (body: object, truncated: boolean): BoundedResult => ({ json: JSON.stringify(body), truncated })

const texts = (filters: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, String(value)]))

/** Parameters of an address, of what was given. */
const given = (parameters: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined))

const searching = tool('search_datasets', {
  title: 'Search datasets',
  description: 'Finds datasets by words in Chinese or English; all of them without words.',
  input: Type.Object(
    {
      q: Type.Optional(Type.String({ maxLength: 200, description: 'Words, e.g. 体质 or sports venues.' })),
      limit: limitOf(limits.datasets.max, limits.datasets.usual, 'datasets'),
      cursor: Type.Optional(Text('From `next` of the former result.')),
    },
    exact,
  ),
  run: ({ q, limit = limits.datasets.usual, cursor }, { context, reader }) =>
    makeBounded(limit, 'There are more datasets: ask again with `cursor` from `next`.', async (size) => {
      const parameters = {
        limit: size,
        ...(q === undefined ? {} : { q }),
        ...(cursor === undefined ? {} : { cursor }),
      }
      const { page, total, next, versionsOf } = await searchDatasets(context, reader, parameters, 'zh')
      const datasets = page.map(({ loaded }) => {
        const { slug, title, description, providers, themes, latest } = datasetBody(
          loaded,
          versionsOf(loaded.contract.dataset),
          context.contracts,
          context.config,
        )
        return { slug, title, description, providers: providers.map((one) => one.title), themes, latest }
      })
      return made({ total, datasets, next: next ?? null }, next !== undefined)
    }),
})

const describing = tool('describe_dataset', {
  title: 'Describe a dataset',
  description:
    'What a dataset is: licence, source, editions, and its fields with type, operators, codes, and what can be sorted and aggregated. ' +
    'Ask this before query_records and aggregate.',
  input: Type.Object(
    { dataset: Dataset, limit: limitOf(limits.fields.max, limits.fields.usual, 'fields') },
    exact,
  ),
  run: ({ dataset, limit = limits.fields.usual }, { context, reader }) =>
    makeBounded(
      limit,
      'Not all fields or codes stand here; the contract at links.contract has them.',
      async (size) => {
        const loaded = getReadable(context.contracts, reader, dataset)
        const { contract } = loaded
        const versions = await listVersions(context.database, { dataset })
        const sortable = new Set(sortableFields(contract).map(({ name }) => name))
        const fields = contract.fields.slice(0, size).map((field) => {
          const codes = codesOf(context.contracts, field)
          return {
            name: field.name,
            type: field.type,
            title: field.title,
            description: field.description,
            ...(field.unit === undefined ? {} : { unit: field.unit }),
            operators: operatorsOf(field),
            sortable: sortable.has(field.name),
            ...(codes === undefined
              ? {}
              : {
                  codes: codes.slice(0, codesMax).map(({ code, label }) => ({ code, label })),
                  codesInAll: codes.length,
                }),
          }
        })
        const isCut =
          contract.fields.length > size || fields.some(({ codesInAll = 0 }) => codesInAll > codesMax)
        const body = {
          ...datasetBody(loaded, versions, context.contracts, context.config),
          primaryKey: contract.primaryKey,
          fields,
          aggregate: contract.aggregate ?? null,
          editions: editionsOf(versions, context.config),
        }
        return made(body, isCut)
      },
    ),
})

const querying = tool('query_records', {
  title: 'Query records',
  description:
    'Published records of a dataset by filters, fields and order, in pages. A value that was withheld to protect people is null, and a status field says so.',
  input: Type.Object(
    {
      dataset: Dataset,
      edition: Edition,
      filters: Filters,
      select: Type.Optional(Names('Fields of the answer; all if absent.')),
      sort: Type.Optional(Names('Sortable fields, with - before one that goes down: ["-tested"].')),
      count: Type.Optional(Type.Boolean({ description: 'Whether to count all that match, as meta.count.' })),
      limit: limitOf(limits.records.max, limits.records.usual, 'records'),
      cursor: Type.Optional(
        Type.String({
          maxLength: 4_096,
          description: 'From `next` of the former result, with the same question.',
        }),
      ),
    },
    exact,
  ),
  run: (
    { dataset, edition, filters, select, sort, count, limit = limits.records.usual, cursor },
    { context, reader },
  ) =>
    makeBounded(limit, 'There are more records: ask again with `cursor` from `next`.', async (size) => {
      const loaded = getReadable(context.contracts, reader, dataset)
      const own = { edition, select: select?.join(), sort: sort?.join(), cursor, limit: String(size) }
      const counted = count === true ? 'exact' : undefined
      const parameters = { ...texts(filters), ...given({ ...own, count: counted }) }
      const page = await recordsJson(context, { loaded, parameters, reader })
      const next = nextOf(page)
      return { json: `{"next":${JSON.stringify(next)},${page.slice(1)}`, truncated: next !== null }
    }),
})

/** The cursor of the page behind a page of records. */
function nextOf(page: string): string | null {
  const { links } = JSON.parse(page) as { readonly links: { readonly next: string | null } }
  return links.next === null ? null : new URL(links.next, 'http://localhost').searchParams.get('cursor')
}

const aggregating = tool('aggregate', {
  title: 'Aggregate records',
  description:
    'Records in groups, counted and computed exactly over the fields that the dataset offers (`aggregate` of describe_dataset). ' +
    'A group with a withheld value has none, and says so in `suppressed`.',
  input: Type.Object(
    {
      dataset: Dataset,
      edition: Edition,
      group_by: Type.Optional(Names('Fields to group by, at most four.')),
      measures: Type.Optional(
        Names('`count`, or a function and a field: ["count", "mean:pass_rate"]; count if absent.'),
      ),
      filters: Filters,
      sort: Type.Optional(Names('Names of the answer, with - before one that goes down: ["-count"].')),
      limit: limitOf(limits.groups.max, limits.groups.usual, 'groups'),
    },
    exact,
  ),
  run: (
    { dataset, edition, group_by: groups, measures, filters, sort, limit = limits.groups.usual },
    { context, reader },
  ) =>
    makeBounded(limit, 'There are more groups: filter, sort, or group by less.', async (size) => {
      const loaded = getReadable(context.contracts, reader, dataset)
      const own = {
        edition,
        group_by: groups?.join(),
        measures: measures?.join(),
        sort: sort?.join(),
        limit: String(size),
      }
      const json = await aggregateJson(context, {
        loaded,
        reader,
        parameters: { ...texts(filters), ...given(own) },
      })
      const { data, meta } = JSON.parse(json) as {
        readonly data: readonly unknown[]
        readonly meta: { readonly groups: number }
      }
      return { json, truncated: data.length < meta.groups }
    }),
})

const listing = tool('list_state', {
  title: 'State of the annual list',
  description:
    'What was promised to be opened in a year, by whom, by when, and what became of it; without a year the years that there are, with their rates.',
  input: Type.Object(
    {
      year: Type.Optional(Type.String({ pattern: '^\\d{4}$', description: 'The year of a list.' })),
      state: Type.Optional(Type.Enum([...itemStates], { description: 'Only items in this state.' })),
      provider: Type.Optional(Text('Only items of this provider, as `providers` of an item has it.')),
      limit: limitOf(limits.items.max, limits.items.usual, 'items'),
    },
    exact,
  ),
  run: ({ year, state, provider, limit = limits.items.usual }, { context, reader }) =>
    makeBounded(
      limit,
      'There are more: ask by state or provider, or read the list at links.self.',
      async (size) => {
        if (year === undefined) {
          const lists = await listAnnualLists(context, reader)
          const years = lists.map((list) => ({ year: list.year, rates: list.rates }))
          return made({ years: years.slice(0, size) }, years.length > size)
        }
        const list = await getList(context, reader, year)
        const readable = new Set(
          listReadable(context.contracts, reader).map(({ contract }) => contract.dataset),
        )
        const found = list.items.filter(
          (item) =>
            (state === undefined || item.state === state) &&
            (provider === undefined || item.providers.includes(provider)),
        )
        const items = found.slice(0, size).map((item) => itemBody(item, readable, context.config))
        const links = { self: `${context.config.QINGDAN_PUBLIC_URL}/v1/lists/${year}` }
        return made({ year, rates: list.rates, found: found.length, items, links }, found.length > size)
      },
    ),
})

const following = tool('changes', {
  title: 'Changes',
  description:
    'What was published, corrected, withdrawn, or contracted anew, and items of annual lists, in one order: the feed of /v1/changes. ' +
    'Without `after` the newest; with it what follows. `cursor` is where to go on.',
  input: Type.Object(
    {
      after: Type.Optional(Text('From `cursor` of a former result, with the same `dataset` and `type`.')),
      dataset: Type.Optional(Dataset),
      type: Type.Optional(Text(`One or several with commas, of ${feedTypes.join(', ')}.`)),
      limit: limitOf(limits.changes.max, limits.changes.usual, 'changes'),
    },
    exact,
  ),
  run: ({ limit = limits.changes.usual, ...asked }, { context, reader }) =>
    makeBounded(
      limit,
      'There are more: with `after` ask again after `cursor`; the past before the newest is at /v1/changes.',
      async (size) => {
        const { data, meta } = await describeChanges(context, {
          parameters: { ...asked, limit: size },
          reader,
        })
        return made({ changes: data, cursor: meta.cursor }, meta.more)
      },
    ),
})

export const tools: readonly Tool[] = [searching, describing, querying, aggregating, listing, following]
