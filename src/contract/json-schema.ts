/**
 * One published record as JSON Schema 2020-12, for OpenAPI and for whoever validates what we answer. Follows from the
 * contract and its code lists alone.
 */
import { type Contract, type Field, mayBeNull } from './contract.ts'
import type { Contracts } from './contracts.ts'
import { fieldType } from './field-types.ts'
import { codesOf, jsonValue } from './labels.ts'

type Schema = Readonly<Record<string, unknown>>

export interface RecordSchemaOptions {
  /** With `true` every field must be there. Left out, none must: `select` may leave fields out of an answer. */
  readonly complete?: boolean
}

/** The JSON Schema of one record. A field is nullable unless a provider must fill it and control never empties it. */
export function recordSchema(
  contract: Contract,
  contracts: Contracts,
  { complete = false }: RecordSchemaOptions = {},
): Schema {
  const names = contract.fields.map((field) => field.name)
  return {
    title: contract.title.en,
    description: `${contract.title.zh}: ${contract.description.zh}\n\n${contract.title.en}: ${contract.description.en}`,
    type: 'object',
    properties: Object.fromEntries(
      contract.fields.map((field) => [field.name, fieldSchema(field, contracts, mayBeNull(contract, field))]),
    ),
    ...(complete ? { required: names } : {}),
    additionalProperties: false,
  }
}

/** The JSON Schema of one field's value, with its codes, titles, bounds and example. */
export function fieldSchema(field: Field, contracts: Contracts, nullable: boolean): Schema {
  const allowed = valueSchema(field, contracts)
  const example = field.example === undefined ? undefined : jsonValue(field, field.example)
  const unit = field.unit === undefined ? '' : ` (${field.unit})`
  return {
    title: `${field.title.zh} / ${field.title.en}${unit}`,
    description: `${field.description.zh}\n\n${field.description.en}`,
    ...(nullable ? { anyOf: [allowed, { type: 'null' }] } : allowed),
    ...(example === undefined ? {} : { examples: [example] }),
  }
}

function valueSchema(field: Field, contracts: Contracts): Schema {
  const { minimum, maximum, minLength, maxLength, pattern, enum: values } = field.constraints ?? {}
  const codes = codesOf(contracts, field)?.map(({ code, label }) => ({
    const: code,
    title: `${label.zh} / ${label.en}`,
  }))
  const ofText = {
    ...(pattern === undefined ? {} : { pattern }),
    ...(values === undefined ? {} : { enum: values }),
    ...(codes === undefined ? {} : { oneOf: codes }),
  }
  const type = fieldType(field.type).schema(field)
  if (field.type === 'list') {
    return {
      ...type,
      items: { type: 'string', ...ofText },
      ...(minLength === undefined ? {} : { minItems: minLength }),
      ...(maxLength === undefined ? {} : { maxItems: maxLength }),
    }
  }
  return {
    ...type,
    ...ofText,
    // JSON Schema has no bounds of days and times.
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
  }
}
