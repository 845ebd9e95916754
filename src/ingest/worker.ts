/** The worker: takes bundles and publications from the queues, one at a time each, at our pace. */
import type { House } from '../catalogue/index.ts'
import { publishEdition, takeBundle } from './pipeline.ts'
import { publishEditionJob } from './publications.ts'
import { takeBundleJob } from './receive.ts'

/** Begins to work on the queues; `house.jobs.stop` ends it. */
export async function startWorker(house: House): Promise<void> {
  await house.jobs.work(takeBundleJob, async (data) => {
    await takeBundle(house, String(data['bundle']))
  })
  await house.jobs.work(publishEditionJob, async (data) => {
    await publishEdition(house, Number(data['publication']))
  })
}
