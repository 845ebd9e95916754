/**
 * Erases a bundle in any state: its bytes, staged rows, findings, signed receipts and copies in the inbox. Its
 * receipt stays with the decision and the counts. All bags of its group are erased with it, and every part
 * that has rows of it ends. Refused while a stored version holds its rows. Safe to repeat after a crash.
 */
import { writeAudit } from '../../accounts/index.ts'
import { type AppContext, listHolders } from '../../catalogue/index.ts'
import type { Transaction } from '../../db/database.ts'
import { problem } from '../../platform/problem.ts'
import { groupLock } from '../groups/groups.ts'
import { lockOf } from '../pipeline/edition-lock.ts'
import { dropStaged, endParts } from '../pipeline/parts.ts'
import { clearQuotes, findReceipt, writeState } from '../receipts/receipts.ts'
import { eraseBundleJob, eraseDropped, reasonOf } from './stored-bytes.ts'

interface BundleErasureAct {
  readonly id: string
  readonly actor: string
  readonly reason: string
  /**
   * The moment of an erasure that was decided before, which is finished or applied again: a bundle that has it
   * in its history and was received again since is left alone. Moments are compared for equality only, because
   * a clock may have been set back.
   */
  readonly at?: Date
  /** Called for each bundle in the transaction of the decision; if it throws, nothing is erased. */
  readonly onDecided?: ((erased: ErasedBundle) => Promise<void>) | undefined
}

/** A bundle whose erasure is decided. */
export interface ErasedBundle {
  readonly kind: 'bundle'
  readonly bundle: string
  readonly at: Date
  readonly reason: string
}

export interface BundleErasure {
  /** When it was decided first. */
  readonly at: Date
  /** Whether it had been erased before. */
  readonly already: boolean
  /** The erased bundle and the other bags of its group. */
  readonly bundles: readonly string[]
}

/**
 * Erases a bundle. Returns undefined if it was left alone. Throws `bundle-not-found`, `reason-missing`, and
 * `bundle-published` with the versions.
 */
export async function eraseBundle(
  context: AppContext,
  act: BundleErasureAct,
): Promise<BundleErasure | undefined> {
  const reason = reasonOf(act.reason)
  const { database } = context
  const receipt = await findReceipt(database.work, act.id)
  if (receipt === undefined) throw problem('bundle-not-found', { path: 'id' })
  const { provider, dataset, edition } = receipt
  const identifier = await findGroupIdentifier(context, act.id)
  // In the order of the pipeline, which may hold the first and wait for the next.
  const locks = [`bundle ${act.id}`]
  if (provider !== null && identifier !== null) locks.push(groupLock({ provider, identifier }))
  if (dataset !== null && edition !== null) locks.push(lockOf({ dataset, edition }))
  return underLocks(context, locks, async () => {
    const decided = await decide(context, { ...act, reason })
    if (decided === undefined) return undefined
    context.observe('checkpoint-reached', { step: 'erase', point: 'bundle-decided' })
    const { staged, ...erasure } = decided
    for (const id of [...staged, ...erasure.bundles]) await dropStaged(database, id)
    context.observe('checkpoint-reached', { step: 'erase', point: 'staging-dropped' })
    for (const id of erasure.bundles) await eraseDropped(context, id)
    context.observe('checkpoint-reached', { step: 'erase', point: 'bundle-removed' })
    if (!erasure.already) context.observe('data-erased', { kind: 'bundle', cause: 'request', bundle: act.id })
    return erasure
  })
}

async function findGroupIdentifier({ database }: AppContext, id: string): Promise<string | null> {
  const [row] = await database.work<{ identifier: string | null }[]>`
    SELECT group_identifier AS identifier FROM qingdan.bundle WHERE id = ${id}`
  return row?.identifier ?? null
}

function underLocks<T>(
  context: AppContext,
  [first, ...others]: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  return first === undefined ? work() : context.database.lock(first, () => underLocks(context, others, work))
}

/** The decision, its audit entry and the jobs that remove the bytes, in one transaction. */
async function decide(context: AppContext, act: BundleErasureAct) {
  const at = act.at ?? context.clock()
  return context.database.work.begin(async (tx) => {
    const bags = await lockBags(tx, act.id)
    const named = bags.find(({ id }) => id === act.id)
    if (named?.decidedAt === null && act.at !== undefined && (await isInHistory(tx, act.id, act.at)))
      return undefined
    const bundles = bags.map(({ id }) => id)
    const versions = await listHolders(tx, bundles)
    if (versions.length > 0) throw problem('bundle-published', { versions })
    const staged = await endParts(tx, bundles, at)
    for (const { id, decidedAt } of bags) {
      if (decidedAt !== null) continue
      const decision = { act: 'erase' as const, by: act.actor, at: at.toISOString(), reason: act.reason }
      await writeState(tx, id, 'dropped', at, { decision })
      await clearQuotes(tx, id)
      const entry = {
        at: context.clock(),
        actor: act.actor,
        action: 'bundle-erased',
        subject: `bundle:${id}`,
      }
      await writeAudit(tx, { ...entry, detail: { reason: act.reason } })
      await context.jobs.send(tx, eraseBundleJob, { bundle: id })
      await act.onDecided?.({ kind: 'bundle', bundle: id, at, reason: act.reason })
    }
    const before = named?.decidedAt ?? null
    return { at: before === null ? at : new Date(before), already: before !== null, bundles, staged }
  })
}

async function isInHistory(tx: Transaction, id: string, at: Date): Promise<boolean> {
  const entry = { state: 'dropped', at: at.toISOString() }
  const rows = await tx`SELECT FROM qingdan.bundle WHERE id = ${id} AND history @> ${tx.json([entry])}`
  return rows.length > 0
}

interface LockedBag {
  readonly id: string
  /** When its erasure was decided; null if it was not. */
  readonly decidedAt: string | null
}

/** Bundles that are erased, in no particular order of time. */
export async function listErasedBundles({ database }: AppContext): Promise<readonly ErasedBundle[]> {
  const rows = await database.work<{ bundle: string; at: string; reason: string }[]>`
    SELECT id AS bundle, decision->>'at' AS at, decision->>'reason' AS reason
    FROM qingdan.bundle WHERE decision->>'act' = 'erase' ORDER BY id`
  return rows.map(({ at, ...row }) => ({ kind: 'bundle', ...row, at: new Date(at) }))
}

/** The bundle and the other bags of its group: rejected ones with a rejected one, the others together. */
async function lockBags(tx: Transaction, id: string): Promise<readonly LockedBag[]> {
  return tx<LockedBag[]>`
    SELECT one.id, CASE WHEN one.decision->>'act' = 'erase' THEN one.decision->>'at' END AS "decidedAt"
    FROM qingdan.bundle one JOIN qingdan.bundle named ON named.id = ${id}
    WHERE one.id = named.id OR (one.provider = named.provider
      AND one.group_identifier = named.group_identifier AND (one.decision->>'act' = 'erase'
        OR (one.state IN ('refused', 'quarantined', 'dropped'))
          = (named.state IN ('refused', 'quarantined', 'dropped'))))
    ORDER BY one.id FOR UPDATE OF one`
}
