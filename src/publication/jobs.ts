/** The jobs of publication: a worker publishes the editions that were asked for, one at a time. */
import type { AppContext } from '../catalogue/index.ts'
import { publishEdition } from './pipeline/publish-edition.ts'
import { listPublications, publishEditionJob } from './publications.ts'

/** Starts to work on the queue of publications; `jobs.stop` ends it. */
export async function startPublicationJobs(context: AppContext): Promise<void> {
  await context.jobs.work(publishEditionJob, async (data) => {
    await publishEdition(context, Number(data['publication']))
  })
  await resumeWaiting(context)
}

/**
 * What waits gets its job anew at each start: the queue forgets a job some days after its time, and a service may have
 * been down for longer. A moment that was missed is then now.
 */
async function resumeWaiting(context: AppContext): Promise<void> {
  const waiting = await listPublications(context, { open: true })
  for (const { id, state } of waiting) {
    if (state !== 'prepared') continue
    await context.database.work.begin((tx) => context.jobs.send(tx, publishEditionJob, { publication: id }))
  }
}
