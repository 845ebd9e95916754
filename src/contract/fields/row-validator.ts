/**
 * Compiles the constraints of fields into one ajv validator over a row of canonical texts.
 * Ajv coerces nothing: it receives each text as the JSON value of its field type.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { Bilingual } from '../../platform/language.ts'
import type { Constraints, Field } from '../contract.ts'
import { fieldType, listSeparator } from './field-types.ts'

/** A constraint that a value violates. It never holds the value. */
interface ConstraintFault {
  /** Index of the field in the fields that the validator was built from. */
  readonly index: number
  readonly constraint: keyof Constraints
  /** The expected value. */
  readonly expected: Bilingual
}

/** Checks a row of canonical texts, in the order of the fields; a valid row gives an empty list. */
type RowValidator = (values: readonly (string | null)[]) => readonly ConstraintFault[]

const none: readonly ConstraintFault[] = []

/**
 * The validator of a row, compiled once for the same fields: that takes longer than validating a thousand rows.
 * Throws a plain Error if a constraint does not fit its field.
 */
export function buildRowValidator(fields: readonly Field[]): RowValidator {
  const [first] = fields
  if (first === undefined) return () => none
  const compiled = validators.get(first) ?? []
  const known = compiled.find((one) => isSameList(one.fields, fields))
  if (known !== undefined) return known.validate
  const validate = compileRowValidator(fields)
  validators.set(first, [...compiled, { fields: [...fields], validate }])
  return validate
}

/** By the first field, and dropped with it: a contract that is loaded again has other fields. */
const validators = new WeakMap<
  Field,
  readonly { readonly fields: readonly Field[]; readonly validate: RowValidator }[]
>()

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}

function compileRowValidator(fields: readonly Field[]): RowValidator {
  const bound = fields.flatMap((field, index) => (isBound(field.constraints) ? [{ field, index }] : []))
  if (bound.length === 0) return () => none
  const ajv = buildAjv()
  const validate = ajv.compile({ type: 'array', prefixItems: bound.map(({ field }) => schemaOf(field)) })
  const convert = bound.map(({ field, index }) => ({ index, toJson: converter(field) }))
  // One array is reused for all rows.
  const row: unknown[] = []
  return (values) => {
    for (const [at, { index, toJson }] of convert.entries()) {
      const text = values[index]
      row[at] = text === null || text === undefined ? null : toJson(text)
    }
    if (validate(row)) return none
    return faultsOf(validate.errors ?? [], bound)
  }
}

function isBound(constraints: Constraints | undefined): constraints is Constraints {
  return constraints !== undefined && Object.values(constraints).some((value) => value !== undefined)
}

/** Adds a `minimum` for days and texts, which compares canonical texts; JSON Schema has no such keyword. */
function buildAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    // The contract is already valid. Compiling the metaschema takes 40 times as long as the rows' schema.
    meta: false,
    validateSchema: false,
  })
  const compare = (keyword: string, holds: (text: string, bound: string) => boolean) =>
    ajv.addKeyword({
      keyword,
      type: 'string',
      schemaType: 'string',
      compile: (bound: string) => (text: string) => holds(text, bound),
    })
  compare('textMinimum', (text, bound) => text >= bound)
  compare('textMaximum', (text, bound) => text <= bound)
  return ajv
}

const isNumeric = (field: Field) => field.type === 'integer' || field.type === 'number'

function converter(field: Field): (text: string) => unknown {
  // Up to 15 digits, a number and its bound are the same double exactly when they are equal.
  if (isNumeric(field)) return Number
  if (field.type === 'list') return (text) => text.split(listSeparator)
  return (text) => text
}

function schemaOf(field: Field): Record<string, unknown> {
  const { required, minimum, maximum, minLength, maxLength, pattern, enum: values } = field.constraints ?? {}
  const list = field.type === 'list'
  const element: Record<string, unknown> = {}
  // As in XML Schema, which Table Schema follows, a pattern matches the whole text.
  if (pattern !== undefined) element['pattern'] = `^(?:${pattern})$`
  if (values !== undefined) element['enum'] = values.map((value) => canonical(field, value))
  const schema: Record<string, unknown> = list ? { items: element } : element
  const bounds = isNumeric(field)
    ? (['minimum', 'maximum'] as const)
    : (['textMinimum', 'textMaximum'] as const)
  if (minimum !== undefined) schema[bounds[0]] = isNumeric(field) ? finite(field, minimum) : String(minimum)
  if (maximum !== undefined) schema[bounds[1]] = isNumeric(field) ? finite(field, maximum) : String(maximum)
  if (minLength !== undefined) schema[list ? 'minItems' : 'minLength'] = minLength
  if (maxLength !== undefined) schema[list ? 'maxItems' : 'maxLength'] = maxLength
  if (required === true) return { not: { type: 'null' }, ...schema }
  if (!list && values !== undefined) schema['enum'] = [...(element['enum'] as unknown[]), null]
  return schema
}

function finite(field: Field, bound: number | string): number {
  const value = Number(bound)
  if (!Number.isFinite(value)) throw new Error(`A bound of the field ${field.name} is not a number.`)
  return value
}

function canonical(field: Field, value: string): unknown {
  if (field.type === 'list') return value
  const text = fieldType(field.type).parse(value, field)
  if (text === undefined) throw new Error(`An enum value of the field ${field.name} is not of its type.`)
  return isNumeric(field) ? Number(text) : text
}

const constraintOf: Readonly<Record<string, keyof Constraints>> = {
  not: 'required',
  minimum: 'minimum',
  textMinimum: 'minimum',
  maximum: 'maximum',
  textMaximum: 'maximum',
  minLength: 'minLength',
  minItems: 'minLength',
  maxLength: 'maxLength',
  maxItems: 'maxLength',
  pattern: 'pattern',
  enum: 'enum',
}

function faultsOf(errors: readonly ErrorObject[], bound: readonly { field: Field; index: number }[]) {
  const faults: ConstraintFault[] = []
  const seen = new Set<string>()
  const missing = new Set(
    errors.filter((error) => error.keyword === 'not').map((error) => error.instancePath),
  )
  for (const { instancePath, keyword } of errors) {
    const constraint = constraintOf[keyword]
    const place = bound[Number(instancePath.split('/')[1])]
    if (constraint === undefined || place === undefined) continue
    // A missing value also fails its enum; only the missing value is worth reporting.
    if (constraint !== 'required' && missing.has(instancePath)) continue
    // Several elements of a list may fail the same constraint; report the cell once.
    if (seen.has(`${place.index} ${constraint}`)) continue
    seen.add(`${place.index} ${constraint}`)
    faults.push({ index: place.index, constraint, expected: expectedOf(place.field, constraint) })
  }
  return faults
}

const lengthText = (length: number | undefined, isList: boolean) =>
  `${length} ${isList ? 'element' : 'character'}${length === 1 ? '' : 's'}`

function expectedOf(field: Field, constraint: keyof Constraints): Bilingual {
  const bounds = field.constraints ?? {}
  const list = field.type === 'list'
  const table: Record<keyof Constraints, () => Bilingual> = {
    required: () => ({ zh: '不能为空', en: 'a value' }),
    minimum: () => ({ zh: `不小于 ${bounds.minimum}`, en: `at least ${bounds.minimum}` }),
    maximum: () => ({ zh: `不大于 ${bounds.maximum}`, en: `at most ${bounds.maximum}` }),
    minLength: () => ({
      zh: `至少 ${bounds.minLength} ${list ? '项' : '个字符'}`,
      en: `at least ${lengthText(bounds.minLength, list)}`,
    }),
    maxLength: () => ({
      zh: `至多 ${bounds.maxLength} ${list ? '项' : '个字符'}`,
      en: `at most ${lengthText(bounds.maxLength, list)}`,
    }),
    pattern: () => ({ zh: `符合格式 ${bounds.pattern}`, en: `a text of the form ${bounds.pattern}` }),
    enum: () => ({
      zh: `下列之一：${bounds.enum?.join('、')}`,
      en: `one of ${bounds.enum?.join(', ')}`,
    }),
  }
  return table[constraint]()
}
