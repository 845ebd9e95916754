/**
 * Retention of bundles: removes the bytes of refused and superseded bundles after their days, and drops what
 * nobody has decided about in quarantine. Receipts and findings stay. What a current part or the current
 * version needs to be restored or corrected is never removed.
 */

import { type AppContext, readMirror } from '../../catalogue/index.ts'
import { problem } from '../../platform/problem.ts'
import { closeCorrections } from '../derived/corrections.ts'
import { dropStaged } from '../pipeline/parts.ts'
import { dropBundle } from '../quarantine/quarantine.ts'
import { listReadPersonal, listRejectedPersonal, type ReadCause } from './personal.ts'
import { removeBytes } from './stored-bytes.ts'

type Cause = 'refused' | 'quarantined' | 'superseded' | ReadCause

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
  const further = await database.work<Expired[]>`
    SELECT b.id, CASE b.state WHEN 'staged' THEN 'superseded' ELSE b.state END AS cause
    FROM qingdan.bundle b
    WHERE b.erased_at IS NULL AND (
      (b.state = 'refused' AND (b.history->-1->>'at')::timestamptz <= ${refused})
      OR (b.state = 'quarantined' AND (b.history->-1->>'at')::timestamptz <= ${quarantined})
      OR (b.state = 'staged'
        AND (SELECT max(coalesce(p.replaced_at, 'infinity')) FROM qingdan.part p
          WHERE p.bundle_id = b.id OR jsonb_exists(p.bundles, b.id)) <= ${superseded}
        -- The base of a delta against the version that is public now.
        AND NOT EXISTS (SELECT FROM qingdan.version v, jsonb_array_elements(v.parts) AS part
          WHERE v.state = 'published'
            AND (part->>'bundle' = b.id OR jsonb_exists(coalesce(part->'bundles', '[]'), b.id)))))
    ORDER BY b.received_at, b.id LIMIT ${roundMax}`
  const copies = personal.map((one) => ({ ...one, copies: true }))
  return [...new Map([...further, ...copies].map((one) => [one.id, one])).values()]
}

async function expire(context: AppContext, { id, cause, copies = false }: Expired): Promise<void> {
  if (cause === 'quarantined') {
    const reason = 'Nobody decided before the end of its retention.'
    await dropBundle(context, { id, actor: 'service:retention', reason })
  } else {
    const state = cause === 'refused' ? cause : 'staged'
    await removeBytes(context, { id, state, copies })
    if (cause === 'superseded') await dropStaged(context.database, id)
  }
  context.observe('data-erased', { kind: 'bundle', cause, bundle: id })
}
