/**
 * How many requests a caller may send a minute: counts in memory, in windows that begin with a caller's first request.
 * They are asked on the way of every answer, so they answer at once: a promise for each cost more than a small answer.
 */
import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

/** A proxy on this machine says who the caller is and by which address; nobody else is believed. */
export const trustedProxies = 'loopback'

/** Callers that are remembered; with more of them at once, who was quiet for longest begins anew. */
const callersMax = 20_000

interface Window {
  count: number
  readonly endsAt: number
}

/** Counts of one kind of request. `max` of a caller are within the rate in each window. */
export class RateCounts {
  readonly #windows = new LRUCache<string, Window>({ max: callersMax })
  readonly #max: number
  readonly #milliseconds: number

  constructor(max: number, milliseconds: number) {
    this.#max = max
    this.#milliseconds = milliseconds
  }

  /** Counts one more. Gives the seconds to wait, at least one, where that is above the rate; else 0. */
  count(caller: string): number {
    const now = performance.now()
    const window = this.#current(caller, now)
    window.count += 1
    return window.count > this.#max ? secondsUntil(window, now) : 0
  }

  /** The seconds to wait where one more would be above the rate; else 0. Counts nothing. */
  wait(caller: string): number {
    const now = performance.now()
    const window = this.#windows.get(caller)
    return window !== undefined && window.endsAt > now && window.count >= this.#max
      ? secondsUntil(window, now)
      : 0
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

const isProxy = proxyAddr.compile(trustedProxies)

/** The address of a request's sender, as the app tells it. */
export function senderOf(request: IncomingMessage): string {
  // Where no proxy speaks for a caller there is nothing to look into.
  if (request.headers['x-forwarded-for'] === undefined) return request.socket.remoteAddress ?? ''
  return proxyAddr(request, isProxy)
}

const networks = new LRUCache<string, string>({ max: callersMax })

/** By what a sender is counted: an IPv6 one by its /64, an IPv4 one in IPv6 as IPv4, what is neither as it is. */
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
