/** The shapes of the records' addresses: their parameters, and what a page answers. */
import { Type } from 'typebox'
import { RecordRef } from '../http/index.ts'
import { csvSwitches } from './query/csv-options.ts'
import { editionsMax, limitDefault, limitMax, sortMax } from './query/query.ts'

const Link = (description: string) => Type.String({ format: 'uri-reference', description })

const versionMembers = {
  edition: Type.String({ description: 'Name of the edition that is read.' }),
  version: Type.Integer({ description: 'Number of the version that is read.' }),
  contractVersion: Type.Integer({ description: 'The contract that the version keeps.' }),
  publishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When it was published, in UTC; null for a draft that a token shows.',
  }),
  records: Type.Integer({ description: 'Records in the whole version, before any filter.' }),
  synthetic: Type.Boolean({ description: 'True where the data were made up for demonstration.' }),
  state: Type.Optional(
    Type.Literal('draft', { description: 'Only where a token shows what is not released.' }),
  ),
}

export const PageSchema = Type.Object({
  data: Type.Array(RecordRef, {
    description: 'The records, in the order of the primary key unless `sort` says otherwise.',
  }),
  meta: Type.Object(
    {
      dataset: Type.String({ description: 'Slug of the dataset.' }),
      edition: Type.Optional(versionMembers.edition),
      version: Type.Optional(versionMembers.version),
      contractVersion: Type.Integer({
        description: 'The contract that the version keeps; of several versions the newest.',
      }),
      publishedAt: Type.Optional(versionMembers.publishedAt),
      records: Type.Integer({ description: 'Records in all that is read, before any filter.' }),
      synthetic: versionMembers.synthetic,
      state: versionMembers.state,
      count: Type.Optional(
        Type.Integer({ description: 'Records that meet the filters. Only with `count=exact`.' }),
      ),
      editions: Type.Optional(
        Type.Array(Type.Object({ ...versionMembers, href: Link('The version.') }), {
          description: 'What is read where editions are joined, the earliest first.',
        }),
      ),
    },
    { description: 'What the records are of.' },
  ),
  links: Type.Object(
    {
      self: Link('This page, with its parameters in one order.'),
      next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The next page, to be followed as it is; null on the last.',
      }),
      version: Type.Optional(Link('The version that is read; absent where editions are joined.')),
      contract: Link('Its contract; the newest where editions are joined.'),
    },
    { description: 'Where to go from here.' },
  ),
})

const editionForm = '\\d{4}(-\\d{4})?'

export const edition = Type.Optional(
  Type.String({
    pattern: `^(all|${editionForm}(,${editionForm}){0,${editionsMax - 1}})$`,
    description:
      'An edition; the latest if absent. Several separated by commas, or `all`, are read together by the newest ' +
      'contract: each record then begins with `edition`, and fields that an edition lacks are null.',
  }),
)

/** Parameters of every address of records. Fields and their operators come beside them. */
export const queryParameters = {
  select: Type.Optional(
    Type.String({ description: 'Names of the fields to answer, separated by commas; all if absent.' }),
  ),
  sort: Type.Optional(
    Type.String({
      description:
        `Up to ${sortMax} fields that the contract indexes, separated by commas, with \`-\` before those that fall. ` +
        'What has no value comes last, texts compare by their bytes; equals are ordered by edition and primary key, ' +
        'in the direction of the first field.',
    }),
  ),
  cursor: Type.Optional(Type.String({ description: 'Place in a walk, from `links.next`. Opaque.' })),
  count: Type.Optional(
    Type.Enum(['exact'], {
      description: '`exact` counts the records that meet the filters; `links.next` leaves it out.',
    }),
  ),
}

export const pageLimit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: limitMax,
    description: `Records on a page, 1 to ${limitMax}; ${limitDefault} if absent.`,
  }),
)

export const streamLimit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: limitMax,
    description: `Records on a page, 1 to ${limitMax}, with the next one in the header Link; all records if absent.`,
  }),
)

export const csvParameters = {
  header: Type.Optional(
    Type.Enum([...csvSwitches.header], {
      description: 'CSV: names of fields, or their titles. The codes stay codes.',
    }),
  ),
  lang: Type.Optional(
    Type.Enum([...csvSwitches.lang], {
      description: 'CSV: language of the titles; by Accept-Language if absent, else Chinese.',
    }),
  ),
  bom: Type.Optional(
    Type.Enum([...csvSwitches.bom], {
      description: 'CSV: begins with a byte order mark, by which Excel knows UTF-8.',
    }),
  ),
  encoding: Type.Optional(
    Type.Enum([...csvSwitches.encoding], {
      description: 'CSV: encoding. A character that GB18030 has no place for is refused, not replaced.',
    }),
  ),
  variant: Type.Optional(
    Type.Enum([...csvSwitches.variant], {
      description:
        'CSV: `excel` has a byte order mark, titles, and an apostrophe before texts that begin with =, +, -, @ ' +
        '(half or full width), tab or a line break, so that no cell becomes a formula. Numbers and days stay as they are.',
    }),
  ),
}
