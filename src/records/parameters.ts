/**
 * The parameters of records as documents describe them: for each field of a contract what filters it, with code list,
 * unit and example. Pure; what it lists is what `plan` takes.
 */
import { inLanguage, type Language } from '../base/text.ts'
import {
  type Contract,
  type Contracts,
  type Field,
  fieldType,
  jsonValue,
  listSeparator,
} from '../contract/index.ts'

type Json = Readonly<Record<string, unknown>>

/** One parameter after OpenAPI. */
export interface DescribedParameter {
  readonly name: string
  readonly in: 'query'
  readonly required: false
  readonly description: string
  readonly schema: Json
  readonly [member: string]: unknown
}

export interface DescribeOptions {
  readonly contracts: Contracts
  /** The language of descriptions; both where none is chosen. */
  readonly language: Language | undefined
  /** The schema that stands for one code of a list. */
  readonly codes: (list: string) => Json
}

/** Each field of a contract as filters. */
export function describeFilters(contract: Contract, options: DescribeOptions): readonly DescribedParameter[] {
  return contract.fields.map((field) => ({
    name: field.name,
    in: 'query',
    required: false,
    description: describe(field, options),
    schema: withExample(elementSchema(field, options), field),
  }))
}

/** What the filters of this room describe, for the document of a dataset. */
export const recordsPart = { segment: 'records', parameters: describeFilters } as const

/** A filter names one element of a list; the field itself holds several. */
function elementSchema(field: Field, { codes }: DescribeOptions): Json {
  if (field.codes !== undefined) return codes(field.codes)
  return field.type === 'list' ? { type: 'string' } : fieldType(field.type).schema(field)
}

/** Inside the schema: as the parameter's own, /docs would fill all filters in at once, and nothing fits them all. */
function withExample(schema: Json, field: Field): Json {
  if (field.example === undefined) return schema
  const example =
    field.type === 'list' ? field.example.split(listSeparator)[0] : jsonValue(field, field.example)
  return { ...schema, examples: [example] }
}

function describe(field: Field, { language }: DescribeOptions): string {
  const unit = field.unit === undefined ? '' : ` (${field.unit})`
  return `${inLanguage(field.title, language)}${unit}. ${inLanguage(field.description, language)}`
}
