/**
 * CKAN's Action API over HTTP, at `/api/3/action/` and `/api/action/`, by GET and POST, and the dump of its
 * datastore. Refusals of an action have CKAN's shape; earlier ones (rate, key, method) are RFC 9457 problems.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AppContext, addresses } from '../../catalogue/index.ts'
import { countRead, isOpen } from '../../contract/index.ts'
import { type App, attachment, baseUrl, languageOf, problemResponses } from '../../http/index.ts'
import { streamNumbered } from '../../records/index.ts'
import { type Action, type ActionRequest, JsonText } from './action.ts'
import { actionNames, actions, getAction } from './actions.ts'
import type { PackageContext } from './bodies.ts'
import { getTable, listPackages } from './catalogue.ts'
import { planTable } from './datastore.ts'
import { collect, flag, json, names, readBody, readParameters, text, words } from './parameters.ts'
import { badRequest, CkanRefusal, invalid, refusalOf } from './refusal.ts'

const tags = ['ckan']

/** Bytes of a request body; parameters are short, and nothing is uploaded here. */
const bodyBytesMax = 64 * 1024

const Help = Type.String({ description: 'Address of the description of the action.' })

const Success = Type.Object(
  {
    help: Help,
    success: Type.Boolean({ description: 'Always true.' }),
    result: Type.Unknown({ description: 'The result of the action.' }),
  },
  { description: 'What the action returns.' },
)

/** An object with `help`, `success` and `error`, or a text: no generator reads a union of both. */
const Refusal = Type.Unknown({
  description: "A refusal in CKAN's shape: an object with `error`, or a text if the request cannot be read.",
})

const refusedBy = {
  400: 'The request cannot be read.',
  404: 'Not found.',
  409: 'A parameter is invalid.',
}

const anywhere = problemResponses('query-too-slow', 'not-found') as Readonly<
  Record<string, { content?: object }>
>
/** Refusals in CKAN's shape, in addition to those of any address. */
const refusals = Object.entries(refusedBy).map(([status, description]) => {
  const content = { ...anywhere[status]?.content, 'application/json': { schema: Refusal } }
  return [status, { description, content }] as const
})

const response: Readonly<Record<string, unknown>> = {
  ...problemResponses('query-too-slow', 'body-too-large', 'dataset-not-found'),
  200: {
    description: "A response in CKAN's shape.",
    content: {
      'application/json': { schema: Success },
      'application/javascript': {
        schema: Type.String({
          description: 'For a GET with `callback`: a call of that function with the response.',
        }),
      },
    },
  },
  ...Object.fromEntries(refusals),
}

const Name = Type.String({
  description: `One of ${actionNames.map((name) => `\`${name}\``).join(', ')}.`,
  examples: ['package_list'],
})

const about =
  'Parameters are those of the action: in the address, or by POST as a JSON object or a form. Types, totals and ' +
  'refusals follow CKAN; what is not supported is refused with its name.'

const bases = [
  { base: '/api/3/action', suffix: '' },
  { base: '/api/action', suffix: 'Unversioned' },
] as const

export function ckanRoutes(app: App, context: AppContext): void {
  // Actions read their parameters themselves, because their refusals have another shape.
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: bodyBytesMax }, (_request, body, done) =>
    done(null, body),
  )
  for (const action of actions) actionRoute(app, context, action)
  for (const { base, suffix } of bases) {
    for (const method of ['GET', 'POST'] as const) anyRoute(app, context, { base, suffix, method })
  }
  dumpRoute(app, context)
}

function actionRoute(app: App, context: AppContext, action: Action): void {
  const operationId = action.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  app.get(
    `/api/3/action/${action.name}`,
    {
      config: { openQuery: true },
      schema: {
        operationId: `ckan${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}`,
        tags,
        summary: action.summary,
        description: 'Also by `POST`.',
        querystring: Type.Object(querySchema(action.parameters)),
        response,
      },
    },
    (request, reply) => answer(context, request, reply, action.name),
  )
}

function querySchema(parameters: Action['parameters']) {
  const members = Object.entries(parameters).map(([name, { about: description, example, required }]) => {
    const schema = Type.String({ description, ...(example === undefined ? {} : { examples: [example] }) })
    return [name, required === true ? schema : Type.Optional(schema)] as const
  })
  return Object.fromEntries(members)
}

interface Address {
  readonly base: string
  readonly suffix: string
  readonly method: 'GET' | 'POST'
}

function anyRoute(app: App, context: AppContext, { base, suffix, method }: Address): void {
  app.route({
    method,
    url: `${base}/:action`,
    config: { openQuery: true },
    schema: {
      operationId: `${method === 'GET' ? 'getCkanAction' : 'postCkanAction'}${suffix}`,
      tags,
      summary: 'Any action of CKAN',
      description: about,
      params: Type.Object({ action: Name }),
      response,
    },
    handler: (request, reply) =>
      answer(context, request, reply, (request.params as { action: string }).action),
  })
}

async function answer(context: AppContext, request: FastifyRequest, reply: FastifyReply, name: string) {
  const base = baseUrl(request, context.config)
  const help = helpOf(context, request, name)
  const callback = callbackOf(request)
  const send = (status: number, body: string) =>
    callback === undefined
      ? reply.code(status).type('application/json; charset=utf-8').send(body)
      : reply.code(status).type('application/javascript; charset=utf-8').send(`/**/${callback}(${body});`)
  const { keyId } = request.caller
  reply.header('vary', 'Accept-Language, Authorization')
  let nameOf: Action['nameOf']
  try {
    const action = findAction(name)
    nameOf = action.nameOf
    const sent = readSent(request)
    const values = readParameters(action.parameters, sent)
    const actionRequest: ActionRequest = {
      packageContext: packageContextOf(context, request),
      reader: request.caller,
      sent,
      address: `${base}/api/3/action/${name}`,
    }
    const result = await action.run(values, actionRequest)
    const written = result instanceof JsonText ? result.text : JSON.stringify(result)
    reply.header('cache-control', keyId === undefined ? 'public, max-age=60' : 'private, no-cache')
    return send(200, `{"help":${JSON.stringify(help)},"success":true,"result":${written}}`)
  } catch (error) {
    const refusal = refusalOf(error, nameOf ?? ((path) => path))
    if (refusal === undefined) throw error
    reply.header('cache-control', 'no-store')
    const { status, body } = refusal
    return send(
      status,
      JSON.stringify(typeof body === 'string' ? body : { help, success: false, error: body }),
    )
  }
}

/** The function that a page of another site wants called with the answer (JSONP), as in CKAN for GET alone. */
function callbackOf({ method, query }: FastifyRequest): string | undefined {
  const { callback } = query as { readonly callback?: unknown }
  const isName = method === 'GET' && typeof callback === 'string' && /^[A-Za-z_$][\w$.]{0,99}$/.test(callback)
  return isName ? callback : undefined
}

const helpOf = (context: AppContext, request: FastifyRequest, name: string) =>
  `${baseUrl(request, context.config)}/api/3/action/help_show?name=${encodeURIComponent(name.slice(0, 100))}`

/** CKAN reports an unknown action as a text, and its clients expect that. */
function findAction(name: string): Action {
  try {
    return getAction(name)
  } catch (error) {
    if (!(error instanceof CkanRefusal)) throw error
    const detail = typeof error.body === 'string' ? '' : String(error.body['message'])
    throw badRequest(`Action name not known: ${name.slice(0, 100)}. ${detail}`)
  }
}

function readSent(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const [, query = ''] = request.url.split(/\?(.*)/s)
  // `lang` chooses the language of texts at every address (hooks.ts) and is no parameter of an action.
  const { lang: _lang, ...inAddress } = collect(new URLSearchParams(query))
  if (request.method !== 'POST') return inAddress
  const body = typeof request.body === 'string' ? request.body : ''
  return { ...inAddress, ...readBody(body, request.headers['content-type'] ?? '') }
}

function packageContextOf(context: AppContext, request: FastifyRequest): PackageContext {
  const at = addresses({ QINGDAN_PUBLIC_URL: baseUrl(request, context.config) })
  return { context, at, language: languageOf(request, 'zh') }
}

const dumpParameters = {
  bom: flag('Whether to start with a byte order mark, for Excel.', 'true'),
  format: text('Only `csv` is supported.', 'csv'),
  fields: names('The fields, separated by commas or as a JSON list; all fields and `_id` if absent.', '_id'),
  filters: json('JSON object of fields and values.', '{}'),
  q: words('Words that a record must contain.'),
  sort: text('Indexed fields with `asc` or `desc`, separated by commas.', '_id asc'),
}

function dumpRoute(app: App, context: AppContext): void {
  app.get(
    '/datastore/dump/:id',
    {
      config: { openQuery: true },
      schema: {
        operationId: 'ckanDatastoreDump',
        tags,
        summary: 'All records of a resource as CSV',
        description:
          'CSV in the form of CKAN: the first column `_id` numbers the records in the order of their key. ' +
          "The resource's own file is the same without that column, and has a checksum.",
        params: Type.Object({ id: Type.String({ description: 'UUID of a CSV resource.' }) }),
        querystring: Type.Object(querySchema(dumpParameters)),
        response: {
          ...response,
          ...problemResponses('query-too-slow', 'streams-busy'),
          ...Object.fromEntries(refusals),
          200: {
            description: 'The records.',
            content: {
              'text/csv': { schema: Type.String({ description: 'A header and one line per record.' }) },
            },
          },
        },
      },
    },
    (request, reply) => answerDump(context, request, reply),
  )
}

async function answerDump(context: AppContext, request: FastifyRequest, reply: FastifyReply) {
  try {
    return await dump(context, request, reply)
  } catch (error) {
    const refusal = refusalOf(error, (path) => (path === 'select' ? 'fields' : path))
    if (refusal === undefined) throw error
    const { status, body } = refusal
    const help = helpOf(context, request, 'datastore_search')
    const written = typeof body === 'string' ? body : { help, success: false, error: body }
    reply.code(status).header('cache-control', 'no-store').type('application/json; charset=utf-8')
    return reply.send(JSON.stringify(written))
  }
}

async function dump(context: AppContext, request: FastifyRequest, reply: FastifyReply) {
  const { id } = request.params as { readonly id: string }
  const values = readParameters(dumpParameters, readSent(request))
  if ((values.format ?? 'csv') !== 'csv') throw invalid('format', 'Only csv is supported')
  for (const name of ['limit', 'offset'] as const) {
    if (name in readSent(request)) throw invalid(name, 'Not supported: `datastore_search` returns a page')
  }
  const resource = getTable(await listPackages(context, request.caller), id)
  const planned = planTable(context, resource, { ...values, fields: values.fields })
  const { version } = resource
  const { contract } = resource.of.loaded
  const names = {
    plain: `${version.dataset}-${version.edition}-v${version.number}-dump.csv`,
    title: contract.title.zh,
    ending: `-${version.edition}-v${version.number}-dump.csv`,
  }
  countRead(request.caller, contract, { versions: [version], operation: 'datastore_dump' })
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', attachment(names))
    .header('vary', 'Authorization')
    .header('cache-control', isOpen(contract) ? 'public, max-age=60' : 'private, no-cache')
  // For HEAD, Fastify would read a stream to its end without sending it.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  const stream = await streamNumbered(context, planned.plan, {
    columns: planned.columns,
    bom: values.bom ?? false,
    client: reply.raw,
    callerKey: request.callerKey,
  })
  return reply.send(stream)
}
