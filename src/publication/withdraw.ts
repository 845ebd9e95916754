/** Withdrawal: a published version is taken back with a reason. Its address answers 410 from then on. */

import { writeAudit } from '../accounts/index.ts'
import { type House, refuseOnMirror, withdrawVersion } from '../catalogue/index.ts'
import type { Patience } from '../db/lock.ts'
import { problem } from '../platform/problem.ts'
import { lockOf } from './acts.ts'

export interface Withdrawal {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly reason: string
  readonly actor: string
}

/**
 * Withdraws a version. Gives false where it had been withdrawn before. Throws `dataset-not-found`, `version-not-found`,
 * `reason-missing`, `mirror-read-only`, and `edition-busy` where the patience ends.
 */
export async function withdraw(house: House, asked: Withdrawal, patience?: Patience): Promise<boolean> {
  const { dataset, edition, version, reason } = asked
  await refuseOnMirror(house.database.work)
  house.contracts.get(dataset)
  if (reason.trim() === '') throw problem('reason-missing', { path: 'reason' })
  const work = () =>
    house.database.work.begin(async (tx) => {
      await writeAudit(tx, {
        at: house.clock(),
        actor: asked.actor,
        action: 'withdraw',
        subject: `${dataset}/${edition}/v${version}`,
        detail: { reason },
      })
      const withdrawn = await withdrawVersion(tx, { dataset, edition, version, reason, at: house.clock() })
      if (withdrawn === undefined) throw problem('version-not-found', { path: 'version' })
      return withdrawn
    })
  const done = await house.database.lock(lockOf(asked), work, patience)
  if (done) house.observe('version-withdrawn', { dataset, edition, version })
  return done
}
