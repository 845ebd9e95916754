/** The shape of an aggregate's answer: OpenAPI and types in one. Its members beside these follow from the contract. */
import { Type } from 'typebox'
import { groupByMax, groupsMax, measuresMax } from './query.ts'

const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const Whole = (description: string) => Type.Integer({ minimum: 0, description })
const Text = (description: string) => Type.String({ description })

/** Stands for one group in the generic routes; the OpenAPI of each dataset puts its own in this place. */
export const GroupSchema = Type.Object(
  {
    count: Type.Optional(Whole('Number of records in the group, those with withheld values included.')),
    suppressed: Type.Array(Type.String(), {
      description:
        'Measures that are null because a value of a record in the group is withheld. Never is such a record left out.',
    }),
  },
  {
    $id: 'Group',
    additionalProperties: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
    description:
      'One group: the fields of `group_by` by their names, then each measure as `<function>_<field>`, such as ' +
      '`sum_pupils`; beside it `…_missing`, the number of records that have no value and of which none is withheld; ' +
      'beside a mean `…_weight`, the sum of its weights, so that it can be made again or joined with others.',
  },
)

const MeasureSchema = Type.Object({
  name: Text('Name in `data`, such as `mean_share`.'),
  function: Type.Enum(['count', 'sum', 'mean', 'min', 'max'], { description: 'What is made of the field.' }),
  field: Type.Union([Type.String(), Type.Null()], { description: 'The field; null for `count`.' }),
  unit: Type.Union([Type.String(), Type.Null()], { description: 'Unit of the field, as shown to people.' }),
  weight: Type.Union([Type.String(), Type.Null()], {
    description: 'The count by which a mean is weighted: Σ(field × weight) ÷ Σ weight.',
  }),
  digits: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'Digits behind the point; null where they vary. A sum, min or max has those of its field, a mean two more; ' +
      'it is rounded half away from zero.',
  }),
})

const versionMembers = {
  edition: Text('Name of the edition that is read.'),
  version: Type.Integer({ description: 'Number of the version that is read.' }),
  contractVersion: Type.Integer({ description: 'The contract that the version keeps.' }),
  publishedAt: Type.String({ format: 'date-time', description: 'When it was published, in UTC.' }),
  records: Whole('Records in the whole version, before any filter.'),
  synthetic: Type.Boolean({ description: 'True where the data were made up for demonstration.' }),
}

export const AggregateSchema = Type.Object({
  data: Type.Array(Type.Unsafe<Readonly<Record<string, unknown>>>({ $ref: 'Group#' }), {
    description: 'The groups, in the order of `sort`, then of `group_by`.',
  }),
  meta: Type.Object(
    {
      dataset: Text('Slug of the dataset.'),
      edition: Type.Optional(versionMembers.edition),
      version: Type.Optional(versionMembers.version),
      contractVersion: Type.Integer({
        description: 'The contract that the version keeps; of several versions the newest.',
      }),
      publishedAt: Type.Optional(versionMembers.publishedAt),
      records: Whole('Records in all that is read, before any filter.'),
      synthetic: versionMembers.synthetic,
      editions: Type.Optional(
        Type.Array(Type.Object({ ...versionMembers, href: Link('The version.') }), {
          description: 'What is read where several editions are asked for, the earliest first.',
        }),
      ),
      offeredBy: Type.Integer({
        description:
          'The contract that says what may be grouped and added up: the newest, unless it breaks with the one kept.',
      }),
      groupBy: Type.Array(Type.String(), { description: 'Fields of the groups.' }),
      measures: Type.Array(MeasureSchema, { description: 'What each measure is.' }),
      pinned: Type.Array(
        Type.Object({ field: Text('Name of the field.'), code: Text('The code it is held to.') }),
        {
          description:
            'Fields that the contract holds to one code because the question neither grouped by them nor chose one: ' +
            'else a total would be counted beside its parts.',
        },
      ),
      groups: Whole('Number of all groups; `data` has fewer only where a `limit` was given.'),
    },
    { description: 'What the groups are of.' },
  ),
  links: Type.Object(
    {
      self: Link('This answer, with its parameters in one order.'),
      csv: Link('The same as CSV.'),
      contract: Link('The contract that says what may be asked.'),
    },
    { description: 'Where to go from here.' },
  ),
})

export const groupBy = Type.Optional(
  Type.String({
    description:
      `Fields to group by, separated by commas, ${groupByMax} at most, of those that the contract offers in ` +
      '`aggregate.groupBy`, and `edition`. Left out: all records are one group.',
  }),
)

export const measures = Type.Optional(
  Type.String({
    description:
      `What to compute, separated by commas, ${measuresMax} at most: \`count\`, or a function and a field with a colon ` +
      'between, such as `sum:pupils`; functions are sum, mean, min and max, where `aggregate.measures` of the ' +
      'contract offers them. Left out: `count`.',
  }),
)

export const sort = Type.Optional(
  Type.String({
    description:
      'Names in the answer, separated by commas, `-` before one that falls: `sort=-sum_pupils,district`. What has no ' +
      'value comes last.',
  }),
)

export const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: groupsMax,
    description:
      `The first so many groups, 1 to ${groupsMax}. Left out: all groups, or a refusal where there are more than ` +
      `${groupsMax}.`,
  }),
)
