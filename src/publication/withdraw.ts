/** Withdrawal: takes back a published version, with a reason. Its address answers 410 from then on. */

import { writeAudit } from '../accounts/index.ts'
import { type AppContext, findStored, refuseOnMirror, withdrawVersion } from '../catalogue/index.ts'
import type { Patience } from '../db/lock.ts'
import { lockOf } from '../ingest/index.ts'
import { problem } from '../platform/problem.ts'
import { removeWithdrawn } from '../records/index.ts'

interface Withdrawal {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly reason: string
  readonly actor: string
  /** The moment of a withdrawal that was decided before and is applied again. */
  readonly at?: Date
}

function unlessPending(error: { readonly code?: string }): undefined {
  if (error.code !== 'erasure-pending') throw error
}

/**
 * Withdraws a version, and removes its data unless they are retained. Returns false if it was withdrawn before,
 * which is not audited again. Throws `dataset-not-found`, `version-not-found`, `reason-missing`, `mirror-read-only`, and `edition-busy` when the patience ends.
 */
export async function withdraw(
  context: AppContext,
  withdrawal: Withdrawal,
  patience?: Patience,
): Promise<boolean> {
  const { dataset, edition, version, reason } = withdrawal
  await refuseOnMirror(context.database.work)
  context.contracts.get(dataset)
  if (reason.trim() === '') throw problem('reason-missing', { path: 'reason' })
  const work = () =>
    context.database.work.begin(async (tx) => {
      const found = await findStored(tx, { dataset, edition, number: version })
      if (found?.isPublished !== true) throw problem('version-not-found', { path: 'version' })
      // The edition lock is held, so it stays as it is.
      if (found.isWithdrawn) return false
      await writeAudit(tx, {
        at: context.clock(),
        actor: withdrawal.actor,
        action: 'withdraw',
        subject: `${dataset}/${edition}/v${version}`,
        detail: { reason },
      })
      const at = withdrawal.at ?? context.clock()
      return (await withdrawVersion(tx, { dataset, edition, version, reason, at })) === true
    })
  const done = await context.database.lock(lockOf(withdrawal), work, patience)
  if (done) context.observe('version-withdrawn', { dataset, edition, version })
  // Nothing serves its data any more; a reader that still holds them is waited for by the background task.
  await removeWithdrawn(context).catch(unlessPending)
  return done
}
