/** A contract's published record as JSON Schema (2020-12). */
import type { Contract, Field } from './contract.ts'
import type { Contracts } from './contracts.ts'
import { fieldType } from './field-types.ts'

/** JSON Schema of one record as published; code lists stand as enumerations. */
export function recordSchema(contract: Contract, contracts: Contracts): Readonly<Record<string, unknown>> {
  const properties = Object.fromEntries(
    contract.fields.map((field) => [field.name, fieldSchema(field, contracts)]),
  )
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false }
}

function fieldSchema(field: Field, contracts: Contracts): Readonly<Record<string, unknown>> {
  const own = fieldType(field.type).schema(field)
  const codes = field.codes === undefined ? [] : [...contracts.codes(field.codes).byCode.keys()]
  return {
    title: `${field.title.zh} ${field.title.en}`,
    description: `${field.description.en} ${field.description.zh}`,
    anyOf: [{ ...own, ...(codes.length === 0 ? {} : { enum: codes }) }, { type: 'null' }],
  }
}
