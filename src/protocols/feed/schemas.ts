/** The shapes of the feed: its parameters and a page of changes. */
import { Type } from 'typebox'
import { DistributionSchema, VersionSchema } from '../../catalogue/index.ts'
import { DifferenceSchema, VersionFactsSchema } from '../../contract/index.ts'
import { Link, orNull } from '../../platform/shape.ts'
import { feedTypes } from './change-types.ts'

/** Most changes on a page. A change takes some hundred bytes, one with a version about a kilobyte. */
const feedLimitMax = 1_000
export const feedLimitDefault = 100

/** Longest wait in seconds. Proxies drop a silent connection after sixty. */
const waitSecondsMax = 50

export const FeedQuery = Type.Object({
  after: Type.Optional(
    Type.String({
      description: 'The cursor after the last change that you have; from the beginning if absent. Opaque.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: feedLimitMax,
      description: `Changes on a page, 1 to ${feedLimitMax}; ${feedLimitDefault} if absent.`,
    }),
  ),
  type: Type.Optional(
    Type.String({
      description: `Types of changes, separated by commas; all if absent. Types: ${feedTypes.map((type) => `\`${type}\``).join(', ')}.`,
    }),
  ),
  dataset: Type.Optional(
    Type.String({ description: 'Slugs of datasets, separated by commas; all if absent.' }),
  ),
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: waitSecondsMax,
      description: `Seconds to wait if there is no change after the cursor, up to ${waitSecondsMax}.`,
    }),
  ),
})

const Notice = Type.Object(
  {
    since: Type.String({ format: 'date-time', description: 'When the notice was given.' }),
    sunset: Type.String({
      format: 'date-time',
      description: 'Versions under the former contract are kept at least until then.',
    }),
  },
  {
    description: 'Deprecation notice of the former contract; only if the verdict is breaking.',
  },
)

const from = Type.String({ description: 'The former name.' })
const to = Type.String({ description: 'The new name.' })

const Renamed = Type.Object(
  {
    fields: Type.Array(Type.Object({ from, to }), { description: 'Renamed fields.' }),
    codes: Type.Array(Type.Object({ field: Type.String({ description: 'Name of the field.' }), from, to }), {
      description: 'Renamed codes.',
    }),
  },
  {
    description:
      'Renames that the contract declares: values and records stay the same. Only if there are any.',
  },
)

const ContractPart = Type.Object(
  {
    contractVersion: Type.Integer({ description: 'Number of the contract.' }),
    sha256: Type.String({ description: 'SHA-256 of the contract as canonical JSON, lower-case hex.' }),
    verdict: Type.Union([Type.Enum(['compatible', 'additive', 'breaking']), Type.Null()], {
      description: 'Effect on clients of the previous contract; null for the first.',
    }),
    renamed: Type.Optional(Renamed),
    notice: Type.Optional(Notice),
    href: Link('The contract.'),
    comparison: orNull(
      Link('Every difference.'),
      'Every difference from the previous contract; null for the first.',
    ),
  },
  { description: 'The new contract.' },
)

const facts = VersionFactsSchema.properties
const { format, bytes, sha256, href } = DistributionSchema.properties

const VersionPart = Type.Object(
  {
    records: facts.records,
    sha256: facts.digest,
    contractVersion: VersionSchema.properties.contractVersion,
    synthetic: VersionSchema.properties.synthetic,
    difference: orNull(
      Type.Object({ ...DifferenceSchema.properties, href: Link('The difference, record by record.') }),
      'Difference from the previous current version, by key; null for the first, or if it was not counted.',
    ),
    distributions: Type.Array(Type.Object({ format, bytes, sha256, href }), {
      description: 'The files with their digests.',
    }),
  },
  { description: 'The new version.' },
)

const ItemPart = Type.Object(
  {
    key: Type.String({
      description: 'Identifies the item within its list.',
    }),
    number: Type.Union([Type.String(), Type.Null()], { description: 'Its number in the list.' }),
    name: Type.Union([Type.String(), Type.Null()], { description: 'Its name.' }),
    due: Type.Union([Type.String(), Type.Null()], { description: 'Its current due day.' }),
    state: Type.String({
      description: 'planned, published, late, overdue, or withdrawn if it left the list.',
    }),
    former: Type.Union([Type.String(), Type.Null()], {
      description: 'Its previous state in the feed; null at its first appearance.',
    }),
  },
  { description: 'The item of an annual list whose state or due day has changed.' },
)

const ClosurePart = Type.Object(
  {
    id: Type.String({ description: 'Id of the closure.' }),
    venue: Type.String({ description: 'Code of the venue.' }),
    kind: Type.Enum(['closed', 'open'], { description: '`closed`, or `open` for a one-off opening.' }),
    from: Type.String({ format: 'date-time', description: 'When it begins.' }),
    until: orNull(Type.String({ format: 'date-time' }), 'When it ends; null until it is removed.'),
    removed: Type.Boolean({ description: 'Whether it was removed: it is not in force any more.' }),
  },
  { description: 'The closure of a venue, or the one-off opening, that was added or removed.' },
)

const ChangeSchema = Type.Object({
  id: Type.String({ description: 'Id of the change, the same at every mirror.' }),
  cursor: Type.String({ description: 'The position after this change, for `after`.' }),
  type: Type.Enum([...feedTypes], { description: 'What has changed.' }),
  at: Type.String({ format: 'date-time', description: 'When, in UTC.' }),
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.Union([Type.String(), Type.Null()], {
    description: 'Name of the edition, or the year of the list; null if it concerns none.',
  }),
  version: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Number of the version; null if it concerns none.',
  }),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'Why a version was published or withdrawn, or a venue closed; null if no reason was given.',
  }),
  erased: Type.Optional(
    Type.Boolean({
      description:
        'Always true, and present only if the version was erased: its records and files no longer exist. Remove your own copies.',
    }),
  ),
  contract: Type.Optional(ContractPart),
  released: Type.Optional(VersionPart),
  item: Type.Optional(ItemPart),
  closure: Type.Optional(ClosurePart),
  href: orNull(
    Link('What has changed.'),
    'What has changed: the version, contract, list or venue; null for a dataset that was closed.',
  ),
})

export const FeedSchema = Type.Object({
  data: Type.Array(ChangeSchema, {
    description: 'The changes after the cursor, in the order of the feed.',
  }),
  meta: Type.Object(
    {
      origin: Type.String({
        description: 'Id of the service that first published these changes; mirrors keep it.',
      }),
      more: Type.Boolean({ description: 'Whether there are more changes now.' }),
      cursor: Type.String({
        description: 'The position after the last of these changes; store it for `after`.',
      }),
    },
    { description: 'Origin and position.' },
  ),
  links: Type.Object(
    {
      self: Link('This page.'),
      next: Link('The changes after this page, now or later; always present.'),
    },
    { description: 'Addresses of this page and the next.' },
  ),
})
