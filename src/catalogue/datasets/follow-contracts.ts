/** A mirror gets new contracts while it serves; it loads them when another process reports a change. */
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

/** Reloads the contracts after each change in the database, one reload at a time; a failure is logged. */
export function followContracts(parts: Parts): void {
  let reloading: Promise<void> = Promise.resolve()
  parts.database.subscribe(() => {
    reloading = reloading
      .then(() => reload(parts))
      .catch((error: unknown) =>
        parts.observe('job-failed', { job: 'contracts', error: asError(withoutValues(error)) }),
      )
  })
}

async function reload({ database, observe, reloadContracts }: Parts): Promise<void> {
  if (!(await reloadContracts())) return
  observe('contracts-reloaded')
  // Responses sent meanwhile used the former contracts and stay cached until the next notice.
  await database.work.begin((tx) => notifyChange(tx))
}
