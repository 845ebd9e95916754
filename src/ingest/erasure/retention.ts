/**
 * Retention of bundles: removes the bytes of refused and superseded bundles after their days, those of withdrawn
 * versions earlier, drops what nobody has decided about in quarantine, and refuses bags whose group stays incomplete. Receipts and findings stay. What a
 * current part or a version that is not withdrawn needs to be restored or corrected is never removed.
 */

import type { Sql } from 'postgres'
import { type AppContext, readMirror } from '../../catalogue/index.ts'
import { problem } from '../../platform/problem.ts'
import { closeCorrections } from '../derived/corrections.ts'
import { refuseWaiting } from '../groups/groups.ts'
import { dropStaged } from '../pipeline/parts.ts'
import { dropBundle } from '../quarantine/quarantine.ts'
import { listReadPersonal, listRejectedPersonal, type ReadCause } from './personal.ts'
import { removeBytes } from './stored-bytes.ts'

type Cause = 'refused' | 'quarantined' | 'waiting' | 'superseded' | 'withdrawn' | ReadCause

interface Expired {
  readonly id: string
  readonly cause: Cause
  /** Whether copies in the inbox go too. */
  readonly copies?: boolean
}

/** Bundles handled in one round; the next round is an hour later. */
const roundMax = 1_000

const dayMilliseconds = 86_400_000

/** How long to wait for a bundle that is being processed; it is expired in a later round as well. */
const patience = { millisecondsMax: 1_000, refuse: () => problem('edition-busy') }

/** Applies the retention once and returns how many bundles have expired. */
export async function applyRetention(context: AppContext, signal?: AbortSignal): Promise<number> {
  // A mirror receives no bundles.
  if ((await readMirror(context.database.work)) !== undefined) return 0
  const expired = await listExpired(context)
  for (const one of expired) {
    if (signal?.aborted === true) break
    await context.database.lock(`bundle ${one.id}`, () => expire(context, one), patience)
  }
  await closeCorrections(context, signal)
  return expired.length
}

async function listExpired(context: AppContext): Promise<readonly Expired[]> {
  const { database, config, clock } = context
  const before = (days: number) => new Date(clock().getTime() - days * dayMilliseconds)
  const refused = before(config.QINGDAN_REFUSED_RETENTION_DAYS)
  const quarantined = before(config.QINGDAN_QUARANTINED_RETENTION_DAYS)
  const superseded = before(config.QINGDAN_SUPERSEDED_RETENTION_DAYS)
  const personal = [...(await listRejectedPersonal(context, before)), ...(await listReadPersonal(context))]
  const withdrawn = before(config.QINGDAN_WITHDRAWN_RETENTION_DAYS)
  const further = await database.work<Expired[]>`
    WITH part AS (
      SELECT bundle, max(coalesce(p.replaced_at, 'infinity')) AS replaced_at
      FROM qingdan.part p, LATERAL (SELECT p.bundle_id AS bundle
        UNION SELECT jsonb_array_elements_text(${listOrEmpty(database.work, 'p.bundles')})) AS source
      GROUP BY bundle),
    version AS (
      SELECT bundle, max(v.withdrawn_at) AS withdrawn_at, bool_and(v.withdrawn_at IS NOT NULL) AS is_withdrawn,
        -- The base of a delta against the version that is public now.
        bool_or(v.state = 'published') AS is_public
      FROM qingdan.version v, jsonb_array_elements(v.parts) AS part, LATERAL (SELECT part->>'bundle' AS bundle
        UNION SELECT jsonb_array_elements_text(${listOrEmpty(database.work, "part->'bundles'")})) AS source
      GROUP BY bundle)
    SELECT b.id, CASE WHEN b.state <> 'staged' THEN b.state
      WHEN part.replaced_at <= ${superseded} THEN 'superseded' ELSE 'withdrawn' END AS cause
    FROM qingdan.bundle b LEFT JOIN part ON part.bundle = b.id LEFT JOIN version ON version.bundle = b.id
    WHERE b.erased_at IS NULL AND (
      (b.state = 'refused' AND (b.history->-1->>'at')::timestamptz <= ${refused})
      OR (b.state IN ('quarantined', 'waiting') AND (b.history->-1->>'at')::timestamptz <= ${quarantined})
      OR (b.state = 'staged' AND part.replaced_at <= ${superseded} AND version.is_public IS NOT TRUE)
      OR (b.state = 'staged' AND part.replaced_at <= ${withdrawn} AND version.withdrawn_at <= ${withdrawn}
        AND version.is_withdrawn))
    ORDER BY b.received_at, b.id LIMIT ${roundMax}`
  const copies = personal.map((one) => ({ ...one, copies: true }))
  return [...new Map([...further, ...copies].map((one) => [one.id, one])).values()]
}

/** A list that may be absent, as SQL. */
const listOrEmpty = (sql: Sql, list: 'p.bundles' | "part->'bundles'") =>
  sql.unsafe(`CASE jsonb_typeof(${list}) WHEN 'array' THEN ${list} ELSE '[]' END`)

async function expire(context: AppContext, { id, cause, copies = false }: Expired): Promise<void> {
  if (cause === 'quarantined') {
    const reason = 'Nobody decided before the end of its retention.'
    await dropBundle(context, { id, actor: 'service:retention', reason })
  } else if (cause === 'waiting') {
    const isRefused = await refuseWaiting(context, id)
    if (!isRefused) return
    await removeBytes(context, { id, state: 'refused', copies })
  } else {
    const state = cause === 'refused' ? cause : 'staged'
    await removeBytes(context, { id, state, copies })
    if (cause === 'superseded' || cause === 'withdrawn') await dropStaged(context.database, id)
  }
  context.observe('data-erased', { kind: 'bundle', cause, bundle: id })
}
