/**
 * Moves large bodies, and schemas inside bodies that occur more than once, to `components`, named after the
 * first operation: `getBundle.200`, `listBundles.200.data`. Generated clients get named types.
 */
import {
  type Json,
  mapSchemas,
  mapValues,
  type OpenapiDocument,
  type Operation,
  type Paths,
} from './document-shape.ts'
import { withNullTypes } from './null-types.ts'

/** Shorter schemas are easier to read inline. */
const sharedLengthMin = 160
/** A body of this length gets a name even if it occurs once. */
const bodyLengthMin = 1000

/** The document with shared schemas referenced. A generator, so that a caller can build it in slices. */
export function* shareSchemas(whole: OpenapiDocument): Generator<void, OpenapiDocument> {
  const document = yield* simplifySchemas(whole)
  const found = new Map<string, Found>()
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) {
      withBodies(operation, (schema, name) => {
        collect(schema, name, found)
        const body = found.get(JSON.stringify(schema))
        if (body !== undefined && body.length >= bodyLengthMin) body.count += 1
        return schema
      })
    }
    yield
  }
  const shared = new Map<string, string>()
  const names = new Set(Object.keys(document.components['schemas'] ?? {}))
  for (const [text, { name, count }] of found) {
    if (count < 2) continue
    let free = name
    for (let n = 2; names.has(free); n += 1) free = `${name}.${n}`
    names.add(free)
    shared.set(text, free)
  }
  yield
  const schemas: Record<string, Json> = { ...document.components['schemas'] } as Record<string, Json>
  for (const [text, name] of shared) schemas[name] = inner(JSON.parse(text) as Json, shared)
  yield
  const paths: Record<string, Paths[string]> = {}
  for (const [path, methods] of Object.entries(document.paths)) {
    paths[path] = mapValues(methods, (operation) =>
      withBodies(operation, (schema) => referring(schema, shared)),
    )
    yield
  }
  return { ...document, paths, components: { ...document.components, schemas } }
}

function* simplifySchemas(document: OpenapiDocument): Generator<void, OpenapiDocument> {
  const paths: Record<string, Paths[string]> = {}
  for (const [path, methods] of Object.entries(document.paths)) {
    paths[path] = mapValues(methods, (operation) => withoutDefaults(withBodies(operation, withNullTypes)))
    yield
  }
  const schemas = mapValues(
    (document.components['schemas'] ?? {}) as Readonly<Record<string, Json>>,
    withNullTypes,
  )
  return { ...document, paths, components: { ...document.components, schemas } }
}

/** A parameter is optional unless it says otherwise, so `required: false` is left out. */
function withoutDefaults({ parameters, ...operation }: Operation): Operation {
  if (parameters === undefined) return operation
  const shortened = parameters.map(({ required, ...parameter }) =>
    required === true ? { required, ...parameter } : parameter,
  )
  return { ...operation, parameters: shortened }
}

interface Found {
  readonly name: string
  readonly length: number
  count: number
}

/** The operation with the schemas of its bodies changed; each is named by operation and status. */
function withBodies(operation: Operation, change: (schema: Json, name: string) => Json): Operation {
  const { operationId = '', requestBody, responses } = operation
  const withContent = (holder: Json, name: string): Json =>
    holder['content'] === undefined
      ? holder
      : {
          ...holder,
          content: mapValues(holder['content'] as Readonly<Record<string, Json>>, (media) =>
            media['schema'] === undefined
              ? media
              : { ...media, schema: change(media['schema'] as Json, `${operationId}.${name}`) },
          ),
        }
  return {
    ...operation,
    ...(requestBody === undefined ? {} : { requestBody: withContent(requestBody as Json, 'request') }),
    ...(responses === undefined
      ? {}
      : {
          responses: Object.fromEntries(
            Object.entries(responses).map(([status, response]) => [status, withContent(response, status)]),
          ),
        }),
  }
}

function collect(schema: Json, name: string, found: Map<string, Found>): void {
  const text = JSON.stringify(schema)
  if (text.length < sharedLengthMin) return
  const known = found.get(text)
  if (known !== undefined) {
    // Schemas inside were counted at the first occurrence.
    known.count += 1
    return
  }
  found.set(text, { name, length: text.length, count: 1 })
  mapSchemas(schema, (member, step) => {
    collect(member, step === '' ? name : `${name}.${step}`, found)
    return member
  })
}

function referring(schema: Json, shared: ReadonlyMap<string, string>): Json {
  const name = shared.get(JSON.stringify(schema))
  return name === undefined ? inner(schema, shared) : { $ref: `#/components/schemas/${name}` }
}

function inner(schema: Json, shared: ReadonlyMap<string, string>): Json {
  return mapSchemas(schema, (member) => referring(member, shared))
}
