/**
 * A running service takes new contracts up: those that an export brings to a mirror, and those that somebody puts into
 * the data folder. It looks for them when another process reports a change, and every few seconds.
 */
import { notifyChange } from '../../db/change-notices.ts'
import type { Database } from '../../db/database.ts'
import { withoutValues } from '../../db/database-error.ts'
import { asError } from '../../platform/errors.ts'
import type { Observe } from '../../platform/log/events.ts'

interface Parts {
  readonly database: Pick<Database, 'subscribe' | 'work'>
  readonly observe: Observe
  /** Reloads the contracts if there are new ones. Returns whether it did. */
  readonly reloadContracts: () => Promise<boolean>
}

/** How often the data folder is looked at: a person who copies a contract there waits no longer than this. */
const lookMilliseconds = 2_000

/** Reloads the contracts when there are new ones, one reload at a time; a failure is logged. The result stops it. */
export function followContracts(parts: Parts): () => Promise<void> {
  let reloading: Promise<void> = Promise.resolve()
  let failure = ''
  const look = () => {
    reloading = reloading
      .then(() => reload(parts))
      .then(() => {
        failure = ''
      })
      .catch((error: unknown) => {
        const shown = asError(withoutValues(error))
        // The same failure is found again every few seconds.
        if (shown.message !== failure) parts.observe('job-failed', { job: 'contracts', error: shown })
        failure = shown.message
      })
  }
  parts.database.subscribe(look)
  const timer = setInterval(look, lookMilliseconds)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await reloading
  }
}

async function reload({ database, observe, reloadContracts }: Parts): Promise<void> {
  if (!(await reloadContracts())) return
  observe('contracts-reloaded')
  // Responses sent meanwhile used the former contracts and stay cached until the next notice.
  await database.work.begin((tx) => notifyChange(tx))
}
