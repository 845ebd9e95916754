/**
 * Background task of publication: removes the data of withdrawn versions after their retention, at the start,
 * after each change and every hour.
 */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { removeWithdrawn } from '../records/index.ts'

const roundMilliseconds = 3_600_000

/** Starts the task and returns the function that stops it, which waits for a running round. */
export function startPublicationTasks(context: AppContext): () => Promise<void> {
  let running: Promise<unknown> | undefined
  let isRequested = false
  let isStopping = false
  const run = async () => {
    while (isRequested && !isStopping) {
      isRequested = false
      await removeWithdrawn(context).catch((error: unknown) =>
        context.observe('job-failed', { job: 'withdrawn-versions', error: asError(withoutValues(error)) }),
      )
    }
    running = undefined
  }
  const request = () => {
    isRequested = true
    running ??= run()
  }
  // A mirror learns of a withdrawal by a change.
  context.database.subscribe(request)
  const timer = setInterval(request, roundMilliseconds)
  request()
  return async () => {
    isStopping = true
    clearInterval(timer)
    await running
  }
}
