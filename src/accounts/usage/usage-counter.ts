/**
 * Counts the usage of keys in memory and writes it in batches: requests, refusals and bytes by key, day and
 * dataset, and the cursor that each key presented last. A killed process loses the last few seconds; one that
 * shuts down writes them. No address and no parameter is recorded.
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

/** Usage is at most this old when read, and a killed process loses no more than this. */
const flushMilliseconds = 5_000

/** Pending counts: a key uses few datasets, and counts are written every few seconds. */
export const countsMax = 10_000

const dayMilliseconds = 86_400_000

interface Use {
  readonly keyId: string
  /** Empty where the request concerns no dataset or several. */
  readonly dataset: string
}

interface UsageCounter {
  /** Counts a request; the returned function adds bytes of its body as they are sent. */
  readonly count: (use: Use, isRefused: boolean) => (bytes: number) => void
  /** Records the cursor that a key has presented. */
  readonly recordCursor: (keyId: string, cursor: Omit<SeenCursor, 'keyId' | 'seenAt'>) => void
  /** Writes pending counts. Rejects if the database does not accept them; they stay pending. */
  readonly flush: () => Promise<void>
  /** Writes pending counts and stops the timer until something is counted again. */
  readonly close: () => Promise<void>
}

interface UsageContext {
  readonly config: Pick<Config, 'QINGDAN_USAGE_RETENTION_DAYS'>
  readonly database: Database
  readonly clock: Clock
  readonly observe: Observe
}

const counters = new WeakMap<Database, UsageCounter>()

/** The usage counter of this process for a context. */
export function usageCounterOf(context: UsageContext): UsageCounter {
  const known = counters.get(context.database) ?? buildUsageCounter(context)
  counters.set(context.database, known)
  return known
}

/** Creates a separate usage counter, for callers that need one beside that of the process. */
export function buildUsageCounter(context: UsageContext): UsageCounter {
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
    const [writtenCounts, writtenCursors] = [counts, cursors]
    counts = new Map()
    cursors = new Map()
    try {
      if (writtenCounts.size > 0 || writtenCursors.size > 0) {
        await database.work.begin(async (tx) => {
          await writeUsage(tx, [...writtenCounts.values()])
          await writeCursors(tx, [...writtenCursors.values()])
        })
      }
    } catch (error) {
      // Nothing was written: merge it with what was counted meanwhile.
      for (const [name, count] of writtenCounts) counts.set(name, addUp(count, counts.get(name) ?? nothing))
      cursors = new Map([...writtenCursors, ...cursors])
      throw error
    }
    const today = dayInShanghai(clock())
    if (today === deletedOn) return
    await deleteUsageBefore(database.work, firstDay(clock(), config.QINGDAN_USAGE_RETENTION_DAYS))
    deletedOn = today
  }
  const flush = () => {
    // Writes run one after the other, so that counts of a failed write are part of the next.
    writing = writing.catch(() => undefined).then(write)
    return writing
  }
  const flushQuietly = () =>
    flush().catch((error: unknown) => {
      const cause = withoutValues(error)
      observe('job-failed', {
        job: 'usage',
        error: cause instanceof Error ? cause : new Error(String(cause)),
      })
    })
  return {
    count: (use, isRefused) => {
      add(use, { requests: 1, refused: isRefused ? 1 : 0, bytes: 0 })
      return (bytes) => add(use, { requests: 0, refused: 0, bytes })
    },
    recordCursor: (keyId, cursor) => {
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

/** The first day of a period of so many days that ends today. */
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
