/**
 * Aggregates over HTTP, in the same steps as records: parse, choose versions, plan, check the ETag, read,
 * render. JSON and CSV, by extension or by `Accept`. The contract defines which aggregates are offered.
 */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import {
  type AppContext,
  EditionName,
  ExactVersion,
  getReadable,
  Slug,
  setDeprecationHeaders,
  toLatest,
} from '../../catalogue/index.ts'
import { countRead, isOpen, type LoadedContract } from '../../contract/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { type ProblemCode, problem } from '../../platform/problem.ts'
import { edition } from '../schemas.ts'
import { type AggregatePlan, planAggregate } from './plan.ts'
import { parseAggregate } from './query.ts'
import { readGroups } from './read.ts'
import { csvGroups, jsonAnswer } from './render.ts'
import { AggregateSchema, groupBy, limit, measures, sort } from './schemas.ts'
import { type ChosenVersions, chooseAggregateVersions } from './versions.ts'

/** Part of every ETag. Raise it when the response format changes, so that caches drop the old one. */
const bodyForm = 1

const json = 'application/json; charset=utf-8'
type Form = 'json' | 'csv'

/** The extensions of a path, and the suffix of their operationIds; without an extension `Accept` decides. */
const extensions: readonly (readonly [extension: string, form: Form | undefined, suffix: string])[] = [
  ['', undefined, ''],
  ['.json', 'json', 'Json'],
  ['.csv', 'csv', 'Csv'],
]

const refusals = [
  'dataset-not-found',
  'edition-not-found',
  'version-not-found',
  'version-withdrawn',
  'aggregate-not-offered',
  'groups-too-many',
  'precondition-failed',
  'query-too-slow',
  'range-not-satisfiable',
] as const

export async function aggregateRoutes(app: App, context: AppContext): Promise<void> {
  for (const [extension, form, suffix] of extensions) {
    datasetRoute(app, context, { extension, form, suffix })
    versionRoute(app, context, { extension, form, suffix })
  }
}

interface Address {
  readonly extension: string
  readonly form: Form | undefined
  readonly suffix: string
}

const about =
  'Records in groups, with exact counts and measures over the fields that the contract offers. Filters are those of ' +
  'records, on any field whose values are never withheld. A measure is null and named in `suppressed` if a value in ' +
  'its group is withheld; a code that is the total of others is never added to them.'

/** The whole description stands at the address without an extension. */
function aboutOf(form: Form | undefined, whole: string): string {
  return form === undefined ? whole : 'The groups of the address without extension, in one format.'
}

function datasetRoute(app: App, context: AppContext, { extension, form, suffix }: Address): void {
  app.get(
    `/v1/datasets/:slug/aggregate${extension}`,
    {
      config: { openQuery: true, ranges: true },
      schema: {
        operationId: `aggregateRecords${suffix}`,
        tags: ['records'],
        summary: `Records of a dataset, grouped${inForm(form)}`,
        description: aboutOf(
          form,
          `${about} Reads the latest version of the latest edition, or of the requested editions.`,
        ),
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ edition, group_by: groupBy, measures, sort, limit }),
        response: responsesOf(form, 'contract-breaking'),
      },
    },
    async (request, reply) => {
      const loaded = getReadable(context.contracts, request.caller, request.params.slug)
      const query = parseAggregate(request.query)
      const chosen = await chooseAggregateVersions(context, loaded, query)
      return answer(context, request, reply, { form, loaded, chosen, plan: planAggregate(query, chosen) })
    },
  )
}

function versionRoute(app: App, context: AppContext, { extension, form, suffix }: Address): void {
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/aggregate${extension}`,
    {
      config: { openQuery: true, ranges: true },
      schema: {
        operationId: `aggregateVersionRecords${suffix}`,
        tags: ['records'],
        summary: `Records of one version, grouped${inForm(form)}`,
        description: aboutOf(form, 'Groups of a fixed version, as of a dataset.'),
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
        }),
        querystring: Type.Object({ group_by: groupBy, measures, sort, limit }),
        response: { ...responsesOf(form), ...toLatest },
      },
    },
    async (request, reply) => {
      const { slug, edition: name, version } = request.params
      const loaded = getReadable(context.contracts, request.caller, slug)
      const query = parseAggregate(request.query)
      const chosen = await chooseAggregateVersions(context, loaded, query, {
        edition: name,
        version: Number(version),
      })
      return answer(context, request, reply, { form, loaded, chosen, plan: planAggregate(query, chosen) })
    },
  )
}

const inForm = (form: Form | undefined) => (form === undefined ? '' : `, as ${form.toUpperCase()}`)

/** A path with an extension returns that format only; without one, either. */
function responsesOf(
  form: Form | undefined,
  ...more: readonly ProblemCode[]
): Readonly<Record<number, unknown>> {
  const csv = Type.String({
    description: 'A header and one line per group, with the names of the JSON response.',
  })
  const content = {
    ...(form === 'csv' ? {} : { 'application/json': { schema: AggregateSchema } }),
    ...(form === 'json' ? {} : { 'text/csv': { schema: csv } }),
  }
  return {
    200: { description: 'The groups.', content },
    206: { description: 'The requested range.', content },
    304: Type.Null({ description: "Not modified: the caller's copy is current." }),
    ...problemResponses(...refusals, ...more),
  }
}

interface Resolved {
  readonly form: Form | undefined
  /** The newest contract of the dataset. It decides who may read, whatever the version's contract. */
  readonly loaded: LoadedContract
  readonly chosen: ChosenVersions
  readonly plan: AggregatePlan
}

async function answer(context: AppContext, request: FastifyRequest, reply: FastifyReply, resolved: Resolved) {
  const { chosen, plan, loaded } = resolved
  const form = resolved.form ?? formOf(request)
  const [path = ''] = request.url.split('?')
  const read = chosen.versions.map(({ edition, number, digest }) => [edition, number, digest])
  const key = canonicalJson({ bodyForm, form, path, question: plan.canonical, offer: chosen.digest, read })
  const tag = digestOf(key).slice(0, 32)
  await setDeprecationHeaders(context, reply, chosen.contract)
  countRead(request.caller, loaded.contract, { versions: chosen.versions, operation: 'aggregate' })
  if (isFresh(request, reply, tag, isOpen(loaded.contract))) return reply.code(304).send(null)
  const groups = await readGroups(context.database.serve, plan)
  if (form === 'json')
    return reply.type(json).send(jsonAnswer(context.config, { path, plan, chosen, groups }))
  const { mediaType, bytes } = csvGroups(plan, groups.groups)
  // Its size is known to the client, which may want it in ranges.
  return reply.type(mediaType).send(await buffer(Readable.from(bytes, { objectMode: false })))
}

/** The format that `Accept` ranks first; JSON if it ranks them equally. Throws `not-acceptable`. */
function formOf(request: FastifyRequest): Form {
  const [first] = new Negotiator(request).mediaTypes(['application/json', 'text/csv'])
  if (first === undefined) {
    throw problem('not-acceptable', { detail: 'Aggregates are offered as application/json and text/csv.' })
  }
  return first === 'text/csv' ? 'csv' : 'json'
}
