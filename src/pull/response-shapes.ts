/**
 * Validates the source's responses against the shapes that the puller depends on. Names become paths and tables, so they
 * must match patterns; unknown members of a newer source are allowed. These are bounds on a foreign service's
 * answers, so they are not derived from this one's schemas.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import Type, { type Static, type TSchema } from 'typebox'

const Name = Type.String({ pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$', maxLength: 63 })
const Edition = Type.String({ pattern: '^\\d{4}(-\\d{4})?$' })
const Whole = Type.Integer({ minimum: 1, maximum: 999_999 })
const Count = Type.Integer({ minimum: 0 })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Format = Type.String({ pattern: '^[a-z][a-z0-9.-]{0,30}$' })
const Text = Type.String({ maxLength: 100_000 })
const Cursor = Type.String({ minLength: 1, maxLength: 4_096 })
const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const Released = Type.Object({
  records: Count,
  sha256: Sha256,
  contractVersion: Whole,
  distributions: Type.Array(Type.Object({ format: Format, bytes: Count, sha256: Sha256 })),
})

/** A change of the feed, as far as the puller needs it. Of an unknown type only the position matters. */
const Change = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{8,64}$' }),
  cursor: Cursor,
  type: Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', maxLength: 63 }),
  at: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[\\d:.]+Z$' }),
  dataset: Name,
  edition: OrNull(Edition),
  version: OrNull(Whole),
  reason: OrNull(Text),
  contract: Type.Optional(
    Type.Object({
      contractVersion: Whole,
      sha256: Sha256,
      verdict: OrNull(Type.Enum(['compatible', 'additive', 'breaking'])),
      notice: Type.Optional(Type.Object({ since: Text, sunset: Text })),
    }),
  ),
  released: Type.Optional(Released),
})

export const Page = Type.Object({
  data: Type.Array(Change),
  meta: Type.Object({
    origin: Type.String({ minLength: 1, maxLength: 200 }),
    more: Type.Boolean(),
    cursor: Cursor,
  }),
})

/** The immutable facts of a version: the same at any time and from any address. */
export const ResponseFacts = Type.Object({
  dataset: Name,
  edition: Edition,
  version: Whole,
  contractVersion: Whole,
  period: Type.Object({
    start: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    end: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
  }),
  publishedAt: Text,
  reason: OrNull(Text),
  records: Count,
  sha256: Sha256,
  difference: OrNull(Type.Object({ against: Whole, added: Count, removed: Count, changed: Count })),
  synthetic: Type.Boolean(),
  parts: Type.Array(Type.Object({ provider: Text, rows: Type.Optional(Count) })),
  waivers: Type.Array(Type.Object({ provider: Text, reason: Text })),
  warnings: Type.Array(Type.Object({ check: Text, count: Count })),
  suppressions: Type.Record(Type.String(), Type.Unknown()),
  distributions: Type.Array(
    Type.Object({ name: Text, format: Format, mediaType: Text, bytes: Count, sha256: Sha256 }),
  ),
})

const Bilingual = Type.Object({ zh: Text, en: Text })

/** A contract, as far as a copy depends on it. Its digest proves that it is the one in the feed. */
export const ContractShape = Type.Object({
  dataset: Name,
  contractVersion: Whole,
  title: Bilingual,
  fields: Type.Array(
    Type.Object({
      name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,49}$' }),
      type: Type.Enum(['string', 'integer', 'number', 'boolean', 'date', 'time', 'datetime', 'list']),
      title: Bilingual,
      description: Bilingual,
      unit: Type.Optional(Text),
      codes: Type.Optional(Name),
    }),
    { minItems: 1, maxItems: 1_000 },
  ),
  primaryKey: Type.Array(Type.String(), { minItems: 1 }),
})

/** A Table Schema, from which the puller takes the labels of codes. */
export const TableSchemaShape = Type.Object({
  fields: Type.Array(
    Type.Object({
      name: Text,
      codes: Type.Optional(Type.Array(Type.Object({ value: Text, titles: Bilingual }))),
    }),
  ),
})

/** A problem from the source (RFC 9457). */
export const ProblemShape = Type.Object({
  code: Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', maxLength: 63 }),
  title: Text,
  hint: Type.Optional(Text),
  detail: Type.Optional(Text),
})

export type FeedPage = Static<typeof Page>
export type SourceChange = FeedPage['data'][number]
export type PulledFacts = Static<typeof ResponseFacts>
export type PulledContract = Static<typeof ContractShape>

/** One code of a list with its labels. */
export interface CodeRow {
  readonly list: string
  readonly code: string
  readonly zh: string
  readonly en: string
}

const validators = new WeakMap<TSchema, (value: unknown) => boolean>()

/** Whether a value matches a shape. */
export function isOf<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  const known = validators.get(schema) ?? new Ajv2020({ meta: false, validateSchema: false }).compile(schema)
  validators.set(schema, known)
  return known(value) === true
}

/** Parses JSON; undefined if it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
