/** Background task of the annual lists: appends the changes of list items to the feed. */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { appendItemChanges } from './notifications.ts'

/** States of list items change at midnight in Shanghai; the feed has the changes at most this much later. */
const listsMilliseconds = 600_000

/**
 * Appends item changes at once, after each database change and periodically. Returns the function that stops
 * it.
 */
export function startListTasks(context: AppContext): () => Promise<void> {
  let running: Promise<void> | undefined
  let isRequested = false
  let isStopping = false
  const run = async () => {
    while (isRequested && !isStopping) {
      isRequested = false
      await appendItemChanges(context).catch((error: unknown) =>
        context.observe('job-failed', { job: 'lists', error: asError(withoutValues(error)) }),
      )
    }
    running = undefined
  }
  const request = () => {
    isRequested = true
    running ??= run()
  }
  context.database.subscribe(request)
  const timer = setInterval(request, listsMilliseconds)
  request()
  return async () => {
    isStopping = true
    clearInterval(timer)
    await running
  }
}
