/** The worker: takes bundles and publications from the queues, one at a time each, at our pace. */
import type { AppContext } from '../catalogue/index.ts'
import { listPublications, publishEditionJob } from '../publication/index.ts'
import { publishEdition, takeBundle } from './pipeline/pipeline.ts'
import { eraseBundleJob, eraseDropped } from './quarantine/quarantine.ts'
import { takeBundleJob } from './receive/receive.ts'

/** Begins to work on the queues; `house.jobs.stop` ends it. */
export async function startWorker(context: AppContext): Promise<void> {
  await context.jobs.work(takeBundleJob, async (data) => {
    await takeBundle(context, String(data['bundle']))
  })
  await context.jobs.work(eraseBundleJob, async (data) => {
    await eraseDropped(context, String(data['bundle']))
  })
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
