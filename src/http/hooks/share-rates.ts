/**
 * Shares the counts of requests with other services on the same database, once a second: checks stay
 * synchronous and in memory, and a caller that is above the rate in total is noticed within that second.
 */
import type { HttpContext } from '../context.ts'
import type { App } from '../route-helpers.ts'
import type { RateCounts } from './rate-limit.ts'

const exchangeMilliseconds = 1_000

/** Starts sharing where several services are possible. Each count has a name, so that they stay apart. */
export function shareRates(
  app: App,
  { config, keys }: Pick<HttpContext, 'config' | 'keys'>,
  counts: Readonly<Record<string, RateCounts>>,
): void {
  // Processes on an embedded database run on one machine, and only one of them serves.
  if (config.DATABASE_URL === undefined) return
  const exchange = async () => {
    for (const [name, rates] of Object.entries(counts)) {
      const pending = rates.takePending()
      if (pending.size === 0) continue
      const named = new Map([...pending].map(([caller, count]) => [`${name} ${caller}`, count]))
      for (const [caller, { count, endsIn }] of await keys.addRates(named))
        rates.limit(caller.slice(name.length + 1), count, endsIn)
    }
  }
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    // While the database does not answer, each service limits by its own counts.
    running ??= exchange()
      .catch(() => undefined)
      .then(() => {
        running = undefined
      })
  }, exchangeMilliseconds)
  timer.unref()
  for (const rates of Object.values(counts)) rates.collectPending()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await running
  })
}
