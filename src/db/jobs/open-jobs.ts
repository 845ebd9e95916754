/**
 * The job queue: pg-boss stores the jobs, one loop per name runs them. A worker leases a job for a while and
 * renews the lease as long as it lives, so that a job of an hour is not delivered twice. The job of a dead
 * worker is returned as soon as the server notices its death (presence.ts), at the latest with its lease.
 */

import { setTimeout as wait } from 'node:timers/promises'
import PgBoss from 'pg-boss'
import { defined } from '../../platform/defined.ts'
import { asError } from '../../platform/errors.ts'
import type { Observe } from '../../platform/log/events.ts'
import type { Database, Transaction } from '../database.ts'
import { withoutValues } from '../database-error.ts'
import type { JobHandler, Jobs, JobsOptions } from './jobs.ts'
import { bossOver, openBossSql } from './pg-boss-adapter.ts'
import { openPresence, type Presence, returnOrphans } from './presence.ts'

/**
 * Long enough that a busy event loop or a failover does not lose the lease (a second delivery is harmless but
 * wasteful), short enough that the job of a frozen worker waits little more than a minute.
 */
const expireSecondsUsual = 60
const pollSecondsUsual = 1
/** Seconds between two looks for jobs of dead workers: with the grace and a poll, four in all. */
const orphanSeconds = 1
/** Waits double from 1 s up to about an hour: over two hours in all, time to notice a full disk. */
const retriesMax = 12
/** Statements of the queue are short; with two connections, leases are renewed while a fetch runs. */
const connectionsMax = 2

interface Lease {
  readonly abort: AbortController
  readonly ended: Promise<void>
}

interface QueueContext {
  readonly boss: PgBoss
  readonly sql: ReturnType<typeof openBossSql>
  readonly observe: Observe
  readonly pollSeconds: number
  readonly expireSeconds: number
  readonly stopping: AbortSignal
  readonly leases: Map<string, Lease>
  readonly presence: Presence
}

/** Opens the queue of a migrated database. Throws if the queue's tables are missing. */
export async function openJobs(
  options: JobsOptions & { readonly database: Database; readonly observe: Observe },
): Promise<Jobs> {
  const { database, observe, pollSeconds = pollSecondsUsual, expireSeconds = expireSecondsUsual } = options
  const sql = openBossSql(() => database.ownerUrl, connectionsMax)
  const boss = new PgBoss({
    db: bossOver(sql),
    migrate: false,
    schedule: false,
    maintenanceIntervalSeconds: Math.max(1, Math.ceil(expireSeconds / 4)),
    expireInSeconds: expireSeconds,
    retryLimit: retriesMax,
    retryDelay: 1,
    retryBackoff: true,
  })
  boss.on('error', (error) =>
    observe('job-failed', { job: 'maintenance', error: asError(withoutValues(error)) }),
  )
  await boss.start().catch(async (error: unknown) => {
    await sql.end({ timeout: 5 })
    throw error
  })
  const stop = new AbortController()
  const context: QueueContext = {
    boss,
    sql,
    observe,
    pollSeconds,
    expireSeconds,
    stopping: stop.signal,
    leases: new Map(),
    presence: openPresence(() => database.ownerUrl),
  }
  const queues = new Map<string, Promise<void>>()
  const makeQueue = (name: string): Promise<void> => {
    const known = queues.get(name)
    if (known !== undefined) return known
    const creating = boss.createQueue(name)
    queues.set(name, creating)
    creating.catch(() => queues.delete(name))
    return creating
  }
  const loops: Promise<void>[] = []
  return {
    send: async (transaction, name, data, { notBefore, afterSeconds } = {}) => {
      // pg-boss silently drops a job for a queue that does not exist.
      await makeQueue(name)
      await send(boss, transaction, name, data, notBefore ?? afterSeconds)
    },
    isPending: async (name, data) => {
      const found = await sql`
        SELECT FROM pgboss.job WHERE name = ${name} AND state < 'completed' AND data @> ${JSON.stringify(data)}::jsonb`
      return found.length > 0
    },
    work: async (name, handler) => {
      await makeQueue(name)
      if (loops.length === 0) loops.push(watchOrphans(context))
      loops.push(loop(context, name, handler))
    },
    stop: async ({ seconds }) => {
      stop.abort()
      await returnUnfinished(context, loops, seconds)
      await context.presence.close()
      await boss.stop({ graceful: false })
      await sql.end({ timeout: 5 })
    },
  }
}

async function send(
  boss: PgBoss,
  transaction: Transaction,
  name: string,
  data: Readonly<Record<string, unknown>>,
  startAfter: Date | number | undefined,
): Promise<void> {
  const id = await boss.send(name, data, {
    db: bossOver(transaction),
    ...defined({ startAfter }),
  })
  if (id === null) throw new Error(`The job ${name} was not accepted by its queue.`)
}

/** Fetches and runs jobs of a name one at a time until stopped; waits while the database is unavailable. */
async function loop(context: QueueContext, name: string, handler: JobHandler): Promise<void> {
  while (!context.stopping.aborted) {
    const found = await runNext(context, name, handler).catch((error: unknown) => {
      context.observe('job-failed', { job: name, error: asError(withoutValues(error)) })
      return false
    })
    if (!found)
      await wait(context.pollSeconds * 1000, undefined, { signal: context.stopping }).catch(() => undefined)
  }
}

/** Returns the jobs of dead workers, at the start and then every second. */
async function watchOrphans({ sql, stopping, observe }: QueueContext): Promise<void> {
  while (!stopping.aborted) {
    // While the database is unavailable, the loops report it.
    const count = await returnOrphans(sql).catch(() => 0)
    if (count > 0) observe('jobs-returned', { count })
    await wait(orphanSeconds * 1000, undefined, { signal: stopping }).catch(() => undefined)
  }
}

async function runNext(context: QueueContext, name: string, handler: JobHandler): Promise<boolean> {
  const [job] = await context.boss.fetch<Readonly<Record<string, unknown>>>(name)
  if (job === undefined) return false
  const abort = new AbortController()
  await context.presence.hold(job.id)
  const ended = runJob(context, name, job, handler, abort)
  context.leases.set(job.id, { abort, ended })
  await ended.finally(() => context.leases.delete(job.id))
  await context.presence.release(job.id)
  return true
}

async function runJob(
  context: QueueContext,
  name: string,
  job: PgBoss.Job<Readonly<Record<string, unknown>>>,
  handler: JobHandler,
  abort: AbortController,
): Promise<void> {
  const renewing = renew(context, name, job.id, abort)
  // A handler that ignores its signal must not keep the lease or the process alive.
  abort.signal.addEventListener('abort', () => clearInterval(renewing))
  try {
    await handler(job.data, abort.signal)
    await context.boss.complete(name, job.id)
  } catch (thrown) {
    // Returned at a stop, or lost to another worker: nothing to log or to write.
    if (abort.signal.aborted) return
    const error = asError(withoutValues(thrown))
    context.observe('job-failed', { job: name, error })
    // The queue's table keeps this for days; only the error's name is stored.
    await context.boss.fail(name, job.id, { error: error.name })
  } finally {
    clearInterval(renewing)
  }
}

/** Renews the lease three times within its length. If it is lost anyway, the handler is aborted. */
function renew(context: QueueContext, name: string, id: string, abort: AbortController): NodeJS.Timeout {
  return setInterval(
    () => {
      // pg-boss 10 counts from started_on and has no heartbeat.
      context.sql`
        UPDATE pgboss.job SET started_on = now()
        WHERE name = ${name} AND id = ${id} AND state = 'active'`.then(
        ({ count }) => {
          if (count === 0) abort.abort(new Error(`The job ${name} was delivered to another worker.`))
        },
        // The database is unavailable. The next renewal may be in time; if not, the job is delivered again.
        () => undefined,
      )
    },
    (context.expireSeconds * 1000) / 3,
  )
}

/** Waits for running jobs; those not finished in time are aborted and return to the queue. */
async function returnUnfinished(
  context: QueueContext,
  loops: readonly Promise<void>[],
  seconds: number,
): Promise<void> {
  const patience = new AbortController()
  const late = wait(seconds * 1000, true, { signal: patience.signal }).catch(() => false)
  const isLate = await Promise.race([late, Promise.allSettled(loops).then(() => false)])
  patience.abort()
  if (!isLate) return
  for (const [id, { abort }] of context.leases) {
    abort.abort(new Error('The service stops.'))
    await context.sql`
      UPDATE pgboss.job SET state = 'retry', start_after = now() WHERE id = ${id} AND state = 'active'`
  }
}
