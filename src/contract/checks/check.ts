/**
 * A check is a pure rule over the values of one row. A contract names the check and gives its parameters.
 * A fault names the field and the expected value, never the value found.
 */
import type { Bilingual } from '../../platform/language.ts'
import type { CheckUse, Field, ProviderPart } from '../contract.ts'

/** Canonical texts of a row, in the order of the fields that the check was built for. */
type Values = readonly (string | null)[]

interface Fault {
  /** Name of the field to correct. */
  readonly field: string
  readonly expected: Bilingual
  readonly message: Bilingual
}

export interface CheckContext {
  /** The fields of a row, in order. */
  readonly fields: readonly Field[]
  /** The part that the rows belong to, if any. */
  readonly part?: ProviderPart | undefined
}

export type RowCheck = (values: Values) => Fault | undefined

export interface Check {
  readonly name: string
  readonly about: Bilingual
  /** JSON Schema (2020-12) of the use in a contract, without `check` and `severity`. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Whether every field that a use refers to must be a number. */
  readonly numeric?: boolean
  /** The fields that a use refers to. The use is valid against `parameters`. */
  readonly fields: (use: CheckUse, context: CheckContext) => readonly string[]
  /** Builds the check of a row. The use is valid against `parameters`; the context has all its `fields`. */
  readonly build: (use: CheckUse, context: CheckContext) => RowCheck
}

/** The index of a field in a row. Throws an Error if the row lacks it: the caller compares `fields` first. */
export function positionOf(context: CheckContext, name: string): number {
  const index = context.fields.findIndex((field) => field.name === name)
  if (index < 0) throw new Error(`A check was built for the field ${name}, which its rows do not have.`)
  return index
}

/** The titles of fields, joined for a message. */
export function titlesOf(context: CheckContext, names: readonly string[]): Bilingual {
  const fields = names.map((name) => context.fields[positionOf(context, name)])
  return {
    zh: fields.map((field) => field?.title.zh ?? '').join('、'),
    en: fields.map((field) => field?.title.en ?? '').join(', '),
  }
}

/** A parameter that is a field name. Throws an Error otherwise: the use is valid against its schema. */
export function nameOf(use: CheckUse, parameter: string): string {
  const value = use[parameter]
  if (typeof value !== 'string') throw new Error(`${use.check} needs the name of a field as ${parameter}.`)
  return value
}

/** A parameter that is a list of field names. */
export function namesOf(use: CheckUse, parameter: string): readonly string[] {
  const value = use[parameter]
  if (!Array.isArray(value) || !value.every((name): name is string => typeof name === 'string')) {
    throw new Error(`${use.check} needs names of fields as ${parameter}.`)
  }
  return value
}

/** The schemas of a parameter that names one field, and of one that names several. */
export const fieldName = { type: 'string', minLength: 1 } as const
export const fieldNames = (minItems: number) =>
  ({ type: 'array', items: fieldName, minItems, uniqueItems: true }) as const

/** The schema of a use, from the schemas of its parameters. Parameters not in `optional` are required. */
export function parametersSchema(
  properties: Readonly<Record<string, unknown>>,
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', additionalProperties: false, required, properties }
}
