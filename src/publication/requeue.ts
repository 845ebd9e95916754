/**
 * Prepares unreleased versions again where their rows and files were lost: after a restore. The same parts give
 * the same digest, so an approval remains valid.
 */
import { type AppContext, resetDraft } from '../catalogue/index.ts'
import { listUnreleased, publishEditionJob, reopenPrepared } from './publications.ts'

/**
 * Resets all drafts and sends a job for each open publication. Returns how many. Safe to repeat; the service must
 * not run meanwhile.
 */
export async function requeuePublications(context: AppContext): Promise<number> {
  return context.database.work.begin(async (tx) => {
    for (const versionId of await listUnreleased(tx)) await resetDraft(tx, versionId)
    const open = await reopenPrepared(tx)
    for (const id of open) await context.jobs.send(tx, publishEditionJob, { publication: id })
    return open.length
  })
}
