/** The shape of a key, as its holder sees it and as it is stored, and of the usage of keys. */
import { Type } from 'typebox'
import { type Quota, scopes } from '../../platform/caller.ts'
import { Day, Instant, listOf, type Shape, TextOrNull, Whole } from '../../platform/shape.ts'

const KeyId = Type.String({
  description: 'The public part of the key, as it stands in lists and in the audit.',
})

const counts = {
  day: Day('The day in Shanghai.'),
  dataset: TextOrNull('Slug of the dataset; null for requests that concern none, or several.'),
  requests: Whole('Requests, refused ones included.'),
  refused: Whole('Requests that were refused.'),
  bytes: Whole('Bytes of the bodies that were sent. Files that a proxy sends are not among them.'),
}

const QuotaSchema = Type.Object({
  name: Type.Enum(['minute', 'day'], { description: 'A minute of the clock, or a day in Shanghai.' }),
  limit: Whole('Requests that the key may send in it.'),
  left: Whole('Requests that are left in the present one.'),
  resetsAt: Instant('When the next one begins.'),
})

const FeedSchema = Type.Object({
  cursor: Type.String({ description: 'The cursor that the key presented last at /v1/changes.' }),
  seenAt: Instant('When it did.'),
  behind: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description:
      'Changes behind that cursor, of those that were asked for. Null where they are not for this key any more.',
  }),
})

export const KeySchema = Type.Object({
  id: KeyId,
  label: Type.String({ description: 'What the key is for.' }),
  scopes: listOf(Type.Enum([...scopes]), 'What the key allows.'),
  provider: Type.Optional(Type.String({ description: 'The provider that the key is confined to.' })),
  datasets: Type.Optional(listOf(Type.String(), 'The datasets that it is confined to.')),
  addresses: Type.Optional(listOf(Type.String(), 'The networks that it may be used from, as CIDR.')),
  expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When it ends; null for never.',
  }),
  quota: Type.Array(QuotaSchema, { description: 'What was agreed for the key, and what is left of it.' }),
  feed: Type.Union([FeedSchema, Type.Null()], {
    description: 'How far its holder has come in the feed; null where it has presented no cursor yet.',
  }),
  usage: Type.Array(Type.Object(counts), {
    description:
      'What was asked with the key in the last 31 days, by day and dataset. This request is not among it yet.',
  }),
})

/** A key as stored, without its secret: what it grants, and its dates. */
export type KeySummary = Omit<Shape<typeof KeySchema>, 'expiresAt' | 'quota' | 'feed' | 'usage'> & {
  /** How many requests the key may send; the general limit by default. */
  readonly quota?: Quota
  readonly createdAt: Date
  readonly expiresAt?: Date
  readonly revokedAt?: Date
}

/** A key to create. A label is shown in lists: it is no secret, and no person's name is needed. */
export type KeyRequest = Omit<KeySummary, 'id' | 'createdAt' | 'revokedAt'>

export const UsageSchema = Type.Object({
  data: Type.Array(Type.Object({ key: KeyId, ...counts }), {
    description: 'A line for each key, day and dataset, the first day first.',
  }),
  meta: Type.Object(
    {
      from: Day('The first day.'),
      to: Day('The last day.'),
      requests: Whole('All requests.'),
      refused: Whole('All requests that were refused.'),
      bytes: Whole('All bytes.'),
    },
    { description: 'The period, and the totals.' },
  ),
})
