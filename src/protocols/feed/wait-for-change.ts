/**
 * Waiting for a change: callers that have seen all are held until somebody tells of a change, their time is over, they go
 * away, or the service stops. Counted and bounded, for each holds a socket; whoever comes above the bound is refused.
 */

import type { Database } from '../../db/database.ts'
import type { Config } from '../../platform/config.ts'
import { problem } from '../../platform/problem.ts'

/** What tells that a caller has gone: the raw response. */
export interface WaitingClient {
  readonly destroyed: boolean
  readonly once: (event: 'close', heard: () => void) => unknown
  readonly removeListener: (event: 'close', heard: () => void) => unknown
}

export interface WaitOutcome<T> {
  /** What is waited for; undefined while it is not there. Equal names at one time are looked at once. */
  readonly look: () => Promise<T | undefined>
  readonly name: string
  readonly milliseconds: number
  readonly caller: string
  readonly leaver: WaitingClient
}

export interface ChangeWaiters {
  /** Waits for what is looked for; undefined where it did not come in time. Throws `waits-busy` where it would have to wait. */
  readonly wait: <T>(asked: WaitOutcome<T>) => Promise<T | undefined>
  /** Ends all waiting: the service stops. */
  readonly end: () => void
  /** Callers that wait now. */
  readonly count: () => number
}

/** One caller holds at most so much of all places. */
const callerShare = 1 / 2

/** Builds the count of callers that one process lets wait. It asks for no notices before the first of them. */
export function buildChangeWaiters(
  database: Pick<Database, 'hear'>,
  { QINGDAN_LONG_POLLS_MAX: max }: Pick<Config, 'QINGDAN_LONG_POLLS_MAX'>,
): ChangeWaiters {
  const callerMax = Math.ceil(max * callerShare)
  const held = new Map<string, number>()
  const waiting = new Set<() => void>()
  const looks = new Map<string, Promise<unknown>>()
  let count = 0
  let told = 0
  let isEnding = false
  let isOpen = false
  const wakeAll = () => {
    told += 1
    looks.clear()
    for (const wake of [...waiting]) wake()
  }
  // Who looked at the same a moment ago, with no notice since, has seen what there is. A commit whose notice is still on
  // its way is heard of next, and looked for again.
  const lookOnce = <T>(name: string, look: () => Promise<T | undefined>): Promise<T | undefined> => {
    const known = looks.get(name) as Promise<T | undefined> | undefined
    if (known !== undefined) return known
    const looking = look()
    looks.set(name, looking)
    const forget = () => {
      if (looks.get(name) === looking) looks.delete(name)
    }
    looking.then(forget, forget)
    return looking
  }
  const enter = (caller: string) => {
    const own = held.get(caller) ?? 0
    if (count >= max) throw problem('waits-busy', { limit: max })
    if (own >= callerMax) throw problem('waits-busy', { limit: callerMax })
    count++
    held.set(caller, own + 1)
  }
  const leave = (caller: string) => {
    const left = (held.get(caller) ?? 1) - 1
    count--
    if (left === 0) held.delete(caller)
    else held.set(caller, left)
  }
  const hold = async <T>({ name, look, milliseconds, leaver }: WaitOutcome<T>, before: number) => {
    const ends = performance.now() + milliseconds
    for (let seen = before; !leaver.destroyed && !isEnding; ) {
      const left = ends - performance.now()
      if (seen === told && left <= 0) return undefined
      if (seen === told) await untilWoken(waiting, leaver, left)
      if (seen === told) continue
      seen = told
      const found = await lookOnce(name, look)
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
    wait: async (asked) => {
      if (!isOpen) database.hear(wakeAll)
      isOpen = true
      // Before the look: what is told while it runs is looked for again.
      const before = told
      const found = await lookOnce(asked.name, asked.look)
      if (found !== undefined || asked.milliseconds <= 0) return found
      enter(asked.caller)
      try {
        return await hold(asked, before)
      } finally {
        leave(asked.caller)
      }
    },
  }
}

/** Until somebody tells of something, the time is over, or the caller has gone. */
function untilWoken(waiting: Set<() => void>, leaver: WaitingClient, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      waiting.delete(wake)
      leaver.removeListener('close', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    waiting.add(wake)
    leaver.once('close', wake)
  })
}
