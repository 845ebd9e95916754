/**
 * One published record as JSON Schema 2020-12, for OpenAPI and for clients that validate answers. Derived
 * from the contract and its code lists alone.
 */
import { defined } from '../../platform/defined.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import { type Contract, type Field, mayBeNull, standInOf } from '../contract.ts'
import type { Contracts } from '../contracts.ts'
import { fieldType } from '../fields/field-types.ts'
import { jsonValue, listCodes } from '../fields/labels.ts'

type Schema = Readonly<Record<string, unknown>>

interface FieldSchemaOptions {
  /** The language of titles and descriptions; without it, both. */
  readonly language?: Language
  /** A replacement for a code list, such as a reference to it; without it, the list is included. */
  readonly codes?: (list: string) => Schema
}

interface RecordSchemaOptions extends FieldSchemaOptions {
  /**
   * The required members: `all` of them, or those that a provider must fill (`filled`). Without it none is
   * required, because `select` may leave fields out of an answer.
   */
  readonly required?: 'all' | 'filled'
}

/** The JSON Schema of one record. A field is nullable if providers or disclosure control may empty it. */
export function recordSchema(
  contract: Contract,
  contracts: Contracts,
  { required, ...options }: RecordSchemaOptions = {},
): Schema {
  const { language } = options
  const needed = contract.fields.filter(
    ({ constraints }) => required === 'all' || (required === 'filled' && constraints?.required === true),
  )
  const about = (one: Language) => `${contract.title[one]}: ${contract.description[one]}`
  return {
    title: contract.title[language ?? 'en'],
    description: inLanguage({ zh: about('zh'), en: about('en') }, language, '\n\n'),
    type: 'object',
    properties: Object.fromEntries(
      contract.fields.map((field) => [
        field.name,
        fieldSchema(field, contracts, isNullable(contract, field), options),
      ]),
    ),
    ...(needed.length === 0 ? {} : { required: needed.map(({ name }) => name) }),
    additionalProperties: false,
  }
}

/** The JSON Schema of one field's value, with its codes, titles, bounds and example. */
export function fieldSchema(
  field: Field,
  contracts: Contracts,
  nullable: boolean,
  options: FieldSchemaOptions = {},
): Schema {
  const { language } = options
  const allowed = valueSchema(field, contracts, options)
  const example = field.example === undefined ? undefined : jsonValue(field, field.example)
  const unit = field.unit === undefined ? '' : ` (${field.unit})`
  return {
    title: `${inLanguage(field.title, language, ' / ')}${unit}`,
    description: inLanguage(field.description, language, '\n\n'),
    ...(nullable ? { anyOf: [allowed, { type: 'null' }] } : allowed),
    ...(example === undefined ? {} : { examples: [example] }),
  }
}

/** A code list as JSON Schema: each code once, with its newest label. */
function codesSchema(contracts: Contracts, list: string, language: Language | undefined): Schema {
  const titled = listCodes(contracts, list).map(({ code, label }) => ({
    const: code,
    title: inLanguage(label, language, ' / '),
  }))
  return { type: 'string', oneOf: titled }
}

function valueSchema(field: Field, contracts: Contracts, options: FieldSchemaOptions): Schema {
  const { minimum, maximum, minLength, maxLength, pattern, enum: values } = field.constraints ?? {}
  const { codes } = field
  const ofCodes =
    codes === undefined ? {} : (options.codes?.(codes) ?? codesSchema(contracts, codes, options.language))
  const ofText = {
    ...defined({ pattern, enum: values }),
    ...ofCodes,
  }
  const type = fieldType(field.type).schema(field)
  if (field.type === 'list') {
    return {
      ...type,
      items: '$ref' in ofText ? ofText : { type: 'string', ...ofText },
      ...defined({ minItems: minLength, maxItems: maxLength }),
    }
  }
  return {
    // A referenced schema declares its own type.
    ...('$ref' in ofText ? {} : type),
    ...ofText,
    // JSON Schema has no bounds for days and times.
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
    ...defined({ minLength, maxLength }),
  }
}

/** Readers may ask for nothing in place of a stand-in. */
function isNullable(contract: Contract, field: Field): boolean {
  return mayBeNull(contract, field) || standInOf(contract, field) !== undefined
}
