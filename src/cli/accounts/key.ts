/** `qingdan key`: creates, lists, shows and revokes keys; reports usage. A key is shown once, at creation. */

import {
  createKey,
  findCursor,
  type KeySummary,
  listKeys,
  readQuota,
  revokeKey,
} from '../../accounts/index.ts'
import type { OpenContext } from '../../context.ts'
import { type Quota, scopes } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { countBehind } from '../../protocols/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { checkNames } from '../names.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface CreateOptions extends Common {
  readonly label: string
  readonly scope: readonly string[]
  readonly provider?: string
  readonly dataset?: readonly string[]
  readonly venue?: readonly string[]
  readonly expires?: string
  readonly perMinute?: string
  readonly perDay?: string
  readonly address?: readonly string[]
}

export async function create(options: CreateOptions): Promise<void> {
  const wanted = scopes.filter((scope) => options.scope.includes(scope))
  if (wanted.length !== new Set(options.scope).size) {
    throw new UsageError(`--scope must be one or more of ${scopes.join(', ')}.`)
  }
  const expiresAt = options.expires === undefined ? undefined : new Date(options.expires)
  if (expiresAt !== undefined && Number.isNaN(expiresAt.getTime())) {
    throw new UsageError('--expires must be a date and time such as 2027-01-01T00:00:00+08:00.')
  }
  const quota = quotaOf(options)
  const request = {
    label: options.label,
    scopes: wanted,
    ...defined({
      provider: options.provider,
      datasets: options.dataset,
      venues: options.venue,
      expiresAt,
      quota,
      addresses: options.address,
    }),
  }
  await withContext(async (context) => {
    checkNames(context, options)
    const created = await createKey(context.database, request, { clock: context.clock, actor: actor() })
    print.result(options, created, () => {
      print.line(created.secret)
      print.refusal('This key is shown only now; only its digest is stored.')
    })
  })
}

function quotaOf({ perMinute, perDay }: CreateOptions): Quota | undefined {
  if (perMinute === undefined && perDay === undefined) return undefined
  return {
    ...(perMinute === undefined ? {} : { perMinute: wholeOf('--per-minute', perMinute) }),
    ...(perDay === undefined ? {} : { perDay: wholeOf('--per-day', perDay) }),
  }
}

/** Parses a whole number; the accounts module checks the upper limit. */
function wholeOf(option: string, text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new UsageError(`${option} must be a whole number such as 120.`)
}

export async function list(options: Common): Promise<void> {
  await withContext(async (context) => {
    const keys: object[] = []
    for (const key of await listKeys(context.database))
      keys.push({ ...key, feed: await feedOf(context, key) })
    print.result(options, keys, () => {
      const rows = (keys as readonly KeyRow[]).map(({ quota = {}, feed, ...key }) => ({
        ...{ ...key, ...quota },
        ...{ cursorSeenAt: feed?.seenAt, behind: feed?.behind },
      }))
      table(rows, [
        ...(['id', 'label', 'scopes', 'provider', 'datasets', 'perMinute', 'perDay'] as const),
        ...(['cursorSeenAt', 'behind', 'expiresAt', 'revokedAt'] as const),
      ])
    })
  })
}

/** The feed position of a key's holder; `behind` is null if its cursor would be refused by now. */
async function feedOf(context: OpenContext, key: KeySummary) {
  const seen = await findCursor(context.database.serve, key.id)
  if (seen === undefined) return null
  const { cursor, seenAt } = seen
  return { cursor, seenAt, behind: (await countBehind(context, key, seen)) ?? null }
}

type KeyRow = KeySummary & { readonly feed: Awaited<ReturnType<typeof feedOf>> }

export async function show(id: string, options: Common): Promise<number> {
  return withContext(async (context) => {
    const key = (await listKeys(context.database)).find((one) => one.id === id)
    if (key === undefined) {
      print.refusal(`There is no key ${id}; qingdan key list shows all keys.`)
      return exitCodes.problem
    }
    const quota = await readQuota(context.database, id, key.quota ?? {}, context.clock())
    const remaining = quota.map(({ name, limit, left, resetsAt }) => ({ name, limit, left, resetsAt }))
    const feed = await feedOf(context, key)
    print.result(options, { ...key, quota: remaining, feed }, () => {
      table([key], ['id', 'label', 'scopes', 'provider', 'expiresAt', 'revokedAt'])
      print.line(`  datasets   ${key.datasets?.join(', ') ?? 'any'}`)
      if (key.venues !== undefined) print.line(`  venues     ${key.venues.join(', ')}`)
      print.line(`  addresses  ${key.addresses?.join(', ') ?? 'any'}`)
      for (const one of remaining)
        print.line(`  ${one.left} of ${one.limit} requests left until ${one.resetsAt.toISOString()}`)
      print.line(
        feed === null
          ? '  has not used a feed cursor yet'
          : `  ${feed.behind ?? 'unknown'} changes behind, by the cursor of ${feed.seenAt.toISOString()}`,
      )
    })
    return exitCodes.ok
  })
}

export async function revoke(id: string, options: Common): Promise<number> {
  return withContext(async (context) => {
    const revoked = await revokeKey(context.database, id, { clock: context.clock, actor: actor() })
    if (revoked) print.result(options, { id, revoked }, () => print.line(`The key ${id} is revoked.`))
    else print.refusal(`There is no key ${id}; qingdan key list shows all keys.`)
    return revoked ? exitCodes.ok : exitCodes.problem
  })
}
