/**
 * The difference of two versions over HTTP, of one edition or of two: JSON with the counts first, or CSV, each as a stream.
 * Refuses what either version is refused for, and versions whose records are told apart by other fields.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { Type } from 'typebox'
import {
  type AppContext,
  EditionName,
  getReadable,
  getVersion,
  linkHeader,
  listVersions,
  type PublishedVersion,
  Slug,
  setDeprecationHeaders,
  toLatest,
} from '../../catalogue/index.ts'
import { isOpen, noteRead } from '../../contract/index.ts'
import { type App, isFresh, problemResponses } from '../../http/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { Problem, problem } from '../../platform/problem.ts'
import type { Streams } from '../streams.ts'
import { type ComparedVersions, readDiffCsv, readDiffJson } from './answers.ts'
import { type Diff, planDiff } from './plan.ts'
import { DiffSchema } from './schemas.ts'

type Form = 'json' | 'csv'

const mediaTypes = { json: 'application/json', csv: 'text/csv' } as const satisfies Record<Form, string>

/** Raise it when the form of an answer changes, so that no cache keeps the old one. */
const diffForm = 1

const against = Type.String({
  pattern: '^(v[1-9]\\d{0,5}|\\d{4}(-\\d{4})?(-v[1-9]\\d{0,5})?)$',
  examples: ['v1'],
  description:
    'What it is compared with: a version of the same edition (`v1`), another edition by its latest version (`2024`), or a ' +
    'version of that (`2024-v2`).',
})

/** Without an extension by Accept; with one as it says. */
export function diffRoutes(app: App, context: AppContext, streams: Streams): void {
  diffRoute(app, context, streams, undefined)
  diffRoute(app, context, streams, 'csv')
}

function diffRoute(app: App, context: AppContext, streams: Streams, extension: 'csv' | undefined): void {
  const csv = {
    'text/csv': { schema: Type.String({ description: 'A header and a line for each record that differs.' }) },
  }
  app.get(
    `/v1/datasets/:slug/editions/:edition/versions/:version/diff${extension === undefined ? '' : '.csv'}`,
    {
      schema: {
        operationId: extension === undefined ? 'getDiff' : 'getDiffCsv',
        tags: ['records'],
        summary: `What differs between two versions${extension === undefined ? '' : ', as CSV'}`,
        description:
          'Record by record, by the primary key: what is new in this version, gone from it, or of another value than in ' +
          'the one it is compared with. JSON has the counts first; CSV has `_change`, the key, and each field before and after.',
        params: Type.Object({
          slug: Slug,
          edition: EditionName,
          version: Type.String({ pattern: '^[1-9]\\d{0,5}$', description: 'The number of a version.' }),
        }),
        querystring: Type.Object({ against }),
        response: {
          200: {
            description: 'The difference.',
            content: extension === undefined ? { 'application/json': { schema: DiffSchema }, ...csv } : csv,
          },
          ...toLatest,
          304: Type.Null({ description: 'The copy of the caller is still good.' }),
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
      const { contract } = getReadable(context.contracts, request.reader, slug)
      const form = extension ?? formOf(request)
      const of = { dataset: slug, edition, version: Number(version) }
      const to = await getVersion(context.database, context.config, of)
      const from = await findAgainst(context, to, request.query.against)
      const compared = { from, to, against: request.query.against, diff: planOf(context, from, to) }
      reply.header('link', linkHeader(to, await listVersions(context.database, to), context.config))
      await setDeprecationHeaders(context, reply, to)
      const tag = digestOf(canonicalJson({ diffForm, form, of: keyOf(compared) })).slice(0, 32)
      noteRead(request.reader, contract, { versions: [from, to], operation: 'diff' })
      if (isFresh(request, reply, tag, isOpen(contract))) return reply.code(304).send(null)
      return sendDiff(context, streams, request, reply, { compared, form })
    },
  )
}

function formOf(request: FastifyRequest): Form {
  const [best] = new Negotiator(request).mediaTypes(Object.values(mediaTypes))
  return best === mediaTypes.csv ? 'csv' : 'json'
}

/** The version that is compared with. Throws its problems under the name of the parameter. */
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

/** What the bytes follow from: versions never change. The address is told in them. */
function keyOf({ from, to, against: asked }: ComparedVersions) {
  const name = ({ dataset, edition, number, digest, contractVersion }: PublishedVersion) => ({
    ...{ dataset, edition, number, digest, contractVersion },
  })
  return { from: name(from), to: name(to), asked }
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
  // Fastify would let a stream run to its end to learn that nobody wants its bytes.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const read = form === 'csv' ? readDiffCsv : readDiffJson
  const stream = await streams.open((signal) => read(context, compared, signal), reply.raw, request.caller)
  return reply.send(stream)
}
