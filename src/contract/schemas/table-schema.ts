/**
 * A contract as a Frictionless Table Schema, version 2 (https://datapackage.org/standard/table-schema/), for
 * the plain CSV. Derived from the contract alone; `titles` and `descriptions` are custom properties.
 */
import { defined } from '../../platform/defined.ts'
import type { Language } from '../../platform/language.ts'
import { type Contract, type Field, intakeFields, intakeKey, mayBeNull, standInOf } from '../contract.ts'
import type { Contracts } from '../contracts.ts'
import type { FieldTypeName } from '../fields/field-types.ts'
import { codesOf } from '../fields/labels.ts'

interface TableSchemaOptions {
  /** `published`: the fields of a distribution (the default). `intake`: the fields a provider delivers. */
  readonly fields?: 'published' | 'intake'
  /** The language of `title` and `description`; `titles` and `descriptions` always have both languages. */
  readonly language?: Language
}

/** Our types as Table Schema types, with properties where its defaults would be wrong. */
const types = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean', trueValues: ['true'], falseValues: ['false'] },
  date: { type: 'date' },
  // Table Schema's time requires seconds and has no 24:00, which is when a day's last session ends.
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
        intake
          ? field.constraints?.required === true && standInOf(contract, field) === undefined
          : !mayBeNull(contract, field),
      ),
    ),
    // In published files only the empty cell means a missing value.
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
    // An enum of a list field would apply to whole lists, so its elements' codes appear in `codes` only.
    ...(codes !== undefined && field.type !== 'list' ? { enum: codes.map(({ code }) => code) } : {}),
  }
  return {
    name: field.name,
    ...types[field.type],
    title: field.title[language],
    description: field.description[language],
    titles: field.title,
    descriptions: field.description,
    ...defined({ example: field.example }),
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(codes === undefined
      ? {}
      : { codes: codes.map(({ code, label }) => ({ value: code, titles: label })) }),
    ...(codes === undefined || field.type === 'list'
      ? {}
      : { categories: codes.map(({ code, label }) => ({ value: code, label: label[language] })) }),
    ...defined({ unit: field.unit }),
    role: field.role,
  }
}
