/** Bundles over HTTP: bring a ZIP with a key, follow its receipt, read its findings page by page. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import { requireScope } from '../access/index.ts'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import type { Reader } from '../base/reader.ts'
import type { House } from '../catalogue/index.ts'
import { findReceipt, listFindings, type Receipt } from './receipts.ts'
import { receiveStream } from './receive.ts'

const stateSchema = Type.String({ description: 'received, verified, validated, staged; or refused, failed.' })

const ReceiptSchema = Type.Object({
  id: Type.String({ description: 'SHA-256 of what was received.' }),
  state: stateSchema,
  history: Type.Array(Type.Object({ state: stateSchema, at: Type.String({ format: 'date-time' }) })),
  receivedAt: Type.String({ format: 'date-time' }),
  bytes: Type.Integer(),
  dataset: Type.Union([Type.String(), Type.Null()]),
  edition: Type.Union([Type.String(), Type.Null()]),
  provider: Type.Union([Type.String(), Type.Null()]),
  contractVersion: Type.Union([Type.Integer(), Type.Null()]),
  files: Type.Array(
    Type.Object({
      file: Type.String(),
      digest: Type.String(),
      rowsRead: Type.Integer(),
      rowsTaken: Type.Integer(),
      rowsRefused: Type.Integer(),
      repairs: Type.Record(Type.String(), Type.Integer()),
    }),
  ),
  errors: Type.Integer({ description: 'Errors found, all counted.' }),
  warnings: Type.Integer({ description: 'Warnings found, all counted.' }),
  links: Type.Object({
    self: Type.String({ format: 'uri-reference' }),
    findings: Type.String({ format: 'uri-reference' }),
  }),
})

const FindingSchema = Type.Object({
  n: Type.Integer(),
  check: Type.String(),
  severity: Type.String(),
  file: Type.Optional(Type.String()),
  row: Type.Optional(Type.Integer({ description: 'As Excel counts: the header is row 1.' })),
  cell: Type.Optional(Type.String()),
  field: Type.Optional(Type.String()),
  header: Type.Optional(Type.String()),
  expected: Type.Optional(Type.String()),
  message: Type.String(),
  messageZh: Type.String(),
  byteOffset: Type.Optional(Type.Integer()),
})

const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$' }) })
const security = [{ key: [] }]
const tags = ['bundles']

/** Findings on a page. */
const findingsLimit = 1_000

export async function ingestRoutes(app: App, house: House): Promise<void> {
  // The body is a stream into the files: it is never held in memory.
  app.addContentTypeParser('application/zip', (_request, payload, done) => done(null, payload))
  app.post(
    '/v1/bundles',
    {
      schema: {
        tags,
        security,
        summary: 'Bring a bundle',
        description:
          'Takes a ZIP of a BagIt bag and answers with its receipt at once; a worker then checks it. ' +
          'The same bytes again get the receipt they have. Needs the scope `ingest`.',
        consumes: ['application/zip'],
        response: {
          202: ReceiptSchema,
          ...problemResponses('key-missing', 'scope-missing', 'body-too-large', 'media-type-unsupported'),
        },
      },
      onRequest: async (request) => requireScope(request.reader, 'ingest'),
    },
    async (request, reply) => {
      const broughtBy = `key:${request.reader.keyId}`
      const source = request.body as Readable | undefined
      if (source === undefined)
        throw problem('body-invalid', { detail: 'The body is a ZIP, as application/zip.' })
      const receipt = await receiveStream(house, { source, name: randomUUID(), broughtBy })
      // A receipt of someone else's bundle tells nothing: who has the bytes knows its digest already.
      return reply.code(202).send(receiptBody(house, receipt))
    },
  )
  app.get(
    '/v1/bundles/:id',
    {
      schema: {
        tags,
        security,
        summary: 'A receipt',
        description: 'How far a bundle came, and what was counted in it.',
        params: Id,
        response: {
          200: ReceiptSchema,
          ...problemResponses('key-missing', 'scope-missing', 'bundle-not-found'),
        },
      },
    },
    async (request) => receiptBody(house, await getOwn(house, request.reader, request.params.id)),
  )
  app.get(
    '/v1/bundles/:id/findings',
    {
      schema: {
        tags,
        security,
        summary: 'The findings of a bundle',
        description: 'What is wrong, cell by cell, in the order found. No value is ever repeated.',
        params: Id,
        querystring: Type.Object({
          after: Type.Optional(Type.Integer({ minimum: 0, description: 'Number of the last finding seen.' })),
        }),
        response: {
          200: Type.Object({
            data: Type.Array(FindingSchema),
            links: Type.Object({ next: Type.Union([Type.String(), Type.Null()]) }),
          }),
          ...problemResponses('key-missing', 'scope-missing', 'bundle-not-found'),
        },
      },
    },
    async (request) => {
      const { id } = await getOwn(house, request.reader, request.params.id)
      const after = request.query.after ?? 0
      const data = [...(await listFindings(house.database.work, id, { after, limit: findingsLimit }))]
      const last = data.length === findingsLimit ? data.at(-1)?.n : undefined
      const self = `${house.config.QINGDAN_PUBLIC_URL}/v1/bundles/${id}/findings`
      return { data, links: { next: last === undefined ? null : `${self}?after=${last}` } }
    },
  )
}

/** A receipt that the reader may see: of a bundle that its own key brought, or any for the scope `admin`. */
async function getOwn(house: House, reader: Reader, id: string): Promise<Receipt> {
  requireScope(reader, 'ingest')
  const receipt = await findReceipt(house.database.work, id)
  const own = receipt?.broughtBy === `key:${reader.keyId}` || reader.scopes.includes('admin')
  if (receipt === undefined || !own) throw problem('bundle-not-found', { path: 'id' })
  return receipt
}

function receiptBody(house: House, receipt: Receipt) {
  const {
    packing: _packing,
    broughtBy: _broughtBy,
    sequence: _sequence,
    synthetic: _synthetic,
    ...told
  } = receipt
  const self = `${house.config.QINGDAN_PUBLIC_URL}/v1/bundles/${receipt.id}`
  return {
    ...told,
    receivedAt: receipt.receivedAt.toISOString(),
    history: [...receipt.history],
    files: receipt.files.map((file) => ({ ...file, repairs: { ...file.repairs } })),
    links: { self, findings: `${self}/findings` },
  }
}
