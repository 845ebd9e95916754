/**
 * A key's grants, remaining quota and usage, for its holder; and the usage of all keys, for keys with the
 * scope `admin`. Never a secret, and never an address that a key was used from.
 */

import { Type } from 'typebox'
import { type App, problemResponses } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
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
import { KeySchema, UsageSchema } from './schemas.ts'

const tags = ['service']

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
        scopes: key.scopes,
        ...(provider === undefined ? {} : { provider }),
        ...(datasets === undefined ? {} : { datasets }),
        ...(addresses === undefined ? {} : { addresses }),
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
