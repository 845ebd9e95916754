/**
 * The shapes of a published version and of a change: the facts that readers see, and both as they are carried
 * to a mirror. Carried values come from outside, so their schemas have patterns and take no unknown members.
 */
import { Type } from 'typebox'
import { BilingualSchema, listOf, orNull, type Shape, Text, TextOrNull, Whole } from '../platform/shape.ts'

export interface VersionName {
  readonly dataset: string
  readonly edition: string
  readonly number: number
}

/** Name of a distribution's file: `{slug}-{edition}-v{n}.{extension}`. */
export function fileName(of: VersionName, extension: string): string {
  return `${of.dataset}-${of.edition}-v${of.number}.${extension}`
}

/** What one provider contributed to a version. */
const PartSchema = Type.Object({
  provider: Text('Code of the list `providers`.'),
  bundle: Text('SHA-256 of the bundle of the part.'),
  /** Absent in versions of earlier releases, whose rows come from `bundle` alone. */
  bundles: Type.Optional(
    listOf(
      Text('SHA-256 of a bundle.'),
      'All bundles that the rows come from: the bags of a group, and the bases of a delta.',
    ),
  ),
  /** Absent where the rows are about persons: their number would be the exact number of persons. */
  rows: Type.Optional(Whole('Number of rows.')),
  /** As the provider declared. */
  synthetic: Type.Boolean({ description: 'Whether the data are synthetic.' }),
})
export type PublishedPart = Shape<typeof PartSchema>

/** A missing part, and why the edition was published without it. */
export const WaiverSchema = Type.Object({
  provider: Text('Code of the list `providers`.'),
  reason: Text('Why its part is missing.'),
})
export type Waiver = Shape<typeof WaiverSchema>

/** The differences from another version, by key. */
export const DifferenceSchema = Type.Object({
  against: Whole('Number of the version compared with.'),
  added: Whole('Records whose key is new.'),
  removed: Whole('Records whose key no longer exists.'),
  changed: Whole('Records with the same key and a different value.'),
})
export type RecordDifference = Shape<typeof DifferenceSchema>

/** A format of the contract that can't hold the version, and why. */
const OmittedFormatSchema = Type.Object({ format: Text('Name of the format.'), reason: BilingualSchema })
export type OmittedFormat = Shape<typeof OmittedFormatSchema>

/** Facts about a version that readers may see. */
export const VersionFactsSchema = Type.Object({
  reason: TextOrNull('Why this version was published; null for the first.'),
  records: Type.Integer({ description: 'Number of records in this version.' }),
  digest: Text('SHA-256 of the plain CSV file: the same records, the same digest.'),
  difference: orNull(
    DifferenceSchema,
    'Difference from the previous current version, by key; null for the first, or if it was not counted.',
  ),
  parts: listOf(PartSchema, 'The part of each provider.'),
  waivers: listOf(WaiverSchema, 'Parts that are missing, and why the edition was published without them.'),
  warnings: listOf(
    Type.Object({ check: Text('Name of the check.'), count: Whole('How often it warned.') }),
    'Warnings from the checks of the data.',
  ),
  suppressions: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Counts of what disclosure control withheld.',
  }),
  omitted: listOf(
    OmittedFormatSchema,
    'Formats of the contract that cannot hold this version, each with the reason.',
  ),
})
export type VersionFacts = Shape<typeof VersionFactsSchema>

const name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,99}$' })
const edition = Type.String({ pattern: '^\\d{4}(-\\d{4})?$' })
const number = Type.Integer({ minimum: 1, maximum: 1_000_000_000 })
const count = Type.Integer({ minimum: 0 })
const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' })
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
const text = Type.String()
const exact = { additionalProperties: false }

/** One file of a version. */
const CarriedDistribution = Type.Object(
  {
    name: text,
    format: Type.String({ pattern: '^[a-z0-9.]{1,20}$' }),
    mediaType: text,
    bytes: count,
    digest,
  },
  exact,
)
export type StoredDistribution = Shape<typeof CarriedDistribution>

/** A version as sent to a mirror: every fact that readers may see, and nothing internal. */
export const CarriedVersionSchema = Type.Object(
  {
    dataset: name,
    edition,
    periodStart: day,
    periodEnd: day,
    number,
    contractVersion: number,
    ...VersionFactsSchema.properties,
    records: count,
    digest,
    difference: Type.Union([
      Type.Object({ ...DifferenceSchema.properties, against: number }, exact),
      Type.Null(),
    ]),
    publishedAt: instant,
    withdrawn: Type.Union([Type.Object({ at: instant, reason: text }, exact), Type.Null()]),
    distributions: listOf(CarriedDistribution, 'Its files.'),
  },
  exact,
)
export type CarriedVersion = Shape<typeof CarriedVersionSchema>

const changeKinds = [
  'contract-added',
  'version-published',
  'version-corrected',
  'version-withdrawn',
  'item-changed',
  'closure-changed',
] as const

export type ChangeKind = (typeof changeKinds)[number]

/** A change of the catalogue as sent to a mirror. */
export const CarriedChangeSchema = Type.Object(
  {
    position: Type.Integer({ minimum: 1 }),
    at: instant,
    kind: Type.Enum([...changeKinds]),
    dataset: name,
    edition: Type.Optional(edition),
    version: Type.Optional(number),
    body: Type.Object({}),
  },
  exact,
)

/** A change with its position in the order. */
export interface PositionedChange extends Omit<Shape<typeof CarriedChangeSchema>, 'at' | 'body'> {
  readonly at: Date
  readonly body: object
}

export type Change = Omit<PositionedChange, 'position'>
