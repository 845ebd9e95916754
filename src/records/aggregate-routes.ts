/**
 * Aggregates over HTTP, in the steps of records: parse, plan, read, render, validators and links. JSON and CSV, by
 * extension or by `Accept`. What may be asked is the contract's to say.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import { digestOf } from '../base/digest.ts'
import { isFresh } from '../base/freshness.ts'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import {
  addresses,
  EditionName,
  getReadable,
  type House,
  isSynthetic,
  type PublishedVersion,
  Slug,
} from '../catalogue/index.ts'
import { isOpen } from '../contract/index.ts'
import { type AggregatePlan, planAggregate } from './aggregate-plan.ts'
import { parseAggregate } from './aggregate-query.ts'
import { type Groups, readGroups } from './aggregate-read.ts'
import { csvGroups, jsonGroups } from './aggregate-render.ts'
import { AggregateSchema, editions, groupBy, limit, measures, sort } from './aggregate-schemas.ts'
import { type AggregateGround, chooseGround, getGround } from './aggregate-versions.ts'

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
  'not-acceptable',
] as const

export async function aggregateRoutes(app: App, house: House): Promise<void> {
  for (const [extension, form, word] of extensions) {
    datasetRoute(app, house, { extension, form, word })
    versionRoute(app, house, { extension, form, word })
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

function datasetRoute(app: App, house: House, { extension, form, word }: Address): void {
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
        querystring: Type.Object({ edition: editions, group_by: groupBy, measures, sort, limit }),
        response: { 200: answerSchema(form), ...problemResponses('contract-breaking', ...refusals) },
      },
    },
    async (request, reply) => {
      const loaded = getReadable(house.contracts, request.reader, request.params.slug)
      const query = parseAggregate(request.query)
      const ground = await chooseGround(house, loaded, query.editions)
      return answer(house, request, reply, { form, ground, plan: planAggregate(query, ground) })
    },
  )
}

function versionRoute(app: App, house: House, { extension, form, word }: Address): void {
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
        response: { 200: answerSchema(form), ...problemResponses(...refusals) },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const loaded = getReadable(house.contracts, request.reader, slug)
      const query = parseAggregate(request.query)
      if (query.editions !== undefined) {
        throw problem('parameter-invalid', { path: 'edition', detail: 'The path says it.' })
      }
      const ground = await getGround(house, loaded, { edition, version: Number(version) })
      return answer(house, request, reply, { form, ground, plan: planAggregate(query, ground) })
    },
  )
}

const inForm = (form: Form | undefined) => (form === undefined ? '' : `, as ${form.toUpperCase()}`)

/** An address with an extension answers in its form alone; without one in either. */
function answerSchema(form: Form | undefined) {
  const content = {
    ...(form === 'csv' ? {} : { 'application/json': { schema: Type.Unsafe<string>(AggregateSchema) } }),
    ...(form === 'json'
      ? {}
      : { 'text/csv': { schema: Type.Unsafe<string | Readable>({ type: 'string' }) } }),
  }
  return { description: 'The groups.', content }
}

interface Asked {
  readonly form: Form | undefined
  readonly ground: AggregateGround
  readonly plan: AggregatePlan
}

async function answer(house: House, request: FastifyRequest, reply: FastifyReply, asked: Asked) {
  const { ground, plan } = asked
  const form = asked.form ?? formOf(request)
  const read = ground.versions.map(({ edition, number, digest }) => `${edition} ${number} ${digest}`)
  const tag = digestOf([bodyForm, form, ground.digest, ...read, request.url].join('\n')).slice(0, 32)
  if (isFresh(request, reply, tag, isOpen(ground.contract))) return reply.code(304).send(null)
  const groups = await readGroups(house.database.serve, plan)
  if (form === 'json') return reply.type(json).send(render(house, request, asked, groups))
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

function render(house: House, request: FastifyRequest, { ground, plan }: Asked, groups: Groups): string {
  const { contract, versions } = ground
  const at = addresses(house.config)
  const meta = {
    dataset: contract.dataset,
    versions: versions.map((version) => versionOf(house, version)),
    contractVersion: contract.contractVersion,
    synthetic: versions.some(isSynthetic),
    groupBy: plan.groups.map(({ name }) => name),
    measures: plan.measures.map((measure) => {
      const { name, function: made } = measure
      if (measure.function === 'count') {
        return { name, function: made, field: null, unit: null, weight: null, digits: 0 }
      }
      const { field, weight, digits } = measure
      const unit = field.unit ?? null
      return {
        name,
        function: made,
        field: field.name,
        unit,
        weight: weight?.name ?? null,
        digits: digits ?? null,
      }
    }),
    pinned: plan.pinned,
    groups: groups.total,
  }
  const [path = '', parameters] = request.url.split('?')
  const base = house.config.QINGDAN_PUBLIC_URL
  const links = {
    self: `${base}${request.url}`,
    csv: `${base}${path.replace(/\.json$/, '')}.csv${parameters === undefined ? '' : `?${parameters}`}`,
    contract: at.contract(contract.dataset, contract.contractVersion),
  }
  const data = jsonGroups(plan, groups.groups)
  return `{"data":[${data}],"meta":${JSON.stringify(meta)},"links":${JSON.stringify(links)}}`
}

function versionOf(house: House, version: PublishedVersion) {
  return {
    edition: version.edition,
    version: version.number,
    contractVersion: version.contractVersion,
    publishedAt: version.publishedAt.toISOString(),
    records: version.records,
    synthetic: isSynthetic(version),
    href: addresses(house.config).version(version),
  }
}
