/**
 * `$filter` of OData as filters of the records module: comparisons, `in`, `contains` and `startswith`, joined by `and`.
 * Refuses unknown properties and values of another type with 400, everything else of the language with 501.
 */
import type { Contract, Field, FieldTypeName } from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { type Filter, valueLengthMax, writeValues } from '../../records/index.ts'
import { filterInvalid, type Token, tokensOf } from './tokens.ts'

/** Most conditions in a filter: each is a condition of the SQL, and people write a handful. */
export const conditionsMax = 100

/** Deepest parentheses. Only `and` joins conditions, so none are needed. */
const depthMax = 20

/** Comparisons as operators of the records module. */
const comparisons = { eq: 'eq', ne: 'ne', gt: 'gt', ge: 'gte', lt: 'lt', le: 'lte' } as const

const functions = ['contains', 'startswith'] as const

/** The filters of a `$filter`. Throws `parameter-invalid`, `parameter-unknown` and `odata-unsupported`. */
export function parseFilter(text: string, contract: Contract): readonly Filter[] {
  if (/\0|\p{Surrogate}/u.test(text)) throw filterInvalid('It must be valid Unicode without NUL.')
  const reader = readTokens(tokensOf(text))
  const filters = readAll(reader, contract, 0)
  const rest = reader.peek()
  if (rest !== undefined) throw unexpected(rest)
  return filters
}

interface TokenReader {
  readonly peek: () => Token | undefined
  readonly next: () => Token
}

function readTokens(tokens: readonly Token[]): TokenReader {
  let position = 0
  return {
    peek: () => tokens[position],
    next: () => {
      const token = tokens[position]
      if (token === undefined) throw filterInvalid('It ends too early.')
      position += 1
      return token
    },
  }
}

/** Conditions joined by `and`, up to the end or a closing parenthesis. */
function readAll(reader: TokenReader, contract: Contract, depth: number): readonly Filter[] {
  if (depth > depthMax) throw filterInvalid(`At most ${depthMax} nested parentheses.`)
  const filters: Filter[] = []
  for (;;) {
    if (reader.peek()?.kind === 'open') {
      reader.next()
      filters.push(...readAll(reader, contract, depth + 1))
      expect(reader, 'close')
    } else {
      filters.push(readCondition(reader, contract))
    }
    if (filters.length > conditionsMax) throw filterInvalid(`At most ${conditionsMax} conditions.`)
    const joined = reader.peek()
    if (joined?.kind !== 'word') return filters
    if (joined.text !== 'and') throw unsupported(`\`${joined.text.slice(0, 50)}\``)
    reader.next()
  }
}

function readCondition(reader: TokenReader, contract: Contract): Filter {
  const first = reader.next()
  if (first.kind !== 'word')
    throw first.kind === 'close' ? unexpected(first) : unsupported('a literal on the left')
  const after = reader.peek()
  if (after?.kind === 'open') return readFunction(reader, contract, first)
  if (first.text === 'not') throw unsupported('`not`')
  const field = fieldOf(contract, first)
  const operator = reader.next()
  if (operator.kind !== 'word') throw unexpected(operator)
  if (operator.text === 'in') {
    const values = readList(reader).map((token) => textOf(token, field))
    return filterOf(field, 'in', writeValues(values))
  }
  const comparison = Object.entries(comparisons).find(([name]) => name === operator.text)?.[1]
  if (comparison === undefined) throw unsupported(`\`${operator.text.slice(0, 50)}\``)
  const value = reader.next()
  if (value.kind !== 'word' || value.text !== 'null') return filterOf(field, comparison, textOf(value, field))
  if (comparison === 'eq') return filterOf(field, 'isnull', 'true')
  if (comparison === 'ne') return filterOf(field, 'isnull', 'false')
  throw filterInvalid('Only eq and ne compare with null.')
}

function readFunction(reader: TokenReader, contract: Contract, name: Token): Filter {
  const known = functions.find((known) => known === name.text)
  if (known === undefined) throw unsupported(`\`${name.text.slice(0, 50)}(…)\``)
  expect(reader, 'open')
  const property = reader.next()
  if (property.kind !== 'word') throw unsupported('a function of something other than a property')
  if (reader.peek()?.kind === 'open') throw unsupported('a function of a function')
  const field = fieldOf(contract, property)
  expect(reader, 'comma')
  const value = reader.next()
  if (value.kind !== 'text') throw filterInvalid(`${known} needs a text in single quotes.`)
  expect(reader, 'close')
  return filterOf(field, known, checkedLength(value.text))
}

function readList(reader: TokenReader): readonly Token[] {
  expect(reader, 'open')
  const values = [reader.next()]
  while (reader.peek()?.kind === 'comma') {
    reader.next()
    values.push(reader.next())
  }
  expect(reader, 'close')
  return values
}

function expect(reader: TokenReader, kind: Token['kind']): void {
  const token = reader.next()
  if (token.kind !== kind) throw unexpected(token)
}

function fieldOf({ fields }: Contract, { text }: Token): Field {
  const field = fields.find(({ name }) => name === text)
  if (field === undefined) {
    if (text.includes('/')) throw unsupported('a path of properties')
    const nearest = nearestOf(
      text.slice(0, 100),
      fields.map(({ name }) => name),
    )
    throw problem('parameter-invalid', {
      path: '$filter',
      detail: `The entity has no property ${text.slice(0, 100)}.`,
      ...defined({ nearest }),
    })
  }
  if (field.type === 'list') throw unsupported('a collection in $filter')
  return field
}

function filterOf(field: Field, operator: string, value: string): Filter {
  return {
    name: operator === 'eq' ? field.name : `${field.name}__${operator}`,
    field: field.name,
    operator,
    value,
  }
}

/** The literals that each type compares with. */
const literals = {
  string: ['text'],
  integer: ['number'],
  number: ['number'],
  boolean: ['word'],
  date: ['date'],
  // Edm.String, because Edm.TimeOfDay has no 24:00.
  time: ['text'],
  datetime: ['instant'],
  list: [],
} as const satisfies Record<FieldTypeName, readonly Token['kind'][]>

/** The value of a literal, as the records module reads it. Throws `parameter-invalid` for another type. */
function textOf({ kind, text }: Token, field: Field): string {
  const { type, name } = field
  if (!literals[type].some((known) => known === kind))
    throw filterInvalid(`${name} does not compare with such a value.`)
  if (text === '') throw filterInvalid(`${name} is never the empty text; compare with null.`)
  // Records have whole seconds.
  return checkedLength(kind === 'instant' ? text.replace(/\.0+(?=Z|[+-])/, '') : text)
}

function checkedLength(text: string): string {
  if (text.length > valueLengthMax) throw filterInvalid(`A value has at most ${valueLengthMax} characters.`)
  return text
}

function unexpected({ at }: Token) {
  return filterInvalid(`Character ${at} is not expected.`)
}

function unsupported(what: string) {
  return problem('odata-unsupported', { path: '$filter', detail: `Not supported: ${what}.` })
}
