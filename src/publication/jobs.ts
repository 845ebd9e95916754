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
  await resume(context, 'all')
}

/**
 * Gives open publications a job if they have none. Waiting ones are looked at once, at the start: the queue
 * forgets a job some days after its time, and the service may have been down for longer. A publication whose
 * moment has passed is released at once. A job too many finds nothing left to do.
 */
export async function resume(context: AppContext, which: 'all' | 'asked'): Promise<void> {
  for (const { id, state } of await listPublications(context, { open: true })) {
    if (which === 'asked' && state !== 'asked') continue
    const data = { publication: id }
    if (state === 'asked' && (await context.jobs.isPending(publishEditionJob, data))) continue
    await context.database.work.begin((tx) => context.jobs.send(tx, publishEditionJob, data))
  }
}
