/**
 * Change notices among all processes on one database: one channel, empty payloads. Caches are invalidated by
 * a listening session; while it is disconnected nothing may be cached, since a notice could be missed.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import type { Sql } from 'postgres'
import { type CurrentAddress, openConnection } from './connections.ts'
import type { Transaction } from './database.ts'

/** Channels belong to a database, so databases on one server do not disturb each other. */
const channel = 'qingdan_change'

const retryMilliseconds = 100
/** A server restart takes seconds, and each attempt takes a connection from others. */
const retryMillisecondsMax = 2_000
/** A silent loss of the peer is noticed within twice this; until then, stale data may be served. */
const beatMilliseconds = 5_000

/** Transactions that notify of a change, until they end. */
const notifying = new WeakSet<Transaction>()

/** Notifies of a change: others receive it after commit, this process before `begin` returns. */
export async function notifyChange(tx: Transaction): Promise<void> {
  notifying.add(tx)
  await tx`SELECT pg_notify(${channel}, '')`
}

interface ChangeNotices {
  /**
   * Calls a listener at each notice, and whenever one may have been missed. The first call opens the session.
   * Returns a function that says whether every notice is being received now.
   */
  readonly subscribe: (listener: () => void) => () => boolean
  readonly close: () => Promise<void>
}

/** Opens the notices of a database. Commits through its pool `work` notify this process at once. */
export function openChangeNotices(address: CurrentAddress, work: Sql): ChangeNotices {
  const listeners = new Set<() => void>()
  const closing = new AbortController()
  let isListening = false
  let session: Promise<void> | undefined
  const notify = () => {
    for (const listener of listeners) listener()
  }
  const onState = (listening: boolean) => {
    isListening = listening
    notify()
  }
  notifyAfterCommit(work, notify)
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      session ??= keepListening(address, onState, notify, closing.signal)
      return () => isListening
    },
    close: async () => {
      closing.abort()
      await session
    },
  }
}

/** A failed commit may have happened on the server, so it notifies as well. */
function notifyAfterCommit(work: Sql, notify: () => void): void {
  const begin = work.begin.bind(work) as (...args: unknown[]) => Promise<unknown>
  const beginAndNotify = async (...args: unknown[]) => {
    const run = args.pop() as (tx: Transaction) => unknown
    let hasChanged = false
    const tracked = async (tx: Transaction) => {
      try {
        return await run(tx)
      } finally {
        hasChanged = notifying.has(tx)
      }
    }
    try {
      return await begin(...args, tracked)
    } finally {
      if (hasChanged) notify()
    }
  }
  Object.assign(work, { begin: beginAndNotify })
}

/** Listens until closed; opens a new session if one breaks. */
async function keepListening(
  address: CurrentAddress,
  onState: (listening: boolean) => void,
  onNotice: () => void,
  closing: AbortSignal,
): Promise<void> {
  let pause = retryMilliseconds
  while (!closing.aborted) {
    const client = await openConnection(address(), 'serve', 'notices').catch(() => undefined)
    if (client !== undefined) {
      const lost = untilLost(client, closing)
      client.on('notification', onNotice)
      const listens = await client.query(`LISTEN ${channel}`).catch(() => undefined)
      if (listens !== undefined && !closing.aborted) {
        pause = retryMilliseconds
        onState(true)
        await lost
        onState(false)
      }
      const ended = client.end().catch(() => undefined)
      // A peer that does not answer would not answer the end of the session either.
      await Promise.race([ended, wait(beatMilliseconds, undefined, { ref: false })])
    }
    await wait(pause, undefined, { signal: closing, ref: false }).catch(() => undefined)
    pause = Math.min(2 * pause, retryMillisecondsMax)
  }
}

/** Returns when the session has ended, no longer answers, or is closed here. */
async function untilLost(client: pg.Client, closing: AbortSignal): Promise<void> {
  const over = new AbortController()
  const end = () => over.abort()
  client.once('end', end)
  closing.addEventListener('abort', end, { once: true })
  let isAnswered = true
  const beat = setInterval(() => {
    if (!isAnswered) return end()
    isAnswered = false
    client.query('SELECT 1').then(() => {
      isAnswered = true
    }, end)
  }, beatMilliseconds)
  beat.unref()
  if (!over.signal.aborted && !closing.aborted) await once(over.signal, 'abort')
  clearInterval(beat)
  closing.removeEventListener('abort', end)
}
