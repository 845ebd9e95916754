/** Datasets over HTTP: all of them with search and facets, and one with its contracts and editions. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type App, languageOf, problemResponses } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Language } from '../../platform/language.ts'
import { BilingualSchema, Link, Text } from '../../platform/shape.ts'
import type { AppContext } from '../context.ts'
import { DatasetSchema, DatasetWithEditionsSchema, Slug } from '../schemas.ts'
import { byFacet, type FacetName } from '../search/facets.ts'
import {
  type DatasetParameters,
  type DatasetQuery,
  datasetsDefault,
  datasetsMax,
  facetCodesMax,
  parseDatasetQuery,
  questionLengthMax,
  sortNames,
} from '../search/query.ts'
import { type FoundDatasets, findDatasets } from '../search/search.ts'
import { placeNames } from '../search/texts.ts'
import {
  getReadable,
  latestOfDataset,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../versions/published.ts'
import { contractsOf, datasetBody, editionsOf } from './bodies.ts'
import { byDataset } from './group-by-dataset.ts'
import { type DatasetForm, formOf } from './representation.ts'

const tags = ['catalogue']

const facetDescriptions: Readonly<Record<FacetName, string>> = {
  theme: 'Codes of the list `themes`',
  provider: 'Codes of the list `providers`',
  openClass: 'Codes of the list `open-classes`',
  shareClass: 'Codes of the list `share-classes`',
  kind: 'Names of kinds, such as `venues`',
  rhythm: 'Codes of the list `update-frequencies`',
  format: 'Names of formats in which versions are distributed',
}

const facetParameters = byFacet((name) =>
  Type.Optional(
    Text(
      `${facetDescriptions[name]}, at most ${facetCodesMax}, separated by commas; a dataset must have one of them.`,
    ),
  ),
)

const DatasetParametersSchema = Type.Object({
  q: Type.Optional(
    Text(
      `Words in Chinese, English or both, at most ${questionLengthMax} characters. Each must be in the dataset's title, ` +
        'description, keywords, themes, providers, slug, fields or code labels; one Chinese character is enough. ' +
        'English words also match as a prefix; a word without a match is replaced by the nearest ones.',
    ),
  ),
  ...facetParameters,
  sort: Type.Optional(
    Type.Enum([...sortNames], {
      description:
        '`relevance` (default with `q`), `slug` (default without), `title` in the language of ' +
        '`Accept-Language`, `published` most recent first.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: datasetsMax,
      description: `Datasets on a page, 1 to ${datasetsMax}; ${datasetsDefault} if absent.`,
    }),
  ),
  cursor: Type.Optional(Text('Position in a walk, from `links.next`. Opaque.')),
})

const FacetSchema = Type.Array(
  Type.Object({
    code: Text('The code to filter by.'),
    label: BilingualSchema,
    count: Type.Integer({ minimum: 0, description: 'Datasets that have it.' }),
    chosen: Type.Boolean({ description: 'Whether the response is filtered by it.' }),
  }),
  { description: 'The values of the facet, most frequent first.' },
)

const MatchSchema = Type.Object({
  place: Type.Enum([...placeNames], { description: 'Where the words were found.' }),
  field: Type.Optional(Text('Name of the field, for a text of a field.')),
  code: Type.Optional(Text('The code, for a label of a code.')),
  text: Text('The text, or an excerpt of a long one with … at each cut. Plain text.'),
  found: Type.Array(Type.String(), { description: 'The matching parts of `text`.' }),
})

const DatasetsSchema = Type.Object({
  data: Type.Array(
    Type.Interface([DatasetSchema], {
      matches: Type.Optional(
        Type.Array(MatchSchema, {
          description: 'Where the words of `q` were found, the most relevant first; only with `q`.',
        }),
      ),
    }),
    { description: 'The datasets, in the requested order.' },
  ),
  meta: Type.Object(
    {
      total: Type.Integer({ minimum: 0, description: 'Matching datasets on all pages.' }),
      sort: Type.Enum([...sortNames], { description: 'The order.' }),
      limit: Type.Integer({ description: 'Datasets on a page.' }),
      readAs: Type.Array(
        Type.Object({
          word: Text('A word of `q` that is in no dataset.'),
          as: Type.Array(Type.String(), { description: 'The words searched instead.' }),
        }),
        { description: 'Words that were replaced by similar ones.' },
      ),
    },
    { description: 'About the result.' },
  ),
  facets: Type.Object(
    byFacet(() => FacetSchema),
    {
      description: 'Datasets by facet. Counts respect `q` and all filters except those of the facet itself.',
    },
  ),
  links: Type.Object(
    {
      self: Link('This page.'),
      next: Type.Union([Link('The next page; use the address unchanged.'), Type.Null()], {
        description: 'Null on the last page.',
      }),
    },
    { description: 'Links to related resources.' },
  ),
})

interface SearchedDatasets extends FoundDatasets {
  readonly query: DatasetQuery
  /** A dataset's versions, newest first. */
  readonly versionsOf: (dataset: string) => readonly PublishedVersion[]
}

/** Searches the datasets that a reader may see. Throws `parameter-invalid` and `cursor-invalid`. */
export async function searchDatasets(
  context: AppContext,
  caller: Caller,
  parameters: DatasetParameters,
  language: Language,
): Promise<SearchedDatasets> {
  const readable = listReadable(context.contracts, caller)
  const query = parseDatasetQuery(
    parameters,
    language,
    readable.map(({ contract }) => contract),
    context.contracts,
  )
  const versions = byDataset(await listVersions(context.database))
  const versionsOf = (dataset: string) => versions.get(dataset) ?? []
  const publishedAt = (dataset: string) => latestOfDataset(versionsOf(dataset))?.publishedAt
  return { ...(await findDatasets(query, readable, context.contracts, publishedAt)), query, versionsOf }
}

export function datasetRoutes(app: App, context: AppContext, forms: readonly DatasetForm[]): void {
  searchRoute(app, context)
  oneRoute(app, context, forms)
}

function searchRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/datasets',
    {
      schema: {
        operationId: 'listDatasets',
        tags,
        summary: 'Search and filter datasets',
        description:
          'The datasets that match `q` and the filters and that the reader may see, with their latest versions.',
        querystring: DatasetParametersSchema,
        response: { 200: DatasetsSchema, ...problemResponses('cursor-invalid') },
      },
    },
    async (request, reply) => {
      const { caller, query } = request
      const found = await searchDatasets(context, caller, query, languageOf(request))
      reply.header('cache-control', caller.keyId === undefined ? 'public, max-age=60' : 'private, no-cache')
      reply.header('vary', 'Accept-Language, Authorization')
      return {
        data: found.page.map(({ loaded, matches }) => ({
          ...datasetBody(
            loaded,
            found.versionsOf(loaded.contract.dataset),
            context.contracts,
            context.config,
          ),
          ...(matches.length === 0
            ? {}
            : { matches: matches.map((match) => ({ ...match, found: [...match.found] })) }),
        })),
        meta: {
          total: found.total,
          sort: found.query.sort,
          limit: found.query.limit,
          readAs: found.readAs.map(({ word, as }) => ({ word, as: [...as] })),
        },
        facets: byFacet((name) => found.facets[name].map((value) => ({ ...value }))),
        links: linksOf(request, context, found.next),
      }
    },
  )
}

function oneRoute(app: App, context: AppContext, forms: readonly DatasetForm[]): void {
  const more = forms.map(({ mediaType, schema }) => [mediaType, { schema }])
  const content = { 'application/json': { schema: DatasetWithEditionsSchema }, ...Object.fromEntries(more) }
  app.get(
    '/v1/datasets/:slug',
    {
      schema: {
        operationId: 'getDataset',
        tags,
        summary: 'One dataset',
        description:
          'The dataset with its contracts and published editions; as DCAT-AP 3 if `Accept` prefers an RDF syntax.',
        params: Type.Object({ slug: Slug }),
        response: {
          200: { description: 'The dataset.', content },
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses('dataset-not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const loaded = getReadable(context.contracts, request.caller, request.params.slug)
      const form = formOf(request, forms)
      if (form !== undefined) return form.send(context, request, reply, loaded)
      const dataset = loaded.contract.dataset
      const versions = await listVersions(context.database, { dataset })
      reply.header('vary', 'Accept, Authorization')
      return {
        ...datasetBody(loaded, versions, context.contracts, context.config),
        contracts: contractsOf(context.contracts.versions(dataset), context.config),
        editions: editionsOf(versions, context.config),
      }
    },
  )
}

function linksOf(request: Pick<FastifyRequest, 'url'>, { config }: AppContext, next: string | undefined) {
  const self = `${config.QINGDAN_PUBLIC_URL}${request.url}`
  if (next === undefined) return { self, next: null }
  const [path = '', query = ''] = self.split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', next)
  return { self, next: `${path}?${parameters}` }
}
