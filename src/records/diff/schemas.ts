/** The shape of a difference of two versions. */
import { Type } from 'typebox'

const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const Whole = (description: string) => Type.Integer({ minimum: 0, description })
const Names = (description: string) =>
  Type.Array(Type.String({ description: 'Name of a field.' }), { description })

const Side = (description: string) =>
  Type.Object(
    {
      edition: Type.String({ description: 'Name of the edition.' }),
      version: Whole('Number of the version.'),
      contractVersion: Whole('The contract that the version keeps.'),
      records: Whole('Number of records.'),
      href: Link('The version.'),
    },
    { description },
  )

const Fields = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })

export const DiffSchema = Type.Object(
  {
    dataset: Type.String({ description: 'Slug of the dataset.' }),
    from: Side('The version that is compared with.'),
    to: Side('The version that is asked about.'),
    key: Names('The primary key, by which a record is known again.'),
    fields: Type.Object(
      {
        compared: Names('Fields that both have, beside the key.'),
        onlyBefore: Names('Fields that only the former has, or has of another type; they change no record.'),
        onlyAfter: Names('Fields that only the latter has, or has of another type; they change no record.'),
      },
      { description: 'Which fields are compared.' },
    ),
    counts: Type.Object(
      {
        added: Whole('Records whose key is new.'),
        removed: Whole('Records whose key is gone.'),
        changed: Whole('Records of the same key with another value.'),
        unchanged: Whole('Records that are the same in both.'),
      },
      { description: 'How many there are.' },
    ),
    data: Type.Array(
      Type.Object(
        {
          change: Type.Enum(['added', 'removed', 'changed'], { description: 'What became of the record.' }),
          key: Fields('The values of its key.'),
          record: Type.Optional(Fields('An added record as it is, a removed one as it was.')),
          fields: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Object({
                before: Type.Unknown({ description: 'As it was; null where there was no value.' }),
                after: Type.Unknown({ description: 'As it is; null where there is no value.' }),
              }),
              { description: 'Of a changed record the fields that differ, by name.' },
            ),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'The records that differ, in the order of the key.' },
    ),
    links: Type.Object(
      {
        self: Link('This difference.'),
        csv: Link('The same as CSV.'),
        reverse: Link('The same the other way round.'),
        contracts: Link('What differs between the two contracts.'),
      },
      { description: 'Where to go from here.' },
    ),
  },
  { description: 'What differs between two versions.' },
)
