/** The shapes of the feed: its parameters, and what a page of changes answers. */
import { Type } from 'typebox'
import { feedTypes } from './change-types.ts'

/** Most changes on a page; some hundred bytes each, and those of a version a kilobyte. */
export const feedLimitMax = 1_000
export const feedLimitDefault = 100

/** Longest wait in seconds. Proxies give up on a silent answer after sixty. */
export const waitSecondsMax = 50

const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const OrNull = (schema: ReturnType<typeof Link>, description: string) =>
  Type.Union([schema, Type.Null()], { description })

export const FeedQuery = Type.Object({
  after: Type.Optional(
    Type.String({
      description: 'The cursor behind the last change that you have; from the beginning if absent. Opaque.',
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
      description: `Types of changes, separated by commas; all if absent. There are ${feedTypes.map((type) => `\`${type}\``).join(', ')}.`,
    }),
  ),
  dataset: Type.Optional(
    Type.String({ description: 'Slugs of datasets, separated by commas; all if absent.' }),
  ),
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: waitSecondsMax,
      description: `Seconds to wait for a change where there is none behind the cursor, up to ${waitSecondsMax}.`,
    }),
  ),
})

const Notice = Type.Object(
  {
    since: Type.String({ format: 'date-time', description: 'When the notice was given.' }),
    sunset: Type.String({
      format: 'date-time',
      description: 'Until when versions under the former contract are kept beside the new ones, at least.',
    }),
  },
  {
    description:
      'The notice to those who read under the former contract; only where the verdict is breaking.',
  },
)

const ContractPart = Type.Object(
  {
    contractVersion: Type.Integer({ description: 'Number of the contract.' }),
    sha256: Type.String({ description: 'SHA-256 of the contract as canonical JSON, lower-case hex.' }),
    verdict: Type.Union([Type.Enum(['compatible', 'additive', 'breaking']), Type.Null()], {
      description: 'What it means for those who read under the contract before; null for the first.',
    }),
    notice: Type.Optional(Notice),
    href: Link('The contract.'),
    comparison: OrNull(
      Link('Every difference.'),
      'Every difference from the contract before; null for the first.',
    ),
  },
  { description: 'The contract that came.' },
)

const VersionPart = Type.Object(
  {
    records: Type.Integer({ description: 'Number of records.' }),
    sha256: Type.String({ description: 'SHA-256 of the plain CSV file.' }),
    contractVersion: Type.Integer({ description: 'The contract that the version keeps.' }),
    difference: Type.Union(
      [
        Type.Object({
          against: Type.Integer({ description: 'Number of the version that it was compared with.' }),
          added: Type.Integer({ description: 'Records whose key is new.' }),
          removed: Type.Integer({ description: 'Records whose key is gone.' }),
          changed: Type.Integer({ description: 'Records of the same key with another value.' }),
          href: Link('The difference, record by record.'),
        }),
        Type.Null(),
      ],
      {
        description:
          'What differs from the version that readers had before; null for the first, and where it was not counted.',
      },
    ),
    distributions: Type.Array(
      Type.Object({
        format: Type.String({ description: 'Name of the format, also the extension.' }),
        bytes: Type.Integer({ description: 'Size of the file.' }),
        sha256: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
        href: Link('Address of the file.'),
      }),
      { description: 'The files with their digests.' },
    ),
  },
  { description: 'The version that came.' },
)

const ItemPart = Type.Object(
  {
    key: Type.String({
      description: 'What stands for the item among those of its list, as long as the list has it.',
    }),
    number: Type.Union([Type.String(), Type.Null()], { description: 'Its number in the list.' }),
    name: Type.Union([Type.String(), Type.Null()], { description: 'Its name.' }),
    due: Type.Union([Type.String(), Type.Null()], { description: 'The day by which it is due now.' }),
    state: Type.String({
      description: 'planned, published, late, overdue, or withdrawn where it has left the list.',
    }),
    former: Type.Union([Type.String(), Type.Null()], {
      description: 'Its state as the feed told it before; null where it is told of for the first time.',
    }),
  },
  { description: 'The item of an annual list whose state or due day has changed.' },
)

const ChangeSchema = Type.Object({
  id: Type.String({ description: 'What stands for the change, the same at every mirror.' }),
  cursor: Type.String({ description: 'The place behind this change, for `after`.' }),
  type: Type.Enum([...feedTypes], { description: 'What has changed.' }),
  at: Type.String({ format: 'date-time', description: 'When, in UTC.' }),
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.Union([Type.String(), Type.Null()], {
    description: 'Name of the edition, or the year of the list; null where it is none.',
  }),
  version: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Number of the version; null where it is none.',
  }),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'Why a version was made or withdrawn; null where nothing was said.',
  }),
  contract: Type.Optional(ContractPart),
  released: Type.Optional(VersionPart),
  item: Type.Optional(ItemPart),
  href: OrNull(
    Link('What has changed.'),
    'What has changed: the version, contract or list; null of a dataset that was closed.',
  ),
})

export const FeedSchema = Type.Object({
  data: Type.Array(ChangeSchema, {
    description: 'The changes behind the cursor, in the one order that there is.',
  }),
  meta: Type.Object(
    {
      origin: Type.String({
        description: 'Id of the service that all this was published by first; its mirrors keep it.',
      }),
      more: Type.Boolean({ description: 'Whether there are further changes already.' }),
      cursor: Type.String({
        description: 'The place behind the last of these changes, to be kept for `after`.',
      }),
    },
    { description: 'How far this is.' },
  ),
  links: Type.Object(
    {
      self: Link('This page.'),
      next: Link('What comes behind, now or later; always there.'),
    },
    { description: 'Where to go from here.' },
  ),
})
