/**
 * Filters: from `field__operator=value` to SQL conditions over a version's records. Pure: values become
 * parameters, identifiers come from the contract. Refuses fields, operators and values that the contract does
 * not have.
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
import { defined } from '../../platform/defined.ts'
import type { Bilingual } from '../../platform/language.ts'
import { problem } from '../../platform/problem.ts'
import { nearestText } from '../../platform/texts/nearest.ts'
import { parseValues, writeValues } from './values.ts'

/** A filter as parsed; its field and operator are not checked against a contract yet. */
export interface Filter {
  /** The parameter's name as written: `field` or `field__operator`. */
  readonly name: string
  readonly field: string
  readonly operator: string
  readonly value: string
}

/** What an operator expects after the `=`. */
type Expects = 'value' | 'values' | 'bound' | 'text' | 'boolean' | 'label'

interface Operator {
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

/** The array type for a field type, without collation: the column's own applies. */
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

/** Without the cast, ANY would read a scalar subquery as a set of rows. */
const isAmong: Operator['sql'] = (column, type, value) =>
  type === 'list' ? `${column} && ${value}` : `${column} = ANY(${value}::${arrayTypes[type]})`

const compares =
  (comparison: string): Operator['sql'] =>
  (column, _type, value) =>
    `${column} ${comparison} ${value}`

/** The operators. `eq` is the bare field name; every other operator follows `__`. */
export const operators = {
  eq: {
    types: [...scalarTypes, 'list'],
    expects: 'value',
    description: { zh: '等于；列表字段为含有该元素', en: 'equal to; for a list: contains this element' },
    sql: equals,
  },
  // Null counts as not equal, so that `field` and `field__ne` together match all records.
  ne: {
    types: [...scalarTypes, 'list'],
    expects: 'value',
    description: {
      zh: '不等于；没有值的记录也在内',
      en: 'not equal to; includes records without a value',
    },
    sql: (column, type, value) => `(${equals(column, type, value)}) IS NOT TRUE`,
  },
  gt: {
    types: orderedTypes,
    expects: 'bound',
    description: { zh: '大于；文本按字节比较', en: 'greater than; texts compare by bytes' },
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
    description: { zh: '小于；文本按字节比较', en: 'less than; texts compare by bytes' },
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
      en: 'one of several, separated by commas; put a value with a comma in double quotes',
    },
    sql: isAmong,
  },
  notin: {
    types: [...scalarTypes, 'list'],
    expects: 'values',
    description: {
      zh: '不等于其中任何一个；没有值的记录也在内',
      en: 'none of several; includes records without a value',
    },
    sql: (column, type, value) => `(${isAmong(column, type, value)}) IS NOT TRUE`,
  },
  // Not LIKE, in which `%`, `_` and `\` are special.
  contains: {
    types: ['string'],
    expects: 'text',
    description: { zh: '含有该文本，逐字比较', en: 'contains exactly this text' },
    sql: (column, _type, value) => `strpos(${column}, ${value}) > 0`,
  },
  startswith: {
    types: ['string'],
    expects: 'text',
    description: { zh: '以该文本开头，逐字比较', en: 'begins with exactly this text' },
    sql: (column, _type, value) => `starts_with(${column}, ${value})`,
  },
  isnull: {
    types: [...scalarTypes, 'list'],
    expects: 'boolean',
    description: { zh: 'true 为没有值，false 为有值', en: '`true`: has no value; `false`: has a value' },
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

/** The operators that a field supports, in the order of the table. */
export function operatorsOf(field: Field): readonly OperatorName[] {
  return operatorEntries
    .filter(
      ([name, { types }]) => types.includes(field.type) && (name !== 'label' || field.codes !== undefined),
    )
    .map(([name]) => name)
}

/** The parameter name of a field and an operator. */
export function parameterName(field: Field, operator: OperatorName): string {
  return operator === 'eq' ? field.name : `${field.name}__${operator}`
}

/**
 * A filter checked against its contract, with its value in canonical form: equal conditions have equal
 * values.
 */
export interface Condition {
  readonly field: Field
  readonly operator: OperatorName
  readonly value: string
}

/**
 * Registers a value and returns the SQL for it, cast to the type it is compared with: `$3::text::bigint`, or
 * an expression that reads a setting in statements that take no parameters.
 */
export type Bind = (value: string, cast?: (text: string) => string) => string

/**
 * Checks filters against a contract. Throws `parameter-unknown` with the nearest name, and
 * `parameter-invalid` naming the parameter and what it expects. `own` are the route's parameters that are not
 * filters.
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
function conditionText({ field, operator, value }: Condition): string {
  return `${parameterName(field, operator)}=${value}`
}

/** Conditions as SQL over columns named like their fields. */
export function bindConditions(conditions: readonly Condition[], bind: Bind): readonly string[] {
  return conditions.map(({ field, operator, value }) => {
    const { sql, expects }: Operator = operators[operator]
    const column = quoteIdentifier(field.name)
    // Written out, because with a bound boolean the planner could not estimate how many rows match.
    if (expects === 'boolean') return value === 'true' ? `${column} IS NULL` : `${column} IS NOT NULL`
    const text = expects === 'values' ? arrayText(parseValues(field.name, value)) : value
    return sql(column, field.type, bind(text, castOf(expects, field.type)))
  })
}

function castOf(expects: Expects, type: FieldTypeName): (text: string) => string {
  if (expects === 'values') return (text) => `${text}::${arrayTypes[type]}`
  return type === 'list' || expects === 'text' ? (text) => text : fieldType(type).cast
}

/** Filters as conditions with parameters numbered from `offset` + 1. Throws as `resolveFilters` does. */
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

/** Binds values as `$n::text` and collects them in order. */
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
  // `field__eq` is refused: it would be a second spelling of the bare name.
  if (field === undefined || operator === undefined || parameterName(field, operator) !== filter.name) {
    throw unknown(filter, contract, own)
  }
  const supported = operatorsOf(field)
  if (!supported.includes(operator)) {
    throw problem('parameter-invalid', {
      path: filter.name,
      detail: `This field supports ${supported.map((name) => parameterName(field, name)).join(', ')}.`,
      operators: supported,
    })
  }
  const { expects }: Operator = operators[operator]
  const value = readers[expects](filter, field, contracts)
  return expects === 'label' ? { field, operator: 'eq', value } : { field, operator, value }
}

/** Lists fields and operators separately, since all combinations would fill a page. */
function unknown({ name, field: requested, operator }: Filter, { fields }: Contract, own: readonly string[]) {
  // Cut, because a caller may send a megabyte.
  const path = name.slice(0, nameLengthMax)
  const names = fields.flatMap((field) =>
    operatorsOf(field).map((operator) => parameterName(field, operator)),
  )
  const isBare = operator === 'eq' && fields.some((field) => field.name === requested)
  const nearest = isBare ? requested : nearestOf(path, [...own, ...names])
  return problem('parameter-unknown', {
    path,
    detail: 'Unknown parameter.',
    ...defined({ nearest }),
    known: [...own, ...fields.map((field) => field.name)],
    operators: operatorEntries.map(([known]) => known).filter((known) => known !== 'eq'),
  })
}

const nameLengthMax = 100

type Read = (filter: Filter, field: Field, contracts: Contracts) => string

const readers: Readonly<Record<Expects, Read>> = {
  value: ({ name, value }, field, contracts) => canonicalValue(name, field, value, contracts),
  values: ({ name, value }, field, contracts) => {
    const values = parseValues(name, value).map((item) => canonicalValue(name, field, item, contracts))
    return writeValues([...new Set(values)].sort())
  },
  // A bound need not be a valid value, so neither scale nor code list applies.
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
  // Lists are filtered by element.
  const value = field.type === 'list' ? text.trim() : parse(text.trim(), field)
  if (value === undefined || value === '') throw invalid(path, `Expected ${expected.en}.`)
  if (field.codes !== undefined && !contracts.codes(field.codes).byCode.has(value)) {
    const labelled = codesLabelled(value, field.codes, contracts)
    const nearest = labelled[0] ?? nearestCode(value, field.codes, contracts)
    const detail =
      labelled.length === 1
        ? `This is a label of the list ${field.codes}: filter by its code, or by \`${parameterName(field, 'label')}=${value}\`.`
        : `Expected a code of the list ${field.codes}.`
    throw invalid(path, detail, { codes: field.codes, ...defined({ nearest }) })
  }
  return value
}

/** The code that is nearest, or whose label is, in either language, as 篮球 is to 蓝球. */
function nearestCode(text: string, list: string, contracts: Contracts): string | undefined {
  const { byCode, codes } = contracts.codes(list)
  const labels = codes.flatMap(({ code, label }) =>
    [label.zh, label.en].map((own) => ({ text: own.toLowerCase(), value: code })),
  )
  return nearestText(text.toLowerCase(), labels) ?? nearestOf(text, [...byCode.keys()])
}

/** The codes with this label, current or former, in either language, ignoring case. */
function codesLabelled(text: string, list: string, contracts: Contracts): readonly string[] {
  const wanted = text.trim().toLowerCase()
  const found = contracts
    .codes(list)
    .codes.filter(({ label }) => [label.zh, label.en].some((own) => own.toLowerCase() === wanted))
  return [...new Set(found.map(({ code }) => code))]
}

/** The code with this label, current or former, ignoring case. Refuses a label that several codes share. */
function codeOfLabel({ name, value }: Filter, field: Field, contracts: Contracts): string {
  const { codes: list = '' } = field
  const [code, ...others] = codesLabelled(value, list, contracts)
  if (code === undefined) {
    const labels = (codesOf(contracts, field) ?? []).flatMap(({ label }) => [label.zh, label.en])
    const nearest = nearestText(
      value.trim(),
      labels.map((text) => ({ text, value: text })),
    )
    throw invalid(name, `No code of the list ${list} has this label.`, {
      ...defined({ nearest }),
    })
  }
  if (others.length > 0) {
    const shared = [code, ...others]
    throw invalid(name, `The codes ${shared.join(', ')} share this label: filter by code.`, { codes: shared })
  }
  return code
}

/** Texts as a Postgres array literal, each quoted, so that no text can become several elements. */
function arrayText(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}
