/**
 * Validators and serialisers that compile at first use: the service has some hundred routes with thousands of
 * schemas, and start needs none. A test compiles all of them to find faulty schemas.
 */
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { Ajv, ErrorObject } from 'ajv'
import type { FastifyServerOptions } from 'fastify'

/** When schemas of routes are compiled. */
export type SchemaCompilation = 'at-first-use' | 'at-start'

/** A validator as Fastify calls it: after a result of `false`, Fastify reads `errors` of the function. */
interface LazyValidator {
  (data: unknown): boolean
  errors?: ErrorObject[] | null
}

/** A validator that compiles its schema when first called. */
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

/** Fastify's own serialisers, each compiled when first called. */
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
