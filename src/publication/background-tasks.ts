/**
 * Background tasks of publication. One removes the data of withdrawn versions after their retention, at the
 * start, after each change and every hour; the other takes up requests that nobody works on, such as those of
 * a command that was cut off.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../catalogue/index.ts'
import { withoutValues } from '../db/database-error.ts'
import { asError } from '../platform/errors.ts'
import { removeWithdrawn } from '../records/index.ts'
import { resume } from './jobs.ts'

const roundMilliseconds = 3_600_000

/** Starts the tasks and returns the function that stops them, which waits for running rounds. */
export function startPublicationTasks(context: AppContext): () => Promise<void> {
  const stops = [startRemoval(context), startResuming(context)]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function startRemoval(context: AppContext): () => Promise<void> {
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

/** Seconds between two looks for requests without a job: someone waits for them, and a look is one statement. */
const lookSeconds = 5

function startResuming(context: AppContext): () => Promise<void> {
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
