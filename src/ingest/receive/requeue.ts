/**
 * Puts unfinished bundles back on the queue, where the jobs were lost: after a restore, which brings receipts and
 * stored bytes but neither jobs nor staged rows. Rows of staged parts are read again when they are needed.
 */
import type { AppContext } from '../../catalogue/index.ts'
import { eraseBundleJob } from '../erasure/stored-bytes.ts'
import { rejectedStates } from '../receipts/receipts.ts'
import { bundleFolder, takeBundleJob } from './receive.ts'

/** Sends a job for each bundle that is not finished, and for each dropped one with bytes. Returns how many. */
export async function requeueBundles(context: AppContext): Promise<number> {
  const { work } = context.database
  const rows = await work<{ id: string; state: string }[]>`
    SELECT id, state FROM qingdan.bundle
    WHERE state = 'dropped' OR state <> ALL(${['staged', ...rejectedStates]}) ORDER BY received_at, id`
  let sent = 0
  for (const { id, state } of rows) {
    const isDropped = state === 'dropped'
    if (isDropped && (await context.files.list(bundleFolder(id))).length === 0) continue
    const job = isDropped ? eraseBundleJob : takeBundleJob
    await work.begin((tx) => context.jobs.send(tx, job, { bundle: id }))
    sent += 1
  }
  return sent
}
