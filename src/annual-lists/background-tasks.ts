/** What annual lists do beside answering: they append the changes of list items to the feed. */
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { appendItemChanges } from './notifications.ts'

/** States of list items change by the day: at most so long after midnight in Shanghai the feed has them. */
const listsMilliseconds = 600_000

/** Appends changes of items at once, after each change in the database and as time goes by; gives the function that ends it. */
export function startListTasks(context: AppContext): () => Promise<void> {
  let running: Promise<void> | undefined
  let isAsked = false
  let isEnding = false
  const run = async () => {
    while (isAsked && !isEnding) {
      isAsked = false
      await appendItemChanges(context).catch((error: unknown) =>
        context.observe('job-failed', { job: 'lists', error: asError(withoutValues(error)) }),
      )
    }
    running = undefined
  }
  const ask = () => {
    isAsked = true
    running ??= run()
  }
  context.database.subscribe(ask)
  const timer = setInterval(ask, listsMilliseconds)
  ask()
  return async () => {
    isEnding = true
    clearInterval(timer)
    await running
  }
}
