/**
 * A server of the Model Context Protocol for one request of one caller: it lists and calls the tools.
 * Problems become results that say what to do; an internal error is logged and its message never shown.
 */

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { Ajv, type ValidateFunction } from 'ajv'
import { isDatabaseUnavailable, isStatementTimeout, withoutValues } from '../../db/database-error.ts'
import { nearestOf } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { Problem, problem, problems } from '../../platform/problem.ts'
import { type Tool, type ToolRequest, tools } from './tools.ts'

const ajv = new Ajv({ allErrors: false, coerceTypes: false })
const validators = new WeakMap<Tool, ValidateFunction>()

const instructions =
  "Open data of a city's education authority. search_datasets finds a dataset, describe_dataset lists its fields and what you can query, " +
  'query_records and aggregate read published records. `truncated: true` means that the result is incomplete.'

export interface MessageRequest extends ToolRequest {
  /** Included in refusals, and logged with internal errors. */
  readonly requestId: string
}

/** Answers one message; the text is empty if the protocol sends no body. */
export async function answerMessage(messageRequest: MessageRequest, headers: Headers, message: object) {
  const server = buildServer(messageRequest)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  try {
    await server.connect(transport)
    const request = new Request('http://localhost/mcp', { method: 'POST', headers })
    const response = await transport.handleRequest(request, { parsedBody: message })
    const mediaType = response.headers.get('content-type') ?? 'application/json'
    return { status: response.status, mediaType, text: await response.text() }
  } finally {
    await server.close()
  }
}

function buildServer(messageRequest: MessageRequest): Server {
  const server = new Server(
    { name: 'qingdan', title: 'Qingdan 清单', version: '1.0.0' },
    { capabilities: { tools: {} }, instructions },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(toolBody) }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const tool = tools.find(({ name }) => name === params.name)
    if (tool === undefined) throw unknownTool(params.name)
    try {
      const input = params.arguments ?? {}
      checkInput(tool, input)
      const text = await tool.run(input, messageRequest)
      // The same twice: agents read the text, programs the members.
      return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) }
    } catch (error) {
      return { isError: true, content: [{ type: 'text', text: refusalText(error, messageRequest) }] }
    }
  })
  return server
}

const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

function toolBody({ name, title, description, input }: Tool) {
  const inputSchema = input as unknown as { type: 'object' }
  return { name, title, description, inputSchema, annotations: { title, ...readOnly } }
}

function unknownTool(name: string): McpError {
  const nearest = nearestOf(
    name.slice(0, 100),
    tools.map((tool) => tool.name),
  )
  const hint = nearest === undefined ? '' : ` The nearest is ${nearest}.`
  return new McpError(ErrorCode.InvalidParams, `Unknown tool ${name.slice(0, 100)}.${hint}`)
}

/** Throws `parameter-unknown` and `parameter-invalid`, with the argument and what is expected. */
function checkInput(tool: Tool, input: Readonly<Record<string, unknown>>): void {
  const known = Object.keys((tool.input as unknown as { properties: object }).properties)
  const unknown = Object.keys(input).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const path = unknown.slice(0, 100)
    const nearest = nearestOf(path, known)
    throw problem('parameter-unknown', { path, known, ...defined({ nearest }) })
  }
  const validate = validators.get(tool) ?? ajv.compile(tool.input)
  validators.set(tool, validate)
  if (validate(input)) return
  const [first] = validate.errors ?? []
  const missing: unknown = first?.params['missingProperty']
  const path =
    typeof missing === 'string' ? missing : (first?.instancePath ?? '').slice(1).replaceAll('/', '.')
  throw problem('parameter-invalid', {
    path: path.slice(0, 100),
    detail: `The value ${first?.message ?? 'is not valid'}.`,
  })
}

/** A refusal as JSON text. Any error that is not a problem is logged and never shown. */
function refusalText(error: unknown, { context, requestId }: MessageRequest): string {
  const refusal = asProblem(error)
  if (refusal.status >= 500 && !(error instanceof Problem)) {
    const cause = withoutValues(error)
    context.observe('request-failed', {
      route: '/mcp',
      requestId,
      error: cause instanceof Error ? cause : new Error(String(cause)),
    })
  }
  const { code, status, detail } = refusal
  const { title, hint } = problems[code]
  return JSON.stringify({ code, title, hint, requestId, ...(status >= 500 ? {} : detail) })
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isDatabaseUnavailable(error)) return problem('not-ready')
  return problem(isStatementTimeout(error) ? 'query-too-slow' : 'internal')
}
