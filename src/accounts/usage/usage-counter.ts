/**
 * What is asked with keys, counted in memory and written in batches: requests, refusals and bytes by key, day and dataset, and
 * the cursor that each key presented last. A process that is killed loses what it had not written yet, a few seconds; one that
 * ends writes it. It holds no address and no parameter.
 */

import type { Database } from '../../db/database.ts'
import { withoutValues } from '../../db/database-error.ts'
import type { Config } from '../../platform/config.ts'
import type { Observe } from '../../platform/log/events.ts'
import { type Clock, dayInShanghai } from '../../platform/time.ts'
import {
  deleteUsageBefore,
  type SeenCursor,
  type UsageCount,
  writeCursors,
  writeUsage,
} from './stored-usage.ts'

/** Who asks at once sees what was asked so long ago; a process that is killed forgets no more than that. */
export const flushMilliseconds = 5_000

/** Counts that wait: a key asks about few datasets, and they are written every few seconds. */
export const countsMax = 10_000

const dayMilliseconds = 86_400_000

export interface Use {
  readonly keyId: string
  /** Empty where the request concerns none, or several. */
  readonly dataset: string
}

export interface UsageCounter {
  /** Counts a request; the function adds bytes of its body to it, as they are sent. */
  readonly count: (use: Use, isRefused: boolean) => (bytes: number) => void
  /** Keeps the cursor that a key has presented. */
  readonly see: (keyId: string, cursor: Omit<SeenCursor, 'keyId' | 'seenAt'>) => void
  /** Writes what waits. Rejects where the database does not take it; it waits on then. */
  readonly flush: () => Promise<void>
  /** Writes what waits, and looks no more by itself until something is counted. */
  readonly close: () => Promise<void>
}

interface UsageContext {
  readonly config: Pick<Config, 'QINGDAN_USAGE_RETENTION_DAYS'>
  readonly database: Database
  readonly clock: Clock
  readonly observe: Observe
}

const accounts = new WeakMap<Database, UsageCounter>()

/** The account of this process for a house. */
export function accountOf(context: UsageContext): UsageCounter {
  const known = accounts.get(context.database) ?? openAccount(context)
  accounts.set(context.database, known)
  return known
}

/** Opens an account of its own, for who needs another than the process has. */
export function openAccount(context: UsageContext): UsageCounter {
  const { database, clock, observe, config } = context
  let counts = new Map<string, UsageCount>()
  let cursors = new Map<string, SeenCursor>()
  let timer: NodeJS.Timeout | undefined
  let deletedOn = ''
  let writing: Promise<void> = Promise.resolve()

  const add = ({ keyId, dataset }: Use, more: Pick<UsageCount, 'requests' | 'refused' | 'bytes'>) => {
    timer ??= setInterval(() => void flushQuietly(), flushMilliseconds).unref()
    const day = dayInShanghai(clock())
    const name = `${keyId} ${day} ${dataset}`
    const known = counts.get(name)
    if (known === undefined && counts.size >= countsMax) {
      observe('usage-count-lost')
      return
    }
    counts.set(name, addUp(known ?? { keyId, day, dataset, requests: 0, refused: 0, bytes: 0 }, more))
  }
  const write = async () => {
    const [taken, seen] = [counts, cursors]
    counts = new Map()
    cursors = new Map()
    try {
      if (taken.size > 0 || seen.size > 0) {
        await database.work.begin(async (tx) => {
          await writeUsage(tx, [...taken.values()])
          await writeCursors(tx, [...seen.values()])
        })
      }
    } catch (error) {
      // Nothing was written: it waits on, with what has come meanwhile.
      for (const [name, count] of taken) counts.set(name, addUp(count, counts.get(name) ?? nothing))
      cursors = new Map([...seen, ...cursors])
      throw error
    }
    const today = dayInShanghai(clock())
    if (today === deletedOn) return
    await deleteUsageBefore(database.work, firstDay(clock(), config.QINGDAN_USAGE_RETENTION_DAYS))
    deletedOn = today
  }
  const flush = () => {
    // One after the other, so that what comes back from a write that failed is in the next one.
    writing = writing.catch(() => undefined).then(write)
    return writing
  }
  const flushQuietly = () =>
    flush().catch((error: unknown) => {
      const told = withoutValues(error)
      observe('job-failed', { job: 'usage', error: told instanceof Error ? told : new Error(String(told)) })
    })
  return {
    count: (use, isRefused) => {
      add(use, { requests: 1, refused: isRefused ? 1 : 0, bytes: 0 })
      return (bytes) => add(use, { requests: 0, refused: 0, bytes })
    },
    see: (keyId, cursor) => {
      timer ??= setInterval(() => void flushQuietly(), flushMilliseconds).unref()
      cursors.set(keyId, { keyId, ...cursor, seenAt: clock() })
    },
    flush,
    close: async () => {
      clearInterval(timer)
      timer = undefined
      await flushQuietly()
    },
  }
}

/** The first of so many days, the present one included. */
export function firstDay(now: Date, days: number): string {
  return dayInShanghai(new Date(now.getTime() - (days - 1) * dayMilliseconds))
}

const nothing = { requests: 0, refused: 0, bytes: 0 }

function addUp(count: UsageCount, more: Pick<UsageCount, 'requests' | 'refused' | 'bytes'>): UsageCount {
  return {
    ...count,
    requests: count.requests + more.requests,
    refused: count.refused + more.refused,
    bytes: count.bytes + more.bytes,
  }
}
