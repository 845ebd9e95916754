/**
 * A contract as a Frictionless Table Schema, version 2 (https://datapackage.org/standard/table-schema/), for whoever
 * reads the plain CSV. Follows from the contract alone; `titles` and `descriptions` are custom properties.
 */
import type { Language } from '../../platform/language.ts'
import { type Contract, type Field, intakeFields, intakeKey, mayBeNull } from '../contract.ts'
import type { Contracts } from '../contracts.ts'
import type { FieldTypeName } from '../fields/field-types.ts'
import { codesOf } from '../fields/labels.ts'

export interface TableSchemaOptions {
  /** `published`: the fields of a distribution (the default). `intake`: those that a provider brings. */
  readonly fields?: 'published' | 'intake'
  /** The language of `title` and `description`; both languages always stand in `titles` and `descriptions`. */
  readonly language?: Language
}

/** Our types in the words of Table Schema, with what its defaults would read otherwise. */
const types = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean', trueValues: ['true'], falseValues: ['false'] },
  date: { type: 'date' },
  // Table Schema's time has seconds and no 24:00, with which a day's last session ends.
  time: { type: 'string' },
  datetime: { type: 'datetime' },
  list: { type: 'list', delimiter: ';' },
} as const satisfies Record<FieldTypeName, Readonly<Record<string, unknown>>>

/** The Table Schema of a contract as a JSON value. */
export function tableSchema(
  contract: Contract,
  contracts: Contracts,
  { fields = 'published', language = 'en' }: TableSchemaOptions = {},
): Readonly<Record<string, unknown>> {
  const intake = fields === 'intake'
  const chosen = intake ? intakeFields(contract) : contract.fields
  return {
    $schema: 'https://datapackage.org/profiles/2.0/tableschema.json',
    fields: chosen.map((field) =>
      tableField(
        field,
        contracts,
        language,
        intake ? field.constraints?.required === true : !mayBeNull(contract, field),
      ),
    ),
    // What we publish writes "nothing" as the empty cell alone.
    missingValues: intake ? contract.missingValues : [''],
    primaryKey: intake ? intakeKey(contract) : contract.primaryKey,
  }
}

function tableField(field: Field, contracts: Contracts, language: Language, required: boolean) {
  const codes = codesOf(contracts, field)
  const { required: _, ...rest } = field.constraints ?? {}
  const constraints = {
    ...rest,
    ...(required ? { required } : {}),
    ...(field.type === 'time' ? { pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$' } : {}),
    // An enumeration of a list would be of whole lists, so the codes of its elements stand in `codes` only.
    ...(codes !== undefined && field.type !== 'list' ? { enum: codes.map(({ code }) => code) } : {}),
  }
  return {
    name: field.name,
    ...types[field.type],
    title: field.title[language],
    description: field.description[language],
    titles: field.title,
    descriptions: field.description,
    ...(field.example === undefined ? {} : { example: field.example }),
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(codes === undefined
      ? {}
      : { codes: codes.map(({ code, label }) => ({ value: code, titles: label })) }),
    ...(codes === undefined || field.type === 'list'
      ? {}
      : { categories: codes.map(({ code, label }) => ({ value: code, label: label[language] })) }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    role: field.role,
  }
}
