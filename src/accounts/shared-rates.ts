/**
 * Counts of requests by caller and minute, added up over all services on one database. A caller is stored as a
 * keyed digest, never as an address, and for two minutes only.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { readSetting, writeSettingOnce } from '../db/settings-store.ts'

export interface SharedRate {
  /** Requests of this minute at all services. */
  readonly count: number
  /** Milliseconds until the minute ends, by the database's clock. */
  readonly endsIn: number
}

const secretSetting = 'rate-secret'

/**
 * Adds requests by caller and returns what all services have counted in this minute for the same callers.
 * Nothing waits for the disk: a crash may lose the last second.
 */
export async function addRates(
  { work }: Pick<Database, 'work'>,
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, SharedRate>> {
  const secret = await readSecret(work)
  const digestOf = (caller: string) => createHmac('sha256', secret).update(caller).digest('base64url')
  const callers = new Map([...counts.keys()].map((caller) => [digestOf(caller), caller]))
  // In one order, so that two services never wait for each other.
  const digests = [...callers.keys()].sort()
  const rows = await work<{ caller: string; count: number; endsIn: number }[]>`
    INSERT INTO qingdan.rate_count AS held (caller, minute, count)
    SELECT one.caller, date_trunc('minute', now()), one.count
    FROM unnest(${digests}::text[], ${digests.map((one) => counts.get(callers.get(one) ?? '') ?? 0)}::int[])
        AS one (caller, count), set_config('synchronous_commit', 'off', true)
    ON CONFLICT (caller) DO UPDATE SET minute = excluded.minute,
      count = excluded.count + CASE WHEN held.minute = excluded.minute THEN held.count ELSE 0 END
    RETURNING caller, count,
      (extract(epoch FROM minute + interval '1 minute' - now()) * 1000)::float8 AS "endsIn"`
  return new Map(rows.map(({ caller, ...rate }) => [callers.get(caller) ?? '', rate]))
}

/** Deletes the counts of minutes that have ended. */
export async function deleteRates({ work }: Pick<Database, 'work'>): Promise<void> {
  await work`DELETE FROM qingdan.rate_count WHERE minute < now() - interval '2 minutes'`
}

async function readSecret(work: Database['work']): Promise<string> {
  const known = (await readSetting(work, secretSetting)) as { readonly secret: string } | undefined
  if (known !== undefined) return known.secret
  await writeSettingOnce(work, secretSetting, { secret: randomBytes(32).toString('base64url') })
  return ((await readSetting(work, secretSetting)) as { readonly secret: string }).secret
}
