/**
 * Parts of TypeBox schemas that all modules use. A schema is the one place where a shape is written: its type,
 * its validation and its OpenAPI follow from it.
 */
import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox'

/** The type of a schema's values, which are not changed once made. */
export type Shape<Schema extends TSchema> = Frozen<Static<Schema>>

type Frozen<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends readonly (infer Item)[]
      ? readonly Frozen<Item>[]
      : { readonly [Name in keyof Value]: Frozen<Value[Name]> }

/** Keeps apart what the type says and what the OpenAPI shows: a text that has only these values. */
export const textOf = <Value extends string>(description: string) =>
  Type.Unsafe<Value>(Type.String({ description }))

export const Text = (description: string) => Type.String({ description })
export const Whole = (description: string) => Type.Integer({ minimum: 0, description })
export const Day = (description: string) => Type.String({ format: 'date', description })
export const Instant = (description: string) => Type.String({ format: 'date-time', description })
export const Link = (description: string) => Type.String({ format: 'uri-reference', description })

/** A list that a reader of the value can't change, so that stored lists are returned as they are. */
export const listOf = <Item extends TSchema>(item: Item, description: string, options: TSchemaOptions = {}) =>
  Type.Immutable(Type.Array(item, { ...options, description }))

/** A value or null; the description says when it is null. */
export const orNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description })

export const TextOrNull = (description: string) => orNull(Type.String(), description)

export const BilingualSchema = Type.Object(
  { zh: Text('Chinese.'), en: Text('English.') },
  { description: 'The text in Chinese and English.' },
)
