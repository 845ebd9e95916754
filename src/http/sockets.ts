/**
 * What a connection may do before there is a request, and while one is answered: how long headers and bodies may take
 * and be, how long a reader may stand still. It refuses what is not HTTP, as a problem where a word still gets through.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ProblemCode, problem, problems } from '../platform/problem.ts'
import type { HttpContext } from './context.ts'
import { unmatched } from './errors/problem-responses.ts'

export interface SocketLimits {
  /** Slowest sender of headers that is borne. */
  readonly headersMilliseconds: number
  /** Slowest sender of a whole request. */
  readonly requestMilliseconds: number
  /** Longest time in which neither side sends or takes a byte while a request is at work. */
  readonly idleMilliseconds: number
  /** How often the two limits above are looked at. */
  readonly checkMilliseconds: number
  /** Request line and headers together. */
  readonly headerBytesMax: number
}

/**
 * A whole body may take long; headers are small, and come at once or from someone who means no good. A reader that
 * takes nothing for two minutes holds a file or a database cursor open: nginx gives up after one.
 */
export const socketLimits: SocketLimits = {
  headersMilliseconds: 15_000,
  requestMilliseconds: 600_000,
  idleMilliseconds: 120_000,
  checkMilliseconds: 5_000,
  headerBytesMax: 16_384,
}

/** Node's codes of what never became a request. What is not here was not HTTP. */
const codesOfNode: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** Answers what never became a request with a problem, and ends the connection. */
export function refuseConnection(
  error: NodeJS.ErrnoException,
  socket: Socket,
  context: Pick<HttpContext, 'config' | 'observe'>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = codesOfNode[error.code ?? ''] ?? 'request-malformed'
  const { status, title, hint } = problems[code]
  const requestId = randomUUID()
  const base = context.config.QINGDAN_PUBLIC_URL
  const body = JSON.stringify({ type: `${base}/v1/problems/${code}`, title, status, code, hint, requestId })
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ]
  context.observe('request-completed', { requestId, route: unmatched, method: 'unread', status })
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/**
 * RFC 9112, 3.2.2: a server MUST accept the absolute form, and takes the host from it. Everything behind this looks at
 * the path alone, so that no address of a stranger's can come back in a link.
 */
export function originForm(request: IncomingMessage): string {
  const url = request.url ?? '/'
  if (url.charCodeAt(0) === slash) return url
  const absolute = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url)
  if (absolute === null) return url
  const [, host = '', rest = ''] = absolute
  request.headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

const slash = '/'.charCodeAt(0)

/** RFC 9112, 3.2: more than one Host is refused, for a proxy before us may have read the other. */
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

/** Whether there is more than one Host; Node gives the first of them and forgets the others. */
export function isHostDuplicate(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}

/** Makes the server of an app: as Fastify would, with what stands before the app's listener. */
export function serverFactory(
  limits: SocketLimits,
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
    return server.setTimeout(limits.idleMilliseconds)
  }
}

/** Longer than the 60 s of the usual proxy, so that it is never we who close a connection that it is about to use. */
const keepAliveMilliseconds = 65_000
