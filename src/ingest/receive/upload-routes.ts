/**
 * Resumable uploads of bundles over HTTP: creation, state, next piece, and cancellation. A key sees only its
 * own uploads; refusals of the protocol are answered as problems.
 */
import { PassThrough, Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { requireScope } from '../../accounts/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import { type ProblemCode, problem } from '../../platform/problem.ts'
import { type FinishedUpload, finishedHeaders, isOwn, type Uploads, uploadsPath } from './uploads.ts'

const version = '1.0.0'

/** The media type of a piece. */
export const pieceType = 'application/offset+octet-stream'

const extensions = 'creation,creation-with-upload,creation-defer-length,termination,expiration'

/** Protocol headers of the answer to OPTIONS. */
export const protocolOptions = (context: AppContext): Readonly<Record<string, string>> => ({
  'tus-resumable': version,
  'tus-version': version,
  'tus-extension': extensions,
  'tus-max-size': String(context.config.QINGDAN_BODY_BYTES_MAX),
})

const Upload = Type.Object({
  upload: Type.String({
    pattern: '^[0-9a-f]{40,80}$',
    description: 'The id from the address of the upload.',
  }),
})
const security = [{ key: [] }]
const tags = ['bundles']
const refusals = [
  'key-missing',
  'scope-missing',
  'upload-not-found',
  'upload-gone',
  'upload-version',
] as const

/** Aborts running uploads when the service stops: received bytes are stored, so clients can continue later. */
export type Stopping = AbortSignal

export function uploadRoutes(app: App, context: AppContext, uploads: Uploads, stopping: Stopping): void {
  getRoute(app, context, uploads)
  patchRoute(app, context, uploads, stopping)
  deleteRoute(app, context, uploads, stopping)
}

const address = `${uploadsPath}/:upload`

async function onRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  requireScope(request.caller, 'ingest')
  refuseVersion(request, reply)
}

function getRoute(app: App, context: AppContext, uploads: Uploads): void {
  app.get(
    address,
    {
      config: { options: protocolOptions(context) },
      schema: {
        operationId: 'getUpload',
        tags,
        security,
        summary: 'The progress of an upload',
        description:
          'The bytes received, also as `Upload-Offset` and `Upload-Length` for HEAD, by the tus ' +
          'protocol 1.0. Once the upload is complete, `bundle` is the id of the receipt, and the ' +
          'headers `Qingdan-Bundle` and `Link` point to it.',
        params: Upload,
        response: {
          200: Type.Object({
            offset: Type.Integer({ description: 'Bytes received.' }),
            length: Type.Union([Type.Integer(), Type.Null()], {
              description: 'Total bytes; null while the client has not declared them.',
            }),
            bundle: Type.Union([Type.String(), Type.Null()], {
              description: 'Id of the receipt; null until the upload is complete.',
            }),
          }),
          ...problemResponses(...refusals),
        },
      },
      onRequest,
    },
    async (request, reply) => sendUploadState(context, uploads, request, reply),
  )
}

function patchRoute(app: App, context: AppContext, uploads: Uploads, stopping: Stopping): void {
  app.patch(
    address,
    {
      config: { options: protocolOptions(context) },
      schema: {
        operationId: 'continueUpload',
        tags,
        security,
        summary: 'The next piece of an upload',
        description:
          'Accepts the bytes from `Upload-Offset` on. Received bytes are stored even if the ' +
          'connection breaks: read the offset with HEAD, and continue from there. The answer to ' +
          'the last piece has `Qingdan-Bundle`, the id of the receipt.',
        params: Upload,
        consumes: [pieceType],
        response: {
          204: Type.Null({ description: 'The piece was received; `Upload-Offset` is the new offset.' }),
          ...problemResponses(
            ...refusals,
            ...(['upload-conflict', 'upload-invalid', 'body-too-large', 'media-type-unsupported'] as const),
          ),
        },
      },
      onRequest,
    },
    async (request, reply) => {
      const id = ownId(request)
      const finished = await uploads.finished(id)
      if (finished !== undefined)
        throw problem('upload-conflict', { offset: finished.bytes, bundle: finished.bundle })
      return pass(request, reply, uploads, stopping)
    },
  )
}

function deleteRoute(app: App, context: AppContext, uploads: Uploads, stopping: Stopping): void {
  app.delete(
    address,
    {
      config: { options: protocolOptions(context) },
      schema: {
        operationId: 'endUpload',
        tags,
        security,
        summary: 'Cancel an upload',
        description: 'Removes the bytes received. A bundle already received from the upload remains.',
        params: Upload,
        response: {
          204: Type.Null({ description: 'The upload was removed.' }),
          ...problemResponses(...refusals, 'upload-invalid'),
        },
      },
      onRequest,
    },
    async (request, reply) => {
      const id = ownId(request)
      if ((await uploads.finished(id)) === undefined) return pass(request, reply, uploads, stopping)
      await uploads.forget(id)
      return answerEmpty(reply.header('tus-resumable', version))
    },
  )
}

const answerEmpty = (reply: FastifyReply) => reply.code(204).send()

/** Whether a request to deliver a bundle creates an upload. */
export function isUploadCreation({ headers }: FastifyRequest): boolean {
  return headers['tus-resumable'] !== undefined
}

/** Creates an upload; the request may include its first piece. */
export async function createUpload(
  request: FastifyRequest,
  reply: FastifyReply,
  uploads: Uploads,
  stopping: Stopping,
): Promise<FastifyReply> {
  refuseVersion(request, reply)
  await uploads.sweep()
  return pass(request, reply, uploads, stopping)
}

async function sendUploadState(
  context: AppContext,
  uploads: Uploads,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const id = ownId(request)
  reply.headers({ 'tus-resumable': version, 'cache-control': 'no-store' })
  const finished = (await uploads.finished(id)) ?? (await offsetOf(request, uploads))
  if ('bundle' in finished) {
    reply.headers({ ...finishedHeaders(context, finished), ...lengthHeaders(finished.bytes, finished.bytes) })
    return { offset: finished.bytes, length: finished.bytes, bundle: finished.bundle }
  }
  reply.headers(lengthHeaders(finished.offset, finished.length))
  if (finished.metadata !== null) reply.header('upload-metadata', finished.metadata)
  return { offset: finished.offset, length: finished.length, bundle: null }
}

function lengthHeaders(offset: number, length: number | null): Record<string, string> {
  const lengthHeader = length === null ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) }
  return { 'upload-offset': String(offset), ...lengthHeader }
}

/** The received offset, once any writer has released its lock; the library cuts dead connections. */
async function offsetOf(request: FastifyRequest, uploads: Uploads) {
  const { headers } = await requestUpload({ ...partsOf(request), method: 'HEAD' }, uploads)
  const length = headers.get('upload-length')
  const offset = Number(headers.get('upload-offset'))
  // The last piece may have arrived meanwhile.
  const finished: FinishedUpload | undefined =
    String(offset) === length ? await uploads.finished(ownId(request)) : undefined
  return (
    finished ?? {
      offset,
      length: length === null ? null : Number(length),
      metadata: headers.get('upload-metadata'),
    }
  )
}

/** Passes a request to the library, and its answer to the client. */
async function pass(
  request: FastifyRequest,
  reply: FastifyReply,
  uploads: Uploads,
  stopping: Stopping,
): Promise<FastifyReply> {
  const body = request.body instanceof Readable ? { body: untilStop(request, stopping) } : {}
  const response = await requestUpload({ ...partsOf(request), ...body }, uploads)
  for (const [name, value] of response.headers) {
    // CORS headers are set in one place for all addresses.
    if (!name.startsWith('access-control-') && name !== 'content-length') reply.header(name, value)
  }
  // Otherwise the client would keep sending bytes that nobody reads.
  if (stopping.aborted) reply.header('connection', 'close')
  return reply.code(response.status).send()
}

function partsOf(request: FastifyRequest) {
  const { method, url, headers, caller } = request
  return {
    method,
    path: url.split('?', 1)[0] ?? '',
    headers: { 'tus-resumable': version, ...headers },
    keyId: caller.keyId ?? '',
  }
}

/** Problem codes by the protocol's status; the library's sentence is the detail and names only headers. */
const codesOf: Readonly<Record<number, ProblemCode>> = {
  400: 'upload-invalid',
  403: 'upload-invalid',
  404: 'upload-not-found',
  409: 'upload-conflict',
  410: 'upload-gone',
  412: 'upload-version',
  413: 'body-too-large',
  501: 'upload-invalid',
}

async function requestUpload(
  uploadRequest: Parameters<Uploads['handle']>[0],
  uploads: Uploads,
): Promise<Response> {
  const response = await uploads.handle(uploadRequest)
  if (response.status < 400) return response
  const code = codesOf[response.status]
  const detail = (await response.text()).trim()
  if (code === undefined) throw new Error(`an upload failed: ${detail}`)
  throw problem(code, { detail })
}

/**
 * The body until the client or this service disconnects. It then ends without an error: received bytes are
 * stored to the last byte, and the client resumes from there.
 */
function untilStop(request: FastifyRequest, stopping: Stopping): ReadableStream<Uint8Array> {
  const source = request.body as Readable
  const body = new PassThrough()
  const cut = () => {
    source.unpipe(body)
    body.end()
  }
  source.once('error', cut).once('close', cut).pipe(body)
  if (stopping.aborted) cut()
  else stopping.addEventListener('abort', cut, { once: true })
  body.once('close', () => stopping.removeEventListener('abort', cut))
  return Readable.toWeb(body) as ReadableStream<Uint8Array>
}

/** The upload of the address if this key owns it. Else throws `upload-not-found`, existing or not. */
function ownId(request: FastifyRequest): string {
  const { upload } = request.params as { readonly upload: string }
  if (isOwn(upload, request.caller.keyId ?? '')) return upload
  throw problem('upload-not-found', { path: 'upload' })
}

/** Protocol rule: an unsupported version is answered 412 with the supported ones. */
function refuseVersion({ method, headers }: FastifyRequest, reply: FastifyReply): void {
  const requested = headers['tus-resumable']
  // Reading needs no protocol header, so that browsers and curl can read too.
  if (requested === version || (requested === undefined && (method === 'GET' || method === 'HEAD'))) return
  reply.header('tus-version', version)
  throw problem('upload-version', { path: 'Tus-Resumable', versions: [version] })
}
