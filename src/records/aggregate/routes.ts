/**
 * Aggregates over HTTP, in the steps of records: parse, plan, read, render, validators and links. JSON and CSV, by
 * extension or by `Accept`. What may be asked is the contract's to say.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import {
  type AppContext,
  EditionName,
  getReadable,
  Slug,
  setDeprecationHeaders,
  toLatest,
} from '../../catalogue/index.ts'
import { isOpen, type LoadedContract, noteRead } from '../../contract/index.ts'
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

/** Part of every ETag; raise it when the form of the answer changes, so that no cache keeps the old form. */
const bodyForm = 1

const json = 'application/json; charset=utf-8'
type Form = 'json' | 'csv'

/** The extensions of an address; without one `Accept` decides. */
const extensions: readonly (readonly [extension: string, form: Form | undefined, word: string])[] = [
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
] as const

export async function aggregateRoutes(app: App, context: AppContext): Promise<void> {
  for (const [extension, form, word] of extensions) {
    datasetRoute(app, context, { extension, form, word })
    versionRoute(app, context, { extension, form, word })
  }
}

interface Address {
  readonly extension: string
  readonly form: Form | undefined
  readonly word: string
}

const about =
  'Records in groups, counted and computed exactly, over the fields that the contract offers. Filters are those of ' +
  'records, on any field whose values are never withheld. A group with a withheld value has no value and names the ' +
  'measure in `suppressed`; a code that is the total of others is never added to them.'

function datasetRoute(app: App, context: AppContext, { extension, form, word }: Address): void {
  app.get(
    `/v1/datasets/:slug/aggregate${extension}`,
    {
      config: { openQuery: true },
      schema: {
        operationId: `aggregateRecords${word}`,
        tags: ['records'],
        summary: `Records of a dataset, grouped${inForm(form)}`,
        description: `${about} Of the latest version of the latest edition, or of the editions asked for.`,
        params: Type.Object({ slug: Slug }),
        querystring: Type.Object({ edition, group_by: groupBy, measures, sort, limit }),
        response: responsesOf(form, 'contract-breaking'),
      },
    },
    async (request, reply) => {
      const loaded = getReadable(context.contracts, request.reader, request.params.slug)
      const query = parseAggregate(request.query)
      const ground = await chooseAggregateVersions(context, loaded, query)
      return answer(context, request, reply, { form, loaded, ground, plan: planAggregate(query, ground) })
    },
  )
}

function versionRoute(app: App, context: AppContext, { extension, form, word }: Address): void {
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/aggregate${extension}`,
    {
      config: { openQuery: true },
      schema: {
        operationId: `aggregateVersionRecords${word}`,
        tags: ['records'],
        summary: `Records of one version, grouped${inForm(form)}`,
        description: `${about} Of a version that stays as it is.`,
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'The number of a version.' }),
        }),
        querystring: Type.Object({ group_by: groupBy, measures, sort, limit }),
        response: { ...responsesOf(form), ...toLatest },
      },
    },
    async (request, reply) => {
      const { slug, edition: name, version } = request.params
      const loaded = getReadable(context.contracts, request.reader, slug)
      const query = parseAggregate(request.query)
      const ground = await chooseAggregateVersions(context, loaded, query, {
        edition: name,
        version: Number(version),
      })
      return answer(context, request, reply, { form, loaded, ground, plan: planAggregate(query, ground) })
    },
  )
}

const inForm = (form: Form | undefined) => (form === undefined ? '' : `, as ${form.toUpperCase()}`)

/** An address with an extension answers in its form alone; without one in either. */
function responsesOf(
  form: Form | undefined,
  ...more: readonly ProblemCode[]
): Readonly<Record<number, unknown>> {
  const csv = Type.String({
    description: 'A header and one line a group, with the names of the JSON answer.',
  })
  const content = {
    ...(form === 'csv' ? {} : { 'application/json': { schema: AggregateSchema } }),
    ...(form === 'json' ? {} : { 'text/csv': { schema: csv } }),
  }
  return {
    200: { description: 'The groups.', content },
    304: Type.Null({ description: 'The copy of the caller is still good.' }),
    ...problemResponses(...refusals, ...more),
  }
}

interface Asked {
  readonly form: Form | undefined
  /** The newest contract of the dataset: it says who may read, whichever the version keeps. */
  readonly loaded: LoadedContract
  readonly ground: ChosenVersions
  readonly plan: AggregatePlan
}

async function answer(context: AppContext, request: FastifyRequest, reply: FastifyReply, asked: Asked) {
  const { ground, plan, loaded } = asked
  const form = asked.form ?? formOf(request)
  const [path = ''] = request.url.split('?')
  const read = ground.versions.map(({ edition, number, digest }) => [edition, number, digest])
  const key = canonicalJson({ bodyForm, form, path, question: plan.question, offer: ground.digest, read })
  const tag = digestOf(key).slice(0, 32)
  await setDeprecationHeaders(context, reply, ground.contract)
  noteRead(request.reader, loaded.contract, { versions: ground.versions, operation: 'aggregate' })
  if (isFresh(request, reply, tag, isOpen(loaded.contract))) return reply.code(304).send(null)
  const groups = await readGroups(context.database.serve, plan)
  if (form === 'json')
    return reply.type(json).send(jsonAnswer(context.config, { path, plan, ground, groups }))
  const { mediaType, bytes } = csvGroups(plan, groups.groups)
  return reply.type(mediaType).send(Readable.from(bytes, { objectMode: false }))
}

/** The form that `Accept` ranks first; JSON where it doesn't care. Throws `not-acceptable`. */
function formOf(request: FastifyRequest): Form {
  const [first] = new Negotiator(request).mediaTypes(['application/json', 'text/csv'])
  if (first === undefined) {
    throw problem('not-acceptable', { detail: 'Aggregates are offered as application/json and text/csv.' })
  }
  return first === 'text/csv' ? 'csv' : 'json'
}
