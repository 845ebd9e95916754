/**
 * The operations of the OpenAPI document as requests: their addresses, filled with the document's examples
 * and with objects that exist.
 */
import { datasetParts } from '../../src/app.ts'
import type { Contracts } from '../../src/contract/index.ts'
import { buildOpenapi } from '../../src/http/index.ts'
import type { App } from '../../src/http/route-helpers.ts'

export interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly required?: boolean
  /** Of a required one; /docs fills it in. */
  readonly example?: unknown
  readonly schema: { readonly examples?: readonly unknown[]; readonly type?: string }
}

export interface Operation {
  readonly path: string
  readonly method: string
  readonly operationId: string
  readonly parameters: readonly Parameter[]
}

/**
 * Values that the document can't know because the service creates them: by name, or by operation and name.
 */
export type ExistingValues = Readonly<Record<string, string>>

export const encode = (example: unknown) =>
  [example]
    .flat()
    .map((one) => encodeURIComponent(String(one)))
    .join()

/** All operations of an app and its contracts, and the document itself. */
export function operationsOf(app: App, contracts: Contracts) {
  const document = buildOpenapi(app, contracts, { parts: datasetParts })
  const resolve = (parameter: Parameter): Parameter =>
    parameter.$ref === undefined
      ? parameter
      : (document.components['parameters']?.[parameter.$ref.split('/').at(-1) ?? ''] as unknown as Parameter)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { operationId, parameters = [] } = operation as unknown as {
        readonly operationId: string
        readonly parameters?: readonly Parameter[]
      }
      return { path, method, operationId, parameters: parameters.map(resolve) }
    }),
  )
  return { document, operations }
}

/** The example of a parameter, else the object of its name. */
export function exampleOf(
  { name, schema, example }: Parameter,
  existing: ExistingValues,
  operationId = '',
): unknown {
  return schema.examples?.[0] ?? example ?? existing[`${operationId} ${name}`] ?? existing[name]
}

/** The address of an operation, with only the parameters it requires. */
export function addressOf({ path, operationId, parameters }: Operation, existing: ExistingValues): string {
  const ofPath = parameters.filter((parameter) => parameter.in === 'path')
  const filled = ofPath.reduce(
    (text, parameter) =>
      text.replace(`{${parameter.name}}`, encode(exampleOf(parameter, existing, operationId))),
    path,
  )
  const needed = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required === true)
    .map((parameter) => `${parameter.name}=${encode(exampleOf(parameter, existing, operationId))}`)
  return needed.length === 0 ? filled : `${filled}?${needed.join('&')}`
}
