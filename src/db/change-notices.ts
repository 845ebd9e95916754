/**
 * Notices among all processes on one database: one channel, without words. Whoever keeps what a change makes stale hears
 * them by a session of its own; while that is away nothing may be kept, since a notice could be missed.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import type { Sql } from 'postgres'
import { openConnection } from './connections.ts'
import type { Transaction } from './database.ts'

/** Channels belong to a database, so that neighbours on one server don't disturb each other. */
const channel = 'qingdan_change'

const retryMilliseconds = 100
/** A server that restarts takes seconds, and each attempt is a connection less for others. */
const retryMillisecondsMax = 2_000
/** A peer that is gone without a word is noticed within twice this: so long may something stale be given. */
const beatMilliseconds = 5_000

/** Transactions that tell of a change, until they end. */
const telling = new WeakSet<Transaction>()

/** Tells of a change: others hear of it once the transaction is committed, this process before `begin` returns. */
export async function notifyChange(tx: Transaction): Promise<void> {
  telling.add(tx)
  await tx`SELECT pg_notify(${channel}, '')`
}

export interface ChangeNotices {
  /**
   * Has a listener called at each notice, and whenever some may have been missed. The first call opens the session.
   * Gives the function that tells whether every notice is heard now.
   */
  readonly hear: (listener: () => void) => () => boolean
  readonly close: () => Promise<void>
}

/** Opens the hearing of a database, for whom its pool `work` tells at once what its own transactions told others. */
export function openChangeNotices(url: string, work: Sql): ChangeNotices {
  const listeners = new Set<() => void>()
  const closing = new AbortController()
  let isHeard = false
  let session: Promise<void> | undefined
  const tell = () => {
    for (const listener of listeners) listener()
  }
  const onState = (heard: boolean) => {
    isHeard = heard
    tell()
  }
  tellAfterCommit(work, tell)
  return {
    hear: (listener) => {
      listeners.add(listener)
      session ??= keepHearing(url, onState, tell, closing.signal)
      return () => isHeard
    },
    close: async () => {
      closing.abort()
      await session
    },
  }
}

/** A commit that fails may have happened all the same: then it is told as well. */
function tellAfterCommit(work: Sql, tell: () => void): void {
  const begin = work.begin.bind(work) as (...given: unknown[]) => Promise<unknown>
  const beginAndTell = async (...given: unknown[]) => {
    const run = given.pop() as (tx: Transaction) => unknown
    let told = false
    const noting = async (tx: Transaction) => {
      try {
        return await run(tx)
      } finally {
        told = telling.has(tx)
      }
    }
    try {
      return await begin(...given, noting)
    } finally {
      if (told) tell()
    }
  }
  Object.assign(work, { begin: beginAndTell })
}

/** Hears until it is closed, on a new session where one breaks. */
async function keepHearing(
  url: string,
  onState: (heard: boolean) => void,
  onNotice: () => void,
  closing: AbortSignal,
): Promise<void> {
  let pause = retryMilliseconds
  while (!closing.aborted) {
    const client = await openConnection(url, 'serve', 'notices').catch(() => undefined)
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
      // A peer that doesn't answer would not answer the farewell either.
      await Promise.race([ended, wait(beatMilliseconds, undefined, { ref: false })])
    }
    await wait(pause, undefined, { signal: closing, ref: false }).catch(() => undefined)
    pause = Math.min(2 * pause, retryMillisecondsMax)
  }
}

/** Ends when the session has, when it doesn't answer any more, or when nobody wants to hear. */
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
