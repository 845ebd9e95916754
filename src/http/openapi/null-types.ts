/**
 * Writes a value that may be null as `type: [string, "null"]` in place of `anyOf`: JSON Schema 2020-12 gives both
 * the same meaning, and the first is shorter to read. Left alone: references, objects, lists and enumerations.
 */
import { type Json, mapSchemas } from './document-shape.ts'

const scalars: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean'])

/** The schema with each such union replaced, at any depth. */
export function withNullTypes(schema: Json): Json {
  const { anyOf, ...others } = mapSchemas(schema, withNullTypes)
  const [first, last, ...more] = (anyOf ?? []) as readonly Json[]
  const isUnion = first !== undefined && last?.['type'] === 'null' && more.length === 0
  const isDescribedTwice = first?.['description'] !== undefined && others['description'] !== undefined
  if (!isUnion || isDescribedTwice || !scalars.has(first['type']) || 'enum' in first || 'const' in first)
    return anyOf === undefined ? others : { anyOf, ...others }
  return { ...first, ...others, type: [first['type'], 'null'] }
}
