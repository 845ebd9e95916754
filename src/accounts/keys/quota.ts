/**
 * Request quotas of a key per minute and day, counted in the database so that all processes share one quota
 * and it survives a restart. Minutes are calendar minutes; days are those of Shanghai.
 */

import type { Database } from '../../db/database.ts'
import type { QuotaState } from '../../http/index.ts'
import type { Quota } from '../../platform/caller.ts'
import { dayInShanghai } from '../../platform/time.ts'

interface Count {
  readonly minute: Date
  readonly minuteCount: number
  readonly day: string
  readonly dayCount: number
}

/** Largest quotas, to catch typing errors: ten million a day are more than a hundred each second. */
export const perMinuteMax = 100_000
export const perDayMax = 10_000_000

const minuteMilliseconds = 60_000
const dayMilliseconds = 86_400_000

/**
 * Counts one request of a key and returns what is left. A request over the minute's limit is not counted for
 * the day. The commit is asynchronous: a crash may lose the last second, but no request waits for the disk.
 */
export async function countRequest(
  { work }: Pick<Database, 'work'>,
  keyId: string,
  quota: Quota,
  now: Date,
): Promise<readonly QuotaState[]> {
  // The later window is the current one: clocks of processes differ, and no window may be opened twice.
  const [count] = await work<Count[]>`
    insert into qingdan.key_count as held (key_id, minute, minute_count, day, day_count)
    select ${keyId}, ${minuteOf(now)}, 1, ${dayInShanghai(now)}, 1
    from set_config('synchronous_commit', 'off', true)
    on conflict (key_id) do update set
      minute = greatest(held.minute, excluded.minute),
      minute_count = case when excluded.minute > held.minute then 1 else held.minute_count + 1 end,
      day = greatest(held.day, excluded.day),
      day_count = case when excluded.day > held.day then 0 else held.day_count end
        + case when excluded.minute > held.minute or held.minute_count < ${quota.perMinute ?? perMinuteMax}::int
            or ${quota.perMinute === undefined} then 1 else 0 end
    returning minute, minute_count as "minuteCount", day::text, day_count as "dayCount"`
  if (count === undefined) throw new Error('Expected the count of the request')
  return statesOf(quota, count)
}

/** What is left of a key's quota, without counting. */
export async function readQuota(
  { serve }: Pick<Database, 'serve'>,
  keyId: string,
  quota: Quota,
  now: Date,
): Promise<readonly QuotaState[]> {
  const [found] = await serve<Count[]>`
    select minute, minute_count as "minuteCount", day::text, day_count as "dayCount"
    from qingdan.key_count where key_id = ${keyId}`
  const [minute, day] = [minuteOf(now), dayInShanghai(now)]
  const isNow = (found?.minute ?? minute) >= minute
  const isToday = (found?.day ?? day) >= day
  return statesOf(quota, {
    minute: isNow ? (found?.minute ?? minute) : minute,
    minuteCount: isNow ? (found?.minuteCount ?? 0) : 0,
    day: isToday ? (found?.day ?? day) : day,
    dayCount: isToday ? (found?.dayCount ?? 0) : 0,
  })
}

function minuteOf(now: Date): Date {
  return new Date(Math.floor(now.getTime() / minuteMilliseconds) * minuteMilliseconds)
}

function statesOf(
  { perMinute, perDay }: Quota,
  { minute, minuteCount, day, dayCount }: Count,
): readonly QuotaState[] {
  const state = (
    name: QuotaState['name'],
    limit: number,
    count: number,
    begin: Date,
    milliseconds: number,
  ) => ({
    name,
    limit,
    left: Math.max(0, limit - count),
    isOver: count > limit,
    windowSeconds: milliseconds / 1000,
    resetsAt: new Date(begin.getTime() + milliseconds),
  })
  const midnight = new Date(`${day}T00:00:00+08:00`)
  return [
    ...(perMinute === undefined ? [] : [state('minute', perMinute, minuteCount, minute, minuteMilliseconds)]),
    ...(perDay === undefined ? [] : [state('day', perDay, dayCount, midnight, dayMilliseconds)]),
  ]
}
