/** Named locks among all processes on one database, held by a session and released when the process ends. */
import { createHash } from 'node:crypto'
import type { ReusableConnections } from './connections.ts'
import { withoutValues } from './database-error.ts'

/** The 64-bit number, as text, that identifies the lock of this name in PostgreSQL. */
export function lockKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE().toString()
}

/** How long to wait for a lock, and what to throw after that. */
export interface Patience {
  readonly millisecondsMax: number
  readonly refuse: () => Error
}

/** SQLSTATE of a lock that was not available in time. */
const lockNotAvailable = '55P03'

/**
 * Runs work under the lock of this name. Waits for it without limit by default, because the holder may need
 * an hour. Throws what the work throws, and also if the lock was lost meanwhile, since another process may
 * then have worked at the same time.
 */
export async function withLock<T>(
  connections: ReusableConnections,
  name: string,
  work: () => Promise<T>,
  patience?: Patience,
): Promise<T> {
  const timeout = patience === undefined ? 0 : Math.max(1, Math.trunc(patience.millisecondsMax))
  return connections.use(
    (client) => client.query(`SET lock_timeout = ${timeout}`),
    async (client) => {
      await client.query('SELECT pg_advisory_lock($1)', [lockKey(name)]).catch((error: unknown) => {
        if (patience !== undefined && (error as { code?: string }).code === lockNotAvailable)
          throw patience.refuse()
        throw withoutValues(error)
      })
      const result = await work()
      const { rows } = await client
        .query<{ released: boolean }>('SELECT pg_advisory_unlock($1) AS released', [lockKey(name)])
        .catch(() => ({ rows: [] }))
      if (!rows[0]?.released) throw new Error(`The lock ${name} was lost while its work was running.`)
      return result
    },
  )
}
