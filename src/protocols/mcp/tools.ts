/**
 * The tools of the Model Context Protocol, one entry each. All are read-only and use the same queries as the
 * API, with the caller's grants.
 */

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
import { defined } from '../../platform/defined.ts'
import { aggregateJson, operatorsOf, recordsJson, sortableFields } from '../../records/index.ts'
import { feedTypes } from '../feed/change-types.ts'
import { describeChanges } from '../feed/feed.ts'
import { type BoundedResult, buildBounded } from './bounds.ts'

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: TSchema
  /** Returns the result as JSON text. Throws problems. */
  readonly run: (input: Readonly<Record<string, unknown>>, request: ToolRequest) => Promise<string>
}

export interface ToolRequest {
  readonly context: AppContext
  readonly reader: Caller
}

const tool = <Input extends TSchema>(
  name: string,
  definition: {
    readonly title: string
    readonly description: string
    readonly input: Input
    readonly run: (input: Static<Input>, request: ToolRequest) => Promise<string>
  },
): Tool => ({ name, ...definition, run: definition.run as Tool['run'] })

const exact = { additionalProperties: false }
const Text = (description: string) => Type.String({ minLength: 1, maxLength: 1_000, description })
const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100, description })
const limitOf = (max: number, byDefault: number, what: string) =>
  Type.Optional(
    Type.Integer({ minimum: 1, maximum: max, description: `Most ${what}; ${byDefault} if absent.` }),
  )

const Dataset = Text('Slug of the dataset, from search_datasets.')
const Edition = Type.Optional(
  Text(
    'Name of an edition such as 2025 or 2024-2025, several separated by commas, or `all`; the latest if absent.',
  ),
)
const Filters = Type.Optional(
  Type.Record(
    Type.String({ maxLength: 200 }),
    Type.Union([Type.String({ maxLength: 1_000 }), Type.Number(), Type.Boolean()]),
    {
      description:
        'Filters by field, with an operator after two underscores: {"district__label": "浦东新区", "tested__gte": 100}. ' +
        'describe_dataset lists fields, operators and codes.',
    },
  ),
)

/** Largest and default number of items in one result; a model can ask for more. */
const limits = {
  datasets: { max: 50, byDefault: 20 },
  fields: { max: 200, byDefault: 100 },
  records: { max: 100, byDefault: 20 },
  groups: { max: 200, byDefault: 50 },
  items: { max: 200, byDefault: 50 },
  changes: { max: 200, byDefault: 50 },
} as const

/** Most codes listed with one field. */
const codesMax = 40

const resultOf = (body: object, truncated: boolean): BoundedResult => ({
  json: JSON.stringify(body),
  truncated,
})

const texts = (filters: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, String(value)]))

/** The parameters that have a value. */
const definedOf = (parameters: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined))

const searching = tool('search_datasets', {
  title: 'Search datasets',
  description: 'Finds datasets by words in Chinese or English; lists all without `q`.',
  input: Type.Object(
    {
      q: Type.Optional(Type.String({ maxLength: 200, description: 'Words, e.g. 体质 or sports venues.' })),
      limit: limitOf(limits.datasets.max, limits.datasets.byDefault, 'datasets'),
      cursor: Type.Optional(Text('From `next` of the previous result.')),
    },
    exact,
  ),
  run: ({ q, limit = limits.datasets.byDefault, cursor }, { context, reader }) =>
    buildBounded(limit, 'There are more datasets: call again with `cursor` from `next`.', async (size) => {
      const parameters = {
        limit: size,
        ...defined({ q, cursor }),
      }
      const { page, total, next, versionsOf } = await searchDatasets(context, reader, parameters, 'zh')
      const datasets = page.map(({ loaded }) => {
        const { slug, title, description, providers, themes, latest } = datasetBody(
          loaded,
          versionsOf(loaded.contract.dataset),
          context.contracts,
          context.config,
        )
        return {
          slug,
          title,
          description,
          providers: providers.map((provider) => provider.title),
          themes,
          latest,
        }
      })
      return resultOf({ total, datasets, next: next ?? null }, next !== undefined)
    }),
})

const describing = tool('describe_dataset', {
  title: 'Describe a dataset',
  description:
    'Licence, source, editions and fields of a dataset, with types, operators, codes, and what can be sorted and aggregated. ' +
    'Call this before query_records and aggregate.',
  input: Type.Object(
    { dataset: Dataset, limit: limitOf(limits.fields.max, limits.fields.byDefault, 'fields') },
    exact,
  ),
  run: ({ dataset, limit = limits.fields.byDefault }, { context, reader }) =>
    buildBounded(
      limit,
      'Some fields or codes are left out; the contract at links.contract has all of them.',
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
            ...defined({ unit: field.unit }),
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
        const truncated =
          contract.fields.length > size || fields.some(({ codesInAll = 0 }) => codesInAll > codesMax)
        const body = {
          ...datasetBody(loaded, versions, context.contracts, context.config),
          primaryKey: contract.primaryKey,
          fields,
          aggregate: contract.aggregate ?? null,
          editions: editionsOf(versions, context.config),
        }
        return resultOf(body, truncated)
      },
    ),
})

const querying = tool('query_records', {
  title: 'Query records',
  description:
    'Published records of a dataset, filtered, selected and sorted, in pages. A value withheld to protect people is null, and a status field says so.',
  input: Type.Object(
    {
      dataset: Dataset,
      edition: Edition,
      filters: Filters,
      select: Type.Optional(Names('Fields of the result; all if absent.')),
      sort: Type.Optional(Names('Sortable fields, with - for descending order: ["-tested"].')),
      count: Type.Optional(
        Type.Boolean({ description: 'Whether to count all matching records, as meta.count.' }),
      ),
      limit: limitOf(limits.records.max, limits.records.byDefault, 'records'),
      cursor: Type.Optional(
        Type.String({
          maxLength: 4_096,
          description: 'From `next` of the previous result, with the same arguments.',
        }),
      ),
    },
    exact,
  ),
  run: (
    { dataset, edition, filters, select, sort, count, limit = limits.records.byDefault, cursor },
    { context, reader },
  ) =>
    buildBounded(limit, 'There are more records: call again with `cursor` from `next`.', async (size) => {
      const loaded = getReadable(context.contracts, reader, dataset)
      const own = { edition, select: select?.join(), sort: sort?.join(), cursor, limit: String(size) }
      const counted = count === true ? 'exact' : undefined
      const parameters = { ...texts(filters), ...definedOf({ ...own, count: counted }) }
      const page = await recordsJson(context, { loaded, parameters, caller: reader })
      const next = nextOf(page)
      return { json: `{"next":${JSON.stringify(next)},${page.slice(1)}`, truncated: next !== null }
    }),
})

/** The cursor of the page after a page of records. */
function nextOf(page: string): string | null {
  const { links } = JSON.parse(page) as { readonly links: { readonly next: string | null } }
  return links.next === null ? null : new URL(links.next, 'http://localhost').searchParams.get('cursor')
}

const aggregating = tool('aggregate', {
  title: 'Aggregate records',
  description:
    'Counts and exact measures of records in groups, over the fields that the dataset offers (`aggregate` of describe_dataset). ' +
    'A group with a withheld value has no values and is marked in `suppressed`.',
  input: Type.Object(
    {
      dataset: Dataset,
      edition: Edition,
      group_by: Type.Optional(Names('Fields to group by, at most four.')),
      measures: Type.Optional(
        Names('`count`, or a function and a field: ["count", "mean:pass_rate"]; count if absent.'),
      ),
      filters: Filters,
      sort: Type.Optional(Names('Columns of the result, with - for descending order: ["-count"].')),
      limit: limitOf(limits.groups.max, limits.groups.byDefault, 'groups'),
    },
    exact,
  ),
  run: (
    { dataset, edition, group_by: groups, measures, filters, sort, limit = limits.groups.byDefault },
    { context, reader },
  ) =>
    buildBounded(limit, 'There are more groups: filter, sort, or group by fewer fields.', async (size) => {
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
        caller: reader,
        parameters: { ...texts(filters), ...definedOf(own) },
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
    'The promises of open data for a year: what, by whom, by when, and their state. Without a year, the years with their rates.',
  input: Type.Object(
    {
      year: Type.Optional(Type.String({ pattern: '^\\d{4}$', description: 'The year of a list.' })),
      state: Type.Optional(Type.Enum([...itemStates], { description: 'Only items in this state.' })),
      provider: Type.Optional(Text('Only items of this provider, a code from `providers` of an item.')),
      limit: limitOf(limits.items.max, limits.items.byDefault, 'items'),
    },
    exact,
  ),
  run: ({ year, state, provider, limit = limits.items.byDefault }, { context, reader }) =>
    buildBounded(
      limit,
      'There are more items: filter by state or provider, or read the list at links.self.',
      async (size) => {
        if (year === undefined) {
          const lists = await listAnnualLists(context, reader)
          const years = lists.map((list) => ({ year: list.year, rates: list.rates }))
          return resultOf({ years: years.slice(0, size) }, years.length > size)
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
        return resultOf({ year, rates: list.rates, found: found.length, items, links }, found.length > size)
      },
    ),
})

const following = tool('changes', {
  title: 'Changes',
  description:
    'Datasets published, corrected or withdrawn, new contracts, and items of annual lists, in one order: the feed of /v1/changes. ' +
    'Without `after`, the newest changes; with it, the ones that follow. Continue from `cursor`.',
  input: Type.Object(
    {
      after: Type.Optional(Text('`cursor` of an earlier result with the same `dataset` and `type`.')),
      dataset: Type.Optional(Dataset),
      type: Type.Optional(Text(`One or several types, separated by commas, of ${feedTypes.join(', ')}.`)),
      limit: limitOf(limits.changes.max, limits.changes.byDefault, 'changes'),
    },
    exact,
  ),
  run: ({ limit = limits.changes.byDefault, ...parameters }, { context, reader }) =>
    buildBounded(
      limit,
      'There are more changes: call again with `after` set to `cursor`. Without `after`, earlier changes are at /v1/changes.',
      async (size) => {
        const { data, meta } = await describeChanges(context, {
          parameters: { ...parameters, limit: size },
          reader,
        })
        return resultOf({ changes: data, cursor: meta.cursor }, meta.more)
      },
    ),
})

export const tools: readonly Tool[] = [searching, describing, querying, aggregating, listing, following]
