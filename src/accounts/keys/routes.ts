/**
 * A key's grants, remaining quota and usage, for its holder; and the usage of all keys, for keys with the
 * scope `admin`. Never a secret, and never an address that a key was used from.
 */

import { Type } from 'typebox'
import { type App, problemResponses } from '../../http/index.ts'
import { type Caller, scopes } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import type { AccountsContext } from '../context.ts'
import {
  findCursor,
  listUsage,
  type SeenCursor,
  type UsageCount,
  usageRowsMax,
} from '../usage/stored-usage.ts'
import { usageCounterOf } from '../usage/usage-counter.ts'
import { usageDaysUsual } from '../usage/usage-days.ts'
import { usagePeriod } from '../usage/usage-period.ts'
import { requireScope } from './find-caller.ts'
import { findKey } from './keys.ts'
import { readQuota } from './quota.ts'

const tags = ['service']
const Day = (description: string) => Type.String({ format: 'date', description })
const Instant = (description: string) => Type.String({ format: 'date-time', description })
const Whole = (description: string) => Type.Integer({ minimum: 0, description })
const KeyId = Type.String({
  description: 'The public part of the key, as shown in lists and in the audit log.',
})

const counts = {
  day: Day('The day in Shanghai.'),
  dataset: Type.Union([Type.String(), Type.Null()], {
    description: 'Slug of the dataset; null for requests that concern none, or several.',
  }),
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

const KeySchema = Type.Object({
  id: KeyId,
  label: Type.String({ description: 'What the key is for.' }),
  scopes: Type.Array(Type.Enum([...scopes]), { description: 'The scopes of the key.' }),
  provider: Type.Optional(Type.String({ description: 'The provider that the key is restricted to.' })),
  datasets: Type.Optional(
    Type.Array(Type.String(), { description: 'The datasets that the key is restricted to.' }),
  ),
  addresses: Type.Optional(
    Type.Array(Type.String(), {
      description: 'The networks that the key may be used from, in CIDR notation.',
    }),
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

const UsageSchema = Type.Object({
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

/** Counts the changes that a caller has not received yet; undefined where its request would be refused. */
export type CountBehind = (caller: Caller, cursor: SeenCursor) => Promise<number | undefined>

export function keyRoutes(app: App, context: AccountsContext, countBehind: CountBehind): void {
  ownRoute(app, context, countBehind)
  usageRoute(app, context)
}

function ownRoute(app: App, context: AccountsContext, countBehind: CountBehind): void {
  const { database, clock } = context
  app.get(
    '/v1/key',
    {
      schema: {
        operationId: 'getKey',
        tags,
        summary: 'Grants, quota and usage of your key',
        description:
          'Shows the holder of a key its scopes, restrictions, expiry, remaining quota, position in the feed, and usage. ' +
          'It never shows a secret.',
        security: [{ key: [] }],
        response: { 200: KeySchema, ...problemResponses('key-missing') },
      },
    },
    async ({ caller }, reply) => {
      const { keyId } = caller
      if (keyId === undefined) throw problem('key-missing')
      // Flush first, so that the answer includes what this process has counted.
      await usageCounterOf(context).flush()
      const now = clock()
      const key = await findKey(database, keyId)
      if (key === undefined) throw problem('key-invalid')
      const cursor = await findCursor(database.serve, keyId)
      const usage = await listUsage(database.serve, { keyId, ...usagePeriod({}, now) })
      const quota = await readQuota(database, keyId, key.quota ?? {}, now)
      reply.header('cache-control', 'private, no-store')
      const { provider, datasets, addresses } = key
      return {
        id: keyId,
        label: key.label,
        scopes: [...key.scopes],
        ...defined({ provider }),
        ...(datasets === undefined ? {} : { datasets: [...datasets] }),
        ...(addresses === undefined ? {} : { addresses: [...addresses] }),
        expiresAt: key.expiresAt?.toISOString() ?? null,
        quota: quota.map(({ name, limit, left, resetsAt }) => ({
          ...{ name, limit, left },
          resetsAt: resetsAt.toISOString(),
        })),
        feed: cursor === undefined ? null : await feedBody(caller, cursor, countBehind),
        usage: usage.slice(0, usageRowsMax).map(countsBody),
      }
    },
  )
}

async function feedBody(caller: Caller, seen: SeenCursor, countBehind: CountBehind) {
  const behind = (await countBehind(caller, seen)) ?? null
  return { cursor: seen.cursor, seenAt: seen.seenAt.toISOString(), behind }
}

function countsBody({ day, dataset, requests, refused, bytes }: UsageCount) {
  return { day, dataset: dataset === '' ? null : dataset, requests, refused, bytes }
}

function usageRoute(app: App, context: AccountsContext): void {
  app.get(
    '/v1/keys/usage',
    {
      schema: {
        operationId: 'getKeysUsage',
        tags,
        summary: 'Usage of all keys',
        description:
          `By key, day and dataset; the last ${usageDaysUsual} days if no period is given. Needs the scope \`admin\`. Counts of ` +
          'other processes appear after a few seconds.',
        security: [{ key: [] }],
        querystring: Type.Object({
          key: Type.Optional(
            Type.String({ pattern: '^[0-9a-f]{18}$', description: 'Only the key with this id.' }),
          ),
          from: Type.Optional(
            Type.String({ examples: ['2026-01-01'], description: 'The first day, in Shanghai.' }),
          ),
          to: Type.Optional(
            Type.String({ examples: ['2026-12-31'], description: 'The last day, in Shanghai.' }),
          ),
        }),
        response: { 200: UsageSchema, ...problemResponses('key-missing', 'scope-missing') },
      },
    },
    async ({ caller, query: { key, ...days } }, reply) => {
      requireScope(caller, 'admin')
      await usageCounterOf(context).flush()
      const period = usagePeriod(days, context.clock())
      const usage = await listUsage(context.database.serve, { keyId: key ?? null, ...period })
      if (usage.length > usageRowsMax) {
        const detail = `More than ${usageRowsMax} entries: name a key, or request fewer days.`
        throw problem('parameter-invalid', { path: 'from', detail })
      }
      const total = (name: 'requests' | 'refused' | 'bytes') =>
        usage.reduce((sum, count) => sum + count[name], 0)
      reply.header('cache-control', 'private, no-store')
      return {
        data: usage.map((count) => ({ key: count.keyId, ...countsBody(count) })),
        meta: { ...period, requests: total('requests'), refused: total('refused'), bytes: total('bytes') },
      }
    },
  )
}
