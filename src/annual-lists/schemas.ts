/** The shapes that the lists answer with: type and OpenAPI in one. */
import { Type } from 'typebox'
import { RecordRef } from '../http/index.ts'
import { properties, publicName } from './promise.ts'
import { itemStates, promiseStates } from './state.ts'

const Rate = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description })
const Count = (description: string) => Type.Integer({ minimum: 0, description })
const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const Text = (description: string) => Type.String({ description })
const MaybeText = (description: string) => Type.Union([Type.String(), Type.Null()], { description })
const MaybeDay = (description: string) =>
  Type.Union([Type.String({ format: 'date' }), Type.Null()], { description })
const Links = { description: 'Where to go from here.' }

export const Year = Type.String({ pattern: '^\\d{4}$', description: 'A year, such as `2026`.' })

export const RatesSchema = Type.Object(
  {
    items: Count('Number of items, those that left the list included.'),
    states: Type.Object(
      {
        published: Count('First open by the end of the first due day.'),
        late: Count('Open, but first after the first due day.'),
        planned: Count('Not open, and not yet due.'),
        overdue: Count('Due, and not open.'),
        withdrawn: Count('No longer on the list of the year.'),
      },
      { description: 'Items by state; together they are `items`.' },
    ),
    completion: Rate('Share of the items on the list that are open, in time or late; null without any.'),
    onTime: Rate(
      'Share of the items due by now that were open by their first due day; null where none is due. An item that ' +
        'left the list counts if its first due day was over by then.',
    ),
  },
  { description: 'Counts and rates, derived at the moment of asking.' },
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
  edition: MaybeText('Edition of the dataset; null where the item names no dataset.'),
  state: Type.Enum([...promiseStates], { description: 'State of this period.' }),
  firstPublished: MaybeDay('Day in Asia/Shanghai on which it was first open; null while it is not.'),
  lastPublished: MaybeDay('Day in Asia/Shanghai on which its latest version was published.'),
  versions: Count(
    'Versions that stand. A dataset renewed more often than yearly renews its edition by versions.',
  ),
  withdrawn: Type.Union(
    [
      Type.Object({
        at: Type.String({ format: 'date-time', description: 'When, in UTC.' }),
        reason: Text('Why.'),
      }),
      Type.Null(),
    ],
    { description: 'When and why all that was published was taken back; it then counts as unpublished.' },
  ),
})

const ItemSchema = Type.Object({
  number: Text('Number of the item in its list.'),
  name: Text('What is promised.'),
  providers: Type.Array(Type.String(), { description: 'Those who promise it; several promise it jointly.' }),
  due: MaybeDay('Last day on which the promise is due now; null where the list names none.'),
  firstDue: MaybeDay('The due day that it had first; lateness is measured against this one.'),
  moves: Type.Array(
    Type.Object({
      from: Type.String({ format: 'date', description: 'The due day before.' }),
      to: MaybeDay('The due day after; null where it was taken away.'),
      by: VersionOfList,
    }),
    { description: 'Each time the due day was moved, with the version of the list that did so.' },
  ),
  state: Type.Enum([...itemStates], {
    description:
      'Derived from evidence: the worst of its periods (published, late, planned, overdue), or `withdrawn` where the ' +
      'item has left the list.',
  }),
  firstPublished: MaybeDay('Day in Asia/Shanghai on which all its periods were open; null while one is not.'),
  left: Type.Union([VersionOfList, Type.Null()], {
    description: 'The version of the list that dropped it; null while it is on the list.',
  }),
  periods: Type.Array(PeriodSchema, { description: 'The editions that are promised, each with its state.' }),
  themes: Type.Array(Type.String(), {
    description: 'Field of life in the words of the list; else the themes of its dataset, in Chinese.',
  }),
  rhythm: MaybeText('A code of the list `update-frequencies`.'),
  shareClass: MaybeText('A code of the list `share-classes`.'),
  openClass: MaybeText('A code of the list `open-classes`.'),
  dataset: Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], {
    description: 'Address of the dataset or edition by which the promise is kept.',
  }),
  record: RecordRef,
})

const Title = Type.Optional(
  Type.Object({ zh: Text('Chinese.'), en: Text('English.') }, { description: 'What the code is called.' }),
)

export const ListSchema = Type.Object({
  year: Year,
  rates: RatesSchema,
  byProvider: Type.Array(Type.Object({ provider: Text('Its name in the list.'), rates: RatesSchema }), {
    description: 'The same for each provider. A joint item counts under each of its providers.',
  }),
  byTheme: Type.Array(Type.Object({ theme: Text('The field of life.'), rates: RatesSchema }), {
    description: 'The same for each field of life. Items without one are in none.',
  }),
  byRhythm: Type.Array(
    Type.Object({
      rhythm: Text('A code of the list `update-frequencies`.'),
      title: Title,
      rates: RatesSchema,
    }),
    { description: 'The same for each update frequency.' },
  ),
  byShareClass: Type.Array(
    Type.Object({
      shareClass: Text('A code of the list `share-classes`.'),
      title: Title,
      rates: RatesSchema,
    }),
    { description: 'The same for each class of sharing.' },
  ),
  unlisted: Type.Array(
    Type.Object({
      slug: Text('Slug of the dataset.'),
      title: Type.Object({ zh: Text('Chinese.'), en: Text('English.') }, { description: 'Its title.' }),
      href: Link('The dataset.'),
    }),
    {
      description:
        'Open datasets that are in no list of the year: in the present year all such, in another those with an ' +
        'edition that ends in it.',
    },
  ),
  items: Type.Array(ItemSchema, {
    description: 'Every promise of the year; behind those on the list, those that left it.',
  }),
  links: Type.Object(
    {
      self: Link('This list.'),
      csv: Link('The same as CSV.'),
      xlsx: Type.Optional(Link('The same as XLSX.')),
      diff: Link('What changed within the year.'),
      versions: Type.Array(Link('A version of a list.'), {
        description: 'The lists as published data; mostly one, several are joined.',
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
  number: MaybeText('Number of the item in the later list, of a dropped one in the former.'),
  name: Text('What is promised.'),
  providers: Type.Array(Type.String(), { description: 'Those who promise it.' }),
  reasons: Type.Array(VersionOfList, {
    description: 'The versions of the later list that made it so, where they have a reason.',
  }),
}

const Side = Type.Object(
  {
    year: Year,
    version: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Number of the version; null where a year stands for all its lists.',
    }),
    href: Link('The list, or the version of it.'),
  },
  { description: 'What is compared.' },
)

export const DiffSchema = Type.Object({
  year: Year,
  against: Type.Union([Type.String(), Type.Null()], {
    description: 'The year compared with; null where the versions of one year are compared.',
  }),
  differences: Type.Array(
    Type.Object({
      from: Side,
      to: Side,
      reason: MaybeText('Why the later version was made; null between two years.'),
      added: Type.Array(Type.Object(DifferentItem), { description: 'Items that only the later has.' }),
      dropped: Type.Array(Type.Object(DifferentItem), { description: 'Items that only the former has.' }),
      changed: Type.Array(
        Type.Object({
          ...DifferentItem,
          formerNumber: MaybeText('Its number in the former list.'),
          changes: Type.Array(
            Type.Object({
              property: Type.Enum(properties.map(publicName), { description: 'What of the item changed.' }),
              from: MaybeText('Before; a list of several is written with `;`.'),
              to: MaybeText('After.'),
            }),
            { description: 'Each change. Between years a due day or edition that only moves on is none.' },
          ),
        }),
        { description: 'Items that both have, and that are not the same.' },
      ),
      unchanged: Count('Items that are the same in both.'),
    }),
    { description: 'One difference between two years, or one for each version of a list after its first.' },
  ),
  links: Type.Object(
    {
      self: Link('This difference.'),
      csv: Link('The same as CSV, one change a row.'),
      xlsx: Type.Optional(Link('The same as XLSX.')),
      list: Link('The list of the year.'),
    },
    Links,
  ),
})
