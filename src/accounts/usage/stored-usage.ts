/** Stored usage of keys and the cursors they presented: written in batches, read by key and day. */
import type { Runner } from '../../db/database.ts'

/** Usage of one key on one day for one dataset. */
export interface UsageCount {
  readonly keyId: string
  /** In Shanghai. */
  readonly day: string
  /** Empty for requests that concern no dataset or several. */
  readonly dataset: string
  readonly requests: number
  /** How many of them were refused. */
  readonly refused: number
  /** Bytes of response bodies as sent. */
  readonly bytes: number
}

/** The feed cursor that a key presented last. */
export interface SeenCursor {
  readonly keyId: string
  readonly cursor: string
  readonly position: number
  /** What the feed was requested for; null means all. */
  readonly types: readonly string[] | null
  readonly datasets: readonly string[] | null
  readonly seenAt: Date
}

/** Adds to the stored counts, always in the same order, so that two processes don't deadlock. */
export async function writeUsage(runner: Runner, counts: readonly UsageCount[]): Promise<void> {
  if (counts.length === 0) return
  const column = <Name extends keyof UsageCount>(name: Name) => counts.map((count) => count[name])
  await runner`
    insert into qingdan.key_usage as stored (key_id, day, dataset, requests, refused, bytes)
    select * from unnest(${column('keyId')}::text[], ${column('day')}::date[], ${column('dataset')}::text[],
      ${column('requests')}::bigint[], ${column('refused')}::bigint[], ${column('bytes')}::bigint[])
      as given (key_id, day, dataset, requests, refused, bytes)
    order by given.key_id, given.day, given.dataset
    on conflict (key_id, day, dataset) do update set
      requests = stored.requests + excluded.requests,
      refused = stored.refused + excluded.refused,
      bytes = stored.bytes + excluded.bytes`
}

/** Stores cursors; a stored cursor that was presented later is not overwritten. */
export async function writeCursors(runner: Runner, cursors: readonly SeenCursor[]): Promise<void> {
  const ordered = [...cursors].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
  for (const { keyId, cursor, position, types, datasets, seenAt } of ordered) {
    await runner`
      insert into qingdan.key_cursor as stored (key_id, cursor, position, types, datasets, seen_at)
      values (${keyId}, ${cursor}, ${position}, ${types === null ? null : [...types]},
        ${datasets === null ? null : [...datasets]}, ${seenAt})
      on conflict (key_id) do update set cursor = excluded.cursor, position = excluded.position,
        types = excluded.types, datasets = excluded.datasets, seen_at = excluded.seen_at
      where stored.seen_at <= excluded.seen_at`
  }
}

/** Deletes usage from before a day. */
export async function deleteUsageBefore(runner: Runner, day: string): Promise<void> {
  await runner`delete from qingdan.key_usage where day < ${day}`
}

interface UsageFilter {
  /** Of one key; of all keys if absent. */
  readonly keyId?: string
  /** Days in Shanghai, both included. */
  readonly from: string
  readonly to: string
}

/** Rows returned at once: a hundred keys with three datasets for a month. */
export const usageRowsMax = 10_000

/** Usage by key, day and dataset; returns `usageRowsMax` + 1 rows where there are more. */
export async function listUsage(
  runner: Runner,
  { keyId = null, from, to }: Omit<UsageFilter, 'keyId'> & { readonly keyId?: string | null },
): Promise<readonly UsageCount[]> {
  const rows = await runner<UsageCount[]>`
    select key_id as "keyId", day::text, dataset, requests::float8, refused::float8, bytes::float8
    from qingdan.key_usage
    where day between ${from} and ${to} and (${keyId}::text is null or key_id = ${keyId})
    order by key_usage.day, key_id collate "C", dataset collate "C" limit ${usageRowsMax + 1}`
  return [...rows]
}

/** The cursor that a key presented last, if any. */
export async function findCursor(runner: Runner, keyId: string): Promise<SeenCursor | undefined> {
  const [row] = await runner<SeenCursor[]>`
    select key_id as "keyId", cursor, position::float8, types, datasets, seen_at as "seenAt"
    from qingdan.key_cursor where key_id = ${keyId}`
  return row
}
