/** Jobs of publication: workers publish the requested editions and finish erasures, one at a time. */
import type { AppContext } from '../catalogue/index.ts'
import { eraseVersionJob, resumeErasure } from './erase.ts'
import { publishEdition } from './pipeline/publish-edition.ts'
import { listPublications, publishEditionJob } from './publications.ts'

/** Starts the workers of the publication queues; `jobs.stop` ends them. */
export async function startPublicationJobs(context: AppContext): Promise<void> {
  await context.jobs.work(publishEditionJob, async (data) => {
    await publishEdition(context, Number(data['publication']))
  })
  await context.jobs.work(eraseVersionJob, (data) => resumeErasure(context, data))
  await resumeWaiting(context)
}

/**
 * Waiting publications get a new job at each start, because the queue forgets a job some days after its time
 * and the service may have been down for longer. A publication whose moment has passed is released at once.
 */
async function resumeWaiting(context: AppContext): Promise<void> {
  const waiting = await listPublications(context, { open: true })
  for (const { id, state } of waiting) {
    if (state !== 'prepared') continue
    await context.database.work.begin((tx) => context.jobs.send(tx, publishEditionJob, { publication: id }))
  }
}
