/**
 * Validators and serialisers that compile at their first use: a service has some hundred routes with thousands of
 * schemas, of which a start needs none. A test compiles all of them, since a faulty schema is no longer found at start.
 */
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { Ajv, ErrorObject } from 'ajv'
import type { FastifyServerOptions } from 'fastify'

/** When schemas of routes are compiled. */
export type SchemaCompilation = 'at-first-use' | 'at-start'

/** A validator as Fastify calls it: it reads `errors` of the function after an answer of `false`. */
export interface LazyValidator {
  (data: unknown): boolean
  errors?: ErrorObject[] | null
}

/** A validator of a schema that is compiled when it is first called. */
export function lazyValidator(ajv: Ajv, schema: object): LazyValidator {
  let compiled: ReturnType<Ajv['compile']> | undefined
  const validate: LazyValidator = (data) => {
    compiled ??= ajv.compile(schema)
    const isValid = compiled(data) as boolean
    validate.errors = compiled.errors ?? null
    return isValid
  }
  return validate
}

/** Fastify's own serialisers, each compiled when it is first called. */
export const lazySerialisers = {
  compilersFactory: {
    buildSerializer: (schemas, options) => {
      const compile = SerializerSelector()(schemas, options)
      return (route) => {
        let serialize: ((data: unknown) => string) | undefined
        return (data) => {
          serialize ??= compile(route)
          return serialize(data)
        }
      }
    },
  },
} as const satisfies FastifyServerOptions['schemaController']
