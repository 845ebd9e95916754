/** Response schemas of the annual lists, for types and OpenAPI. */
import { Type } from 'typebox'
import { RecordRef } from '../http/index.ts'
import { Link, Text } from '../platform/shape.ts'
import { properties, publicName } from './promise.ts'
import { itemStates, promiseStates } from './state.ts'

const Rate = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description })
const Count = (description: string) => Type.Integer({ minimum: 0, description })
const MaybeText = (description: string) => Type.Union([Type.String(), Type.Null()], { description })
const MaybeDay = (description: string) =>
  Type.Union([Type.String({ format: 'date' }), Type.Null()], { description })
const Links = { description: 'Links to related resources.' }

export const Year = Type.String({ pattern: '^\\d{4}$', description: 'A year, such as `2026`.' })

const RatesSchema = Type.Object(
  {
    items: Count('Number of items, including those that left the list.'),
    states: Type.Object(
      {
        published: Count('Open by the end of the first due day.'),
        late: Count('Open, but only after the first due day.'),
        planned: Count('Not open and not yet due.'),
        overdue: Count('Due but not open.'),
        withdrawn: Count('No longer on the list of the year.'),
      },
      { description: 'Items by state; they add up to `items`.' },
    ),
    completion: Rate(
      'Fraction of the items on the list that are open, on time or late; null if there are none.',
    ),
    onTime: Rate(
      'Fraction of the items due by now that were open by their first due day; null if none is due. An item that ' +
        'left the list counts if its first due day had passed by then.',
    ),
  },
  { description: 'Counts and rates as of now.' },
)

const VersionOfList = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'Number of the version of the list.' }),
    reason: MaybeText('Why that version was made; null for the first.'),
    publishedAt: Type.String({ format: 'date-time', description: 'When it was published, in UTC.' }),
    href: Link('The version.'),
  },
  { description: 'A version of the list, with its reason.' },
)

const PeriodSchema = Type.Object({
  edition: MaybeText('Edition of the dataset; null if the item names no dataset.'),
  state: Type.Enum([...promiseStates], { description: 'State of this period.' }),
  firstPublished: MaybeDay('Day in Asia/Shanghai on which it was first open; null while it is not.'),
  lastPublished: MaybeDay('Day in Asia/Shanghai on which its latest version was published.'),
  versions: Count(
    'Versions that are not withdrawn. A dataset updated more often than yearly publishes new versions of its edition.',
  ),
  withdrawn: Type.Union(
    [
      Type.Object({
        at: Type.String({ format: 'date-time', description: 'When, in UTC.' }),
        reason: Text('Why.'),
      }),
      Type.Null(),
    ],
    { description: 'When and why the period was withdrawn entirely; it then counts as unpublished.' },
  ),
})

const ItemSchema = Type.Object({
  number: Text('Number of the item in its list.'),
  name: Text('What is promised.'),
  providers: Type.Array(Type.String(), { description: 'The providers; several promise it jointly.' }),
  due: MaybeDay('Current due day, inclusive; null if the list names none.'),
  firstDue: MaybeDay('First due day; lateness is measured against it.'),
  moves: Type.Array(
    Type.Object({
      from: Type.String({ format: 'date', description: 'The due day before.' }),
      to: MaybeDay('The due day after; null if it was removed.'),
      by: VersionOfList,
    }),
    { description: 'Each change of the due day, with the version of the list that made it.' },
  ),
  state: Type.Enum([...itemStates], {
    description:
      'Derived from what is published: the worst state of its periods (published, late, planned, overdue), or ' +
      '`withdrawn` if the item has left the list.',
  }),
  firstPublished: MaybeDay('Day in Asia/Shanghai by which all its periods were open; null while any is not.'),
  left: Type.Union([VersionOfList, Type.Null()], {
    description: 'The version of the list that dropped it; null while it is on the list.',
  }),
  periods: Type.Array(PeriodSchema, { description: 'The editions that are promised, each with its state.' }),
  themes: Type.Array(Type.String(), {
    description: 'Theme as written in the list; else the themes of its dataset, in Chinese.',
  }),
  rhythm: MaybeText('A code of the list `update-frequencies`.'),
  shareClass: MaybeText('A code of the list `share-classes`.'),
  openClass: MaybeText('A code of the list `open-classes`.'),
  dataset: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
    description: 'Link to the promised dataset or edition.',
  }),
  record: RecordRef,
})

const Title = Type.Optional(
  Type.Object({ zh: Text('Chinese.'), en: Text('English.') }, { description: 'Label of the code.' }),
)

export const ListSchema = Type.Object({
  year: Year,
  rates: RatesSchema,
  byProvider: Type.Array(Type.Object({ provider: Text('Its name in the list.'), rates: RatesSchema }), {
    description: 'Rates by provider. A joint item counts under each of its providers.',
  }),
  byTheme: Type.Array(Type.Object({ theme: Text('The theme.'), rates: RatesSchema }), {
    description: 'Rates by theme. Items without a theme are left out.',
  }),
  byRhythm: Type.Array(
    Type.Object({
      rhythm: Text('A code of the list `update-frequencies`.'),
      title: Title,
      rates: RatesSchema,
    }),
    { description: 'Rates by update frequency.' },
  ),
  byShareClass: Type.Array(
    Type.Object({
      shareClass: Text('A code of the list `share-classes`.'),
      title: Title,
      rates: RatesSchema,
    }),
    { description: 'Rates by sharing class.' },
  ),
  unlisted: Type.Array(
    Type.Object({
      slug: Text('Slug of the dataset.'),
      title: Type.Object({ zh: Text('Chinese.'), en: Text('English.') }, { description: 'Its title.' }),
      href: Link('The dataset.'),
    }),
    {
      description:
        'Open datasets that are missing from the list: for the current year all open datasets, for another year those ' +
        'with an edition that ends in it.',
    },
  ),
  items: Type.Array(ItemSchema, {
    description: 'Every promise of the year: the items on the list, then those that left it.',
  }),
  links: Type.Object(
    {
      self: Link('This list.'),
      csv: Link('The same as CSV.'),
      xlsx: Type.Optional(Link('The same as XLSX.')),
      diff: Link('What changed within the year.'),
      versions: Type.Array(Link('A version of a list.'), {
        description: 'The published lists of the year; usually one. Several are joined.',
      }),
    },
    Links,
  ),
})

export const YearsSchema = Type.Object({
  data: Type.Array(Type.Object({ year: Year, rates: RatesSchema, href: Link('The list of the year.') }), {
    description: 'The lists, the newest first.',
  }),
})

const DifferentItem = {
  number: MaybeText('Number of the item in the later list; of a dropped item, in the former.'),
  name: Text('What is promised.'),
  providers: Type.Array(Type.String(), { description: 'The providers.' }),
  reasons: Type.Array(VersionOfList, {
    description: 'The versions of the later list that made the change and give a reason.',
  }),
}

const Side = Type.Object(
  {
    year: Year,
    version: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Number of the version; null if whole years are compared.',
    }),
    href: Link('The list, or its version.'),
  },
  { description: 'One side of the comparison.' },
)

export const DiffSchema = Type.Object({
  year: Year,
  against: Type.Union([Type.String(), Type.Null()], {
    description: 'The year compared with; null if the versions of one year are compared.',
  }),
  differences: Type.Array(
    Type.Object({
      from: Side,
      to: Side,
      reason: MaybeText('Why the later version was made; null between two years.'),
      added: Type.Array(Type.Object(DifferentItem), { description: 'Items in the later list only.' }),
      dropped: Type.Array(Type.Object(DifferentItem), { description: 'Items in the former list only.' }),
      changed: Type.Array(
        Type.Object({
          ...DifferentItem,
          formerNumber: MaybeText('Its number in the former list.'),
          changes: Type.Array(
            Type.Object({
              property: Type.Enum(properties.map(publicName), { description: 'The changed property.' }),
              from: MaybeText('Before; several values are separated by `;`.'),
              to: MaybeText('After.'),
            }),
            {
              description:
                'The changes. Between years, a due day or edition that only moved on is not a change.',
            },
          ),
        }),
        { description: 'Items in both lists that differ.' },
      ),
      unchanged: Count('Number of items that are the same in both.'),
    }),
    { description: 'One difference between two years, or one for each version of a list after the first.' },
  ),
  links: Type.Object(
    {
      self: Link('This difference.'),
      csv: Link('The same as CSV, one row per change.'),
      xlsx: Type.Optional(Link('The same as XLSX.')),
      list: Link('The list of the year.'),
    },
    Links,
  ),
})
