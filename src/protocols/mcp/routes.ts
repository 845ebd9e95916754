/**
 * The Model Context Protocol at `/mcp` by Streamable HTTP, without sessions: each POST is answered with JSON.
 * Refuses web pages of other origins, several messages in one request, and event streams, as the server never
 * sends events (405).
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AppContext } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import type { Config } from '../../platform/config.ts'
import { problem } from '../../platform/problem.ts'
import { tools } from './tools.ts'

/** Bytes of one message; tool calls are short. */
export const messageBytesMax = 64 * 1024

const Message = Type.Object(
  { jsonrpc: Type.Literal('2.0', { description: 'The version of JSON-RPC.' }) },
  {
    additionalProperties: true,
    description: 'A JSON-RPC 2.0 message of the Model Context Protocol.',
  },
)

/** Statuses whose body may also be a message of the protocol. */
const protocolStatuses = [400, 404, 406, 415] as const

function responses(): Readonly<Record<number, unknown>> {
  const shared = problemResponses(
    'body-invalid',
    'body-too-large',
    'media-type-unsupported',
    'origin-not-allowed',
    'not-found',
  )
  const both = protocolStatuses.map((status) => {
    const { description = '', content = {} } = (shared[status] ?? {}) as {
      description?: string
      content?: object
    }
    return [
      status,
      { description, content: { ...content, 'application/json': { schema: Message } } },
    ] as const
  })
  return {
    ...shared,
    ...Object.fromEntries(both),
    200: Message,
    202: Type.Null({ description: 'The notification was accepted.' }),
  }
}

export function mcpRoutes(app: App, context: AppContext): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: messageBytesMax },
    (_request, body, done) => done(null, body),
  )
  // The protocol's transport validates the body.
  app.setValidatorCompiler(() => () => true)
  app.post(
    '/mcp',
    {
      onRequest: async (request) => refuseOrigin(request, context.config),
      schema: {
        operationId: 'mcp',
        tags: ['mcp'],
        summary: 'Model Context Protocol',
        description:
          `Streamable HTTP without sessions. The tools read: ${tools.map(({ name }) => `\`${name}\``).join(', ')}. ` +
          'Results are bounded; `truncated` marks one that is incomplete.',
        response: responses(),
      },
    },
    (request, reply) => answer(context, request, reply),
  )
}

/**
 * Web pages may call only from known origins. Otherwise any page could reach a service on its reader's
 * machine or network by DNS rebinding (the protocol's specification, "Security Warning" of its transports).
 */
function refuseOrigin({ headers: { origin } }: FastifyRequest, config: Config): void {
  if (origin === undefined || allowedOrigins(config).includes(origin)) return
  // Without a public address the service serves its own machine, so local pages are allowed.
  if (config.QINGDAN_PUBLIC_URL === '' && loopback.test(origin)) return
  throw problem('origin-not-allowed', { path: 'Origin' })
}

const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

function allowedOrigins({ QINGDAN_PUBLIC_URL: url, QINGDAN_MCP_ORIGINS: listed }: Config): readonly string[] {
  return [
    ...(URL.canParse(url) ? [new URL(url).origin] : []),
    ...listed.split(',').filter((origin) => origin !== ''),
  ]
}

async function answer(context: AppContext, request: FastifyRequest, reply: FastifyReply) {
  const message = parseMessage(request.body)
  // Loaded with the first message: the SDK takes tens of megabytes, and most installations never use it.
  const { answerMessage } = await import('./server.ts')
  const caller = { context, reader: request.caller, requestId: request.id }
  const { status, mediaType, text } = await answerMessage(caller, headersOf(request), message)
  reply.code(status).header('cache-control', 'no-store').header('vary', 'Authorization')
  return text === '' ? reply.send() : reply.type(mediaType).send(text)
}

/**
 * Parses one message. Batches are refused: they would bypass rate limits, and the protocol dropped them in
 * 2025-06-18.
 */
function parseMessage(body: unknown): object {
  let message: unknown
  try {
    message = JSON.parse(typeof body === 'string' ? body : '')
  } catch {
    throw problem('body-invalid', { detail: 'The body is not JSON.' })
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) return message
  throw problem('body-invalid', { detail: 'The body must be one message: an object of JSON.' })
}

function headersOf({ headers }: FastifyRequest): Headers {
  const own = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-session-id']
  return new Headers(
    own.flatMap((name): [string, string][] => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}
