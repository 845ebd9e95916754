/** Schemas of the record routes: parameters and the JSON page. */
import { Type } from 'typebox'
import { crsNames, distanceMax } from '../contract/index.ts'
import { RecordRef } from '../http/index.ts'
import { Link } from '../platform/shape.ts'
import { nearDefault } from './query/area.ts'
import { csvSwitches } from './query/csv-options.ts'
import { editionsMax, emptyKeys, limitDefault, limitMax, sortMax, wordsMax } from './query/query.ts'

const versionMembers = {
  edition: Type.String({ description: 'Name of the edition.' }),
  version: Type.Integer({ description: 'Number of the version.' }),
  contractVersion: Type.Integer({ description: 'Contract of the version.' }),
  publishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When it was published, in UTC; null for a draft shown by a preview token.',
  }),
  records: Type.Integer({ description: 'Records in the whole version, before any filter.' }),
  synthetic: Type.Boolean({ description: 'True if the data are invented for demonstration.' }),
  state: Type.Optional(
    Type.Literal('draft', { description: 'Present only for a draft shown by a preview token.' }),
  ),
}

export const PageSchema = Type.Object({
  data: Type.Array(RecordRef, {
    description: 'The records, in the order of the primary key unless `sort` is given.',
  }),
  meta: Type.Object(
    {
      dataset: Type.String({ description: 'Slug of the dataset.' }),
      edition: Type.Optional(versionMembers.edition),
      version: Type.Optional(versionMembers.version),
      contractVersion: Type.Integer({
        description: 'Contract of the version; the newest one if several versions are read.',
      }),
      publishedAt: Type.Optional(versionMembers.publishedAt),
      records: Type.Integer({ description: 'Records in all versions read, before any filter.' }),
      synthetic: versionMembers.synthetic,
      state: versionMembers.state,
      count: Type.Optional(
        Type.Integer({ description: 'Records that match the filters. Only with `count=exact`.' }),
      ),
      crs: Type.Optional(
        Type.Enum([...crsNames], {
          description: 'The system of the coordinates, if `crs` was given; else WGS-84.',
        }),
      ),
      editions: Type.Optional(
        Type.Array(Type.Object({ ...versionMembers, href: Link('The version.') }), {
          description: 'The editions read, if several are joined; the earliest first.',
        }),
      ),
    },
    { description: 'Where the records come from.' },
  ),
  links: Type.Object(
    {
      self: Link('This page, with its parameters in canonical order.'),
      next: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
        description: 'The next page; follow it unchanged. Null on the last page.',
      }),
      version: Type.Optional(Link('The version; absent if editions are joined.')),
      contract: Link('Its contract; the newest one if editions are joined.'),
    },
    { description: 'Links to related resources.' },
  ),
})

const editionForm = '\\d{4}(-\\d{4})?'

export const edition = Type.Optional(
  Type.String({
    pattern: `^(all|${editionForm}(,${editionForm}){0,${editionsMax - 1}})$`,
    description:
      'An edition; the latest if absent, never an older one: if the latest is withdrawn completely, the answer is 410. ' +
      'Several separated by commas, or `all`, are read together by the newest contract: each record then begins with ' +
      '`edition`, and fields that an edition lacks are null.',
  }),
)

/** Parameters of every record route, in addition to the field filters. */
export const queryParameters = {
  q: Type.Optional(
    Type.String({
      description: `Words, at most ${wordsMax}, separated by blanks. Each must be part of a free text of the record; case is ignored.`,
    }),
  ),
  select: Type.Optional(
    Type.String({ description: 'Names of the fields to return, separated by commas; all if absent.' }),
  ),
  sort: Type.Optional(
    Type.String({
      description:
        `Up to ${sortMax} fields that the contract indexes, separated by commas; \`-\` before a field sorts it descending. ` +
        'Nulls come last; texts compare by bytes; ties are ordered by edition and primary key, in the direction of the ' +
        'first field.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({ description: 'Position of the next page, from `links.next`. Opaque.' }),
  ),
  count: Type.Optional(
    Type.Enum(['exact'], {
      description: '`exact` counts the records that match the filters; `links.next` omits it.',
    }),
  ),
  key_missing: Type.Optional(
    Type.Enum([emptyKeys], {
      description:
        '`empty` returns nothing in place of the stand-in for an empty key (`keyMissing` in the contract). Filters and ' +
        'order still see the stand-in.',
    }),
  ),
}

/** Parameters of records with coordinates; other datasets refuse them. */
export const areaParameters = {
  bbox: Type.Optional(
    Type.String({
      description:
        'Only records in a rectangle: west,south,east,north in degrees of WGS-84, the edges included. With west greater ' +
        'than east it crosses the 180th meridian. Only for datasets with coordinates.',
    }),
  ),
  near: Type.Optional(
    Type.String({
      description:
        'Only records within a distance of a place: latitude,longitude in degrees of WGS-84. Only for datasets with ' +
        'coordinates.',
    }),
  ),
  within: Type.Optional(
    Type.String({
      description: `Metres from \`near\`, 1 to ${distanceMax}; ${nearDefault} if absent. Distances are on a sphere.`,
    }),
  ),
}

export const crsParameter = {
  crs: Type.Optional(
    Type.Enum([...crsNames], {
      description:
        'Converts the coordinates of the response to GCJ-02 (Gaode, Tencent) or BD-09 (Baidu); filters stay in WGS-84. ' +
        'Only for datasets with coordinates.',
    }),
  ),
}

/** A page of GeoJSON, with the members of the JSON page besides those of RFC 7946. */
export const FeaturesSchema = Type.Object({
  type: Type.Literal('FeatureCollection', { description: 'Always this text.' }),
  features: Type.Array(
    Type.Object({
      type: Type.Literal('Feature', { description: 'Always this text.' }),
      geometry: Type.Union(
        [
          Type.Object({
            type: Type.Literal('Point', { description: 'Always this text.' }),
            coordinates: Type.Array(Type.Number(), {
              minItems: 2,
              maxItems: 2,
              description: 'Longitude, latitude in WGS-84.',
            }),
          }),
          Type.Null(),
        ],
        { description: 'The point; null for a record without coordinates.' },
      ),
      properties: RecordRef,
    }),
    { description: 'The records, in the order of the primary key unless `sort` is given.' },
  ),
  meta: Type.Optional(Type.Unknown({ description: 'As in the JSON page. Only with `limit`.' })),
  links: Type.Optional(Type.Unknown({ description: 'As in the JSON page. Only with `limit`.' })),
})

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
    description: `Records on a page, 1 to ${limitMax}, with the next page in the header Link; all records if absent.`,
  }),
)

export const csvParameters = {
  header: Type.Optional(
    Type.Enum([...csvSwitches.header], {
      description: 'CSV: field names or titles in the header. Codes stay codes.',
    }),
  ),
  lang: Type.Optional(
    Type.Enum([...csvSwitches.lang], {
      description: 'CSV: language of the titles; by Accept-Language if absent, else Chinese.',
    }),
  ),
  bom: Type.Optional(
    Type.Enum([...csvSwitches.bom], {
      description: 'CSV: begins with a byte order mark, by which Excel recognises UTF-8.',
    }),
  ),
  encoding: Type.Optional(
    Type.Enum([...csvSwitches.encoding], {
      description: 'CSV: encoding. A character that GB18030 cannot encode is refused, not replaced.',
    }),
  ),
  variant: Type.Optional(
    Type.Enum([...csvSwitches.variant], {
      description:
        'CSV: `excel` has a byte order mark, titles, and an apostrophe before texts that begin with =, +, -, @ ' +
        '(half or full width), tab or a line break, codes with leading zeros, and numbers of more than fifteen digits, so ' +
        'that no cell becomes a formula or another number. Other numbers and dates are unchanged.',
    }),
  ),
}
