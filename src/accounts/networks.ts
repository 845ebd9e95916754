/**
 * The networks that a key may be used from, as CIDR: `192.0.2.0/24`, `2001:db8::/32`, or one address. It refuses what is none;
 * an IPv4 address that comes in the form of IPv6 counts as IPv4.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Networks of one key: an organisation's, not a list of its people. */
export const networksMax = 50

const bits = { ipv4: 32, ipv6: 128 } as const

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: keyof typeof bits
}

/** Whether a text names a network. One in IPv6 that means IPv4 (`::ffff:…`) does not: it is written as IPv4. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined
}

/** Whether an address lies in one of the networks. What is no address lies in none. */
export function isWithin(networks: readonly string[], sender: string): boolean {
  // An address of the own link names the interface that it came by, which is of this machine alone.
  const [address = ''] = sender.split('%')
  if (isIP(address) === 0) return false
  const list = new BlockList()
  for (const text of networks) {
    const network = parseNetwork(text)
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family)
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (isIP(address) === 0 || /^::ffff:/i.test(address)) return undefined
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const prefix = length === undefined ? bits[family] : Number(length)
  return prefix <= bits[family] ? { address, prefix, family } : undefined
}
