/**
 * How many requests a caller may send per minute. Counts are in memory; a window begins with a caller's first
 * request. Checks are synchronous: a promise for each cost more than a small response.
 */
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import type { Config } from '../../platform/config.ts'

/**
 * Who is trusted to name the caller in X-Forwarded-For: proxies on this machine, and those of
 * QINGDAN_TRUSTED_PROXIES.
 */
export function trustedProxies(config: Pick<Config, 'QINGDAN_TRUSTED_PROXIES'>): string[] {
  const named = config.QINGDAN_TRUSTED_PROXIES
  return ['loopback', ...(named === '' ? [] : named.split(','))]
}

/** Most callers remembered. Beyond that, the least recently active one is forgotten. */
const callersMax = 20_000

interface Window {
  count: number
  readonly endsAt: number
}

/** Counts of one kind of request. A caller may send `max` of them in each window. */
export class RateCounts {
  readonly #windows = new LRUCache<string, Window>({ max: callersMax })
  #pending: Map<string, number> | undefined
  readonly #max: number
  readonly #milliseconds: number

  constructor(max: number, milliseconds: number) {
    this.#max = max
    this.#milliseconds = milliseconds
  }

  /** Counts one request. Returns the seconds to wait, at least 1, if it is above the rate; else 0. */
  count(caller: string): number {
    const now = performance.now()
    const window = this.#current(caller, now)
    window.count += 1
    this.#pending?.set(caller, (this.#pending.get(caller) ?? 0) + 1)
    return window.count > this.#max ? secondsUntil(window, now) : 0
  }

  /** The seconds to wait if one more request would be above the rate; else 0. Counts nothing. */
  wait(caller: string): number {
    const now = performance.now()
    const window = this.#windows.get(caller)
    return window !== undefined && window.endsAt > now && window.count >= this.#max
      ? secondsUntil(window, now)
      : 0
  }

  /** From now on, requests are also collected for other services. */
  collectPending(): void {
    this.#pending ??= new Map()
  }

  /** The requests by caller since the last call. */
  takePending(): ReadonlyMap<string, number> {
    const pending = this.#pending ?? new Map<string, number>()
    if (this.#pending !== undefined) this.#pending = new Map()
    return pending
  }

  /** Applies the count of all services: above the rate, the caller waits until their window ends. */
  limit(caller: string, count: number, milliseconds: number): void {
    if (count < this.#max) return
    this.#windows.set(caller, { count: Math.max(count, this.#max), endsAt: performance.now() + milliseconds })
  }

  #current(caller: string, now: number): Window {
    const known = this.#windows.get(caller)
    if (known !== undefined && known.endsAt > now) return known
    const window = { count: 0, endsAt: now + this.#milliseconds }
    this.#windows.set(caller, window)
    return window
  }
}

function secondsUntil({ endsAt }: Window, now: number): number {
  return Math.max(1, Math.ceil((endsAt - now) / 1000))
}

/** The address of a request's sender, as the app determines it. */
export function buildSenderOf(
  config: Pick<Config, 'QINGDAN_TRUSTED_PROXIES'>,
): (request: IncomingMessage) => string {
  const isProxy = proxyAddr.compile(trustedProxies(config))
  return (request) => {
    // Fast path: without a proxy header there is nothing to parse.
    if (request.headers['x-forwarded-for'] === undefined) return request.socket.remoteAddress ?? ''
    return proxyAddr(request, isProxy)
  }
}

const networks = new LRUCache<string, string>({ max: callersMax })

/** What a sender is counted by: a /64 for IPv6, IPv4 for IPv4-mapped addresses, any other text unchanged. */
export function networkOf(sender: string): string {
  const known = networks.get(sender)
  if (known !== undefined) return known
  const network = readNetwork(sender)
  networks.set(sender, network)
  return network
}

/** Four of the eight groups of an IPv6 address. */
const networkGroups = 4

const hex = (group: number) => group.toString(16)

function readNetwork(sender: string): string {
  if (!ipaddr.isValid(sender)) return sender
  const address = ipaddr.process(sender)
  return address instanceof ipaddr.IPv6
    ? address.parts.slice(0, networkGroups).map(hex).join(':')
    : address.toString()
}
