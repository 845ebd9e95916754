/**
 * Filters: from `field__operator=value` to SQL conditions over a version's records. Pure: values travel as parameters
 * only, identifiers come from the contract. Refuses fields, operators and values that the contract does not have.
 */

import {
  type Contract,
  type Contracts,
  codesOf,
  type Field,
  type FieldTypeName,
  fieldType,
} from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { nearestOf } from '../../http/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { parseValues, writeValues } from './values.ts'

/** A filter as text asks for it; nobody has asked yet whether there is such a field or operator. */
export interface Filter {
  /** The parameter as it was given: `field` or `field__operator`. */
  readonly name: string
  readonly field: string
  readonly operator: string
  readonly value: string
}

/** What an operator expects behind its `=`. */
type Expects = 'value' | 'values' | 'bound' | 'text' | 'boolean' | 'label'

export interface Operator {
  readonly types: readonly FieldTypeName[]
  readonly expects: Expects
  readonly description: Bilingual
  /** The condition on a column; `value` is SQL of the type that the operator compares with. */
  readonly sql: (column: string, type: FieldTypeName, value: string) => string
}

const scalarTypes: readonly FieldTypeName[] = [
  'string',
  'integer',
  'number',
  'boolean',
  'date',
  'time',
  'datetime',
]
const orderedTypes: readonly FieldTypeName[] = ['string', 'integer', 'number', 'date', 'time', 'datetime']

/** The array of a column's type, without its collation: the column's own decides. */
const arrayTypes: Readonly<Record<FieldTypeName, string>> = {
  string: 'text[]',
  integer: 'bigint[]',
  number: 'numeric[]',
  boolean: 'boolean[]',
  date: 'date[]',
  time: 'text[]',
  datetime: 'timestamptz[]',
  list: 'text[]',
}

const equals: Operator['sql'] = (column, type, value) =>
  type === 'list' ? `${column} @> ARRAY[${value}]` : `${column} = ${value}`

/** The cast changes nothing: without it ANY would take a value in a subquery for rows to look through. */
const isAmong: Operator['sql'] = (column, type, value) =>
  type === 'list' ? `${column} && ${value}` : `${column} = ANY(${value}::${arrayTypes[type]})`

const compares =
  (sign: string): Operator['sql'] =>
  (column, _type, value) =>
    `${column} ${sign} ${value}`

/** The operators. `eq` is the bare name of a field; every other one stands behind `__`. */
export const operators = {
  eq: {
    types: [...scalarTypes, 'list'],
    expects: 'value',
    description: { zh: '等于；列表字段为含有该元素', en: 'equal to; of a list: has this element' },
    sql: equals,
  },
  // What has no value is not the value either: `field` and `field__ne` together are all records.
  ne: {
    types: [...scalarTypes, 'list'],
    expects: 'value',
    description: {
      zh: '不等于；没有值的记录也在内',
      en: 'not equal to; records without a value are among them',
    },
    sql: (column, type, value) => `(${equals(column, type, value)}) IS NOT TRUE`,
  },
  gt: {
    types: orderedTypes,
    expects: 'bound',
    description: { zh: '大于；文本按字节比较', en: 'greater than; texts compare by their bytes' },
    sql: compares('>'),
  },
  gte: {
    types: orderedTypes,
    expects: 'bound',
    description: { zh: '大于或等于', en: 'greater than or equal to' },
    sql: compares('>='),
  },
  lt: {
    types: orderedTypes,
    expects: 'bound',
    description: { zh: '小于；文本按字节比较', en: 'less than; texts compare by their bytes' },
    sql: compares('<'),
  },
  lte: {
    types: orderedTypes,
    expects: 'bound',
    description: { zh: '小于或等于', en: 'less than or equal to' },
    sql: compares('<='),
  },
  in: {
    types: [...scalarTypes, 'list'],
    expects: 'values',
    description: {
      zh: '等于其中之一，以逗号分隔；含逗号的值加双引号',
      en: 'one of several, separated by commas; a value with a comma in it stands in double quotes',
    },
    sql: isAmong,
  },
  notin: {
    types: [...scalarTypes, 'list'],
    expects: 'values',
    description: {
      zh: '不等于其中任何一个；没有值的记录也在内',
      en: 'none of several; records without a value are among them',
    },
    sql: (column, type, value) => `(${isAmong(column, type, value)}) IS NOT TRUE`,
  },
  // Both take the text as it is: LIKE would give `%`, `_` and `\` a meaning of their own.
  contains: {
    types: ['string'],
    expects: 'text',
    description: { zh: '含有该文本，逐字比较', en: 'has this text in it, letter by letter' },
    sql: (column, _type, value) => `strpos(${column}, ${value}) > 0`,
  },
  startswith: {
    types: ['string'],
    expects: 'text',
    description: { zh: '以该文本开头，逐字比较', en: 'begins with this text, letter by letter' },
    sql: (column, _type, value) => `starts_with(${column}, ${value})`,
  },
  isnull: {
    types: [...scalarTypes, 'list'],
    expects: 'boolean',
    description: { zh: 'true 为没有值，false 为有值', en: '`true`: has no value; `false`: has one' },
    sql: (column, _type, value) => `(${column} IS NULL) = ${value}`,
  },
  label: {
    types: ['string', 'list'],
    expects: 'label',
    description: { zh: '代码的名称，中文或英文', en: 'label of the code, in Chinese or English' },
    sql: equals,
  },
} as const satisfies Record<string, Operator>

export type OperatorName = keyof typeof operators

const operatorEntries = Object.entries(operators) as unknown as readonly (readonly [OperatorName, Operator])[]

/** The operators that a field takes, in the order of the table. */
export function operatorsOf(field: Field): readonly OperatorName[] {
  return operatorEntries
    .filter(
      ([name, { types }]) => types.includes(field.type) && (name !== 'label' || field.codes !== undefined),
    )
    .map(([name]) => name)
}

/** The parameter by which a field is asked with an operator. */
export function parameterName(field: Field, operator: OperatorName): string {
  return operator === 'eq' ? field.name : `${field.name}__${operator}`
}

/** A condition that fits its contract, its value in the one canonical form: equal questions are equal values. */
export interface Condition {
  readonly field: Field
  readonly operator: OperatorName
  readonly value: string
}

/**
 * What a value becomes in a statement, cast to what it is compared with: `$3::text::bigint`, or what reads a setting
 * where a statement takes no parameters.
 */
export type Bind = (value: string, cast?: (text: string) => string) => string

/**
 * Holds filters against a contract. Throws `parameter-unknown` with the nearest name, and `parameter-invalid` naming
 * the parameter and what is expected there. `own` are the parameters that the address takes beside the fields.
 */
export function resolveFilters(
  filters: readonly Filter[],
  contract: Contract,
  contracts: Pick<Contracts, 'codes'>,
  own: readonly string[] = [],
): readonly Condition[] {
  const conditions = filters.map((filter) => resolve(filter, contract, contracts as Contracts, own))
  return conditions.sort((a, b) => (conditionText(a) < conditionText(b) ? -1 : 1))
}

/** The canonical text of a condition. */
export function conditionText({ field, operator, value }: Condition): string {
  return `${parameterName(field, operator)}=${value}`
}

/** Conditions as SQL on the columns that are named like their fields. */
export function bindConditions(conditions: readonly Condition[], bind: Bind): readonly string[] {
  return conditions.map(({ field, operator, value }) => {
    const { sql, expects }: Operator = operators[operator]
    const column = quoteIdentifier(field.name)
    // Said outright: a bound truth value would hide from the planner which of two very different questions it is.
    if (expects === 'boolean') return value === 'true' ? `${column} IS NULL` : `${column} IS NOT NULL`
    const text = expects === 'values' ? arrayText(parseValues(field.name, value)) : value
    return sql(column, field.type, bind(text, castOf(expects, field.type)))
  })
}

function castOf(expects: Expects, type: FieldTypeName): (text: string) => string {
  if (expects === 'values') return (text) => `${text}::${arrayTypes[type]}`
  return type === 'list' || expects === 'text' ? (text) => text : fieldType(type).cast
}

/** Filters as conditions with numbered parameters behind the first `offset`. Throws as `resolveFilters` does. */
export function planConditions(
  filters: readonly Filter[],
  contract: Contract,
  contracts: Pick<Contracts, 'codes'>,
  { own = [], offset = 0 }: { readonly own?: readonly string[]; readonly offset?: number } = {},
): { readonly conditions: readonly string[]; readonly parameters: readonly string[] } {
  const { bind, parameters } = numberedParameters(offset)
  const conditions = bindConditions(resolveFilters(filters, contract, contracts, own), bind)
  return { conditions, parameters }
}

/** Binds values as `$n::text`, collecting them in their order. */
export function numberedParameters(offset = 0): { readonly bind: Bind; readonly parameters: string[] } {
  const parameters: string[] = []
  const bind: Bind = (value, cast = (text) => text) => cast(`$${offset + parameters.push(value)}::text`)
  return { bind, parameters }
}

function resolve(
  filter: Filter,
  contract: Contract,
  contracts: Contracts,
  own: readonly string[],
): Condition {
  const field = contract.fields.find((candidate) => candidate.name === filter.field)
  const operator = operatorEntries.find(([name]) => name === filter.operator)?.[0]
  // `field__eq` would be a second name for the bare one.
  if (field === undefined || operator === undefined || parameterName(field, operator) !== filter.name) {
    throw unknown(filter, contract, own)
  }
  const taken = operatorsOf(field)
  if (!taken.includes(operator)) {
    throw problem('parameter-invalid', {
      path: filter.name,
      detail: `The field takes ${taken.map((name) => parameterName(field, name)).join(', ')}.`,
      operators: taken,
    })
  }
  const { expects }: Operator = operators[operator]
  const value = readers[expects](filter, field, contracts)
  return expects === 'label' ? { field, operator: 'eq', value } : { field, operator, value }
}

/** Names are told as fields and operators; all that they can be put together to would fill a page. */
function unknown({ name, field: asked, operator }: Filter, { fields }: Contract, own: readonly string[]) {
  // The name is cut: a caller may send a megabyte of it, and only its beginning helps to find the slip.
  const path = name.slice(0, nameLengthMax)
  const names = fields.flatMap((field) =>
    operatorsOf(field).map((operator) => parameterName(field, operator)),
  )
  const isBare = operator === 'eq' && fields.some((field) => field.name === asked)
  const nearest = isBare ? asked : nearestOf(path, [...own, ...names])
  return problem('parameter-unknown', {
    path,
    detail: 'The parameter is not known here.',
    ...(nearest === undefined ? {} : { nearest }),
    known: [...own, ...fields.map((field) => field.name)],
    operators: operatorEntries.map(([known]) => known).filter((known) => known !== 'eq'),
  })
}

const nameLengthMax = 100

type Read = (filter: Filter, field: Field, contracts: Contracts) => string

const readers: Readonly<Record<Expects, Read>> = {
  value: ({ name, value }, field, contracts) => canonicalValue(name, field, value, contracts),
  values: ({ name, value }, field, contracts) => {
    const values = parseValues(name, value).map((one) => canonicalValue(name, field, one, contracts))
    return writeValues([...new Set(values)].sort())
  },
  // A bound lies between values, so neither a scale nor a code list confines it.
  bound: ({ name, value }, field) => {
    const { parse, expected } = fieldType(field.type)
    const canonical = parse(value.trim(), {})
    if (canonical === undefined || canonical === '') throw invalid(name, `Expected ${expected.en}.`)
    return canonical
  },
  text: ({ value }) => value,
  boolean: ({ name, value }) => {
    if (value !== 'true' && value !== 'false') throw invalid(name, 'Expected true or false.')
    return value
  },
  label: codeOfLabel,
}

function invalid(path: string, detail: string, more: Readonly<Record<string, unknown>> = {}) {
  return problem('parameter-invalid', { path, detail, ...more })
}

function canonicalValue(path: string, field: Field, text: string, contracts: Contracts): string {
  const { parse, expected } = fieldType(field.type)
  // A list is asked for by its elements.
  const value = field.type === 'list' ? text.trim() : parse(text.trim(), field)
  if (value === undefined || value === '') throw invalid(path, `Expected ${expected.en}.`)
  if (field.codes !== undefined && !contracts.codes(field.codes).byCode.has(value)) {
    const nearest = nearestOf(value, [...contracts.codes(field.codes).byCode.keys()])
    throw invalid(path, `Expected a code of the list ${field.codes}.`, {
      codes: field.codes,
      ...(nearest === undefined ? {} : { nearest }),
    })
  }
  return value
}

/** The one code that a label stands for; also a former label of a code, and without regard to case. */
function codeOfLabel({ name, value }: Filter, field: Field, contracts: Contracts): string {
  const { codes: list = '' } = field
  const wanted = value.trim().toLowerCase()
  const entries = contracts.codes(list).codes
  const found = entries.filter(({ label }) =>
    [label.zh, label.en].some((text) => text.toLowerCase() === wanted),
  )
  const [code, ...others] = new Set(found.map((entry) => entry.code))
  if (code === undefined) {
    const labels = (codesOf(contracts, field) ?? []).flatMap(({ label }) => [label.zh, label.en])
    const nearest = nearestOf(value.trim(), labels)
    throw invalid(name, `No code of the list ${list} has this label.`, {
      ...(nearest === undefined ? {} : { nearest }),
    })
  }
  if (others.length > 0) {
    const shared = [code, ...others]
    throw invalid(name, `The codes ${shared.join(', ')} share this label: ask by code.`, { codes: shared })
  }
  return code
}

/** Texts as the text of a Postgres array, each in quotes, so that no text can be more than an element. */
function arrayText(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}
