/**
 * Holds a contract against datasets/contract.schema.json and says in plain words what to mend. Needs no list of the
 * schema's words: an added property of a contract is added there and in the type, nowhere here.
 */
import { readFile } from 'node:fs/promises'
import { Ajv2020, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { packageFile } from '../platform/package-root.ts'
import type { Complaint } from './contract-errors.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Complaints about a value parsed from JSON; none means that it has the shape of a Contract. */
export type SchemaCheck = (value: unknown) => readonly Complaint[]

/** Reads and compiles the schema of contracts. */
export async function readContractSchema(): Promise<SchemaCheck> {
  const schema: SchemaObject = JSON.parse(
    await readFile(packageFile('datasets/contract.schema.json'), 'utf8'),
  )
  return compileSchema(schema)
}

/**
 * Checks values against a JSON Schema 2020-12. A string of `format: "field-name"` must name one of the fields given: so
 * a check or a rule says in its own schema which of its parameters are names of fields. A schema is compiled once.
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
  /** The fields of the contract that is looked at: validators run to their end, so one is at work at a time. */
  readonly names: { known: readonly string[] }
}

/** A schema is compiled once, however many contracts use it: compiling takes a hundred times as long as checking. */
const compiled = new WeakMap<JsonSchema, Compiled>()

function compiledOnce(schema: JsonSchema): Compiled {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const names: Compiled['names'] = { known: [] }
  const ajv = new Ajv2020({
    allErrors: true,
    // The schemas are ours, and a test holds them to the metaschema; compiling that for each would slow every start.
    meta: false,
    validateSchema: false,
    // A union of types is meant where it stands: bounds are numbers or days.
    allowUnionTypes: true,
    // Tidying the code of a validator takes longer than a start's contracts gain by it.
    code: { optimize: false },
    formats: { 'field-name': (text: string) => names.known.includes(text) },
  })
  const made = { validate: ajv.compile(schema), names }
  compiled.set(schema, made)
  return made
}

function complaint(error: ErrorObject): Complaint {
  const params = error.params as Readonly<Record<string, unknown>>
  const said: Readonly<Record<string, () => string>> = {
    additionalProperties: () => `has no place for "${String(params['additionalProperty'])}"; remove it`,
    required: () => `add "${String(params['missingProperty'])}"`,
    enum: () => `use one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}`,
    const: () => `must be ${JSON.stringify(params['allowedValue'])}`,
    contains: () => 'add the empty text ""',
    format: () => 'name a field of this contract',
    not: () => 'is a name that the service needs itself, or has `__` in it; choose another',
    pattern: () => `write it so that it matches ${String(params['pattern'])}`,
    propertyNames: () => `has the wrong name "${String(params['propertyName'])}"; mend the name`,
  }
  return [error.instancePath, said[error.keyword]?.() ?? `${error.message ?? 'is wrong'}; mend it`]
}
