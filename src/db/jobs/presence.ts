/**
 * Shows which jobs have a living worker: a session of its own holds a lock for each running job, and the
 * server frees the locks of a process the moment it dies. So a dead worker's job is returned within seconds
 * instead of when its lease ends. Where the session is lost, the lease alone decides again.
 */
import type { Client } from 'pg'
import type { Sql } from 'postgres'
import { type CurrentAddress, openConnection } from '../connections.ts'

/** First key of these locks. Locks with two keys never collide with those of lock.ts, which have one. */
const lockClass = 0x71_64_6a_62

/** A worker locks its job just after fetching it; a younger job may not be locked yet. */
const graceSeconds = 2

export interface Presence {
  /** Shows that this process runs a job, until `release`. Never throws: the lease stays valid without it. */
  readonly hold: (id: string) => Promise<void>
  readonly release: (id: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens the session with the first job. After it was lost, the next job opens another. */
export function openPresence(address: CurrentAddress): Presence {
  const held = new Set<string>()
  let session: Promise<Client> | undefined
  const open = async () => {
    const client = await openConnection(address(), 'work', 'jobs')
    client.once('end', () => {
      session = undefined
    })
    for (const id of held) await client.query(lockSql, [lockClass, id])
    return client
  }
  const query = async (text: string, id: string) => {
    session ??= open()
    await (await session).query(text, [lockClass, id])
  }
  return {
    hold: async (id) => {
      await query(lockSql, id).catch(() => {
        session = undefined
      })
      held.add(id)
    },
    release: async (id) => {
      held.delete(id)
      if (session !== undefined) await query(unlockSql, id).catch(() => undefined)
    },
    close: async () => {
      await (await session?.catch(() => undefined))?.end().catch(() => undefined)
    },
  }
}

const lockSql = 'SELECT pg_advisory_lock($1, hashtext($2))'
const unlockSql = 'SELECT pg_advisory_unlock($1, hashtext($2))'

/**
 * Returns the jobs of dead workers to the queue and gives their number. Jobs without retries left wait for
 * the end of their lease, which fails them: such a job may be what kills its workers.
 */
export async function returnOrphans(sql: Sql): Promise<number> {
  // Materialised, so that a lock is tried only for these jobs. It is held until the statement ends.
  const { count } = await sql`
    WITH running AS MATERIALIZED (
      SELECT name, id FROM pgboss.job
      WHERE state = 'active' AND started_on < now() - make_interval(secs => ${graceSeconds})
        AND retry_count < retry_limit),
    orphan AS MATERIALIZED (
      SELECT name, id FROM running WHERE pg_try_advisory_xact_lock(${lockClass}::int, hashtext(id::text)))
    UPDATE pgboss.job job SET state = 'retry', start_after = now() FROM orphan
    WHERE job.name = orphan.name AND job.id = orphan.id AND job.state = 'active'`
  return count
}
