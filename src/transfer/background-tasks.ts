/**
 * Background task of transfer: removes signed bags of versions some days after their creation. The next
 * request creates the same bytes again, unless a contract or key has changed since.
 */
import { stat } from 'node:fs/promises'
import type { AppContext } from '../catalogue/index.ts'
import { asError } from '../platform/errors.ts'

const roundMilliseconds = 3_600_000
const dayMilliseconds = 86_400_000

/** Starts the task and returns the function that stops it, which waits for a running round. */
export function startTransferTasks(context: AppContext): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  const round = () => {
    running = removeOldBags(context).catch((error: unknown) =>
      context.observe('job-failed', { job: 'bag-retention', error: asError(error) }),
    )
  }
  const timer = setInterval(round, roundMilliseconds)
  round()
  return async () => {
    clearInterval(timer)
    await running
  }
}

/** Removes the bags that are older than their retention and returns how many. */
export async function removeOldBags({ config, clock, files, observe }: AppContext): Promise<number> {
  const oldest = clock().getTime() - config.QINGDAN_BAG_RETENTION_DAYS * dayMilliseconds
  let removed = 0
  for (const name of await files.list('bags')) {
    const found = await stat(await files.localPath(name)).catch(() => undefined)
    if (found === undefined || found.mtimeMs > oldest) continue
    await files.remove(name)
    observe('data-erased', { kind: 'bag', cause: 'expired' })
    removed += 1
  }
  return removed
}
