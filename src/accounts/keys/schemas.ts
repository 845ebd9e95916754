/** The shape of a key, as its holder sees it and as it is stored, and of the usage of keys. */
import { Type } from 'typebox'
import { type Quota, scopes } from '../../platform/caller.ts'
import { Day, Instant, listOf, type Shape, TextOrNull, Whole } from '../../platform/shape.ts'

const KeyId = Type.String({
  description: 'The public part of the key, as shown in lists and in the audit log.',
})

const counts = {
  day: Day('The day in Shanghai.'),
  dataset: TextOrNull('Slug of the dataset; null for requests that concern none, or several.'),
  requests: Whole('Requests, including refused ones.'),
  refused: Whole('Requests that were refused.'),
  bytes: Whole('Bytes of response bodies, without files that a proxy sends.'),
}

const QuotaSchema = Type.Object({
  name: Type.Enum(['minute', 'day'], { description: 'A calendar minute, or a day in Shanghai.' }),
  limit: Whole('Requests that the key may send in the period.'),
  left: Whole('Requests left in the current period.'),
  resetsAt: Instant('When the next period begins.'),
})

const FeedSchema = Type.Object({
  cursor: Type.String({ description: 'The last cursor that the key sent to /v1/changes.' }),
  seenAt: Instant('When it sent the cursor.'),
  behind: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description:
      'Number of changes after that cursor, among those requested; null if the key may no longer read them.',
  }),
})

export const KeySchema = Type.Object({
  id: KeyId,
  label: Type.String({ description: 'What the key is for.' }),
  scopes: listOf(Type.Enum([...scopes]), 'The scopes of the key.'),
  provider: Type.Optional(Type.String({ description: 'The provider that the key is restricted to.' })),
  datasets: Type.Optional(listOf(Type.String(), 'The datasets that the key is restricted to.')),
  venues: Type.Optional(
    listOf(Type.String(), 'The venues that the key may close: codes, or their beginnings before a hyphen.'),
  ),
  addresses: Type.Optional(
    listOf(Type.String(), 'The networks that the key may be used from, in CIDR notation.'),
  ),
  expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When the key expires; null if never.',
  }),
  quota: Type.Array(QuotaSchema, { description: 'The quotas of the key and what is left of them.' }),
  feed: Type.Union([FeedSchema, Type.Null()], {
    description: 'How far the holder has read the feed; null if the key has not sent a cursor yet.',
  }),
  usage: Type.Array(Type.Object(counts), {
    description: 'Usage of the key in the last 31 days, by day and dataset, without this request.',
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
    description: 'One entry per key, day and dataset, the earliest day first.',
  }),
  meta: Type.Object(
    {
      from: Day('The first day.'),
      to: Day('The last day.'),
      requests: Whole('All requests.'),
      refused: Whole('All requests that were refused.'),
      bytes: Whole('All bytes.'),
    },
    { description: 'The period and the totals.' },
  ),
})
