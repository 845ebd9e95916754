/** The shapes of the catalogue's responses: type, serialisation and OpenAPI in one. */
import { Type } from 'typebox'
import { VersionFactsSchema } from '../contract/index.ts'
import { BilingualSchema, Day, Instant, Link, listOf, type Shape, Text, Whole } from '../platform/shape.ts'

const Links = { description: 'Links to related resources.' }

export const Slug = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,62}$',
  description: 'The slug of a dataset, from GET /v1/datasets.',
})

export const EditionName = Type.String({
  pattern: '^\\d{4}(-\\d{4})?$',
  description: 'The name of an edition: `2025` for a calendar year, `2025-2026` for a school year.',
})

export const VersionNumber = Type.String({
  pattern: '^(latest|[1-9]\\d{0,5})$',
  description: 'The number of a version, or `latest`, which redirects to the highest that is not withdrawn.',
})

/** The number of a version where `latest` has an address of its own. */
export const ExactVersion = Type.String({
  pattern: '^[1-9]\\d{0,5}$',
  description: 'The number of a version.',
})

/** The response of every version address with `latest` instead of a number. */
export const toLatest = { 307: Type.Null({ description: 'The address of the latest version.' }) }

export const ContractNumber = Type.String({
  pattern: '^[1-9]\\d{0,5}$',
  description: 'The number of a contract.',
})

export const PreviewToken = Type.Optional(
  Type.String({
    maxLength: 200,
    description:
      'A token that shows a draft before its release. With a wrong token the version is not found.',
  }),
)

export const DistributionSchema = Type.Object({
  name: Type.String({ description: 'Permanent file name.' }),
  format: Type.String({ description: 'Name of the format, also the extension.' }),
  mediaType: Text('Media type that the file is served with.'),
  bytes: Whole('Size of the file.'),
  sha256: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
  href: Link('Address of the file, whose bytes never change.'),
})

const facts = VersionFactsSchema.properties

const PeriodSchema = Type.Object(
  { start: Day('First day.'), end: Day('Last day, inclusive.') },
  { description: 'The period that the edition covers.' },
)

const { provider, bundle, bundles, rows } = facts.parts.items.properties
const PartSchema = Type.Object({
  ...Type.Required(Type.Object({ provider, bundle, bundles })).properties,
  rows,
})

export const VersionSchema = Type.Object({
  dataset: Text('Slug of the dataset.'),
  edition: Text('Name of the edition.'),
  version: Whole('Number of the version: 1, 2, 3 …'),
  state: Type.Enum(['published', 'superseded', 'withdrawn', 'draft'], {
    description:
      '`published`: the current one; `superseded`: replaced by a later version; ' +
      '`withdrawn`: its files and records answer 410; `draft`: not released, visible only with a token.',
  }),
  contractVersion: Type.Integer({ description: 'Number of the contract that the version follows.' }),
  period: PeriodSchema,
  publishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'Time of publication, in UTC; null for a draft.',
  }),
  reason: facts.reason,
  withdrawn: Type.Union(
    [Type.Object({ at: Instant('Time of the withdrawal.'), reason: Text('Why.') }), Type.Null()],
    { description: 'When and why the version was withdrawn; null if it was not.' },
  ),
  records: facts.records,
  sha256: facts.digest,
  difference: facts.difference,
  synthetic: Type.Boolean({ description: 'Whether any part is synthetic sample data.' }),
  parts: listOf(PartSchema, 'The part of each provider.'),
  waivers: facts.waivers,
  warnings: facts.warnings,
  suppressions: facts.suppressions,
  proven: Type.Union([Type.Boolean(), Type.Null()], {
    description:
      'Whether it is proven that no withheld count can be computed; false: published under a rule without proofs; ' +
      'null: no rule withholds anything.',
  }),
  omitted: facts.omitted,
  links: Type.Object(
    {
      self: Link('This version.'),
      records: Link('Its records as JSON.'),
      contract: Link('Its contract.'),
      dataset: Link('Its dataset.'),
      edition: Link('Its edition.'),
      predecessor: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The nearest version before it that was not withdrawn; null if there is none.',
      }),
      successor: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The nearest version after it that was not withdrawn; null if there is none.',
      }),
      latest: Link('Redirects to the latest version of the edition.'),
      versions: Link('All versions of the edition.'),
    },
    Links,
  ),
})

export type VersionBody = Shape<typeof VersionSchema>

export const VersionWithFilesSchema = Type.Interface([VersionSchema], {
  distributions: Type.Array(DistributionSchema, { description: 'The files to download.' }),
})

export const EditionSchema = Type.Object({
  dataset: Text('Slug of the dataset.'),
  edition: Text('Name of the edition.'),
  latest: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Highest version not withdrawn; null if all are.',
  }),
  versions: Type.Array(VersionSchema, { description: 'All published versions, the newest first.' }),
  links: Type.Object(
    {
      self: Link('This edition.'),
      latest: Link('Redirects to the latest version.'),
      versions: Link('Its versions.'),
    },
    Links,
  ),
})

export const DatasetSchema = Type.Object({
  slug: Text('Short name in addresses. It never changes.'),
  title: BilingualSchema,
  description: BilingualSchema,
  kind: Type.Union([Type.String(), Type.Null()], {
    description: 'A named set of properties that the contract binds, such as `venues`; null without one.',
  }),
  providers: Type.Array(
    Type.Object({ code: Text('Code of the list `providers`.'), title: BilingualSchema }),
    { description: 'The providers of the dataset; several are joint providers.' },
  ),
  themes: Type.Array(Type.String(), { description: 'Codes of the list `themes`.' }),
  keywords: Type.Array(BilingualSchema, { description: 'Keywords.' }),
  licence: Type.Object(
    {
      name: Text('SPDX identifier, or the name of the terms.'),
      title: BilingualSchema,
      url: Type.Optional(Text('Address of the terms.')),
    },
    { description: 'The terms of use of the data.' },
  ),
  source: BilingualSchema,
  rhythm: Type.String({ description: 'A code of the list `update-frequencies`.' }),
  shareClass: Type.String({ description: 'A code of the list `share-classes`.' }),
  openClass: Type.String({ description: 'A code of the list `open-classes`.' }),
  shareWays: Type.Array(Type.String(), { description: 'Codes of the list `share-methods`.' }),
  contractVersion: Type.Integer({ description: 'The newest contract.' }),
  latest: Type.Union(
    [
      Type.Object({
        edition: Text('Name of the edition.'),
        version: Whole('Number of the version.'),
        records: Whole('Number of its records.'),
        publishedAt: Instant('Time of publication, in UTC.'),
        synthetic: Type.Boolean({ description: 'Whether any part is synthetic sample data.' }),
        href: Link('The version.'),
      }),
      Type.Null(),
    ],
    { description: 'The latest version of the latest edition; null while nothing is published.' },
  ),
  links: Type.Object(
    {
      self: Link('This dataset.'),
      records: Link('Records of the latest version of the latest edition.'),
      contract: Link('The newest contract.'),
    },
    Links,
  ),
})

const EditionSummary = Type.Object({
  edition: Text('Name of the edition.'),
  period: PeriodSchema,
  latest: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Highest version not withdrawn; null if all are.',
  }),
  versions: Whole('Number of versions ever published.'),
  href: Link('The edition.'),
})

export const EditionsSchema = Type.Object({
  data: Type.Array(EditionSummary, { description: 'The editions, the newest first.' }),
  links: Type.Object({ self: Link('This list.'), dataset: Link('The dataset.') }, Links),
})

export const VersionsSchema = Type.Object({
  data: Type.Array(VersionSchema, { description: 'The versions, the newest first.' }),
  links: Type.Object(
    {
      self: Link('This list.'),
      edition: Link('The edition.'),
      latest: Link('Redirects to the latest version.'),
    },
    Links,
  ),
})

export const DatasetWithEditionsSchema = Type.Interface([DatasetSchema], {
  contracts: Type.Array(
    Type.Object({
      contractVersion: Whole('Number of the contract.'),
      sha256: Text('SHA-256 of the contract as canonical JSON, lower-case hex.'),
      verdict: Type.Union([Type.Enum(['compatible', 'additive', 'breaking']), Type.Null()], {
        description:
          'Effect on readers and providers compared with the previous contract; null for the first.',
      }),
      href: Link('The contract.'),
    }),
    { description: 'All contracts, by number.' },
  ),
  editions: Type.Array(EditionSummary, {
    description: 'Editions with a published version, the newest first.',
  }),
})
