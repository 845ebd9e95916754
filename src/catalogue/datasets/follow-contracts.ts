/** On a mirror contracts come while it serves: they are loaded as soon as another process has reported a change. */
import { notifyChange } from '../../db/change-notices.ts'
import type { Database } from '../../db/database.ts'
import { withoutValues } from '../../db/database-error.ts'
import { asError } from '../../platform/errors.ts'
import type { Observe } from '../../platform/log/events.ts'

interface Parts {
  readonly database: Pick<Database, 'subscribe' | 'work'>
  readonly observe: Observe
  /** Loads the contracts anew where others have come, and says whether it has. */
  readonly reloadContracts: () => Promise<boolean>
}

/** Renews the contracts after each change in the database, one renewal after the other; a failure is logged. */
export function followContracts(parts: Parts): void {
  let renewing: Promise<void> = Promise.resolve()
  parts.database.subscribe(() => {
    renewing = renewing
      .then(() => reload(parts))
      .catch((error: unknown) =>
        parts.observe('job-failed', { job: 'contracts', error: asError(withoutValues(error)) }),
      )
  })
}

async function reload({ database, observe, reloadContracts }: Parts): Promise<void> {
  if (!(await reloadContracts())) return
  observe('contracts-reloaded')
  // What was answered in between was made of the former contracts, and is kept until a change is reported.
  await database.work.begin((tx) => notifyChange(tx))
}
