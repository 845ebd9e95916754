/** The shape of a difference of two versions. */
import { Type } from 'typebox'
import { Link, Whole } from '../../platform/shape.ts'

const Names = (description: string) =>
  Type.Array(Type.String({ description: 'Name of a field.' }), { description })

const Side = (description: string) =>
  Type.Object(
    {
      edition: Type.String({ description: 'Name of the edition.' }),
      version: Whole('Number of the version.'),
      contractVersion: Whole('Contract of the version.'),
      records: Whole('Number of records.'),
      href: Link('The version.'),
    },
    { description },
  )

const Fields = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })

export const DiffSchema = Type.Object(
  {
    dataset: Type.String({ description: 'Slug of the dataset.' }),
    from: Side('The earlier side: the version in `against`.'),
    to: Side('The later side: the version in the path.'),
    key: Names('The primary key, by which records are matched.'),
    fields: Type.Object(
      {
        compared: Names('Fields outside the key that both versions have.'),
        onlyBefore: Names('Fields that only `from` has, or has with another type; not compared.'),
        onlyAfter: Names('Fields that only `to` has, or has with another type; not compared.'),
      },
      { description: 'Which fields are compared.' },
    ),
    counts: Type.Object(
      {
        added: Whole('Records whose key is new.'),
        removed: Whole('Records whose key no longer exists.'),
        changed: Whole('Records with the same key and a different value.'),
        unchanged: Whole('Records that are the same in both.'),
      },
      { description: 'Number of records of each kind.' },
    ),
    data: Type.Array(
      Type.Object(
        {
          change: Type.Enum(['added', 'removed', 'changed'], { description: 'How the record changed.' }),
          key: Fields('The values of its key.'),
          record: Type.Optional(Fields('The whole record, if it was added or removed.')),
          fields: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Object({
                before: Type.Unknown({ description: 'Value in `from`; null if none.' }),
                after: Type.Unknown({ description: 'Value in `to`; null if none.' }),
              }),
              { description: 'The fields that differ, by name, if the record was changed.' },
            ),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'The differing records, in key order.' },
    ),
    links: Type.Object(
      {
        self: Link('This difference.'),
        csv: Link('The same as CSV.'),
        reverse: Link('The same difference with the sides swapped.'),
        contracts: Link('Differences between the two contracts.'),
      },
      { description: 'Links to related resources.' },
    ),
  },
  { description: 'Differences between two versions.' },
)
