/**
 * Schemas of the aggregate routes, for OpenAPI and types. Further members of a group depend on the contract.
 */
import { Type } from 'typebox'
import { Link, Text, Whole } from '../../platform/shape.ts'
import { groupByMax, groupsMax, measuresMax } from './query.ts'

/** One group in the generic routes; the OpenAPI of each dataset replaces it with its own. */
export const GroupSchema = Type.Object(
  {
    count: Type.Optional(Whole('Number of records in the group, including those with withheld values.')),
    suppressed: Type.Array(Type.String(), {
      description:
        'Measures that are null because a value in the group is withheld. Such records are never left out.',
    }),
  },
  {
    $id: 'Group',
    additionalProperties: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
    description:
      'One group: the fields of `group_by` by name, then each measure as `<function>_<field>`, such as `sum_pupils`, ' +
      'with `…_missing`, the number of records without a value (not counting withheld ones), and for a mean with ' +
      '`…_weight`, the sum of its weights, so that means can be recomputed or combined.',
  },
)

const MeasureSchema = Type.Object({
  name: Text('Name in `data`, such as `mean_share`.'),
  function: Type.Enum(['count', 'sum', 'mean', 'min', 'max'], { description: 'The aggregate function.' }),
  field: Type.Union([Type.String(), Type.Null()], { description: 'The field; null for `count`.' }),
  unit: Type.Union([Type.String(), Type.Null()], { description: 'Unit of the field, as shown to people.' }),
  weight: Type.Union([Type.String(), Type.Null()], {
    description: 'The field by which a mean is weighted: Σ(field × weight) ÷ Σ weight.',
  }),
  digits: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'Digits after the decimal point; null if they vary. A sum, min or max has those of its field, a mean two more, ' +
      'rounded half away from zero.',
  }),
})

const versionMembers = {
  edition: Text('Name of the edition.'),
  version: Type.Integer({ description: 'Number of the version.' }),
  contractVersion: Type.Integer({ description: 'Contract of the version.' }),
  publishedAt: Type.String({ format: 'date-time', description: 'When it was published, in UTC.' }),
  records: Whole('Records in the whole version, before any filter.'),
  synthetic: Type.Boolean({ description: 'True if the data are invented for demonstration.' }),
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
        description: 'Contract of the version; the newest one if several versions are read.',
      }),
      publishedAt: Type.Optional(versionMembers.publishedAt),
      records: Whole('Records in all versions read, before any filter.'),
      synthetic: versionMembers.synthetic,
      editions: Type.Optional(
        Type.Array(Type.Object({ ...versionMembers, href: Link('The version.') }), {
          description: 'The editions read, if several are requested; the earliest first.',
        }),
      ),
      offeredBy: Type.Integer({
        description:
          'The contract that defines the offered groups and measures: the newest, unless it breaks the one of the version.',
      }),
      groupBy: Type.Array(Type.String(), { description: 'Fields of the groups.' }),
      measures: Type.Array(MeasureSchema, { description: 'The measures, with unit and digits.' }),
      pinned: Type.Array(
        Type.Object({ field: Text('Name of the field.'), code: Text('The code it is pinned to.') }),
        {
          description:
            'Fields that the contract pins to one code because the query neither groups by them nor filters them to one: ' +
            'otherwise a total would be added to its parts.',
        },
      ),
      groups: Whole('Number of all groups; `data` has fewer only if `limit` is set.'),
      withheld: Type.Union([Type.Object({ zh: Text('In Chinese.'), en: Text('In English.') }), Type.Null()], {
        description: 'Why a group of `data` has no value, if one has none because values are withheld.',
      }),
    },
    { description: 'Where the groups come from.' },
  ),
  links: Type.Object(
    {
      self: Link('This response, with its parameters in canonical order.'),
      csv: Link('The same as CSV.'),
      contract: Link('The contract that defines what is offered.'),
    },
    { description: 'Links to related resources.' },
  ),
})

export const groupBy = Type.Optional(
  Type.String({
    description:
      `Fields to group by, separated by commas, at most ${groupByMax}: those in \`aggregate.groupBy\` of the contract, ` +
      'and `edition`. If absent, all records form one group.',
  }),
)

export const measures = Type.Optional(
  Type.String({
    description:
      `Measures, separated by commas, at most ${measuresMax}: \`count\`, or a function and a field such as ` +
      '`sum:pupils`; functions are sum, mean, min and max, as offered in `aggregate.measures` of the contract. ' +
      'If absent, `count`.',
  }),
)

export const sort = Type.Optional(
  Type.String({
    description:
      'Columns of the response, separated by commas; `-` before a name sorts it descending: ' +
      '`sort=-sum_pupils,district`. Nulls come last.',
  }),
)

export const limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: groupsMax,
    description:
      `Number of groups to return, 1 to ${groupsMax}. If absent, all groups, or a problem if there are more than ` +
      `${groupsMax}.`,
  }),
)
