/**
 * Keeps one client from starving the others: counts its connections, and lets pages run in turns, one client
 * after the other, never more at once than the database can serve. Refuses what would wait too long. Probes
 * (`unlimited`) pass, so that an operator sees a busy service as alive.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Problem, problem } from '../../platform/problem.ts'

/** Fraction of the waiting pages that one client may have, as for streams. */
const clientFraction = 1 / 2

/** Counts the open connections of each client. */
export interface ConnectionCounts {
  /** Whether the connection of a request is within its client's limit. A connection over it stays over. */
  readonly isWithin: (request: Pick<IncomingMessage, 'socket' | 'headers'>, client: string) => boolean
}

/** Builds the counts. A connection counts from its first request until it ends. */
export function buildConnectionCounts(max: number): ConnectionCounts {
  const open = new Map<string, number>()
  const known = new WeakMap<Socket, boolean>()
  return {
    isWithin: ({ socket, headers }, client) => {
      // A proxy's connection carries many clients; the proxy limits theirs (docs/nginx.conf).
      if (headers['x-forwarded-for'] !== undefined) return true
      const earlier = known.get(socket)
      if (earlier !== undefined) return earlier
      const count = (open.get(client) ?? 0) + 1
      open.set(client, count)
      known.set(socket, count <= max)
      socket.once('close', () => {
        const left = (open.get(client) ?? 1) - 1
        if (left === 0) open.delete(client)
        else open.set(client, left)
      })
      return count <= max
    },
  }
}

type Done = (refusal?: Problem) => void

/** Lets pages run in turns. */
export interface Admission {
  /** Calls `start` when the page may run. The result ends its turn; calling it again changes nothing. */
  readonly enter: (client: string, start: Done) => () => void
  /** A connection was accepted in this turn of the event loop. */
  readonly accepted: () => void
}

/**
 * Node accepts one connection in a turn of the event loop. So while connections arrive, so many turns may pass
 * before the next page starts: 400 connections then wait for 25 pages, not for 400.
 */
const turnsMax = 16

/**
 * Builds the turns: `runningMax` pages at once, `waitingMax` waiting. Each page starts in a turn of the event
 * loop of its own, so that new connections are accepted between two of them.
 */
export function buildAdmission(runningMax: number, waitingMax: number): Admission {
  const clientMax = Math.ceil(waitingMax * clientFraction)
  /** By client, in the order of their turns. */
  const queues = new Map<string, Set<() => void>>()
  let [running, waiting, isScheduled] = [0, 0, false]
  let [hasAccepted, turns] = [false, 0]
  const schedule = () => {
    if (isScheduled || waiting === 0 || running >= runningMax) return
    isScheduled = true
    setImmediate(startNext)
  }
  const startNext = () => {
    if (hasAccepted && turns < turnsMax) {
      hasAccepted = false
      turns += 1
      setImmediate(startNext)
      return
    }
    turns = 0
    isScheduled = false
    const [first] = queues
    const [begin] = first?.[1] ?? []
    if (first === undefined || begin === undefined || running >= runningMax) return
    const [client, queue] = first
    remove(client, queue, begin)
    // The client goes to the end of the line.
    if (queues.delete(client) && queue.size > 0) queues.set(client, queue)
    running += 1
    begin()
    schedule()
  }
  const remove = (client: string, queue: Set<() => void>, begin: () => void) => {
    queue.delete(begin)
    waiting -= 1
    if (queue.size === 0) queues.delete(client)
  }
  return {
    accepted: () => {
      hasAccepted = true
    },
    enter: (client, start) => {
      const queue = queues.get(client) ?? new Set()
      if (waiting >= waitingMax || queue.size >= clientMax) {
        start(problem('pages-busy', { limit: queue.size >= clientMax ? clientMax : waitingMax }))
        return () => undefined
      }
      let state: 'waiting' | 'running' | 'ended' = 'waiting'
      const begin = () => {
        state = 'running'
        start()
      }
      queue.add(begin)
      queues.set(client, queue)
      waiting += 1
      schedule()
      return () => {
        if (state === 'waiting') remove(client, queue, begin)
        if (state === 'running') running -= 1
        state = 'ended'
        schedule()
      }
    },
  }
}
