/**
 * Hooks for holders of keys only: the quota before the handler runs; before the response is sent, the audit
 * of data that are not open, `private` for caches, and the usage. They reject requests over the quota, and
 * send no data whose audit entry could not be written.
 */
import { pipeline, Transform } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { mayRead } from '../../contract/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import type { Caller, DataRead } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import type { HttpContext, QuotaState } from '../context.ts'
import type { App } from '../route-helpers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Data that the response to the holder of a key will contain; null for all other callers. */
    reads: ReadonlyMap<string, DataRead> | null
    /** Whether the request is already counted in the usage of its key. */
    isCounted: boolean
  }
}

/** Registers the hooks for holders of keys. Must follow all other hooks that may change a response. */
export function registerKeyHooks(app: App, context: HttpContext): void {
  app.decorateRequest('reads', null)
  app.decorateRequest('isCounted', false)
  app.addHook('onSend', (request, reply, payload, done) => {
    // A request rejected before the caller is known belongs to no key.
    if (request.caller?.keyId === undefined) return done(null, payload)
    finishResponse(context, request, reply, payload).then((body) => done(null, body), done)
  })
  app.addHook('onResponse', (request, reply, done) => {
    // A response that a protocol wrote to the socket itself passed no hook.
    if (request.caller?.keyId !== undefined && !request.isCounted) count(context, request, reply)
    done()
  })
  app.addHook('onClose', () => context.keys.close())
}

/** The caller of a request, with its reads recorded on the request. */
export function withReadAudit(request: FastifyRequest, caller: Caller): Caller {
  const reads = new Map<string, DataRead>()
  request.reads = reads
  // A protocol may build its response several times to make it short enough; it is sent once.
  const recordRead = (read: DataRead) => void reads.set(JSON.stringify(read), read)
  return Object.freeze({ ...caller, recordRead })
}

/** Counts a request in the quota of its key and sends what is left. Throws `quota-exceeded`. */
export async function enforceQuota(
  { keys, clock }: Pick<HttpContext, 'keys' | 'clock'>,
  { keyId, quota }: Caller,
  reply: FastifyReply,
): Promise<void> {
  if (keyId === undefined || quota === undefined) return
  const now = clock()
  const states = await keys.countRequest(keyId, quota, now)
  const secondsLeft = ({ resetsAt }: QuotaState) =>
    Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000))
  // Format of draft-ietf-httpapi-ratelimit-headers-10: a name, then its parameters.
  const policies = states.map(({ name, limit, windowSeconds }) => `"${name}";q=${limit};w=${windowSeconds}`)
  const left = states.map((state) => `"${state.name}";r=${state.left};t=${secondsLeft(state)}`)
  reply.header('ratelimit-policy', policies.join(', ')).header('ratelimit', left.join(', '))
  // Report the longest window: after waiting a minute, the caller would still exceed the day.
  const over = states.findLast(({ isOver }) => isOver)
  if (over === undefined) return
  const retryAfterSeconds = secondsLeft(over)
  reply.header('retry-after', String(retryAfterSeconds))
  throw problem('quota-exceeded', { quota: over.name, limit: over.limit, retryAfterSeconds })
}

async function finishResponse(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
) {
  const reads = [...(request.reads?.values() ?? [])]
  const restricted = reply.statusCode < 400 ? reads.filter(({ open }) => !open) : []
  if (restricted.length > 0) {
    try {
      await audit(context, request, restricted)
    } catch (error) {
      if (isStream(payload)) payload.destroy()
      throw error
    }
  }
  setPrivate(reply, restricted.length > 0)
  const addBytes = count(context, request, reply)
  if (isStream(payload)) return countedStream(payload, addBytes)
  if (request.method !== 'HEAD' && (typeof payload === 'string' || Buffer.isBuffer(payload)))
    addBytes(Buffer.byteLength(payload))
  return payload
}

async function audit(
  { keys, clock, observe }: HttpContext,
  request: FastifyRequest,
  reads: readonly DataRead[],
) {
  const { caller, id: requestId, query } = request
  const parameters = Object.keys(query as object)
  try {
    await keys.writeReads(reads, { caller, requestId, parameters }, clock())
  } catch (error) {
    const cause = withoutValues(error)
    observe('audit-failed', { requestId, error: cause instanceof Error ? cause : new Error(String(cause)) })
    throw problem('not-ready')
  }
}

/** With a key, a response may contain restricted data: shared caches may store it only if it is open. */
function setPrivate(reply: FastifyReply, isRestricted: boolean): void {
  const control = String(reply.getHeader('cache-control') ?? '')
  if (control === '' || (isRestricted && /public/.test(control)))
    reply.header('cache-control', 'private, no-cache')
  const vary = String(reply.getHeader('vary') ?? '')
  if (!/\bauthorization\b/i.test(vary))
    reply.header('vary', vary === '' ? 'Authorization' : `${vary}, Authorization`)
}

/** Counts a request in the usage of its key. Returns a function that adds bytes to it. */
function count(context: HttpContext, request: FastifyRequest, reply: FastifyReply): (bytes: number) => void {
  const { keyId = '' } = request.caller
  // A response that failed while being sent passes here again, as a problem.
  if (request.isCounted) return () => undefined
  request.isCounted = true
  return context.keys.countUse({ keyId, dataset: datasetOf(context, request) }, reply.statusCode >= 400)
}

/** The dataset of a request: from the data read, else from the URL if the caller may know the dataset. */
function datasetOf({ contracts }: HttpContext, { reads, params, caller }: FastifyRequest): string {
  const [read] = reads?.values() ?? []
  if (read !== undefined) return read.dataset
  const { slug } = (params ?? {}) as { readonly slug?: unknown }
  const loaded = typeof slug === 'string' ? contracts.find(slug) : undefined
  return loaded !== undefined && mayRead(caller, loaded.contract) ? loaded.contract.dataset : ''
}

type Stream = NodeJS.ReadableStream & { readonly destroy: () => unknown }

function isStream(payload: unknown): payload is Stream {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload && 'destroy' in payload
}

/**
 * A stream that counts its bytes. It ends with its source, and destroys the source if the client stops
 * reading.
 */
function countedStream(source: Stream, addBytes: (bytes: number) => void): Transform {
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      addBytes(chunk.length)
      done(null, chunk)
    },
  })
  pipeline(source, counter, () => undefined)
  return counter
}
