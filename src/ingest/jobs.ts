/** Jobs of ingest: one worker processes bundles, another erases dropped ones, each one at a time. */
import type { AppContext } from '../catalogue/index.ts'
import { eraseBundleJob, eraseDropped } from './erasure/stored-bytes.ts'
import { takeBundle } from './pipeline/pipeline.ts'
import { takeBundleJob } from './receive/receive.ts'

/** Starts the workers of the ingest queues; `jobs.stop` ends them. */
export async function startIngestJobs(context: AppContext): Promise<void> {
  await context.jobs.work(takeBundleJob, async (data) => {
    await takeBundle(context, String(data['bundle']))
  })
  await context.jobs.work(eraseBundleJob, async (data) => {
    await eraseDropped(context, String(data['bundle']))
  })
}
