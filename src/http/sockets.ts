/**
 * Limits of a connection before and during a request: time and size of headers and bodies, and how long a
 * client may be idle. Rejects what is not HTTP, with a problem if a response can still be sent.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../platform/config.ts'
import { type ProblemCode, problem, problems } from '../platform/problem.ts'
import type { HttpContext } from './context.ts'
import { unmatched } from './errors/problem-responses.ts'
import { encodedTarget, redirectText } from './raw-target.ts'

export interface SocketLimits {
  /** Longest time for sending the headers. */
  readonly headersMilliseconds: number
  /** Longest time for sending the whole request. */
  readonly requestMilliseconds: number
  /** Longest time without a byte in either direction while a request is processed. */
  readonly idleMilliseconds: number
  /** Interval of checking the two limits above. */
  readonly checkMilliseconds: number
  /** Limit of request line and headers together. */
  readonly headerBytesMax: number
}

/**
 * A large body may take long; headers are small, so slow ones are an attack. A client that reads nothing for
 * two minutes holds a file or a database cursor open; nginx gives up after one minute.
 */
export const socketLimits: SocketLimits = {
  headersMilliseconds: 15_000,
  requestMilliseconds: 600_000,
  idleMilliseconds: 120_000,
  checkMilliseconds: 5_000,
  headerBytesMax: 16_384,
}

/** Problem codes for Node's parser errors. All others mean that the input was not HTTP. */
const codesOfNode: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_INVALID_URL: 'address-invalid',
}

/** An error of Node's parser: what it was reading is in `rawPacket`. */
type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: unknown }

/**
 * Answers an unparsable request and closes the connection: with a redirect if only its address is not encoded,
 * else with a problem.
 */
export function refuseConnection(
  error: ParserError,
  socket: Socket,
  context: Pick<HttpContext, 'config' | 'observe'>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0)
  const target = error.code === 'HPE_INVALID_URL' && !isAnswering(socket) ? encodedTarget(packet) : undefined
  const requestId = randomUUID()
  const { status, head, body } =
    target !== undefined ? redirectTo(target, context.config) : refusalOf(error, requestId, context.config)
  const headers = [
    ...head,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ]
  context.observe('request-completed', { requestId, route: unmatched, method: 'unread', status })
  // RFC 9110, 9.3.2: no content for HEAD.
  const content = packet.subarray(0, 5).toString() === 'HEAD ' ? '' : body
  socket.end(`${headers.join('\r\n')}\r\n\r\n${content}`, () => socket.destroy())
}

/** Whether an earlier response of the connection is not complete: a client would read a redirect as part of it. */
const isAnswering = (socket: Socket & { readonly _httpMessage?: unknown }) => socket._httpMessage != null

/** RFC 9110, 15.4.9: the same request again, with the encoded path of this service. */
function redirectTo(target: string, { QINGDAN_PUBLIC_URL: base }: Config) {
  // A public URL may have a path, which a proxy removes.
  const prefix = base === '' ? '' : new URL(base).pathname.replace(/\/$/, '')
  const head = [
    'HTTP/1.1 308 Permanent Redirect',
    `Location: ${prefix}${target}`,
    'Access-Control-Allow-Origin: *',
    'Content-Type: text/plain; charset=utf-8',
  ]
  return { status: 308, head, body: redirectText }
}

function refusalOf(
  { code: parserCode = '' }: ParserError,
  requestId: string,
  { QINGDAN_PUBLIC_URL: base }: Config,
) {
  const code = codesOfNode[parserCode] ?? 'request-malformed'
  const { status, title, hint } = problems[code]
  const body = JSON.stringify({ type: `${base}/v1/problems/${code}`, title, status, code, hint, requestId })
  const head = [`HTTP/1.1 ${status} ${title}`, 'Content-Type: application/problem+json']
  return { status, head, body }
}

/**
 * RFC 9112, 3.2.2: a server MUST accept the absolute form and take the host from it. No link is built from
 * either.
 */
export function originForm(request: IncomingMessage): string {
  const url = request.url ?? '/'
  if (url.charCodeAt(0) === slash) return url
  const absolute = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url)
  if (absolute === null) return url
  const [, host = '', path = ''] = absolute
  request.headers.host = host
  return path.startsWith('/') ? path : `/${path}`
}

const slash = '/'.charCodeAt(0)

/** RFC 9112, 3.2: rejects more than one Host, because a proxy may have used the other one. */
export function refuseDuplicateHost(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const detail = 'Send the header Host once.'
  done(
    isHostDuplicate(request.raw.rawHeaders)
      ? problem('request-malformed', { path: 'Host', detail })
      : undefined,
  )
}

/** Whether there is more than one Host; Node keeps only the first in `headers`. */
export function isHostDuplicate(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}

/** Creates an app's server as Fastify would, with the response cache before the app's listener. */
export function serverFactory(
  limits: SocketLimits,
  requestsMax: number,
  before: (listener: RequestListener) => RequestListener,
): (listener: RequestListener) => Server {
  return (listener) => {
    const server = createServer(
      {
        headersTimeout: limits.headersMilliseconds,
        requestTimeout: limits.requestMilliseconds,
        keepAliveTimeout: keepAliveMilliseconds,
        connectionsCheckingInterval: limits.checkMilliseconds,
        maxHeaderSize: limits.headerBytesMax,
      },
      before(listener),
    )
    server.maxRequestsPerSocket = requestsMax
    return server.setTimeout(limits.idleMilliseconds)
  }
}

/** Longer than the usual 60 s of proxies, so that a proxy never reuses a connection just closed here. */
const keepAliveMilliseconds = 65_000
