/**
 * The parameters of the record routes for OpenAPI: the filters of each field of a contract, with code list,
 * unit and example. Pure. It lists exactly what `planRecords` accepts.
 */

import {
  type Contract,
  type Contracts,
  codesOf,
  coordinateFields,
  type Field,
  fieldType,
  jsonValue,
  labelOf,
  listSeparator,
} from '../../contract/index.ts'
import { inLanguage, type Language } from '../../platform/language.ts'
import { sortableFields } from '../tables.ts'
import { type OperatorName, operators, operatorsOf, parameterName } from './filters.ts'
import { coordinateNames } from './plan.ts'

type Json = Readonly<Record<string, unknown>>

/** One parameter after OpenAPI. */
export interface DescribedParameter {
  readonly name: string
  readonly in: 'query'
  readonly required: false
  readonly description?: string
  readonly schema: Json
  readonly [member: string]: unknown
}

export interface DescribeOptions {
  readonly contracts: Contracts
  /** The language of descriptions; both languages if undefined. */
  readonly language: Language | undefined
  /** The schema of one code of a list. */
  readonly codes: (list: string) => Json
}

const compares: ReadonlySet<string> = new Set(['ne', 'gt', 'gte', 'lt', 'lte'])

/** Every operator of every field of a contract. */
export function describeFilters(contract: Contract, options: DescribeOptions): readonly DescribedParameter[] {
  return contract.fields.flatMap((field) =>
    operatorsOf(field).map((operator): DescribedParameter => {
      const { expects, description } = operators[operator]
      const { example, ...form } = forms[expects](field, options)
      const meaning = inLanguage(description, options.language, ' / ')
      return {
        name: parameterName(field, operator),
        in: 'query',
        required: false,
        description:
          operator === 'eq'
            ? describeField(field, options)
            : `${nameOf(field, options)}: ${meaning}${options.language === 'zh' ? '。' : '.'}`,
        ...form,
        // Comparisons take the same value as equality, which has the example.
        schema:
          example === undefined || compares.has(operator)
            ? form.schema
            : { ...form.schema, examples: [example] },
      }
    }),
  )
}

/** What the record routes accept for one dataset: fields to select, to sort by and to filter by. */
export const recordsPart = {
  segment: 'records',
  lacks: (contract: Contract) =>
    coordinateFields(contract) === undefined
      ? { parameters: coordinateNames, extensions: ['geojson'] }
      : { parameters: [], extensions: [] },
  parameters: (contract: Contract, options: DescribeOptions): readonly DescribedParameter[] => {
    const names = contract.fields.map(({ name }) => name)
    const sortable = sortableFields(contract).map(({ name }) => name)
    return [
      listOf('select', names),
      listOf(
        'sort',
        sortable.flatMap((name) => [name, `-${name}`]),
      ),
      ...describeFilters(contract, options),
    ]
  },
} as const

/** A parameter that lists names of this contract; its description comes from the generic route. */
export function listOf(name: string, members: readonly string[]): DescribedParameter {
  return {
    name,
    in: 'query',
    required: false,
    style: 'form',
    explode: false,
    schema: { type: 'array', items: { type: 'string', enum: members }, examples: [members.slice(0, 1)] },
  }
}

interface Form {
  readonly schema: Json
  /**
   * Inside the schema: as the parameter's own, /docs would fill all filters in at once, and nothing fits them
   * all.
   */
  readonly example: unknown
  readonly [member: string]: unknown
}

/** Schema and example of each kind of value. */
const forms: Readonly<
  Record<(typeof operators)[OperatorName]['expects'], (field: Field, options: DescribeOptions) => Form>
> = {
  value: (field, options) => ({ schema: elementSchema(field, options), example: exampleOf(field, options) }),
  values: (field, options) => {
    const example = exampleOf(field, options)
    return {
      style: 'form',
      explode: false,
      schema: { type: 'array', items: elementSchema(field, options) },
      example: example === undefined ? undefined : [example],
    }
  },
  bound: (field, options) => ({
    schema: fieldType(field.type).schema(field),
    example: exampleOf(field, options),
  }),
  text: (field, options) => ({ schema: { type: 'string' }, example: exampleOf(field, options) }),
  boolean: () => ({ schema: { type: 'boolean' }, example: false }),
  label: (field, options) => ({ schema: { type: 'string' }, example: labelOfExample(field, options) }),
}

/** A filter names one element of a list; the field itself holds several. */
function elementSchema(field: Field, { codes }: DescribeOptions): Json {
  if (field.codes !== undefined) return codes(field.codes)
  return field.type === 'list' ? { type: 'string' } : fieldType(field.type).schema(field)
}

/** One element: the contract's example, else the first code. */
function exampleOf(field: Field, { contracts }: DescribeOptions): unknown {
  if (field.example === undefined) return codesOf(contracts, field)?.[0]?.code
  return field.type === 'list' ? field.example.split(listSeparator)[0] : jsonValue(field, field.example)
}

function labelOfExample(field: Field, options: DescribeOptions): string | undefined {
  const code = exampleOf(field, options)
  const list = field.codes
  if (list === undefined || typeof code !== 'string') return undefined
  return labelOf(options.contracts, list, code)?.[options.language ?? 'zh']
}

function nameOf(field: Field, { language }: DescribeOptions): string {
  const unit = field.unit === undefined ? '' : ` (${field.unit})`
  return `${inLanguage(field.title, language)}${unit}`
}

/** More labels than this make a description unreadable; readers find them in the code list. */
const labelsMax = 40

function describeField(field: Field, options: DescribeOptions): string {
  const { contracts, language } = options
  const stop = language === 'zh' ? '。' : '. '
  const codes = codesOf(contracts, field) ?? []
  const labels = codes.length > labelsMax ? [] : codes
  return [
    `${nameOf(field, options)}${stop}${inLanguage(field.description, language)}`,
    ...labels.map(({ code, label }) => `* \`${code}\` ${inLanguage(label, language)}`),
  ].join('\n')
}
