/**
 * Checks responses against the OpenAPI document of the service that sent them: the operation is found by
 * method and path, and status, media type, headers and JSON body must match. Pages for people and unknown
 * addresses are not in the document; for these only an error of the right shape is accepted.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

type Json = Readonly<Record<string, unknown>>

export interface SentRequest {
  readonly method: string
  readonly url: string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

interface Response {
  readonly description?: string
  /** Forms that an address also negotiates by Accept; each has an address of its own. */
  readonly 'x-also-as'?: readonly string[]
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
}

export interface CheckedDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses?: Json }>>>>
  readonly components: Readonly<Record<string, Json>>
}

/** Creates the function that returns what is wrong with a response, or undefined. */
export function conformanceTo(
  document: CheckedDocument,
): (request: SentRequest, answered: Answered) => string | undefined {
  const find = buildFinder(document)
  const validators = buildValidators(document)
  return (request, answered) => {
    const fault = faultOf(request, answered, find, validators)
    return fault === undefined ? undefined : `${request.method} ${request.url} ${answered.status}: ${fault}`
  }
}

/** Pages for people and their assets; they are not in the document. */
const forPeople = /^\/(?!v1\/|api\/|mcp|\.well-known\/|health$|ready$|metrics$|[a-z-]+\.[a-z]+$)/

function faultOf(
  request: SentRequest,
  answered: Answered,
  find: ReturnType<typeof buildFinder>,
  validators: ReturnType<typeof buildValidators>,
): string | undefined {
  const method = request.method.toLowerCase()
  const path = request.url.split('?', 1)[0] ?? ''
  if (method === 'options' || (forPeople.test(path) && answered.status < 400)) return undefined
  const found = find(method === 'head' ? 'get' : method, path)
  const type = String(answered.headers['content-type'] ?? '').split(';', 1)[0] ?? ''
  // An unreadable address, a method that isn't allowed, or a caller above its rate reaches no operation.
  if (found === undefined || [405].includes(answered.status)) {
    if (answered.status < 400) return 'there is no such operation in the document'
    if (method === 'head' || type === 'text/html') return undefined
    return validators.problem(answered.text)
  }
  const { template, operation } = found
  const status = String(answered.status)
  const declared = operation.responses?.[status] ?? commonOf(operation.responses, status, validators)
  if (declared === undefined) return `${template} declares no status ${status}`
  const response = validators.resolve(declared) as Response
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    if (header.required === true && !(name.toLowerCase() in answered.headers))
      return `lacks the header ${name}`
  }
  if (method === 'head') return undefined
  const { content } = response
  if (content === undefined)
    return answered.text === '' ? undefined : `${template} ${status} declares no body, but there is one`
  // Declared once for all operations, in the description of the document.
  if (status === '404' && type === 'text/html') return undefined
  if (response['x-also-as']?.includes(type) === true) return undefined
  const media = [type, `${type.split('/')[0]}/*`, '*/*'].find((name) => name in content)
  if (media === undefined) return `${template} ${status} declares ${Object.keys(content)}, not ${type}`
  const schema = content[media]?.schema
  // A file is bytes, whatever its content.
  if (schema === undefined || schema['format'] === 'binary' || !/[/+]json$/.test(type)) return undefined
  const { searchParams } = new URL(request.url, 'http://data.example')
  const check = searchParams.has('select') ? validators.checkSelected : validators.check
  const fault = check(schema, answered.text)
  return fault === undefined ? undefined : `${template} ${status}: ${fault}`
}

/** The response `default`, if it lists a problem of this status. */
function commonOf(
  responses: Json | undefined,
  status: string,
  validators: ReturnType<typeof buildValidators>,
): Response | undefined {
  const found = responses?.['default']
  if (found === undefined) return undefined
  const common = validators.resolve(found) as Response
  return common.description?.includes(`${status} \``) === true ? common : undefined
}

/** Finds the operation by the most specific path: one with fewer parameters wins over one with more. */
function buildFinder({ paths }: CheckedDocument) {
  const templates = Object.keys(paths)
    .map((template) => ({
      template,
      pattern: new RegExp(
        `^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+?')}$`,
      ),
      variables: template.match(/\{/g)?.length ?? 0,
    }))
    .sort((a, b) => a.variables - b.variables || b.template.length - a.template.length)
  return (method: string, path: string) => {
    const found = templates.find(({ template, pattern }) => pattern.test(path) && paths[template]?.[method])
    const operation = found === undefined ? undefined : paths[found.template]?.[method]
    return found === undefined || operation === undefined
      ? undefined
      : { template: found.template, operation }
  }
}

function buildValidators(document: CheckedDocument) {
  const { check } = buildCheck(document)
  let selected: ReturnType<typeof buildCheck> | undefined
  // With `select`, the fields of a record that were not requested are missing, but the schema describes whole
  // records.
  const checkSelected = (schema: Json, text: string): string | undefined => {
    selected ??= buildCheck({ ...document, components: withoutRequired(document.components) })
    return selected.check(schema, text)
  }
  return {
    check,
    checkSelected,
    problem: (text: string) => check({ $ref: '#/components/schemas/Problem' }, text),
    resolve: (value: unknown): unknown => {
      const reference = (value as { readonly $ref?: string }).$ref
      if (reference === undefined) return value
      return reference
        .split('/')
        .slice(1)
        .reduce<unknown>((inside, name) => (inside as Json)[name], document)
    },
  }
}

/** The components with no field of a record required. */
function withoutRequired(components: CheckedDocument['components']): CheckedDocument['components'] {
  const schemas = Object.entries(components['schemas'] ?? {}).map(([name, schema]) => {
    if (!/\.record(\.v\d+)?$/.test(name)) return [name, schema]
    const { required: _required, ...remaining } = schema as Json
    return [name, remaining]
  })
  return { ...components, schemas: Object.fromEntries(schemas) }
}

function buildCheck(document: CheckedDocument) {
  // OpenAPI keywords such as `example` are not JSON Schema's; ajv ignores keywords it doesn't know.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    formats: { binary: true },
    // `npm run openapi:check` and test/docs.test.ts validate the document; here a few responses are checked, so the
    // time goes into compiling.
    meta: false,
    validateSchema: false,
    code: { optimize: false },
    inlineRefs: false,
  })
  addFormats.default(ajv)
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()
  const compile = (schema: Json) => {
    const text = JSON.stringify(schema)
    const validator =
      compiled.get(text) ?? ajv.compile(JSON.parse(text.replaceAll('"$ref":"#/', '"$ref":"openapi#/')))
    compiled.set(text, validator)
    return validator
  }
  return {
    check: (schema: Json, text: string): string | undefined => {
      const validate = compile(schema)
      if (validate(JSON.parse(text))) return undefined
      const [first] = validate.errors ?? []
      return `the body at ${first?.instancePath || '/'} ${first?.message} ${JSON.stringify(first?.params)}`
    },
  }
}
