/**
 * Jobs of publication: a worker publishes the requested editions, one at a time; a task takes up requests
 * that nobody works on, such as those of a command that was cut off.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { publishEdition } from './pipeline/publish-edition.ts'
import { listPublications, publishEditionJob } from './publications.ts'

/** Starts the worker of the publication queue; `jobs.stop` ends it. */
export async function startPublicationJobs(context: AppContext): Promise<void> {
  await context.jobs.work(publishEditionJob, async (data) => {
    await publishEdition(context, Number(data['publication']))
  })
  await resume(context, 'all')
}

/** Seconds between two looks for requests without a job: someone waits for them, and a look is one statement. */
const lookSeconds = 5

/** Takes up requests that nobody works on, until stopped. The result stops it and waits for a running look. */
export function startPublicationTasks(context: AppContext): () => Promise<void> {
  const stopping = new AbortController()
  const running = watch(context, stopping.signal)
  return async () => {
    stopping.abort()
    await running
  }
}

async function watch(context: AppContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(lookSeconds * 1_000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    await resume(context, 'asked').catch((error: unknown) => {
      context.observe('job-failed', { job: 'resume-publications', error: asError(withoutValues(error)) })
    })
  }
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
