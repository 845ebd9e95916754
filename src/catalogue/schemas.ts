/** The shapes that the catalogue answers with: type, serialisation and OpenAPI in one. */
import { Type } from 'typebox'

export const BilingualSchema = Type.Object(
  { zh: Type.String(), en: Type.String() },
  { description: 'The text in Chinese and English.' },
)

const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const OrNull = (inner: ReturnType<typeof Type.String>) => Type.Union([inner, Type.Null()])

export const Slug = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,62}$',
  description: 'The slug of a dataset, as GET /v1/datasets lists it.',
})

export const EditionName = Type.String({
  pattern: '^\\d{4}(-\\d{4})?$',
  description: 'The name of an edition: `2025` for a calendar year, `2025-2026` for a school year.',
})

export const VersionNumber = Type.String({
  pattern: '^(latest|[1-9]\\d{0,5})$',
  description: 'The number of a version, or `latest`, which redirects to the highest that is not withdrawn.',
})

export const DistributionSchema = Type.Object({
  name: Type.String({ description: 'Permanent file name.' }),
  format: Type.String({ description: 'Name of the format, also the extension.' }),
  mediaType: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
  href: Link('Address of the file. It never changes its bytes.'),
})

export const VersionSchema = Type.Object({
  dataset: Type.String(),
  edition: Type.String(),
  version: Type.Integer(),
  state: Type.Union([Type.Literal('published'), Type.Literal('superseded'), Type.Literal('withdrawn')]),
  contractVersion: Type.Integer({ description: 'The contract that the version keeps.' }),
  period: Type.Object({ start: Type.String({ format: 'date' }), end: Type.String({ format: 'date' }) }),
  publishedAt: Type.String({ format: 'date-time' }),
  reason: OrNull(Type.String({ description: 'Why this version was made; null for the first.' })),
  withdrawn: Type.Union([
    Type.Object({ at: Type.String({ format: 'date-time' }), reason: Type.String() }),
    Type.Null(),
  ]),
  records: Type.Integer({ description: 'Number of records in this version.' }),
  sha256: Type.String({ description: 'SHA-256 of the plain CSV file: the same records, the same digest.' }),
  synthetic: Type.Boolean({ description: 'True where any part was made up for demonstration.' }),
  parts: Type.Array(
    Type.Object({
      provider: Type.String(),
      bundle: Type.String({ description: 'SHA-256 that identifies the bundle that brought it.' }),
      rows: Type.Integer(),
    }),
    { description: 'What each provider brought.' },
  ),
  waivers: Type.Array(Type.Object({ provider: Type.String(), reason: Type.String() }), {
    description: 'Parts that are missing, and why the edition was published without them.',
  }),
  warnings: Type.Array(Type.Object({ check: Type.String(), count: Type.Integer() }), {
    description: 'Warnings that were kept when the data were checked.',
  }),
  suppressions: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What disclosure control withheld, in numbers.',
  }),
  links: Type.Object({
    self: Link('This version.'),
    records: Link('Its records as JSON.'),
    contract: Link('The contract it keeps.'),
    dataset: Link('Its dataset.'),
    edition: Link('Its edition.'),
  }),
})

export const VersionWithFilesSchema = Type.Interface([VersionSchema], {
  distributions: Type.Array(DistributionSchema),
})

export const EditionSchema = Type.Object({
  dataset: Type.String(),
  edition: Type.String(),
  latest: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Highest version not withdrawn; null where all are.',
  }),
  versions: Type.Array(VersionSchema, { description: 'All published versions, the newest first.' }),
  links: Type.Object({ self: Link('This edition.'), latest: Link('Redirects to the latest version.') }),
})

export const DatasetSchema = Type.Object({
  slug: Type.String(),
  title: BilingualSchema,
  description: BilingualSchema,
  kind: OrNull(
    Type.String({ description: 'A named set of properties that the contract binds, such as `venues`.' }),
  ),
  providers: Type.Array(Type.Object({ code: Type.String(), title: BilingualSchema }), {
    description: 'Those answerable for the dataset. Several are joint providers.',
  }),
  themes: Type.Array(Type.String()),
  keywords: Type.Array(BilingualSchema),
  licence: Type.Object({
    name: Type.String(),
    title: BilingualSchema,
    url: Type.Optional(Type.String()),
  }),
  source: BilingualSchema,
  rhythm: Type.String({ description: 'A code of the list `rhythms`.' }),
  shareClass: Type.String({ description: 'A code of the list `share-classes`.' }),
  openClass: Type.String({ description: 'A code of the list `open-classes`.' }),
  shareWays: Type.Array(Type.String(), { description: 'Codes of the list `share-ways`.' }),
  contractVersion: Type.Integer({ description: 'The newest contract.' }),
  latest: Type.Union([
    Type.Object({
      edition: Type.String(),
      version: Type.Integer(),
      records: Type.Integer(),
      publishedAt: Type.String({ format: 'date-time' }),
      synthetic: Type.Boolean(),
      href: Link('The version.'),
    }),
    Type.Null(),
  ]),
  links: Type.Object({
    self: Link('This dataset.'),
    records: Link('Records of the latest version of the latest edition.'),
    contract: Link('The newest contract.'),
  }),
})

export const DatasetWithEditionsSchema = Type.Interface([DatasetSchema], {
  contracts: Type.Array(
    Type.Object({ contractVersion: Type.Integer(), sha256: Type.String(), href: Link('The contract.') }),
  ),
  editions: Type.Array(
    Type.Object({
      edition: Type.String(),
      latest: Type.Union([Type.Integer(), Type.Null()]),
      versions: Type.Integer(),
      href: Link('The edition.'),
    }),
    { description: 'Editions with a published version, the newest first.' },
  ),
})
