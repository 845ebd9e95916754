/**
 * Validates a contract against datasets/contract.schema.json and explains what to correct. It has no list of
 * properties: a new property of a contract is added to the schema, and `npm run contract-types` renews its type.
 */
import { readFile } from 'node:fs/promises'
import { Ajv2020, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { packageFile } from '../platform/package-root.ts'
import type { Complaint } from './contract-errors.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Complaints about a value parsed from JSON; without any, the value has the shape of a Contract. */
export type SchemaCheck = (value: unknown) => readonly Complaint[]

let contractSchema: Promise<SchemaObject> | undefined

/** Reads and compiles the schema of contracts, once in a process. */
export async function readContractSchema(): Promise<SchemaCheck> {
  contractSchema ??= readFile(packageFile('datasets/contract.schema.json'), 'utf8').then(JSON.parse)
  return compileSchema(await contractSchema)
}

/** Names that no field can have, such as those of query parameters. */
export async function readReservedNames(): Promise<ReadonlySet<string>> {
  const schema = JSON.parse(await readFile(packageFile('datasets/contract.schema.json'), 'utf8'))
  const { anyOf }: { readonly anyOf: readonly { readonly enum?: readonly string[] }[] } =
    schema.$defs.fieldName.not
  return new Set(anyOf.flatMap((rule) => rule.enum ?? []))
}

/**
 * Checks values against a JSON Schema 2020-12. A string of `format: "field-name"` must be one of the given
 * fields, so the schema of a check or rule declares which parameters name fields. A schema is compiled once.
 */
export function compileSchema(schema: JsonSchema, fieldNames: readonly string[] = []): SchemaCheck {
  const { validate, names } = compiledOnce(schema)
  return (value) => {
    names.known = fieldNames
    return validate(value) ? [] : (validate.errors ?? []).map(complaint)
  }
}

interface Compiled {
  readonly validate: ValidateFunction
  /** The fields of the current contract: validation is synchronous, so only one contract is current. */
  readonly names: { known: readonly string[] }
}

/** Compiled schemas, shared by all contracts: compiling takes a hundred times as long as checking. */
const compiled = new WeakMap<JsonSchema, Compiled>()

function compiledOnce(schema: JsonSchema): Compiled {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const names: Compiled['names'] = { known: [] }
  const ajv = new Ajv2020({
    allErrors: true,
    // A test validates these schemas against the metaschema; compiling that here would slow every start.
    meta: false,
    validateSchema: false,
    // Unions of types are intended: bounds are numbers or days.
    allowUnionTypes: true,
    // Optimising a validator's code, and copying definitions into it, costs more than it saves for the contracts
    // of one start.
    code: { optimize: false },
    inlineRefs: false,
    formats: { 'field-name': (text: string) => names.known.includes(text) },
  })
  const compiledSchema = { validate: ajv.compile(schema), names }
  compiled.set(schema, compiledSchema)
  return compiledSchema
}

function complaint(error: ErrorObject): Complaint {
  const params = error.params as Readonly<Record<string, unknown>>
  const messages: Readonly<Record<string, () => string>> = {
    additionalProperties: () => `unknown property "${String(params['additionalProperty'])}"; remove it`,
    required: () => `add "${String(params['missingProperty'])}"`,
    enum: () => `use one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}`,
    const: () => `must be ${JSON.stringify(params['allowedValue'])}`,
    contains: () => 'add the empty text ""',
    format: () => 'name a field of this contract',
    not: () => 'is a reserved name, or contains `__`; choose another',
    pattern: () => `write it so that it matches ${String(params['pattern'])}`,
    propertyNames: () => `invalid property name "${String(params['propertyName'])}"; correct it`,
  }
  return [error.instancePath, messages[error.keyword]?.() ?? `${error.message ?? 'is invalid'}; correct it`]
}
