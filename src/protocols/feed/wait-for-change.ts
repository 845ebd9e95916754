/**
 * Long polling: callers that have seen all changes wait until a change is notified, their time is over, they
 * disconnect, or the service stops. Waiting callers are counted and bounded, as each holds a socket; further
 * ones are refused.
 */

import type { Database } from '../../db/database.ts'
import type { Config } from '../../platform/config.ts'
import { problem } from '../../platform/problem.ts'

/** The raw response, which reports that the caller disconnected. */
export interface WaitingClient {
  readonly destroyed: boolean
  readonly once: (event: 'close', listener: () => void) => unknown
  readonly removeListener: (event: 'close', listener: () => void) => unknown
}

interface WaitOutcome<T> {
  /**
   * Finds what the caller waits for; undefined while nothing has come. Concurrent calls of one name share one
   * query.
   */
  readonly find: () => Promise<T | undefined>
  readonly name: string
  readonly milliseconds: number
  readonly caller: string
  readonly client: WaitingClient
}

export interface ChangeWaiters {
  /**
   * Waits for a result; undefined if none came in time. Throws `waits-busy` if it would have to wait and may
   * not.
   */
  readonly wait: <T>(request: WaitOutcome<T>) => Promise<T | undefined>
  /** Ends all waiting, when the service stops. */
  readonly end: () => void
  /** Callers waiting now. */
  readonly count: () => number
}

/** One caller holds at most this fraction of all waiting slots. */
const callerShare = 1 / 2

/** Builds the waiting list of one process. It subscribes to change notices when the first caller comes. */
export function buildChangeWaiters(
  database: Pick<Database, 'subscribe'>,
  { QINGDAN_LONG_POLLS_MAX: max }: Pick<Config, 'QINGDAN_LONG_POLLS_MAX'>,
): ChangeWaiters {
  const callerMax = Math.ceil(max * callerShare)
  const held = new Map<string, number>()
  const waiting = new Set<() => void>()
  const running = new Map<string, Promise<unknown>>()
  let count = 0
  let noticeCount = 0
  let isEnding = false
  let isOpen = false
  const wakeAll = () => {
    noticeCount += 1
    running.clear()
    for (const wake of [...waiting]) wake()
  }
  // A query of the same name that is running, with no notice since it began, has the same result. A commit
  // whose notice is still on its way causes a new query when it arrives.
  const findOnce = <T>(name: string, find: () => Promise<T | undefined>): Promise<T | undefined> => {
    const known = running.get(name) as Promise<T | undefined> | undefined
    if (known !== undefined) return known
    const finding = find()
    running.set(name, finding)
    const forget = () => {
      if (running.get(name) === finding) running.delete(name)
    }
    finding.then(forget, forget)
    return finding
  }
  const enter = (caller: string) => {
    const own = held.get(caller) ?? 0
    if (count >= max) throw problem('waits-busy', { limit: max })
    if (own >= callerMax) throw problem('waits-busy', { limit: callerMax })
    count++
    held.set(caller, own + 1)
  }
  const leave = (caller: string) => {
    const remaining = (held.get(caller) ?? 1) - 1
    count--
    if (remaining === 0) held.delete(caller)
    else held.set(caller, remaining)
  }
  const waitFor = async <T>({ name, find, milliseconds, client }: WaitOutcome<T>, before: number) => {
    const ends = performance.now() + milliseconds
    for (let seen = before; !client.destroyed && !isEnding; ) {
      const remaining = ends - performance.now()
      if (seen === noticeCount && remaining <= 0) return undefined
      if (seen === noticeCount) await untilWoken(waiting, client, remaining)
      if (seen === noticeCount) continue
      seen = noticeCount
      const found = await findOnce(name, find)
      if (found !== undefined) return found
    }
    return undefined
  }
  return {
    count: () => count,
    end: () => {
      isEnding = true
      wakeAll()
    },
    wait: async (request) => {
      if (!isOpen) database.subscribe(wakeAll)
      isOpen = true
      // Read before the query: a notice that arrives while it runs causes another query.
      const before = noticeCount
      const found = await findOnce(request.name, request.find)
      if (found !== undefined || request.milliseconds <= 0) return found
      enter(request.caller)
      try {
        return await waitFor(request, before)
      } finally {
        leave(request.caller)
      }
    },
  }
}

/** Until a notice arrives, the time is over, or the caller disconnects. */
function untilWoken(waiting: Set<() => void>, client: WaitingClient, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      waiting.delete(wake)
      client.removeListener('close', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    waiting.add(wake)
    client.once('close', wake)
  })
}
