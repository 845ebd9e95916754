/** The worker: takes bundles and publications from the queues, one at a time each, at our pace. */
import type { House } from '../catalogue/index.ts'
import { listPublications, publishEditionJob } from '../publication/index.ts'
import { publishEdition, takeBundle } from './pipeline/pipeline.ts'
import { eraseBundleJob, eraseDropped } from './quarantine/quarantine.ts'
import { takeBundleJob } from './receive/receive.ts'

/** Begins to work on the queues; `house.jobs.stop` ends it. */
export async function startWorker(house: House): Promise<void> {
  await house.jobs.work(takeBundleJob, async (data) => {
    await takeBundle(house, String(data['bundle']))
  })
  await house.jobs.work(eraseBundleJob, async (data) => {
    await eraseDropped(house, String(data['bundle']))
  })
  await house.jobs.work(publishEditionJob, async (data) => {
    await publishEdition(house, Number(data['publication']))
  })
  await resumeWaiting(house)
}

/**
 * What waits gets its job anew at each start: the queue forgets a job some days after its time, and a service may have
 * been down for longer. A moment that was missed is then now.
 */
async function resumeWaiting(house: House): Promise<void> {
  const waiting = await listPublications(house, { open: true })
  for (const { id, state } of waiting) {
    if (state !== 'prepared') continue
    await house.database.work.begin((tx) => house.jobs.send(tx, publishEditionJob, { publication: id }))
  }
}
