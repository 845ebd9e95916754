/**
 * Decisions about a bundle in quarantine: release stages its rows without an error, drop erases its bytes.
 * Each needs a reason and is audited. Both are rejected for bundles in any other state: a refused bundle can
 * never be released. The bags of one group are released or dropped together.
 */
import { writeAudit } from '../../accounts/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { Transaction } from '../../db/database.ts'
import { problem } from '../../platform/problem.ts'
import { eraseBundleJob, eraseDropped, lockState, reasonOf } from '../erasure/stored-bytes.ts'
import { getReceipt, type Receipt, rejectedStates, writeState } from '../receipts/receipts.ts'
import type { BundleState, Decision } from '../receipts/schemas.ts'
import { takeBundleJob } from '../receive/receive.ts'

interface QuarantineAct {
  readonly id: string
  /** `key:<id>` or `cli:<user>`. */
  readonly actor: string
  readonly reason: string
}

/**
 * Releases a bundle: a job processes it again and stages its rows without an error. The caller may do so at
 * once with `takeBundle`. Throws `bundle-not-found`, `bundle-not-quarantined`, and `reason-missing`.
 */
export async function releaseBundle(context: AppContext, act: QuarantineAct): Promise<Receipt> {
  await decide(context, act, 'release', takeBundleJob)
  return getReceipt(context.database.work, act.id)
}

/**
 * Drops a bundle: its bytes are erased, its receipt and findings remain. A second call erases what a crash
 * may have left. Throws the same problems as `releaseBundle`.
 */
export async function dropBundle(context: AppContext, act: QuarantineAct): Promise<Receipt> {
  await decide(context, act, 'drop', eraseBundleJob)
  await eraseDropped(context, act.id)
  return getReceipt(context.database.work, act.id)
}

/** The state after each decision. A decision may be repeated where that changes nothing. */
const outcomes = {
  release: 'released',
  drop: 'dropped',
} as const satisfies Partial<Record<Decision['act'], BundleState>>

/** Writes a decision, its job and its audit entry in one transaction: all are committed or none. */
async function decide(
  context: AppContext,
  { id, actor, reason: text }: QuarantineAct,
  act: keyof typeof outcomes,
  job: string,
): Promise<void> {
  const reason = reasonOf(text)
  const at = context.clock()
  const outcome = outcomes[act]
  const decided = await context.database.work.begin(async (tx) => {
    const state = await lockState(tx, id)
    if (state === undefined) throw problem('bundle-not-found', { path: 'id' })
    if (state === outcome) return []
    if (state !== 'quarantined') throw problem('bundle-not-quarantined', { state })
    const bags = await lockGroup(tx, id)
    if (act === 'release') await refuseSuperseded(tx, id)
    for (const bag of bags) {
      const decision = { act, by: actor, at: at.toISOString(), reason }
      await writeState(tx, bag, outcome, at, { decision })
      const entry = { at, actor, action: `bundle-${outcome}`, subject: `bundle:${bag}`, detail: { reason } }
      await writeAudit(tx, entry)
      await context.jobs.send(tx, job, { bundle: bag })
    }
    return bags
  })
  for (const bag of decided) context.observe('bundle-state-changed', { bundle: bag, state: outcome })
}

/** The bundle and the other bags of its group that were quarantined with it: one decision covers them all. */
async function lockGroup(tx: Transaction, id: string): Promise<readonly string[]> {
  const rows = await tx<{ id: string }[]>`
    SELECT one.id FROM qingdan.bundle one JOIN qingdan.bundle named ON named.id = ${id}
    WHERE one.id = named.id OR (one.state = 'quarantined' AND one.provider = named.provider
      AND one.group_identifier = named.group_identifier
      AND one.history->-1->>'at' = named.history->-1->>'at')
    ORDER BY one.id FOR UPDATE OF one`
  return rows.map((row) => row.id)
}

/** Refuses a decision about quarantined bags that newer ones have replaced: the newer ones count. */
async function refuseSuperseded(tx: Transaction, id: string): Promise<void> {
  const [newer] = await tx`
    SELECT FROM qingdan.bundle one JOIN qingdan.bundle named ON named.id = ${id}
    WHERE one.provider = named.provider AND one.group_identifier = named.group_identifier
      AND NOT one.state = ANY(${[...rejectedStates]}) LIMIT 1`
  if (newer === undefined) return
  const detail = 'Newer bags of its group have been received since.'
  throw problem('bundle-not-quarantined', { state: 'quarantined', detail })
}
