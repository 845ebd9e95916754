/** Bundles over HTTP: upload a ZIP with a key, poll its receipt, read its findings page by page. */

import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { requireScope } from '../accounts/index.ts'
import { findingsCsv } from '../bundle/index.ts'
import { type AppContext, refuseOnMirror } from '../catalogue/index.ts'
import { type App, problemResponses } from '../http/index.ts'
import type { Caller } from '../platform/caller.ts'
import { defined } from '../platform/defined.ts'
import { FindingSchema } from '../platform/finding.ts'
import { problem } from '../platform/problem.ts'
import { receiptBody } from './receipts/body.ts'
import { findReceipt, hasBrought, listFindings, type Receipt, readFindings } from './receipts/receipts.ts'
import { ReceiptSchema } from './receipts/schemas.ts'
import { receiveStream } from './receive/receive.ts'
import {
  createUpload,
  isUploadCreation,
  pieceType,
  protocolOptions,
  type Stopping,
  uploadRoutes,
} from './receive/upload-routes.ts'
import { buildUploads, type Uploads } from './receive/uploads.ts'

const NumberedFinding = Type.Object({
  n: Type.Integer({ description: 'Number of the finding in its bundle, from 1.' }),
  ...FindingSchema.properties,
})

export const bundleId = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'The id from the receipt.' }),
})
const security = [{ key: [] }]
const tags = ['bundles']

/** Findings per page. */
const findingsLimit = 1_000

/** Problems that can occur before a bundle has a receipt. */
const receiving = [
  'key-missing',
  'scope-missing',
  'body-invalid',
  'body-too-large',
  'media-type-unsupported',
  'upload-invalid',
  'upload-version',
  'uploads-too-many',
  'mirror-read-only',
] as const

export async function ingestRoutes(app: App, context: AppContext): Promise<void> {
  // Stream the body into the files: Fastify's own parsers would hold it in memory.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/zip', (_request, payload, done) => done(null, payload))
  app.addContentTypeParser(pieceType, (_request, payload, done) => done(null, payload))
  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort())
  const uploads = buildUploads(context)
  receiveRoute(app, context, uploads, stopping.signal)
  uploadRoutes(app, context, uploads, stopping.signal)
  receiptRoute(app, context)
  findingsRoute(app, context)
  findingsFileRoute(app, context)
}

function receiveRoute(app: App, context: AppContext, uploads: Uploads, stopping: Stopping): void {
  app.post(
    '/v1/bundles',
    {
      config: { options: protocolOptions(context) },
      schema: {
        operationId: 'bringBundle',
        tags,
        security,
        summary: 'Upload a bundle',
        description:
          'Accepts a ZIP of a BagIt bag and returns its receipt at once; a worker then checks it. ' +
          'If the same bytes are sent again, the existing receipt is returned; a rejected bundle ' +
          'is checked again. Needs the scope `ingest`. With `Tus-Resumable: 1.0.0`, the request ' +
          'creates a resumable upload by the tus protocol; `Location` is its address.',
        consumes: ['application/zip', pieceType],
        response: {
          201: Type.Null({ description: 'The upload was created; send its pieces to `Location`.' }),
          202: ReceiptSchema,
          ...problemResponses(...receiving),
        },
      },
      onRequest: async (request) => requireScope(request.caller, 'ingest'),
    },
    async (request, reply) => {
      if (isUploadCreation(request)) {
        await refuseOnMirror(context.database.work)
        return createUpload(request, reply, uploads, stopping)
      }
      if (request.headers['content-type']?.startsWith(pieceType) === true)
        throw problem('media-type-unsupported', { path: 'Content-Type', taken: ['application/zip'] })
      const broughtBy = `key:${request.caller.keyId}`
      const source = request.body as Readable | undefined
      if (source === undefined)
        throw problem('body-invalid', { detail: 'The body must be a ZIP file, as application/zip.' })
      const receipt = await receiveStream(context, { source, broughtBy })
      // Returning the receipt of someone else's bundle reveals nothing: who has the bytes knows their digest.
      return reply.code(202).send(receiptBody(context, receipt))
    },
  )
}

function receiptRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/bundles/:id',
    {
      schema: {
        operationId: 'getBundle',
        tags,
        security,
        summary: 'A receipt',
        description: 'The state of a bundle, and the counts of its files.',
        params: bundleId,
        response: {
          200: ReceiptSchema,
          ...problemResponses('key-missing', 'scope-missing', 'bundle-not-found'),
        },
      },
    },
    async (request) => receiptBody(context, await getOwn(context, request.caller, request.params.id)),
  )
}

function findingsRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/bundles/:id/findings',
    {
      schema: {
        operationId: 'listBundleFindings',
        tags,
        security,
        summary: 'The findings of a bundle',
        description: 'The findings, cell by cell, in the order found. They never quote a value of the data.',
        params: bundleId,
        querystring: Type.Object({
          after: Type.Optional(Type.Integer({ minimum: 0, description: 'Number of the last finding seen.' })),
          check: Type.Optional(Type.String({ description: 'Only what this check found.' })),
          severity: Type.Optional(
            Type.Enum(['error', 'warning'], { description: 'Only errors, or only warnings.' }),
          ),
        }),
        response: {
          200: Type.Object({
            data: Type.Array(NumberedFinding, { description: 'The findings, in the order found.' }),
            links: Type.Object(
              {
                next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
                  description: 'The next page; null on the last.',
                }),
              },
              { description: 'Links to related resources.' },
            ),
          }),
          ...problemResponses('key-missing', 'scope-missing', 'bundle-not-found'),
        },
      },
    },
    async (request) => {
      const { id } = await getOwn(context, request.caller, request.params.id)
      const { after = 0, check, severity } = request.query
      const page = { after, limit: findingsLimit, check, severity }
      const data = [...(await listFindings(context.database.work, id, page))]
      const last = data.length === findingsLimit ? data.at(-1)?.n : undefined
      const self = `${context.config.QINGDAN_PUBLIC_URL}/v1/bundles/${id}/findings`
      const query = new URLSearchParams({
        ...(last === undefined ? {} : { after: String(last) }),
        ...defined({ check, severity }),
      })
      return { data, links: { next: last === undefined ? null : `${self}?${query}` } }
    },
  )
}

function findingsFileRoute(app: App, context: AppContext): void {
  app.get(
    '/v1/bundles/:id/findings.csv',
    {
      schema: {
        operationId: 'getBundleFindingsCsv',
        tags,
        security,
        summary: 'The findings of a bundle as CSV',
        description:
          'All stored findings, for correcting the file: UTF-8 with a byte order mark, headers in ' +
          'both languages. They never quote a value of the data.',
        params: bundleId,
        response: {
          200: {
            description: 'The findings.',
            content: { 'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problemResponses('key-missing', 'scope-missing', 'bundle-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { id } = await getOwn(context, request.caller, request.params.id)
      const text = findingsCsv(readFindings(context.database.work, id))
      return reply
        .type('text/csv; charset=utf-8')
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="findings-${id.slice(0, 12)}.csv"`)
        .send(Readable.from(text, { objectMode: false }))
    },
  )
}

/** A receipt that the caller may see: of a bundle that its key has brought too; any for the scope `admin`. */
export async function getOwn(context: AppContext, reader: Caller, id: string): Promise<Receipt> {
  requireScope(reader, 'ingest')
  const receipt = await findReceipt(context.database.work, id)
  if (receipt === undefined) throw problem('bundle-not-found', { path: 'id' })
  const maySee =
    reader.scopes.includes('admin') || (await hasBrought(context.database.work, id, `key:${reader.keyId}`))
  if (!maySee) throw problem('bundle-not-found', { path: 'id' })
  return receipt
}
