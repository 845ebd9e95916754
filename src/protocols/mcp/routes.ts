/**
 * The Model Context Protocol at `/mcp` by Streamable HTTP: each POST stands for itself, without a session, and is answered with JSON.
 * Refuses web pages of other origins, several messages in one request, and streams that nothing would ever be sent on (405).
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AppContext } from '../../catalogue/index.ts'
import { type App, problemResponses } from '../../http/index.ts'
import type { Config } from '../../platform/config.ts'
import { problem } from '../../platform/problem.ts'
import { tools } from './tools.ts'

/** Bytes of one message: questions are short. */
export const messageBytesMax = 64 * 1024

const Message = Type.Object(
  { jsonrpc: Type.Literal('2.0', { description: 'The version of JSON-RPC.' }) },
  {
    additionalProperties: true,
    description: 'A message of JSON-RPC 2.0, as the Model Context Protocol has it.',
  },
)

/** Statuses that the protocol answers with its own message as well. */
const spoken = [400, 404, 406, 415] as const

function responses(): Readonly<Record<number, unknown>> {
  const shared = problemResponses(
    'body-invalid',
    'body-too-large',
    'media-type-unsupported',
    'origin-not-allowed',
    'not-found',
  )
  const both = spoken.map((status) => {
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
    202: Type.Null({ description: 'A notification was taken.' }),
  }
}

export function mcpRoutes(app: App, context: AppContext): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: messageBytesMax },
    (_request, body, done) => done(null, body),
  )
  // A body is judged by the protocol's own transport.
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
          'Results are bounded, and say `truncated` where there is more.',
        response: responses(),
      },
    },
    (request, reply) => answer(context, request, reply),
  )
}

/**
 * Web pages may only ask from origins that are known: else any page could ask a service on its reader's own machine or network,
 * under a name that it leads there (DNS rebinding; the protocol's specification, "Security Warning" of its transports).
 */
function refuseOrigin({ headers: { origin } }: FastifyRequest, config: Config): void {
  if (origin === undefined || allowedOrigins(config).includes(origin)) return
  // Where no public address is set the service is for its own machine, and so are pages that were loaded from there.
  if (config.QINGDAN_PUBLIC_URL === '' && loopback.test(origin)) return
  throw problem('origin-not-allowed', { path: 'Origin' })
}

const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

function allowedOrigins({ QINGDAN_PUBLIC_URL: url, QINGDAN_MCP_ORIGINS: listed }: Config): readonly string[] {
  return [
    ...(URL.canParse(url) ? [new URL(url).origin] : []),
    ...listed.split(',').filter((one) => one !== ''),
  ]
}

async function answer(context: AppContext, request: FastifyRequest, reply: FastifyReply) {
  const message = parseMessage(request.body)
  // Loaded with the first message: the SDK takes tens of megabytes, and most houses and all commands do without.
  const { answerMessage } = await import('./server.ts')
  const asked = { context, reader: request.reader, requestId: request.id }
  const { status, mediaType, text } = await answerMessage(asked, headersOf(request), message)
  reply.code(status).header('cache-control', 'no-store').header('vary', 'Authorization')
  return text === '' ? reply.send() : reply.type(mediaType).send(text)
}

/** One message. Several would be as many questions for the price of one; the protocol has dropped them since 2025-06-18. */
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
