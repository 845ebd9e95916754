/** The part of an OpenAPI document's shape that is used here, and the order of its names. */
export type Json = Readonly<Record<string, unknown>>

export interface OpenapiDocument {
  readonly openapi: string
  readonly info: Json
  readonly tags?: readonly Json[]
  readonly paths: Paths
  readonly components: Readonly<Record<string, Json>>
  readonly [member: string]: unknown
}

export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

export interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly responses?: Readonly<Record<string, Json>>
  readonly [member: string]: unknown
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly [member: string]: unknown
}

/** The members sorted by name, so that a document does not depend on the order of building it. */
export function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

/** The same keys with each value changed. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

/** A schema with each direct subschema changed; `step` is the name of a property, else empty. */
export function mapSchemas(schema: Json, change: (schema: Json, step: string) => Json): Json {
  return mapValues(schema, (value, keyword) => {
    if (keyword === 'properties')
      return mapValues(value as Readonly<Record<string, Json>>, (member, name) => change(member, name))
    if (keyword === 'anyOf' || keyword === 'oneOf' || keyword === 'allOf')
      return (value as readonly Json[]).map((member) => change(member, ''))
    const isSchema = keyword === 'items' || keyword === 'additionalProperties'
    return isSchema && typeof value === 'object' && value !== null ? change(value as Json, '') : value
  })
}
