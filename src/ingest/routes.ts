/** Bundles over HTTP: bring a ZIP with a key, follow its receipt, read its findings page by page. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { requireScope } from '../access/index.ts'
import { type App, problemResponses } from '../base/http.ts'
import { problem } from '../base/problem.ts'
import type { Reader } from '../base/reader.ts'
import { findingsCsv } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { findReceipt, listFindings, type Receipt, readFindings } from './receipts.ts'
import { receiveStream } from './receive.ts'

const stateSchema = Type.String({
  description:
    'received, verified, waiting (for the other bags of its group), validated, staged; or refused, failed.',
})

const Instant = (description: string) => Type.String({ format: 'date-time', description })

const ReceiptSchema = Type.Object({
  id: Type.String({ description: 'SHA-256 of what was received.' }),
  state: stateSchema,
  history: Type.Array(Type.Object({ state: stateSchema, at: Instant('When it reached the state.') }), {
    description: 'The states it has been in, oldest first.',
  }),
  receivedAt: Instant('When it was received, in UTC.'),
  bytes: Type.Integer({ description: 'Bytes as received.' }),
  dataset: Type.Union([Type.String(), Type.Null()], {
    description: 'Slug of the dataset that it is for; null until the manifest is verified.',
  }),
  edition: Type.Union([Type.String(), Type.Null()], { description: 'Name of the edition; null until then.' }),
  provider: Type.Union([Type.String(), Type.Null()], {
    description: 'Code of who provides it; null until then.',
  }),
  contractVersion: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The contract that it was made under; null until then.',
  }),
  sequence: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The running number of what this provider sends for the dataset; null where it has none.',
  }),
  mode: Type.Union([Type.String(), Type.Null()], {
    description: '`full`: all rows of the part; `delta`: what changes in it. Null until then.',
  }),
  against: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The version that a delta is against; null for a full bundle.',
  }),
  changes: Type.Union(
    [
      Type.Object({
        added: Type.Integer({ description: 'Rows whose key was not there.' }),
        changed: Type.Integer({ description: 'Rows that were there otherwise.' }),
        deleted: Type.Integer({ description: 'Rows that went.' }),
        unchanged: Type.Integer({ description: 'Rows that were brought and were there just so.' }),
      }),
      Type.Null(),
    ],
    { description: 'What a delta did to its base; null for a full bundle, and until it is validated.' },
  ),
  group: Type.Union(
    [
      Type.Object({
        identifier: Type.String({ description: "The provider's name for the group." }),
        number: Type.Integer({ description: 'Which bag of the group this is, from 1.' }),
        count: Type.Integer({ description: 'How many bags the group has.' }),
        here: Type.Array(Type.Integer({ description: 'Number of a bag.' }), {
          description: 'The bags of the group that have come and were not refused.',
        }),
      }),
      Type.Null(),
    ],
    { description: 'Where the bundle is one of several bags that make one together; else null.' },
  ),
  signer: Type.Union([Type.String(), Type.Null()], {
    description:
      'Fingerprint of the OpenPGP key whose signature was found good; null where none was, or not yet.',
  }),
  files: Type.Array(
    Type.Object({
      file: Type.String({ description: 'Path of the file in the bundle.' }),
      digest: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
      rowsRead: Type.Integer({ description: 'Rows read, without the header.' }),
      rowsTaken: Type.Integer({ description: 'Rows without an error.' }),
      rowsRefused: Type.Integer({ description: 'Rows with an error. They are never taken.' }),
      repairs: Type.Record(Type.String(), Type.Integer(), {
        description: 'What was mended on the way without changing a value, by kind.',
      }),
    }),
    { description: 'What was counted in each file.' },
  ),
  errors: Type.Integer({ description: 'Errors found, all counted.' }),
  warnings: Type.Integer({ description: 'Warnings found, all counted.' }),
  links: Type.Object(
    {
      self: Type.String({ format: 'uri-reference', description: 'This receipt.' }),
      findings: Type.String({ format: 'uri-reference', description: 'What is wrong, page by page.' }),
      findingsCsv: Type.String({ format: 'uri-reference', description: 'The same as one CSV for Excel.' }),
    },
    { description: 'Where to go from here.' },
  ),
})

const FindingSchema = Type.Object({
  n: Type.Integer({ description: 'Number of the finding in its bundle, from 1.' }),
  check: Type.String({ description: 'Name of the check that found it.' }),
  severity: Type.String({ description: '`error`: the row or file is not taken; `warning`: it is.' }),
  file: Type.Optional(Type.String({ description: 'Path of the file in the bundle.' })),
  row: Type.Optional(Type.Integer({ description: 'As Excel counts: the header is row 1.' })),
  cell: Type.Optional(Type.String({ description: 'The cell as Excel names it, such as `C7`.' })),
  field: Type.Optional(Type.String({ description: 'The field, by its name in the contract.' })),
  header: Type.Optional(Type.String({ description: 'The header under which the field stands in the file.' })),
  expected: Type.Optional(Type.String({ description: 'What would have been right.' })),
  message: Type.String({ description: 'What is wrong and what to do, in English.' }),
  messageZh: Type.String({ description: 'The same in Chinese.' }),
  byteOffset: Type.Optional(Type.Integer({ description: 'Where in the file, in bytes from its beginning.' })),
})

const Id = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'The id from the receipt.' }),
})
const security = [{ key: [] }]
const tags = ['bundles']

/** Findings on a page. */
const findingsLimit = 1_000

/** What can be refused before a bundle has a receipt. */
const receiving = [
  'key-missing',
  'scope-missing',
  'body-too-large',
  'media-type-unsupported',
  'mirror-read-only',
] as const

export async function ingestRoutes(app: App, house: House): Promise<void> {
  // The body is a stream into the files: it is never held in memory, and Fastify's own parsers would do that.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/zip', (_request, payload, done) => done(null, payload))
  app.post(
    '/v1/bundles',
    {
      schema: {
        operationId: 'bringBundle',
        tags,
        security,
        summary: 'Bring a bundle',
        description:
          'Takes a ZIP of a BagIt bag and answers with its receipt at once; a worker then checks it. ' +
          'The same bytes again get the receipt they have, unless they were refused: then they are looked at again. Needs the scope `ingest`.',
        consumes: ['application/zip'],
        response: {
          202: ReceiptSchema,
          ...problemResponses(...receiving),
        },
      },
      onRequest: async (request) => requireScope(request.reader, 'ingest'),
    },
    async (request, reply) => {
      const broughtBy = `key:${request.reader.keyId}`
      const source = request.body as Readable | undefined
      if (source === undefined)
        throw problem('body-invalid', { detail: 'The body is a ZIP, as application/zip.' })
      const receipt = await receiveStream(house, { source, broughtBy })
      // A receipt of someone else's bundle tells nothing: who has the bytes knows its digest already.
      return reply.code(202).send(receiptBody(house, receipt))
    },
  )
  app.get(
    '/v1/bundles/:id',
    {
      schema: {
        operationId: 'getBundle',
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
        operationId: 'listBundleFindings',
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
            data: Type.Array(FindingSchema, { description: 'The findings, in the order found.' }),
            links: Type.Object(
              {
                next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
                  description: 'The next page; null on the last.',
                }),
              },
              { description: 'Where to go from here.' },
            ),
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
  findingsFileRoute(app, house)
}

function findingsFileRoute(app: App, house: House): void {
  app.get(
    '/v1/bundles/:id/findings.csv',
    {
      schema: {
        operationId: 'getBundleFindingsCsv',
        tags,
        security,
        summary: 'The findings of a bundle as CSV',
        description:
          'All findings that are kept, for whoever mends the file: UTF-8 with a byte order mark, titles in both languages. No value is ever repeated.',
        params: Id,
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
      const { id } = await getOwn(house, request.reader, request.params.id)
      const text = findingsCsv(readFindings(house.database.work, id))
      return reply
        .type('text/csv; charset=utf-8')
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="findings-${id.slice(0, 12)}.csv"`)
        .send(Readable.from(text, { objectMode: false }))
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
  const { packing: _packing, broughtBy: _broughtBy, synthetic: _synthetic, ...told } = receipt
  const self = `${house.config.QINGDAN_PUBLIC_URL}/v1/bundles/${receipt.id}`
  return {
    ...told,
    receivedAt: receipt.receivedAt.toISOString(),
    history: [...receipt.history],
    group: receipt.group === null ? null : { ...receipt.group, here: [...receipt.group.here] },
    files: receipt.files.map((file) => ({ ...file, repairs: { ...file.repairs } })),
    links: { self, findings: `${self}/findings`, findingsCsv: `${self}/findings.csv` },
  }
}
