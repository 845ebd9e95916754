/**
 * The difference of two versions, of one edition or of two, over HTTP: JSON with the counts first, or CSV,
 * both streamed. Refuses versions that can't be read, and versions whose primary keys differ.
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
  getVersion,
  linkHeader,
  listVersions,
  type PublishedVersion,
  Slug,
  setDeprecationHeaders,
  toLatest,
} from '../../catalogue/index.ts'
import { countRead, isOpen } from '../../contract/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { Problem, problem } from '../../platform/problem.ts'
import type { Streams } from '../streams.ts'
import { type ComparedVersions, readDiffCsv, readDiffJson } from './answers.ts'
import { type Diff, planDiff } from './plan.ts'
import { DiffSchema } from './schemas.ts'

type Form = 'json' | 'csv'

const mediaTypes = { json: 'application/json', csv: 'text/csv' } as const satisfies Record<Form, string>

/** Part of every ETag. Raise it when the response format changes, so that caches drop the old one. */
const diffForm = 1

const against = Type.String({
  pattern: '^(v[1-9]\\d{0,5}|\\d{4}(-\\d{4})?(-v[1-9]\\d{0,5})?)$',
  examples: ['v1'],
  description:
    'The version to compare with: a version of the same edition (`v1`), the latest version of another edition (`2024`), ' +
    'or one of its versions (`2024-v2`).',
})

/** Registers the routes: without an extension the format follows `Accept`, with `.csv` it is CSV. */
export function diffRoutes(app: App, context: AppContext, streams: Streams): void {
  diffRoute(app, context, streams, undefined)
  diffRoute(app, context, streams, 'csv')
}

function diffRoute(app: App, context: AppContext, streams: Streams, extension: 'csv' | undefined): void {
  const csv = {
    'text/csv': { schema: Type.String({ description: 'A header and one line per differing record.' }) },
  }
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/diff${extension === undefined ? '' : '.csv'}`,
    {
      schema: {
        operationId: extension === undefined ? 'getDiff' : 'getDiffCsv',
        tags: ['records'],
        summary: `Differences between two versions${extension === undefined ? '' : ', as CSV'}`,
        description:
          'Records matched by primary key: those added in this version, removed from it, or changed since the version it ' +
          'is compared with. JSON gives the counts first; CSV has `_change`, the key, and each field before and after.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: ExactVersion,
        }),
        querystring: Type.Object({ against }),
        response: {
          200: {
            description: 'The difference.',
            content: extension === undefined ? { 'application/json': { schema: DiffSchema }, ...csv } : csv,
          },
          ...toLatest,
          304: Type.Null({ description: "Not modified: the caller's copy is current." }),
          ...problemResponses(
            'dataset-not-found',
            'edition-not-found',
            'version-not-found',
            'version-withdrawn',
            'versions-not-comparable',
            'precondition-failed',
            'streams-busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const { slug, edition, version } = request.params
      const { contract } = getReadable(context.contracts, request.caller, slug)
      const form = extension ?? negotiateForm(request)
      const of = { dataset: slug, edition, version: Number(version) }
      const to = await getVersion(context.database, context.config, of)
      const from = await findAgainst(context, to, request.query.against)
      const compared = { from, to, against: request.query.against, diff: planOf(context, from, to) }
      reply.header('link', linkHeader(to, await listVersions(context.database, to), context.config))
      await setDeprecationHeaders(context, reply, to)
      const tag = digestOf(canonicalJson({ diffForm, form, of: keyOf(compared) })).slice(0, 32)
      countRead(request.caller, contract, { versions: [from, to], operation: 'diff' })
      if (isFresh(request, reply, tag, isOpen(contract))) return reply.code(304).send(null)
      return sendDiff(context, streams, request, reply, { compared, form })
    },
  )
}

function negotiateForm(request: FastifyRequest): Form {
  const [best] = new Negotiator(request).mediaTypes(Object.values(mediaTypes))
  return best === mediaTypes.csv ? 'csv' : 'json'
}

/** Finds the version named by `against`. Throws the catalogue's problems with `path: 'against'`. */
async function findAgainst(
  context: AppContext,
  to: PublishedVersion,
  text: string,
): Promise<PublishedVersion> {
  const [, edition = to.edition, number] = /^(\d{4}(?:-\d{4})?)?(?:-?v(\d+))?$/.exec(text) ?? []
  const version = number === undefined ? ('latest' as const) : Number(number)
  try {
    return await getVersion(context.database, context.config, { dataset: to.dataset, edition, version })
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw problem(error.code, { ...error.detail, path: 'against' })
  }
}

/** Throws `versions-not-comparable`. */
function planOf(context: AppContext, from: PublishedVersion, to: PublishedVersion): Diff {
  const side = ({ dataset, contractVersion, recordsTable }: PublishedVersion) => ({
    contract: context.contracts.get(dataset, contractVersion).contract,
    table: recordsTable,
  })
  const diff = planDiff(side(from), side(to))
  if (diff === undefined) {
    const contracts = [from.contractVersion, to.contractVersion]
    throw problem('versions-not-comparable', { path: 'against', contracts })
  }
  return diff
}

/** Everything the response depends on: versions never change, and the links repeat `against` as written. */
function keyOf({ from, to, against }: ComparedVersions) {
  const name = ({ dataset, edition, number, digest, contractVersion }: PublishedVersion) => ({
    ...{ dataset, edition, number, digest, contractVersion },
  })
  return { from: name(from), to: name(to), requested: against }
}

async function sendDiff(
  context: AppContext,
  streams: Streams,
  request: FastifyRequest,
  reply: FastifyReply,
  { compared, form }: { readonly compared: ComparedVersions; readonly form: Form },
): Promise<FastifyReply> {
  reply.type(`${mediaTypes[form]}; charset=utf-8`)
  if (form === 'csv') {
    const { from, to } = compared
    const name = `${to.dataset}-${from.edition}-v${from.number}-to-${to.edition}-v${to.number}.csv`
    reply.header('content-disposition', `attachment; filename="${name}"`)
  }
  // For HEAD, Fastify would read a stream to its end and discard it.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const read = form === 'csv' ? readDiffCsv : readDiffJson
  const stream = await streams.open((signal) => read(context, compared, signal), reply.raw, request.callerKey)
  return reply.send(stream)
}
